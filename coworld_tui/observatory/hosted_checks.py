"""What the server does with a new version of a Coworld: it plays it, then certifies it (hosted.md 5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.text import safe_line
from .client import Reader
from .models.episodes import OVER, EpisodeRow
from .models.uploads import HostedCertification
from .reading import checked_id
from .refusals import bad_answer
from .uploading import member

POLL_SECONDS = 5.0

_SOURCE = "coworld_upload"
_MOST = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class SmokeEpisode:
    """One hosted episode of the new version; ``error`` is safe to show."""

    id: str
    status: str
    error: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in OVER

    @property
    def has_failed(self) -> bool:
        """Whether it ended in another way than it should."""
        return self.is_over and self.status != "completed"


async def smoke_episodes(reader: Reader, coworld_id: str) -> tuple[SmokeEpisode, ...]:
    """The episodes that the upload of this Coworld started, by id; none before they are made."""
    path = f"/v2/coworlds/{checked_id('cow', coworld_id)}/episode-requests"
    answer = await reader.get(path, {"limit": _MOST, "source": _SOURCE})
    entries = member(answer.data, "entries")
    if not isinstance(entries, list):
        raise bad_answer(path, "it holds no list of entries")
    rows = [EpisodeRow.model_validate(row) for row in entries if isinstance(row, dict)]
    episodes = [await _episode(reader, row) for row in rows if row.coworld_id in (None, coworld_id)]
    return tuple(sorted(episodes, key=lambda episode: episode.id))


async def _episode(reader: Reader, row: EpisodeRow) -> SmokeEpisode:
    episode = SmokeEpisode(safe_line(row.id, 60), safe_line(row.status or "", 40))
    if not episode.has_failed:
        return episode
    detail = (await reader.get(f"/v2/episode-requests/{checked_id('ereq', row.id)}")).data
    error = member(detail, "error") or member(detail, "error_type") or "it does not say why"
    return SmokeEpisode(episode.id, episode.status, safe_line(str(error), 300))


async def hosted_certification(reader: Reader, coworld_id: str) -> HostedCertification:
    """How far the certification is."""
    answer = await reader.get(f"/v2/coworlds/{checked_id('cow', coworld_id)}/certification")
    return HostedCertification.model_validate(answer.data if isinstance(answer.data, dict) else {})


async def smoke_until_over(
    reader: Reader, coworld_id: str, *, timeout_seconds: float, poll_seconds: float = POLL_SECONDS
) -> AsyncIterator[tuple[SmokeEpisode, ...]]:
    """Yield the hosted episodes whenever they changed, until all are over or one failed.

    Raises ``timeout`` (exit code 3) after ``timeout_seconds``, and what reading raises.
    """

    async def look() -> tuple[SmokeEpisode, ...]:
        return await smoke_episodes(reader, coworld_id)

    def is_over(episodes: tuple[SmokeEpisode, ...]) -> bool:
        all_over = bool(episodes) and all(episode.is_over for episode in episodes)
        return all_over or any(episode.has_failed for episode in episodes)

    async for episodes in _until(look, is_over, "the hosted episodes", timeout_seconds, poll_seconds):
        yield episodes


async def certification_until_over(
    reader: Reader, coworld_id: str, *, timeout_seconds: float, poll_seconds: float = POLL_SECONDS
) -> AsyncIterator[HostedCertification]:
    """Yield the certification whenever it changed, until it is over. Raises as ``smoke_until_over``."""

    async def look() -> HostedCertification:
        return await hosted_certification(reader, coworld_id)

    def is_over(certification: HostedCertification) -> bool:
        return certification.state in ("certified", "failed")

    async for state in _until(look, is_over, "the hosted certification", timeout_seconds, poll_seconds):
        yield state


async def _until(
    look: Callable[[], Awaitable[_T]],
    is_over: Callable[[_T], bool],
    what: str,
    timeout_seconds: float,
    poll_seconds: float,
) -> AsyncIterator[_T]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    last: _T | None = None
    while True:
        found = await look()
        if found != last:
            last = found
            yield found
        if is_over(found):
            return
        if loop.time() + poll_seconds > deadline:
            raise CoworldError(
                "timeout",
                f"{what} did not end in time",
                cause=f"not within {timeout_seconds:g} seconds",
                owner="the server",
                next_step="it goes on there; look again: coworld-tui league status COWORLD_ID",
                exit_code=EXIT_MISSING,
            )
        await asyncio.sleep(poll_seconds)
