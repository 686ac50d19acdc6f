"""A hosted episode as one zip (hosted.md 4.7): the server's own bundle, or one made of what it hands out."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..replay.bundling import TOKENS, BundleOptions, write_bundle
from .artifacts import (
    bundle_file,
    error_file,
    game_log_file,
    results_file,
    seat_artifact_file,
    seat_files,
    seat_log_file,
)
from .models.episodes import Episode
from .reading import episode
from .replays import save_replay
from .storage import Source
from .transfer import OnProgress, Transfers, all_of

KNOWN: tuple[str, ...] = TOKENS["0.1.64"]
"""What a bundle of the server may hold."""

_MISSING = frozenset({"not_found", "not_allowed", "download_refused"})


@dataclass(frozen=True)
class BundleSaved:
    """The zip at ``path``. ``is_made_here``: the server had none; ``missing`` parts were not given."""

    path: Path
    size: int
    is_made_here: bool
    missing: tuple[str, ...] = ()


async def save_bundle(
    transfers: Transfers,
    episode_request_id: str,
    output: Path,
    *,
    include: Sequence[str] | None = None,
    force: bool = False,
    progress: OnProgress | None = None,
) -> BundleSaved:
    """Put the bundle at ``output``, whole or not at all. ``include`` None: all that may be read.

    Parts of others' seats are left out, as the server does. Raises ``output_exists`` (exit code 2) for a
    file that is there, unless ``force``; ``include_unknown``, and what ``Transfers.save`` raises.
    """
    if unknown := [token for token in include or () if token not in KNOWN]:
        raise CoworldError(
            "include_unknown",
            f"a bundle holds no {safe_line(', '.join(unknown), 80)}",
            next_step=f"choose among {', '.join(KNOWN)}",
            exit_code=EXIT_USAGE,
        )
    await asyncio.to_thread(_require_free, output, force)
    source = bundle_file(episode_request_id, include)
    try:
        saved = await transfers.save(source, output, replacing=force, progress=progress)
    except CoworldError as error:
        if error.type != "not_found":
            raise
        return await _made_here(transfers, episode_request_id, output, include, force)
    return BundleSaved(output, saved.size, is_made_here=False)


async def _made_here(
    transfers: Transfers, episode_request_id: str, output: Path, include: Sequence[str] | None, force: bool
) -> BundleSaved:
    row = await episode(transfers.client, episode_request_id)
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="coworld-tui-bundle-")
    stopped = threading.Event()
    try:
        workspace = Path(folder.name, episode_request_id)  # not what the row calls itself
        await asyncio.to_thread(_prepare, workspace)
        missing = await _collect(transfers, episode_request_id, row, workspace, include or KNOWN)
        options = BundleOptions("0.1.64", tuple(include) if include is not None else None, force=force)
        bundled = await asyncio.to_thread(write_bundle, workspace, output, options, stopped.is_set)
    finally:
        stopped.set()
        await asyncio.to_thread(folder.cleanup)
    size = (await asyncio.to_thread(output.stat)).st_size
    return BundleSaved(output, size, is_made_here=True, missing=(*missing, *bundled.problems))


async def _collect(
    transfers: Transfers, ereq: str, row: Episode, folder: Path, include: Sequence[str]
) -> list[str]:
    """The files as a game leaves them in its workspace; what is not to be had, by token."""
    wanted: list[tuple[str, Source | None, Path]] = []
    if "results" in include:
        wanted.append(("results", results_file(ereq), folder / "results.json"))
    if "replay" in include and row.replay_url is not None:
        wanted.append(("replay", None, folder / "replay"))
    if "error_info" in include and row.status == "failed":
        wanted.append(("error_info", error_file(ereq), folder / "error_info.json"))
    if "game_logs" in include:
        wanted.append(("game_logs", game_log_file(ereq), folder / "logs" / "game.log"))
    for seat in await seat_files(transfers.client, ereq):
        if seat.position is None or seat.policy_version_id is None:
            continue
        at = (ereq, seat.policy_version_id, seat.position)
        if "player_logs" in include and seat.has_log:
            name = f"policy_agent_{seat.position}.log"
            wanted.append(("player_logs", seat_log_file(*at), folder / "logs" / name))
        if "player_artifact" in include and seat.has_artifact:
            name = f"policy_artifact_{seat.position}.zip"
            wanted.append(("player_artifact", seat_artifact_file(*at), folder / name))

    async def one(token: str, source: Source | None, target: Path) -> str:
        try:
            if source is None:
                await save_replay(transfers, row, target)
            else:
                await transfers.save(source, target)
        except CoworldError as error:
            if error.type not in _MISSING:
                raise
            return token
        return ""

    return [token for token in await all_of(one(*each) for each in wanted) if token]


def _prepare(workspace: Path) -> None:
    """What makes it an episode's folder, also of one that left neither results nor a replay."""
    Path(workspace, "logs").mkdir(parents=True)
    Path(workspace, "config.json").write_bytes(b"{}")


def _require_free(output: Path, force: bool) -> None:
    """Say at once that the file may not be written, not after all of it has come."""
    is_there = output.is_symlink() or output.exists()
    if is_there and (output.is_dir() or not force):
        raise CoworldError(
            "output_exists",
            f"{safe_line(str(output), 200)} is there already",
            next_step="choose another name" + ("" if output.is_dir() else ", or replace it with --force"),
            exit_code=EXIT_USAGE,
        )
