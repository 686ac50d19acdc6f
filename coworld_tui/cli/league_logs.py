"""``league stats|logs|episode-results``: what an episode left on the server."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import MIB, UnreadableJson, read_json
from ..contract.measures import size_text
from ..observatory import artifacts, reading
from ..observatory.models.artifacts import EpisodeStats, SeatFiles
from ..observatory.models.policies import policy_label
from ..observatory.part_file import not_saved
from ..observatory.receipts import Receipt, download_evidence
from ..observatory.storage import ApiFile
from ..observatory.transfer import Transfers
from ..runs.directory import replacing
from .league_saving import save, usage
from .league_session import session, to_its_end
from .league_tables import Cells, field_lines, score, table_lines
from .output import say, tell, tell_bytes, tell_json

_LOG_LIMIT = 64 * MIB


def stats(options: Namespace) -> int:
    """Show the statistics of an episode."""
    return to_its_end(_stats(options))


def logs(options: Namespace) -> int:
    """Show or save logs, or the zips of policies."""
    if options.output is not None and options.download_dir is not None:
        raise usage("--output and --download-dir are two places", "give one of them")
    if options.output is not None and not options.game and options.agent is None:
        raise usage("--output takes one file", "add --game or --agent N")
    return to_its_end(_logs(options))


def episode_results(options: Namespace) -> int:
    """Show or save the results document of an episode."""
    return to_its_end(_results(options))


async def _stats(options: Namespace) -> int:
    async with session(options) as (client, _):
        found = await artifacts.stats(client, options.episode_request_id)
    if options.json:
        tell_json(found.as_document())
    else:
        for line in _stats_lines(found):
            tell(line)
    return EXIT_DONE


def _stats_lines(found: EpisodeStats) -> Iterator[str]:
    names = list(dict.fromkeys(name for row in found.policy_stats for name in row.avg_metrics))
    metrics = tuple(Cells(name, _metric(name), is_number=True) for name in names)
    yield from table_lines(found.policy_stats, (*_STATS, *metrics))
    yield ""
    yield from field_lines(
        ("steps", None if found.steps is None else str(found.steps)),
        *((name, f"{value:.12g}") for name, value in sorted(found.game_stats.items())),
    )


def _metric(name: str) -> Callable[[Any], str | None]:
    return lambda row: score(row.avg_metrics.get(name))


async def _logs(options: Namespace) -> int:
    ereq = options.episode_request_id
    async with session(options) as (client, _), Transfers(client) as transfers:
        if options.download_dir is not None:
            return await _logs_to_folder(transfers, options)
        if options.game:
            return await _one_log(transfers, artifacts.game_log_file(ereq), options)
        seats = await artifacts.seat_files(client, ereq)
        if options.mine:
            mine = set(await reading.my_policy_version_ids(client))
            seats = [seat for seat in seats if seat.policy_version_id in mine]
        if options.agent is None or options.list_logs:
            _tell_seats(seats, options)
            return EXIT_DONE
        return await _one_of_a_seat(transfers, seats, options)


async def _one_of_a_seat(transfers: Transfers, seats: Sequence[SeatFiles], options: Namespace) -> int:
    kind = "zip" if options.artifact else "log"
    having = [seat for seat in seats if (seat.has_artifact if options.artifact else seat.has_log)]
    seat = next((seat for seat in having if seat.position == options.agent), None)
    if seat is None or seat.position is None or seat.policy_version_id is None:
        raise CoworldError(
            "not_found",
            f"there is no {kind} of seat {options.agent} that you may read",
            cause=f"seats with one: {', '.join(str(seat.position) for seat in having) or 'none'}",
            next_step="seats of others are not shown; --list says which there are",
            exit_code=EXIT_FAILED,
        )
    at = (options.episode_request_id, seat.policy_version_id, seat.position)
    if not options.artifact:
        return await _one_log(transfers, artifacts.seat_log_file(*at), options)
    target = options.output or Path(f"{options.episode_request_id}-policy_agent_{seat.position}.zip")
    if options.output is None and target.exists():
        raise CoworldError(
            "output_exists",
            f"{target} is there already",
            next_step="choose another place with --output",
            exit_code=EXIT_USAGE,
        )
    return await save(transfers, artifacts.seat_artifact_file(*at), target, options)


async def _one_log(transfers: Transfers, source: ApiFile, options: Namespace) -> int:
    if options.output is not None:
        return await save(transfers, source, options.output, options)
    excerpt = await transfers.read(source, limit=_LOG_LIMIT, tail=True)
    if excerpt.is_cut:
        say(f"only the last {size_text(_LOG_LIMIT)}: save all of it with --output FILE")
    if options.json:
        tell_json({"text": excerpt.data.decode(errors="replace"), "is_cut": excerpt.is_cut})
    elif sys.stdout is not None and sys.stdout.isatty():
        for line in excerpt.data.decode(errors="replace").splitlines():
            tell(line)
    else:
        tell_bytes(excerpt.data)
    return EXIT_DONE


async def _logs_to_folder(transfers: Transfers, options: Namespace) -> int:
    """As the real client keeps them: receipts under ``.downloads``, a copy of each file beside them."""
    ereq, folder = options.episode_request_id, options.download_dir
    agents = None if options.agent is None else [options.agent]
    if options.mine and not options.game:
        mine = set(await reading.my_policy_version_ids(transfers.client))
        episode = await reading.episode(transfers.client, ereq)
        own = {
            seat.position for seat in episode.participants if getattr(seat, "policy_version_id", "") in mine
        }
        agents = sorted(seat for seat in own if seat is not None and (agents is None or seat in agents))
        if not agents:
            raise CoworldError(
                "not_found", "none of these seats is of your memberships", exit_code=EXIT_FAILED
            )
    include = (
        ["game_logs"]
        if options.game
        else ["player_artifact"]
        if options.artifact
        else ["player_logs", "player_artifact"]
    )
    found = await download_evidence(transfers, [ereq], folder / ".downloads", include=include, agents=agents)
    saved = [receipt for receipt in found.receipts if receipt.state == "completed"]
    try:
        paths = await asyncio.to_thread(_copied, saved, folder, ereq)
    except OSError as error:
        raise not_saved(folder, error) from error
    missing = [receipt for receipt in found.receipts if receipt.state != "completed"]
    if options.json:
        tell_json(
            {"paths": [str(path) for path in paths], "receipts": [r.as_document() for r in found.receipts]}
        )
    else:
        for path in paths:
            tell(str(path))
        for receipt in missing:
            say(f"  {receipt.filename}  {receipt.state.replace('_', ' ')}")
    if found.is_complete:
        return EXIT_DONE
    say("✗ not all of it is there; repeat the command later for the rest")
    return EXIT_FAILED


def _copied(receipts: Sequence[Receipt], folder: Path, ereq: str) -> list[Path]:
    paths = []
    for receipt in receipts:
        name = receipt.filename.replace("policy_artifact_", "policy_agent_")
        target = folder / f"{ereq}-{name}"
        with (folder / ".downloads" / str(receipt.path)).open("rb") as kept, replacing(target) as copy:
            shutil.copyfileobj(kept, copy)
        paths.append(target)
    return paths


def _tell_seats(seats: Sequence[SeatFiles], options: Namespace) -> None:
    if options.json:
        tell_json([seat.as_document() for seat in seats])
        return
    for line in table_lines(seats, _SEATS):
        tell(line)


async def _results(options: Namespace) -> int:
    ereq = options.episode_request_id
    async with session(options) as (client, _), Transfers(client) as transfers:
        if options.output is not None:
            return await save(transfers, artifacts.results_file(ereq), options.output, options)
        data = await artifacts.results(transfers, ereq)
    try:
        document = read_json(data)
    except UnreadableJson as error:
        raise CoworldError(
            "results_invalid",
            "The results are not JSON",
            cause=f"the document {error}",
            owner="the game",
            next_step="save them as they are with --output FILE",
            exit_code=EXIT_MISSING,
        ) from None
    if options.json:
        tell_json(document)
    else:
        for line in json.dumps(document, indent=2).splitlines():
            tell(line)
    return EXIT_DONE


_STATS = (
    Cells("seat", lambda row: None if row.position is None else str(row.position), is_number=True),
    Cells("policy", lambda row: policy_label(row.policy_name, row.policy_version)),
    Cells("agents", lambda row: None if row.num_agents is None else str(row.num_agents), is_number=True),
    Cells("reward", lambda row: score(row.avg_reward), is_number=True),
)
_SEATS = (
    Cells("seat", lambda row: None if row.position is None else str(row.position), is_number=True),
    Cells("policy", lambda row: row.policy_name),
    Cells("log", lambda row: f"policy_agent_{row.position}.log" if row.has_log else None),
    Cells("zip", lambda row: f"policy_artifact_{row.position}.zip" if row.has_artifact else None),
)
