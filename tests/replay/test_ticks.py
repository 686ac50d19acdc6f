"""The tick of a frame, wherever a game writes it, and the frame of a tick."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.json_document import JsonDocument
from coworld_tui.replay.ticks import find_tick

from .blobs import MemoryBlob, scanned
from .json_values import unhurried


def _document(text: bytes) -> JsonDocument:
    return scanned(JsonDocument(MemoryBlob(text)))


@pytest.mark.parametrize(
    ("frame", "tick"),
    [
        ({"tick": 3, "step": 4}, 3),
        ({"step": 4}, 4),
        ({"turn": -1}, -1),
        ({"frame": 2.0, "t": 9}, 2),
        ({"tick": "3", "t": 5}, 5),
        ({"t": 0.5}, None),
        ({"tick": True}, None),
        ({"tick": 10**30}, None),
        ({"tick": {"tick": 1}}, None),
        ({"observation": {"step": 8}}, 8),
        ([{"observation": {"step": 8}}, {}], 8),
        ([[{"tick": 1}]], None),
        ([1, 2], None),
    ],
)
def test_the_tick_is_found_where_games_put_it(frame: object, tick: int | None) -> None:
    for odd in (b"", b',{"x":NaN}'):
        source = _document(b'{"frames":[' + json.dumps(frame).encode() + odd + b"]}")
        assert source.tick(0) == tick


def test_the_tick_of_a_frame_that_is_no_strict_json_is_found_too() -> None:
    source = _document(
        b'{"frames":[{"x":NaN,"tick":4},{"x":"\xff","tick":5},[{"y":NaN,"step":6}],{"tick":}]}'
    )
    assert [source.tick(index) for index in range(4)] == [4, 5, 6, None]


@unhurried
@given(st.lists(st.none() | st.integers(-5, 30), max_size=40), st.integers(-6, 31), st.booleans())
def test_a_tick_leads_to_its_first_frame_or_the_next(
    ticks: list[int | None], wanted: int, in_order: bool
) -> None:
    if in_order:
        ticks = [*sorted(tick for tick in ticks if tick is not None)]
    source = _document(json.dumps({"frames": [{"tick": tick} for tick in ticks]}).encode())
    if not ticks:
        return
    exact = [index for index, tick in enumerate(ticks) if tick == wanted]
    after = [index for index, tick in enumerate(ticks) if tick is not None and tick > wanted]
    assert find_tick(source, wanted) == next(iter([*exact, *after]), None)
