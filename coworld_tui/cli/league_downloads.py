"""``league replays|bundle|download``: what lies on the server, to take away."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from ..contract.errors import EXIT_DONE, EXIT_FAILED
from ..contract.measures import size_text
from ..contract.text import safe_line
from ..observatory.episode_bundle import save_bundle
from ..observatory.episodes import EpisodeFilter
from ..observatory.image_pull import pull_images
from ..observatory.models.episodes import EpisodeRow
from ..observatory.packages import GUIDE_FILENAME, IMAGES_FILENAME, download_package
from ..observatory.reading import Listing
from ..observatory.replays import download_replays, index_row, replay_rows, rows_of
from ..observatory.transfer import Transfers
from ..runner.docker_engine import connect
from . import league_logs
from .download_lines import DownloadLines
from .league_saving import usage
from .league_session import session, to_its_end
from .league_tables import Cells, table_lines
from .output import say, tell, tell_json

_SHOWN = 100


def replays(options: Namespace) -> int:
    """List replays, or download them. One that fails does not keep the others; the exit code tells."""
    return to_its_end(_replays(options))


def bundle(options: Namespace) -> int:
    """Save an episode as one zip."""
    return to_its_end(_bundle(options))


def download(options: Namespace) -> int:
    """Download a Coworld."""
    return to_its_end(_download(options))


async def _replays(options: Namespace) -> int:
    async with session(options) as (client, _), Transfers(client, at_once=options.jobs) as transfers:
        found = await _found(options, transfers)
        if options.download_dir is None:
            _tell_replays(found, options)
            return EXIT_DONE
        lines = DownloadLines(quiet=options.json)
        files = await download_replays(transfers, found.entries, options.download_dir, progress=lines.replays)
    failed = [file for file in files if file.error is not None]
    there = [file for file in files if file.error is None]
    if options.json:
        tell_json([index_row(file.row, file.path) for file in there])
    else:
        new = [file for file in there if file.is_new]
        size = size_text(sum(file.size for file in new))
        tell(f"{len(new)} replays downloaded to {options.download_dir}, {size}")
        if len(new) < len(there):
            tell(f"{len(there) - len(new)} were there already")
    if failed:
        say(f"✗ {len(failed)} of {len(files)} could not be downloaded; repeat the command for those")
    _say_more(found, options)
    return EXIT_FAILED if failed else EXIT_DONE


async def _found(options: Namespace, transfers: Transfers) -> Listing[EpisodeRow]:
    filters = (options.round_id, options.division_id, options.policy, options.mine or None, options.cursor)
    if options.episode_request_ids:
        if any(value is not None for value in filters):
            raise usage("episodes are given by id, or found by a filter", "leave one of the two out")
        return Listing(await rows_of(transfers.client, options.episode_request_ids))
    wanted = EpisodeFilter(options.round_id, options.division_id, options.policy, options.mine)
    return await replay_rows(transfers.client, wanted, limit=options.limit, cursor=options.cursor)


def _tell_replays(found: Listing[EpisodeRow], options: Namespace) -> None:
    if options.json:
        tell_json(found.as_document())
        return
    for line in table_lines(found.entries, _REPLAYS):
        tell(line)
    _say_more(found, options)


def _say_more(found: Listing[EpisodeRow], options: Namespace) -> None:
    if found.next_cursor is not None and not options.json:
        say(f"there is more: --cursor={shlex.quote(found.next_cursor)}")


async def _bundle(options: Namespace) -> int:
    ereq = options.episode_request_id
    include = None
    if options.include is not None:
        include = [token.strip() for token in options.include.split(",") if token.strip()]
    output = options.output or Path(f"{safe_line(ereq, _SHOWN)}.zip")
    lines = DownloadLines(quiet=options.json)
    async with session(options) as (client, _), Transfers(client) as transfers:
        saved = await save_bundle(
            transfers, ereq, output, include=include, force=options.force, progress=lines.file
        )
    for missing in saved.missing:
        say(f"! not in the bundle: {safe_line(missing, _SHOWN)}")
    if options.json:
        tell_json({"path": str(saved.path), "size": saved.size, "is_made_here": saved.is_made_here})
    else:
        made = ", made of its files: the server has no bundle of it" if saved.is_made_here else ""
        tell(f"{saved.path}  {size_text(saved.size)}{made}")
    return EXIT_DONE


async def _download(options: Namespace) -> int:
    lines = DownloadLines(quiet=options.json)
    async with session(options) as (client, _), Transfers(client) as transfers:
        found = await download_package(
            transfers,
            options.coworld_ref,
            options.output_dir,
            refresh=options.refresh,
            progress=lines.name,
        )
    pulled = {}
    if options.pull:
        engine = await connect()
        pulled = {one.image: one.state for one in await pull_images(engine, found.images, lines.image)}
    if options.json:
        tell_json(
            {
                "coworld_id": found.coworld_id,
                "manifest": str(found.manifest),
                "is_new": found.is_new,
                "images": [{**vars(image), "state": pulled.get(image)} for image in found.images],
            }
        )
        return EXIT_DONE
    tell(f"{'downloaded' if found.is_new else 'there already':<13}  {found.coworld_id}")
    for title, name in (
        ("manifest", found.manifest.name),
        ("images", IMAGES_FILENAME),
        ("guide", GUIDE_FILENAME),
    ):
        tell(f"{title:<13}  {found.folder / name}")
    for image in found.images:
        tell(f"{pulled.get(image, 'not pulled'):<13}  {image.local_image}")
    say(f"next: coworld-tui run {shlex.quote(str(found.manifest))}")
    return EXIT_DONE


_REPLAYS = (
    Cells("episode request", lambda row: row.id),
    Cells("state", lambda row: row.status),
    Cells("coworld", lambda row: row.coworld_id),
    Cells("replay", lambda row: row.replay_url.partition("?")[0] if row.replay_url else None, widest=_SHOWN),
)
ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "replays": replays,
    "stats": league_logs.stats,
    "episode-stats": league_logs.stats,
    "logs": league_logs.logs,
    "episode-logs": league_logs.logs,
    "episode-results": league_logs.episode_results,
    "bundle": bundle,
    "download": download,
}
"""By the action's name on the command line; each returns the exit code."""
