"""Keeping what is looked at up to date, and telling the news that somebody wants to hear."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from ...observatory.models.base import ApiModel
from ...observatory.news import News
from ...observatory.watch_plans import Following, Scope
from ...observatory.watching import LEAST_SECONDS, Question, Watch
from ...runs.settings import section

if TYPE_CHECKING:
    from ...observatory.client import Reader

KINDS = (
    "rank",
    "round_started",
    "round_done",
    "round_failed",
    "episode_failed",
    "submission",
    "membership",
    "league",
)
"""What can be told, as ``[league] notify`` of the settings names it."""

_USUAL = ("rank", "round_done", "episode_failed", "submission", "membership")


def wanted_news() -> tuple[str, ...]:
    """The kinds that the settings name; without them the usual ones."""
    chosen = section("league").get("notify")
    return tuple(kind for kind in chosen if kind in KINDS) if isinstance(chosen, list) else _USUAL


class Watcher:
    """Looks again and again, at the list that is visible, and at one league for news. Starts out resting."""

    least_seconds = LEAST_SECONDS
    """Between two looks, when something happens."""

    def __init__(self, reader: Reader, look: Callable[[], Awaitable[Sequence[ApiModel]]]) -> None:
        """``look`` brings the visible list up to date and returns its rows in view."""
        self._reader = reader
        self._kinds = wanted_news()
        visible = Question("visible", lambda _: look(), is_whole=False)
        self._visible = Watch(reader, [visible], least=self.least_seconds)
        self._visible.pause()
        self._following: Following | None = None
        self.is_resting = True

    def rest(self) -> None:
        """Ask nobody until ``go_on``."""
        self.is_resting = True
        for watch in self._watches():
            watch.pause()

    def go_on(self) -> None:
        """Look again, at once if that is due."""
        self.is_resting = False
        for watch in self._watches():
            watch.resume()

    async def keep_up(self) -> None:
        """Keep the visible list up to date."""
        async for _ in self._visible.looks():
            pass

    async def news(self, league_id: str) -> AsyncIterator[News]:
        """What happens in a league from now on, as far as it is wanted."""
        if not self._kinds:
            return
        following = Following(self._reader, Scope(league_id=league_id), least=self.least_seconds)
        if self.is_resting:
            following.watch.pause()
        self._following = following
        async for seen in following.seen():
            for news in seen.news:
                if news.kind in self._kinds:
                    yield news

    def _watches(self) -> list[Watch]:
        return [self._visible, *([self._following.watch] if self._following is not None else [])]
