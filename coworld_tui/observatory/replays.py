"""Downloading replays: many into a folder as the real client keeps them (hosted.md 4.3), one to look at."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.fetching import url_label
from ..contract.text import safe_line
from ..replay.downloads import INDEX
from ..runs.directory import replacing
from ..runs.paths import downloads_dir
from .artifacts import replay_file
from .client import Observatory, Reader
from .episodes import EpisodeFilter
from .episodes import episodes as find_episodes
from .models.episodes import Episode, EpisodeRow
from .part_file import not_saved
from .reading import Listing, checked_id, episode
from .storage import Source
from .transfer import OnProgress, Progress, Saved, Transfers, all_of

PAGE = 100
"""Most episodes asked for in one request."""

_INDEX_LIMIT = 64 << 20
_SHOWN = 80


@dataclass(frozen=True)
class ReplayFile:
    """What became of one replay: it is at ``path`` (``is_new``: since now), or ``error`` says why not."""

    row: EpisodeRow
    path: Path
    size: int = 0
    is_new: bool = False
    error: CoworldError | None = None


@dataclass(frozen=True)
class ReplaysProgress:
    """How far many are: ``over`` of ``count``, ``failed`` among them; ``last`` is the one that ended now.

    ``done`` bytes have come so far, at ``rate`` bytes a second; ``remaining`` seconds are left at this pace.
    """

    over: int
    count: int
    failed: int
    done: int
    rate: float
    remaining: float
    last: ReplayFile


async def replay_rows(
    reader: Reader, wanted: EpisodeFilter, *, limit: int, cursor: str | None = None
) -> Listing[EpisodeRow]:
    """Those of ``limit`` episodes that have a replay, over as many pages as that takes."""
    found: dict[str, EpisodeRow] = {}
    while True:
        page = await find_episodes(reader, wanted, limit=min(PAGE, limit), cursor=cursor)
        found |= {row.id: row for row in page.entries if row.replay_url is not None}
        limit -= len(page.entries)
        cursor = page.next_cursor
        if cursor is None or limit <= 0:
            return Listing(list(found.values()), cursor)


async def rows_of(reader: Reader, episode_request_ids: Sequence[str]) -> list[EpisodeRow]:
    """The rows of these episodes, in their order. ``not_found`` for one without a replay."""
    rows = await all_of(episode(reader, one) for one in dict.fromkeys(episode_request_ids))
    for row in rows:
        _replay_url(row)
    return [_row_of(row) for row in rows]


async def download_replays(
    transfers: Transfers,
    rows: Sequence[EpisodeRow],
    folder: Path,
    *,
    progress: Callable[[ReplaysProgress], None] | None = None,
) -> list[ReplayFile]:
    """Save the replay of each row as ``EREQ.replay``, and ``index.json`` of those that are there.

    Files that are there already stay. One that fails does not keep the others; it is told in its place.
    Raises ``output_lost`` and ``disk_full`` when nothing can be written at all. Cancelled, what has
    arrived stays; no index is written then.
    """
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise not_saved(folder, error) from error
    rows = list({row.id: row for row in rows}.values())
    begun = asyncio.get_running_loop().time()
    failed = done = 0
    ended: dict[str, ReplayFile] = {}
    waiting = iter(rows)

    async def work() -> None:
        nonlocal failed, done
        for row in waiting:
            file = ended[row.id] = await _replay(transfers, row, folder)
            failed += file.error is not None
            done += file.size if file.is_new else 0
            if progress is not None:
                passed = max(asyncio.get_running_loop().time() - begun, 1e-6)
                left = passed / len(ended) * (len(rows) - len(ended))
                progress(ReplaysProgress(len(ended), len(rows), failed, done, done / passed, left, file))

    # As many as can be under way: a task for each of a hundred thousand takes its room.
    await all_of(work() for _ in range(transfers.at_once))
    files = [ended[row.id] for row in rows]
    document = [index_row(file.row, file.path) for file in files if file.error is None]
    await asyncio.to_thread(_write_index, folder, document)
    return files


async def _replay(transfers: Transfers, row: EpisodeRow, folder: Path) -> ReplayFile:
    path = folder / safe_line(row.id, _SHOWN)
    try:
        path = folder / f"{checked_id('ereq', row.id)}.replay"
        saved = await save_replay(transfers, row, path)
        return ReplayFile(row, path, saved.size, saved.is_new)
    except CoworldError as error:
        if error.type in ("disk_full", "output_lost"):
            raise
        return ReplayFile(row, path, error=error)


async def save_replay(
    transfers: Transfers, row: EpisodeRow | Episode, path: Path, *, progress: OnProgress | None = None
) -> Saved:
    """Put the replay of an episode at ``path``, inflated. Its row is read again when its address ended."""

    async def renewed() -> Source:
        return _source(await episode(transfers.client, row.id))

    return await transfers.save(_source(row), path, renewed=renewed, progress=progress)


async def fetch_replay(
    client: Observatory,
    row: EpisodeRow | Episode,
    *,
    progress: Callable[[Progress], None] | None = None,
    transfers: Transfers | None = None,
) -> Path:
    """The replay of an episode in the library's folder, downloaded if it is not there yet.

    ``row`` as a list or ``reading.episode`` gives it; of the latter the index beside it also gets names
    and scores. Raises ``not_found`` for an episode without a replay, and what ``Transfers.save`` raises.
    """
    path = downloads_dir() / f"{checked_id('ereq', row.id)}.replay"
    _source(row)
    try:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise not_saved(path.parent, error) from error
    async with contextlib.AsyncExitStack() as stack:
        used = (
            transfers
            if transfers is not None
            else await stack.enter_async_context(Transfers(client, at_once=1))
        )
        saved = await save_replay(used, row, path, progress=progress)
    if saved.is_new or isinstance(row, Episode):
        await asyncio.to_thread(_add_to_index, path, row)
    return path


def index_row(row: EpisodeRow | Episode, path: Path) -> dict[str, Any]:
    """A row of ``index.json``, its members in the real client's order."""
    return {
        "episode_request_id": row.id,
        "coworld_id": row.coworld_id,
        "replay_url": row.replay_url,
        "local_path": str(path),
        "status": row.status,
        "policy_version_ids": list(row.policy_version_ids),
    }


def _row_of(row: Episode) -> EpisodeRow:
    return EpisodeRow.model_validate(
        {name: getattr(row, name) for name in EpisodeRow.model_fields if name in Episode.model_fields}
    )


def _replay_url(row: EpisodeRow | Episode) -> str:
    if row.replay_url is None:
        raise CoworldError(
            "not_found",
            f"{safe_line(row.id, _SHOWN)} has no replay",
            cause=f"it is {safe_line(row.status or 'of no known state', _SHOWN)}",
            next_step="replays are there once an episode has completed",
            exit_code=EXIT_FAILED,
        )
    return row.replay_url


def _source(row: EpisodeRow | Episode) -> Source:
    url = _replay_url(row)
    with contextlib.suppress(ValueError):
        if urlsplit(url).scheme == "conductor":
            return replay_file(row.id)
    return url


def _write_index(folder: Path, document: Sequence[Mapping[str, Any]]) -> None:
    try:
        with replacing(folder / INDEX) as stream:
            stream.write(json.dumps(document, indent=2).encode() + b"\n")
    except OSError as error:
        raise not_saved(folder / INDEX, error) from error


def _add_to_index(path: Path, row: EpisodeRow | Episode) -> None:
    """Name the file in the library's index, which other downloads may be adding to as well."""
    with _alone_in(path.parent):
        try:
            with (path.parent / INDEX).open("rb") as stream:
                known = json.loads(stream.read(_INDEX_LIMIT))
        except (OSError, ValueError, RecursionError):
            known = []
        entries = [entry for entry in known if isinstance(entry, dict)] if isinstance(known, list) else []
        document = index_row(row, path)
        document["replay_url"] = url_label(
            _replay_url(row)
        )  # who may have it for how long is nobody's affair
        if isinstance(row, Episode):
            document["participants"] = [seat.as_document() for seat in row.participants]
            document["scores"] = [score.as_document() for score in row.scores]
            if name := (row.model_extra or {}).get("coworld_name"):
                document["coworld_name"] = name
        others = [entry for entry in entries if entry.get("episode_request_id") != row.id]
        _write_index(path.parent, [*others, document])


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
