"""What the league screen fetches: one replay to look at, or many. Each tells how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...contract.errors import EXIT_FAILED, CoworldError
from ...contract.measures import size_text
from ...contract.package import Package, read_package
from ...contract.text import safe_line
from ...observatory.episode_bundle import save_bundle
from ...observatory.image_pull import PullProgress, pull_images
from ...observatory.packages import download_package
from ...observatory.policy_upload import upload_policy
from ...observatory.replays import ReplaysProgress, download_replays, fetch_replay
from ...observatory.transfer import Progress, Transfers
from ...runner.docker_engine import connect
from ...runs.paths import home
from .rows import ListRows, key_of

if TYPE_CHECKING:
    from ...observatory.models.episodes import EpisodeRow
    from ...observatory.models.uploads import UploadedPolicy
    from ...observatory.policy_upload import ReadyFile, ReadyImage
    from ...observatory.uploading import UploadProgress
    from .desk import Desk
    from .doing_bar import Tell


class Rerun(NamedTuple):
    """A package to launch, the configuration of the episode, and why its images are not all here."""

    package: Package
    config: Mapping[str, Any] | None
    problem: str


async def replay_of(desk: Desk, row: EpisodeRow, tell: Tell) -> Path:
    """The replay of an episode, where the library has its downloads."""

    def progress(now: Progress) -> None:
        tell(f"↓ replay · {_amount(now)}")

    return await fetch_replay(desk.client, desk.known.episodes.get(row.id) or row, progress=progress)


async def replays_of(desk: Desk, rows: ListRows[EpisodeRow], folder: Path, tell: Tell) -> str:
    """The replays of all that is looked for in a folder, as the real client keeps them; what to say of it."""
    wanted = await _all_rows(rows, tell)

    def progress(now: ReplaysProgress) -> None:
        failed = f" · {now.failed} failed" if now.failed else ""
        tell(
            f"↓ {now.over} of {now.count} replays · {size_text(int(now.rate))}/s"
            f" · {now.remaining:.0f} s left{failed}"
        )

    async with Transfers(desk.client) as transfers:
        files = await download_replays(transfers, wanted, folder, progress=progress)
    new = sum(file.is_new for file in files)
    failed = [file for file in files if file.error is not None]
    said = f"{new} replays came, {len(files) - new - len(failed)} were there: {folder}"
    if not failed:
        return said
    return f"{said}; {len(failed)} failed, the first one: {safe_line(str(failed[0].error), 120)}"


async def bundle_of(desk: Desk, row: EpisodeRow, path: Path, tell: Tell) -> str:
    """The bundle of an episode as a file; what to say of it."""

    def progress(now: Progress) -> None:
        tell(f"↓ bundle · {_amount(now)}")

    async with Transfers(desk.client) as transfers:
        saved = await save_bundle(transfers, row.id, path, progress=progress)
    missing = f"; without {', '.join(saved.missing)}" if saved.missing else ""
    return f"bundle, {size_text(saved.size)}: {path}{missing}"


async def upload(desk: Desk, policy: ReadyImage | ReadyFile, tell: Tell) -> UploadedPolicy:
    """A new policy version."""

    def progress(now: UploadProgress) -> None:
        part = now.part
        far = f" of {size_text(part.total)}" if part.total else ""
        tell(f"↑ {now.of} · {part.part} · {size_text(part.done)}{far} {part.state}")

    return await upload_policy(desk.client, policy, progress)


async def rerun_of(desk: Desk, row: EpisodeRow, tell: Tell) -> Rerun:
    """What it takes to play an episode's configuration here; its Coworld is downloaded."""
    episode = await desk.evidence.episode(row.id)
    if episode.coworld_id is None:
        raise CoworldError(
            "not_found",
            "This episode cannot be played again here",
            cause="the server does not say of which Coworld it is",
            exit_code=EXIT_FAILED,
        )

    def pulling(now: PullProgress) -> None:
        tell(f"↓ {now.image.public_image_uri} · {size_text(now.done)} of {size_text(now.total)}")

    async with Transfers(desk.client) as transfers:
        folder = await download_package(transfers, episode.coworld_id, home() / "coworlds", progress=tell)
    package = await asyncio.to_thread(read_package, folder.manifest)
    problem = ""
    try:
        await pull_images(await connect(), folder.images, pulling)
    except CoworldError as error:
        problem = f"{error.title}: {error.cause or ''}"
    return Rerun(package, episode.game_config, problem)


async def _all_rows(rows: ListRows[EpisodeRow], tell: Tell) -> list[EpisodeRow]:
    """Every row that is looked for and has a replay, reading the list to its end."""
    while not rows.entries.complete:
        tell(f"reading the list · {len(rows.entries)} so far")
        if not await rows.entries.more() and rows.entries.problem is not None:
            raise rows.entries.problem
    # The list may change while it is looked through.
    raws = [rows.entries.raw(place) for place in range(len(rows.entries))]
    places = await rows.find(rows.wanted)
    wanted = raws if places is None else [raws[place] for place in places]
    found = (rows.entries.by_id(key_of(raw)) for raw in wanted if raw.get("replay_url"))
    return [row for row in found if row is not None]


def _amount(now: Progress) -> str:
    """``3.1 MiB of 12 MiB · 1.2 MiB/s · 7 s left``."""
    total = f" of {size_text(now.total)}" if now.total is not None else ""
    left = f" · {now.remaining:.0f} s left" if now.remaining is not None else ""
    return f"{size_text(now.done)}{total} · {size_text(int(now.rate))}/s{left}"
