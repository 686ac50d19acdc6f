"""The time of a world that lives: what is due happens, in order, when the clock is moved on."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

from .state import State

LOOK_SECONDS = 0.2


class Clock:
    """``state.now`` follows it. The same actions, moved on by the same steps or others, do the same.

    ``speed`` makes everything take so many times less time; moments are told as they are.
    """

    def __init__(self, state: State, speed: float = 1.0) -> None:
        self.now = state.now
        self._state = state
        self._speed = speed
        self._numbers = count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later; of what is due at one moment, what was asked for first."""
        moment = self.now + timedelta(seconds=seconds / self._speed)
        heapq.heappush(self._due, (moment, next(self._numbers), action))

    def advance(self, seconds: float) -> None:
        """Move on, and do all that becomes due on the way, each at its moment."""
        end = self.now + timedelta(seconds=seconds)
        while self._due and self._due[0][0] <= end:
            moment, _, action = heapq.heappop(self._due)
            self._move(moment)
            action()
        self._move(end)

    async def run(self) -> None:
        """Keep to the time of day until cancelled. After a machine's sleep it catches up."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.advance(max(0.0, (datetime.now(UTC) - self.now).total_seconds()))

    def _move(self, moment: datetime) -> None:
        self.now = moment
        self._state.now = max(self._state.now, moment)
