"""Where reasons are found: details of episodes, asked for once when they are over, and the ends of logs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..runner.logs import last_words
from ..runs.redact import Redactor
from .artifacts import episode_path
from .cache import CachedObservatory
from .client import Observatory
from .episode_logs import episode_log
from .models.episodes import OVER, Episode
from .reading import as_model, episode
from .transfer import Transfers

AT_ONCE = 8
"""Most details or logs asked for at a time (hosted.md 9.6)."""

_TAIL = 16 * 1024
_LINES_LOOKED_AT = 3  # as for episodes run here
_SHOWN = 200


@dataclass(frozen=True)
class Progress:
    """How far the looking is: ``done`` of ``of`` things."""

    done: int
    of: int


OnProgress = Callable[[Progress], None]


@dataclass
class Details:
    """Episodes in full by id, and why some are missing: sentences by id, safe to show."""

    found: dict[str, Episode] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class Evidence:
    """What is asked for reasons: ``reader`` for objects, ``client``, which must be open, for logs."""

    def __init__(self, reader: CachedObservatory, client: Observatory) -> None:
        self.reader = reader
        self._client = client
        self._redactor = Redactor([client.identity.token])

    async def episode(self, episode_request_id: str) -> Episode:
        """One in full: as kept when it was over by then, for it does not change, else from the server."""
        path = episode_path(episode_request_id)
        kept = await self.reader.kept(path)
        if kept is not None and isinstance(kept.data, dict) and kept.data.get("status") in OVER:
            found = as_model(Episode, kept.data, path)
        else:
            found = await episode(self.reader, episode_request_id)
        # What is asked next is asked of the episode that was meant, whatever it calls itself.
        return found.model_copy(update={"id": episode_request_id})

    async def episodes(self, ids: Sequence[str], progress: OnProgress | None = None) -> Details:
        """Several in full, in the order of ``ids``; those that cannot be had are problems."""
        details = Details()
        room = asyncio.Semaphore(AT_ONCE)
        done = 0

        async def one(episode_id: str) -> Episode | CoworldError:
            nonlocal done
            async with room:
                try:
                    return await self.episode(episode_id)
                except CoworldError as error:
                    return error
                finally:
                    done += 1
                    if progress is not None:
                        progress(Progress(done, len(ids)))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(episode_id)) for episode_id in ids]
        for episode_id, task in zip(ids, tasks, strict=True):
            if isinstance(found := task.result(), Episode):
                details.found[episode_id] = found
            else:
                details.problems[episode_id] = safe_line(str(found), _SHOWN)
        return details

    async def log_line(
        self, transfers: Transfers, episode_request_id: str, agent: tuple[str, int] | None
    ) -> str:
        """The last words of the game, or of the seat that ``agent`` names; empty when it said nothing.

        Raises what ``episode_log`` raises.
        """
        data = await episode_log(
            self._client, episode_request_id, agent=agent, tail=_TAIL, transfers=transfers
        )
        lines = data.decode("utf-8", "replace").rstrip().split("\n")
        return last_words([self._redactor.text(line) for line in lines[-_LINES_LOOKED_AT:]])

    def transfers(self) -> Transfers:
        """Connections for several logs, to be used in ``async with``."""
        return Transfers(self._client, at_once=AT_ONCE)
