"""``league experience``: requests for episodes on the server, listed, shown and followed to their end."""

from __future__ import annotations

import asyncio
import shlex
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import SIZE_LIMIT, UnreadableJson, read_json
from ..contract.measures import age
from ..contract.text import safe_line
from ..observatory import experience
from ..observatory.client import Observatory
from ..observatory.experience_checkpoint import load_checkpoint, save_checkpoint
from ..observatory.experience_feed import Feed, News
from ..observatory.models.episodes import Episode
from ..observatory.models.experience import (
    BatchEpisode,
    BatchEpisodes,
    Change,
    ExperienceRequest,
    ExperienceRow,
)
from ..observatory.reading import Listing
from ..observatory.receipts import Receipt, download_evidence
from ..observatory.transfer import Transfers
from .league_session import session, to_its_end
from .league_tables import Cells, field_lines, score, table_lines
from .output import say, tell, tell_json

_STDIN = "-"
_PATH_SHOWN = 200


def read_body(source: str) -> Any:
    """The JSON of a file, or of stdin for ``-``. ``invalid_request`` (exit code 2) for anything else."""
    try:
        if source == _STDIN:
            data = sys.stdin.buffer.read(SIZE_LIMIT + 1) if sys.stdin is not None else b""
        else:
            with Path(source).open("rb") as file:
                data = file.read(SIZE_LIMIT + 1)
        return read_json(data)
    except UnreadableJson as error:
        reason = f"it {error}"
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it cannot be read"
    raise CoworldError(
        "invalid_request",
        "The experience request cannot be read",
        cause=f"{'stdin' if source == _STDIN else safe_line(source, _PATH_SHOWN)}: {reason}",
        next_step="give a JSON file, or - and the JSON on stdin",
        exit_code=EXIT_USAGE,
    )


async def creation(client: Observatory, body: Any, options: Namespace) -> experience.CreateExperience:
    """What ``create`` asks about."""
    return await experience.prepare_experience(
        client, body, title=options.title, description=options.description
    )


async def cancelling(client: Observatory, options: Namespace) -> experience.CancelExperience:
    """What ``cancel`` asks about."""
    return await experience.prepare_cancelling(client, options.experience_request_id)


def look(options: Namespace) -> int:
    """``list``, ``get``, ``episodes``, ``watch`` and ``download``."""
    return to_its_end(_LOOKS[options.part](options))


async def _list(options: Namespace) -> int:
    async with session(options) as (client, _):
        found = await experience.experience_requests(
            client, mine=options.mine, limit=options.limit, cursor=options.cursor
        )
    _print(options, found, row_lines(found.entries), found.next_cursor)
    return EXIT_DONE


async def _get(options: Namespace) -> int:
    async with session(options) as (client, _):
        found = await experience.experience_request(client, options.experience_request_id)
    _print(options, found, request_lines(found))
    return EXIT_DONE


async def _episodes(options: Namespace) -> int:
    async with session(options) as (client, _):
        found = await experience.batch_episodes(
            client,
            options.ids,
            view=options.view,
            status=options.status,
            limit=options.limit,
            cursor=options.cursor,
        )
    if options.jsonl:
        for entry in found.entries:
            tell_json(entry.as_document())
    else:
        _print(options, found, table_lines(found.entries, _EPISODES), found.next_cursor)
    for missing in found.unavailable_ids:
        say(f"{missing} is not there, or hidden from you")
    return EXIT_FAILED if found.unavailable_ids else EXIT_DONE


async def _download(options: Namespace) -> int:
    """0: all of it is there; 1: something is pending, hidden or failed."""

    def on_receipt(receipt: Receipt) -> None:
        if not options.json:
            where = receipt.path or f"{receipt.episode_request_id} {receipt.filename}"
            tell(f"{receipt.state:<12} {safe_line(where)}")

    async with (
        session(options) as (client, _),
        Transfers(client, at_once=options.concurrency) as transfers,
    ):
        collected = await download_evidence(
            transfers,
            options.ids,
            options.directory,
            include=options.include,
            agents=options.agent,
            on_receipt=on_receipt,
        )
    if options.json:
        tell_json(
            {
                "complete": collected.is_complete,
                "directory": str(options.directory),
                "receipts": [receipt.as_document() for receipt in collected.receipts],
                "unavailable": collected.unavailable,
            }
        )
    for missing in collected.unavailable:
        say(f"{missing} is not there, or hidden from you")
    if not collected.is_complete:
        say("not all of it is there: run this again later, what is there is kept")
    return EXIT_DONE if collected.is_complete else EXIT_FAILED


async def _watch(options: Namespace) -> int:
    """0: all went well; 1: something failed or was cancelled; 3: the time was over before."""
    feed = Feed(options.ids, view=options.view, until=options.until)
    kept: Path | None = options.checkpoint
    try:
        async with asyncio.timeout(options.timeout), session(options) as (client, _):
            if kept is not None and not options.reset:
                await asyncio.to_thread(load_checkpoint, kept, feed, client.server)
            async for news in feed.news(client):
                _tell_news(options, news)
                if kept is not None and news.changes:
                    await asyncio.to_thread(save_checkpoint, kept, feed, client.server)
    except TimeoutError:
        raise CoworldError(
            "timed_out",
            "The episodes are not over",
            cause=f"{options.timeout:g} seconds have passed; {_progress(feed)}",
            owner="the server",
            next_step="watch again; with --checkpoint it goes on where it ended",
            exit_code=EXIT_MISSING,
        ) from None
    say(_progress(feed))
    return EXIT_FAILED if feed.has_failures else EXIT_DONE


def _tell_news(options: Namespace, news: News) -> None:
    if news.is_restart:
        say("the server has lost the thread: everything is read again")
    if news.problem:
        say(f"{news.problem}; trying again")
    for change in news.changes:
        if options.json:
            tell_json(change.as_document())
        else:
            tell(" ".join(_words(change)))


def _words(change: Change) -> Iterator[str]:
    yield change.id
    episode = change.episode
    if episode is None:
        yield "removed"
        return
    yield episode.status or "?"
    if episode.error_type:
        yield f"({safe_line(episode.error_type)})"
    if episode.scores:
        yield f"scores {_scores(episode)}"


def _progress(feed: Feed) -> str:
    states = Counter(row.episode.status or "?" for row in feed.episodes.values() if row.episode is not None)
    counted = ", ".join(f"{count} {status}" for status, count in sorted(states.items()))
    return f"{len(feed.episodes)} episodes: {counted or 'none'}"


def row_lines(rows: Sequence[ExperienceRow]) -> Iterable[str]:
    """One line an experience request."""
    return table_lines(rows, _REQUESTS)


def request_lines(row: ExperienceRequest) -> Iterator[str]:
    """One experience request and its episodes."""
    yield from field_lines(
        ("request", row.id),
        ("title", row.title),
        ("about", row.description),
        ("coworld", f"{row.coworld_name or ''} {row.coworld_version or ''} {row.coworld_id or ''}".strip()),
        ("variant", row.variant_id),
        ("status", row.status),
        ("episodes", _counts(row)),
        ("error", row.error),
        ("age", age(row.created_at)),
    )
    if row.episodes:
        yield ""
        yield from table_lines(row.episodes, _FULL_EPISODES)


def _counts(row: ExperienceRow) -> str:
    over = row.completed_count + row.failed_count
    failed = f", {row.failed_count} failed" if row.failed_count else ""
    return f"{over} of {row.episode_count}{failed}"


def _scores(row: BatchEpisode | Episode) -> str | None:
    return ", ".join(score(entry.score) for entry in row.scores) if row.scores else None


def _print(
    options: Namespace,
    found: Listing[ExperienceRow] | ExperienceRequest | BatchEpisodes,
    lines: Iterable[str],
    next_cursor: str | None = None,
) -> None:
    if options.json:
        tell_json(found.as_document())
        return
    for line in lines:
        tell(line)
    if next_cursor is not None:
        say(f"there is more: --cursor={shlex.quote(next_cursor)}")


_LOOKS = {"list": _list, "get": _get, "episodes": _episodes, "watch": _watch, "download": _download}

_REQUESTS = (
    Cells("id", lambda row: row.id),
    Cells("status", lambda row: row.status),
    Cells("episodes", _counts, is_number=True),
    Cells("coworld", lambda row: row.coworld_name),
    Cells("title", lambda row: row.title),
    Cells("age", lambda row: age(row.created_at), is_number=True),
)
_EPISODES = (
    Cells("id", lambda row: row.id),
    Cells("status", lambda row: row.status),
    Cells("evidence", lambda row: row.evidence_state),
    Cells("error", lambda row: row.error_type),
    Cells("scores", _scores),
    Cells("age", lambda row: age(row.created_at), is_number=True),
)
_FULL_EPISODES = (
    Cells("id", lambda row: row.id),
    Cells("status", lambda row: row.status),
    Cells("error", lambda row: row.error_type),
    Cells("scores", _scores),
    Cells("seats", lambda row: ", ".join(seat.label for seat in row.participants)),
)
