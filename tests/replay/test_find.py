"""Going through all frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.find import find, find_all
from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.paths import MISSING, Path, value_at
from coworld_tui.replay.query import PathQuery, parse_query
from coworld_tui.replay.scanning import FieldDecoder, blocks

from .json_values import unhurried, values
from .paintarena import state
from .sources import ListSource

GAME = ListSource([state(tick, status="over" if tick > 50 else "on") for tick in range(60)])


@pytest.mark.parametrize(
    ("text", "start", "ahead", "back"),
    [
        ("scores.0 > 10", -1, 11, None),
        ("scores.0 > 10", 40, 41, 39),
        ("scores.0 > 10", 11, 12, None),
        ("status changed", 0, 51, None),
        ("status changed", 51, None, None),
        ("status changed", 59, None, 51),
        ('"status": "over"', 0, 51, None),
        ("OVER", 0, 51, None),
        ("over", 59, None, 58),
        ("tick == 59", 10, 59, None),
        ("tick == 0", 10, None, 0),
        ("x appears", 10, None, None),
        ("tick == 5", 1000, None, 5),
        ("width == tick", -1, state(0)["width"], None),
        ("status == over", 0, 51, None),
    ],
)
def test_the_next_and_the_one_before(text: str, start: int, ahead: int | None, back: int | None) -> None:
    query = parse_query(text)
    assert find(GAME, query, start) == ahead
    assert find(GAME, query, start, -1) == back


def test_quotes_within_a_text_are_looked_for_as_they_are() -> None:
    assert find(GAME, parse_query("""'"status": "over"'"""), 0) == 51


def test_all_of_them_within_a_range() -> None:
    query = parse_query("tick > 10 and tick < 15 or done == true")
    assert list(find_all(GAME, query)) == [11, 12, 13, 14]
    assert list(find_all(GAME, query, 12, 14)) == [12, 13]
    assert list(find_all(GAME, query, 14, 10_000)) == [14]
    assert list(find_all(ListSource([]), query)) == []
    assert find(ListSource([]), query, -1) is None
    assert list(find_all(GAME, parse_query("tick changed"), 5, 8)) == [5, 6, 7]


def test_frames_not_yet_counted_are_not_searched() -> None:
    assert find(ListSource(GAME.frames, shown=20), parse_query("tick == 30"), 0) is None


def test_it_says_how_far_it_is_and_stops_when_told() -> None:
    shares: list[float] = []
    query = parse_query("nowhere")
    assert find(GAME, query, -1, progress=shares.append) is None
    assert shares == sorted(shares)
    assert (len(shares) > 2, shares[-1]) == (True, 1.0)
    seen: list[float] = []
    assert find(GAME, query, -1, cancelled=lambda: len(seen) == 2, progress=seen.append) is None
    assert len(seen) == 2


def test_frames_that_are_no_objects_are_searched_too() -> None:
    mixed = ListSource([[1, {"reward": 3}], "plain text", b"\xff\x00", '{"x": NaN}', [2, {"reward": 4}], 5])
    assert list(find_all(mixed, parse_query("1.reward changed"))) == [1, 4, 5]
    assert list(find_all(mixed, parse_query("1.reward == 4"))) == [4]
    assert list(find_all(mixed, parse_query("PLAIN"))) == [1]
    assert list(find_all(mixed, parse_query(". == 5"))) == [5]


@unhurried
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3), max_size=30), st.data()
)
def test_finding_agrees_with_asking_every_frame(frames: list[dict[str, int]], data: st.DataObject) -> None:
    query = parse_query(
        data.draw(st.sampled_from(["a == 1", "b changed", "a > b", "a gone and b < 2", "c appears"]))
    )
    if not isinstance(query, PathQuery):
        return
    source = ListSource(frames)
    befores = [MISSING, *frames]
    expected = [at for at, frame in enumerate(frames) if query.matches(frame, befores[at])]
    assert list(find_all(source, query)) == expected
    start = data.draw(st.integers(-1, len(frames)))
    assert find(source, query, start) == next((at for at in expected if at > start), None)
    assert find(source, query, start, -1) == next((at for at in reversed(expected) if at < start), None)


@unhurried
@given(
    values,
    st.lists(
        st.sampled_from(["x", "y", "board", 'odd"name', "\ud800", "\n"]) | st.integers(0, 3), max_size=3
    ),
)
def test_decoding_a_part_gives_what_the_whole_has(frame: Any, names: list[str | int]) -> None:
    try:
        payload = json.dumps(frame).encode()
    except (UnicodeEncodeError, ValueError):
        return
    part = FieldDecoder([(name,) for name in names]).decode(payload, lambda: "json")
    whole = decode_frame(payload, "json")
    if isinstance(part, dict) and isinstance(whole, dict):
        assert repr(part) == repr({name: whole[name] for name in part})
        assert all((name in part) == (name in whole) for name in names if isinstance(name, str))
    else:
        assert repr(part) == repr(whole)


_padding = "x" * 5_000
_large_frames = st.fixed_dictionaries(
    {"pad": st.sampled_from([_padding, _padding + '"', "[" + _padding, _padding + "\\", 5])},
    optional={
        "scores": values | st.lists(st.integers(0, 300), min_size=150, max_size=200),
        "inner": st.dictionaries(st.sampled_from(["scores", "x", "]"]), values, max_size=2),
        "type": st.sampled_from(["scores", "{", "]]", '"', "x"]),
        "list": st.lists(st.sampled_from(["scores", 1, ",", ":"]), max_size=3),
        "x": values,
        ",": st.integers(),
    },
)


@unhurried
@given(
    st.permutations(range(7)),
    _large_frames,
    st.lists(
        st.sampled_from(
            [
                ("scores",),
                ("scores", 0),
                ("scores", 170),
                ("scores", "x"),
                ("x",),
                ("x", 1),
                (",",),
                ("inner", "x"),
                ("list", 1),
            ]
        ),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_large_frames_give_what_the_whole_has(
    order: list[int], frame: dict[str, Any], paths: list[Path], is_compact: bool
) -> None:
    members = list(frame.items())
    frame = dict(members[place] for place in order if place < len(members))
    try:
        payload = json.dumps(
            frame, separators=(",", ":") if is_compact else None, ensure_ascii=False
        ).encode()
    except (UnicodeEncodeError, ValueError):
        return
    part, whole = FieldDecoder(paths).decode(payload, lambda: "json"), decode_frame(payload, "json")
    for path in paths:
        assert repr(value_at(part, path)) == repr(value_at(whole, path))


def test_blocks_cover_every_frame_once_in_either_direction() -> None:
    ahead = [(first, len(payloads)) for first, payloads in blocks(GAME, 3, 60)]
    assert [first + at for first, count in ahead for at in range(count)] == list(range(3, 60))
    back = [(first, len(payloads)) for first, payloads in blocks(GAME, 40, 5)]
    assert sorted(first + at for first, count in back for at in range(count)) == list(range(5, 40))
    assert [first for first, _ in back] == sorted((first for first, _ in back), reverse=True)
