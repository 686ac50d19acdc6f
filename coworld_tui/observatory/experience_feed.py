"""Following experience requests: a snapshot, then what changes, as long as anything can (hosted.md 3.10)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from ..contract.errors import CoworldError
from .client import Observatory
from .experience import View, selection
from .models.episodes import OVER
from .models.experience import Batch, Change, ChangePage
from .reading import as_model
from .refusals import Refusal

Until = Literal["execution", "evidence"]
"""What is waited for: the end of all episodes, or that their logs and files are complete too."""

UNTIL: tuple[Until, ...] = get_args(Until)

WAIT_SECONDS = 25.0
"""For how long the server is asked to wait for a change."""


_PATH = "/v2/episode-requests/changes"
_PAGE = 200
_PATIENCE_SECONDS = 20.0  # beyond the wait itself
_CURSOR_USELESS = (404, 409, 410)
_RESTARTS = 3
_LONGEST_PAUSE_SECONDS = 30.0
_JITTER_SECONDS = 0.25
_MAY_PASS = ("unreachable", "server_error")


@dataclass(frozen=True)
class News:
    """What one answer of the feed brought.

    ``changes`` are those that are newer than what was known. ``problem`` is a sentence on why nothing came
    and the feed is asked again later. ``is_restart`` says that a fresh snapshot begins here.
    """

    changes: tuple[Change, ...] = ()
    problem: str = ""
    is_restart: bool = False


@dataclass
class Feed:
    """The episodes of some experience requests, kept up to date by ``news``.

    ``episodes`` has the newest change of each that is there, by id; ``batches`` the requests themselves.
    """

    ids: Sequence[str]
    view: View = "progress"
    until: Until = "execution"
    wait_seconds: float = WAIT_SECONDS
    episodes: dict[str, Change] = field(default_factory=dict, init=False)
    batches: list[Batch] = field(default_factory=list, init=False)
    is_over: bool = field(default=False, init=False)
    _cursor: str | None = field(default=None, init=False)
    _seen: set[str] | None = field(default_factory=set, init=False)
    """The ids of the snapshot that is being read; None once it is complete."""

    def __post_init__(self) -> None:
        self.ids = selection(self.ids, batches_only=True)

    @property
    def cursor(self) -> str | None:
        """Where the feed goes on; None before its first answer."""
        return self._cursor

    def resume(self, cursor: str | None, episodes: Iterable[Change]) -> None:
        """Go on where an earlier feed of the same was, instead of at the beginning."""
        self._cursor = cursor
        self._seen = set() if cursor is None else None
        self.episodes = {change.id: change for change in episodes if not change.removed}

    @property
    def has_failures(self) -> bool:
        """Whether anything ended otherwise than well."""
        states = [batch.status for batch in self.batches] + [_status(row) for row in self.episodes.values()]
        return any(status in OVER and status != "completed" for status in states)

    async def news(self, client: Observatory) -> AsyncIterator[News]:
        """Yield news until everything waited for is over. Ends at any time by closing it.

        A cursor that the server no longer takes begins a fresh snapshot, a server that cannot be reached is
        asked again. Raises what ``Observatory.get`` raises for everything else.
        """
        restarts = failures = 0
        is_waiting = False
        while not self.is_over:
            wait = self.wait_seconds if is_waiting else 0.0
            try:
                page = await self._page(client, wait)
            except Refusal as refused:
                if refused.status in _CURSOR_USELESS and self._cursor is not None and restarts < _RESTARTS:
                    restarts += 1
                    is_waiting = False
                    self._cursor, self._seen = None, set()
                    yield News(is_restart=True)
                    continue
                if refused.status == 429 and refused.retry_after is not None:
                    yield News(problem=refused.title)
                    await asyncio.sleep(refused.retry_after + random.uniform(0, _JITTER_SECONDS))
                    continue
                if refused.type not in _MAY_PASS:
                    raise
                problem = str(refused)
            except CoworldError as error:
                if error.type not in _MAY_PASS:
                    raise
                problem = str(error)
            else:
                restarts, failures = restarts if page.phase == "snapshot" else 0, 0
                before = self._cursor
                changes = self._take(page)
                if changes:
                    yield News(tuple(changes))
                # More that is where it was before is none: such a server would be asked without a pause.
                is_waiting = not page.has_more or self._cursor == before
                self.is_over = not page.has_more and self._all_over()
                if wait and not self.is_over:
                    pause = min(max(page.poll_after_seconds, 0.0), _LONGEST_PAUSE_SECONDS)
                    await asyncio.sleep(pause + random.uniform(0, _JITTER_SECONDS))
                continue
            failures += 1
            yield News(problem=problem)
            await asyncio.sleep(min(2.0 ** (failures - 1), _LONGEST_PAUSE_SECONDS))

    async def _page(self, client: Observatory, wait: float) -> ChangePage:
        params = {
            "ids": list(self.ids),
            "view": self.view,
            "limit": _PAGE,
            "cursor": self._cursor,
            "wait_seconds": f"{wait:g}" if wait else None,
        }
        answer = await client.send("GET", _PATH, params=params, timeout=wait + _PATIENCE_SECONDS)
        return as_model(ChangePage, answer.data, _PATH)

    def _take(self, page: ChangePage) -> list[Change]:
        """Remember a page; what of it is news."""
        self._cursor = page.next_cursor
        self.batches = page.batches
        fresh = []
        for change in page.entries:
            if self._seen is not None:
                self._seen.add(change.id)
            known = self.episodes.get(change.id)
            if known is not None and change.revision <= known.revision:
                continue
            fresh.append(change)
            if change.removed:
                self.episodes.pop(change.id, None)
            else:
                self.episodes[change.id] = change
        if self._seen is not None and not page.has_more:
            gone = [change for name, change in self.episodes.items() if name not in self._seen]
            for change in gone:
                del self.episodes[change.id]
                fresh.append(change.model_copy(update={"removed": True, "episode": None}))
            self._seen = None
        return fresh

    def _all_over(self) -> bool:
        rows = self.episodes.values()
        if not all(batch.status in OVER for batch in self.batches):
            return False
        if not all(_status(row) in OVER for row in rows):
            return False
        return self.until == "execution" or all(
            row.episode is not None and row.episode.evidence_state == "sealed" for row in rows
        )


def _status(change: Change) -> str | None:
    return change.episode.status if change.episode is not None else None
