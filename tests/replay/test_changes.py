"""What differs between two frames."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given

from coworld_tui.replay.changes import Change, changes, same
from coworld_tui.replay.paths import MISSING

from .json_values import unhurried, values
from .paintarena import state


def test_changed_values_are_listed_in_the_order_of_the_frame() -> None:
    assert changes(state(3), state(4)) == [
        Change(("tile_owners", 3), -1, 0),
        Change(("scores", 0), 3, 4),
        Change(("tick",), 3, 4),
    ]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (1, 2, [((), 1, 2)]),
        ({"a": 1}, [1], [((), {"a": 1}, [1])]),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}, [(("c",), MISSING, 3), (("a",), 1, MISSING)]),
        ([1, 2, 3], [1, 2], [((2,), 3, MISSING)]),
        ([], [None], [((0,), MISSING, None)]),
        ({"a": {"b": []}}, {"a": {"b": {}}}, [(("a", "b"), [], {})]),
        ([[1, [2, 3]], 4], [[1, [2, 5]], 6], [((0, 1, 1), 3, 5), ((1,), 4, 6)]),
        (float("nan"), float("nan"), []),
        ([float("nan")], [float("nan"), 1], [((1,), MISSING, 1)]),
        ("text", b"text", [((), "text", b"text")]),
    ],
)
def test_each_kind_of_difference(before: Any, now: Any, expected: list[Any]) -> None:
    assert changes(before, now) == [Change(*change) for change in expected]


def test_no_more_than_asked_for() -> None:
    assert len(changes([0] * 1000, [1] * 1000, limit=7)) == 7
    assert changes([0], [1], limit=0) == []
    assert changes(0, 1, limit=0) == []


@unhurried
@given(values, values)
def test_the_changes_applied_to_one_frame_give_the_other(before: Any, now: Any) -> None:
    found = changes(before, now, limit=10_000)
    assert same(applied(before, found), now)
    assert same(before, now) == (not found)


@unhurried
@given(values)
def test_a_frame_does_not_differ_from_its_copy(frame: Any) -> None:
    assert changes(frame, copy.deepcopy(frame)) == []


def applied(frame: Any, found: list[Change]) -> Any:
    frame = copy.deepcopy(frame)
    # From the end, so that positions which go do not shift the others.
    for path, _, now in sorted(found, key=lambda change: change.now is MISSING):
        if not path:
            return now
        place, last = frame, path[-1]
        for step in path[:-1]:
            place = place[step]
        if isinstance(last, str) or last < len(place):
            place[last] = now
        else:
            place.append(now)
    return without_missing(frame)


def without_missing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_missing(item) for key, item in value.items() if item is not MISSING}
    if isinstance(value, list):
        return [without_missing(item) for item in value if item is not MISSING]
    return value


def test_deep_frames_are_compared_to_the_bottom() -> None:
    deep, other = 1, 2
    for _ in range(50_000):
        deep, other = [deep], [other]  # type: ignore[assignment]
    (change,) = changes(deep, other)
    assert (len(change.path), change.before, change.now) == (50_000, 1, 2)


def test_a_large_board_takes_no_time() -> None:
    board = json.dumps({"board": list(range(4096)), "tick": 1})
    before, now = json.loads(board), json.loads(board)
    now["board"][4000] = -1
    began = time.process_time()
    for _ in range(20):
        assert len(changes(before, now)) == 1
    assert time.process_time() - began < 0.5
