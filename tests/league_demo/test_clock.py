"""The clock: what is due happens in order, at its moment, however far it is moved on at a time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.league_demo.clock import Clock
from coworld_tui.league_demo.state import State

BEGIN = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)


def seconds(state: State) -> float:
    return (state.now - BEGIN).total_seconds()


@given(
    waits=st.lists(st.integers(0, 50), max_size=20),
    steps=st.lists(st.integers(0, 60), min_size=1, max_size=20),
)
def test_all_that_is_due_happens_once_in_order_and_at_its_moment(waits: list[int], steps: list[int]) -> None:
    state = State(now=BEGIN)
    clock = Clock(state)
    done: list[tuple[float, int]] = []
    for number, wait in enumerate(waits):
        clock.after(wait, lambda number=number: done.append((seconds(state), number)))  # type: ignore[misc]
    for step in steps:
        clock.advance(step)
    assert done == sorted((float(wait), number) for number, wait in enumerate(waits) if wait <= sum(steps))
    assert seconds(state) == sum(steps)


def test_what_an_action_asks_for_is_due_in_the_same_step_if_its_moment_is() -> None:
    state = State(now=BEGIN)
    clock = Clock(state)
    heard: list[float] = []

    def again() -> None:
        heard.append(seconds(state))
        clock.after(10, again)

    again()
    clock.advance(35)
    assert heard == [0, 10, 20, 30]


def test_speed_makes_waits_shorter_and_leaves_moments_true() -> None:
    state = State(now=BEGIN)
    clock = Clock(state, speed=4)
    heard: list[float] = []
    clock.after(20, lambda: heard.append(seconds(state)))
    clock.advance(6)
    assert heard == [5]
    assert seconds(state) == 6


async def test_it_runs_with_the_time_of_day_and_catches_up() -> None:
    state = State(now=datetime.now(UTC) - timedelta(hours=8))
    clock = Clock(state)
    overdue, soon = asyncio.Event(), asyncio.Event()
    clock.after(3600, overdue.set)
    clock.after(8 * 3600 + 0.5, soon.set)
    running = asyncio.create_task(clock.run())
    async with asyncio.timeout(10):
        await soon.wait()
    assert overdue.is_set()
    assert abs(datetime.now(UTC) - clock.now) < timedelta(seconds=5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
