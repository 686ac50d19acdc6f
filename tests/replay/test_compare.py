"""Two replays locked by tick."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.changes import Change, same
from coworld_tui.replay.compare import Comparison, Pair
from coworld_tui.replay.lenses.choose import decode_frame

from .json_values import unhurried, values
from .paintarena import state
from .sources import ListSource


def compared(left: list[Any], right: list[Any]) -> Comparison:
    comparison = Comparison(ListSource(left), ListSource(right))
    while comparison.advance():
        assert 0 <= comparison.progress <= 1
    assert comparison.is_complete
    assert comparison.progress == 1
    return comparison


def test_frames_of_one_tick_are_pairs() -> None:
    comparison = compared(
        [{"tick": 1}, {"tick": 2}, {"tick": 4}], [{"tick": 0}, {"tick": 2, "a": 1}, {"tick": 4}]
    )
    assert comparison.is_by_tick
    assert comparison.pairs == [Pair(1, 1, 2), Pair(2, 2, 4)]
    assert (comparison.first_difference(), comparison.differing) == (0, 1)
    assert [comparison.pair_of(index) for index in range(3)] == [None, 0, 1]
    assert [comparison.pair_of(index, "right") for index in range(3)] == [None, 0, 1]


def test_of_several_frames_of_a_tick_the_last_counts() -> None:
    comparison = compared([{"tick": 1, "x": 1}, {"tick": 1, "x": 2}], [{"tick": 1, "x": 2}])
    assert comparison.pairs == [Pair(1, 0, 1)]
    assert comparison.first_difference() is None


@pytest.mark.parametrize("left", [[{"tick": 2}, {"tick": 1}], [{"tick": 1}, {}], [[1], [2]]])
def test_without_usable_ticks_frames_are_paired_by_index(left: list[Any]) -> None:
    comparison = compared(left, [{"tick": 5}, {"tick": 6}, {"tick": 7}])
    assert not comparison.is_by_tick
    assert comparison.pairs == [Pair(0, 0, None), Pair(1, 1, None)]


def test_the_first_difference_and_how_much_each_value_differs() -> None:
    left = [state(tick) for tick in range(10)]
    right = [state(tick, scores=[tick + max(0, tick - 6), 0], done=tick > 8) for tick in range(10)]
    comparison = compared(left, right)
    assert comparison.first_difference() == 7
    assert comparison.differences(7) == [Change(("scores", 0), 7, 8)]
    assert comparison.differences(6) == []
    score, done = comparison.ranked()
    assert (score.path, score.count, score.mean, score.largest, score.first) == (("scores", 0), 3, 2, 3, 7)
    assert (done.path, done.count, done.first) == (("done",), 1, 9)
    with pytest.raises(IndexError):
        comparison.differences(10)
    with pytest.raises(IndexError):
        comparison.differences(-1)


def test_a_growing_replay_is_followed() -> None:
    frames = [state(tick) for tick in range(6)]
    growing = ListSource(frames, shown=2)
    comparison = Comparison(growing, ListSource([*frames[:5], state(5, done=True)]))
    while comparison.advance():
        pass
    assert (len(comparison.pairs), comparison.first_difference()) == (2, None)
    while growing.advance():
        pass
    while comparison.advance():
        pass
    assert (len(comparison.pairs), comparison.first_difference()) == (6, 5)


def test_values_that_are_no_numbers_have_no_mean() -> None:
    comparison = compared([{"tick": 1, "x": "a", "y": 10**400}], [{"tick": 1, "x": "b", "y": 1}])
    assert [found.mean for found in comparison.ranked()] == [None, None]


@unhurried
@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_a_replay_differs_where_its_frames_do(left: list[Any], right: list[Any]) -> None:
    one = ListSource([{"tick": at, "frame": frame} for at, frame in enumerate(left)])
    other = ListSource([{"tick": at, "frame": frame} for at, frame in enumerate(right)])
    comparison = Comparison(one, other)
    while comparison.advance():
        pass
    # What is compared is what was read back: JSON does not keep every number.
    pairs = [
        [decode_frame(source.payload(index), "json") for source in (one, other)]
        for index in range(min(len(left), len(right)))
    ]
    differing = [index for index, (was, now) in enumerate(pairs) if not same(was, now)]
    assert comparison.differing == len(differing)
    assert comparison.first_difference() == (differing[0] if differing else None)
