"""Paths: reading them, writing them, following them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.text import safe_line
from coworld_tui.replay.paths import MISSING, Path, dotted, numeric_paths, parse_path, value_at

from .json_values import unhurried, values
from .paintarena import state

steps = st.text(max_size=8) | st.integers(0, 10**9 - 1)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("scores.0", ("scores", 0)),
        (" positions.1.0 ", ("positions", 1, 0)),
        (".", ()),
        ('"a.b".c', ("a.b", "c")),
        ('"0".1', ("0", 1)),
        ("007", ("007",)),
        ("-1", ("-1",)),
        ("player__score", ("player", "score")),
        ("player__position__0", ("player", "position", 0)),
        ("__class__", ("__class__",)),
        ('"player__score"', ("player__score",)),
        ("a.player__score", ("a", "player__score")),
        ("世界.é", ("世界", "é")),
    ],
)
def test_a_path_is_read(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "  ", "a.", ".a", "a..b", '"a', '"a"b', 'a"b"', "a b", "a=1", '"\\x"', "a" * 2000]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_path(text)
    assert caught.value.type == "path_invalid"
    assert caught.value.exit_code == 2


@unhurried
@given(st.lists(steps, max_size=6).map(tuple))
def test_a_written_path_reads_back_and_is_safe_to_print(path: Path) -> None:
    text = dotted(path)
    assert parse_path(text) == path
    assert safe_line(text) == text


@unhurried
@given(st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = parse_path(text)
    except CoworldError:
        return
    assert parse_path(dotted(path)) == path


def test_values_are_found_by_path() -> None:
    frame = state(2)
    assert value_at(frame, ()) is frame
    assert value_at(frame, ("positions", 1, 0)) == 3
    assert value_at({"3": None}, (3,)) is None
    for path in (("nothing",), ("scores", 9), ("scores", "x"), ("tick", 0), ("type", 0)):
        assert value_at(frame, path) is MISSING


def test_the_numbers_of_a_frame_are_listed_without_its_board() -> None:
    paths = [dotted(path) for path in numeric_paths(state(0, 8, 8))]
    assert paths == [
        *("width", "height", "tick", "max_ticks", "done"),
        *("scores.0", "scores.1", "positions.0.0", "positions.0.1", "positions.1.0", "positions.1.1"),
    ]
    assert len(numeric_paths(state(), limit=3)) == 3


@unhurried
@given(values)
def test_every_path_listed_leads_to_a_number(frame: object) -> None:
    for path in numeric_paths(frame):
        value = value_at(frame, path)
        assert isinstance(value, int | float) or math.isnan(value)


def test_a_deep_frame_is_no_trouble() -> None:
    frame: object = 1
    for _ in range(100_000):
        frame = [frame]
    assert numeric_paths(frame) == []
    assert value_at(frame, (0,) * 100_000) == 1
