"""``league why``: the reasons for something; ``league watch``: what happens, as it happens."""

from __future__ import annotations

import asyncio
import select
import sys
from argparse import Namespace
from collections.abc import Iterator

from ..contract.errors import EXIT_DONE, EXIT_FAILED, CoworldError
from ..observatory.cache import Cache, CachedObservatory
from ..observatory.evidence import Evidence, Progress
from ..observatory.failures import FailureGroup
from ..observatory.models.entries import Submission
from ..observatory.models.episodes import OVER
from ..observatory.models.rounds import Round
from ..observatory.news import News
from ..observatory.reasons import HistoryEntry, SeatOutcome, Why
from ..observatory.watch_plans import ROUND, SUBMISSIONS, Following, Scope, Seen, scope_of
from ..observatory.watching import LEAST_SECONDS, MOST_SECONDS
from ..observatory.why import why as find_why
from .league_session import say_if_old, session, to_its_end
from .league_tables import score
from .output import say, tell, tell_json

_MANY = 40
_UNPLACED = ("pending", "processing")
_HOPELESS = ("login_needed", "not_allowed", "not_found", "invalid_request")


def why(options: Namespace) -> int:
    """Print the reasons for what an id names."""
    found = asyncio.run(_why(options))
    if options.json:
        tell_json(found.as_document())
    else:
        for line in _lines(found):
            tell(line)
    return EXIT_DONE


async def _why(options: Namespace) -> Why:
    async with session(options) as (client, _):
        reader = CachedObservatory(client, Cache())
        found = await find_why(
            Evidence(reader, client), options.what_id, rounds=options.rounds, progress=_say_progress
        )
    say_if_old(reader)
    return found


def _say_progress(progress: Progress) -> None:
    """Four times, and only where it takes long."""
    step = progress.of // 4
    if progress.of >= _MANY and progress.done % step == 0 and progress.done < progress.of:
        say(f"looked at {progress.done} of {progress.of} episodes")


def _lines(found: Why) -> Iterator[str]:
    yield found.title
    if found.meaning is not None:
        yield f"means    {found.meaning.text}  ({_whose(found.meaning.owner)})"
    if found.reason:
        yield f"reason   {found.reason}"
    if found.log_line:
        yield f"log      {found.log_of}: {found.log_line}"
    if found.counts:
        yield "episodes " + ", ".join(f"{count} {status}" for status, count in found.counts)
    for group in found.groups:
        yield from _group(group)
    for seat in found.seats:
        yield _seat(seat)
    for entry in found.history:
        yield from _entry(entry)
    for line in found.missing:
        yield f"missing  {line}"


def _group(group: FailureGroup) -> Iterator[str]:
    who = group.policy or "nobody's policy"
    yield f"{group.count} of {group.of}  ({group.share:.0%})  {who}  {group.error_type}"
    yield f"         {group.meaning.text}  ({_whose(group.meaning.owner)})"
    seat = "" if group.seat is None else f", seat {group.seat}"
    yield f"         {group.example}{seat}" + (f": {group.error}" if group.error else "")
    if group.log_line:
        yield f"         {group.log_of} says: {group.log_line}"
    elif group.log_problem:
        yield f"         no log: {group.log_problem}"


def _whose(owner: str) -> str:
    return "it is not clear whose fault" if owner == "unclear" else f"the fault of {owner}"


def _seat(seat: SeatOutcome) -> str:
    mark = "✗" if seat.failed else " "
    who = seat.player or ("person" if seat.kind == "human" else seat.kind)
    parts = [f"{mark} seat {'?' if seat.position is None else seat.position}", seat.label, who]
    if seat.score is not None:
        parts.append(f"{score(seat.score)} (place {seat.rank})")
    if seat.expected is not None:
        parts.append(f"usually {score(seat.expected)} in {seat.expected_of}")
    if seat.connected is False:
        parts.append("never connected")
    if seat.has_log:
        parts.append("has a log")
    return "  ".join(parts)


def _entry(entry: HistoryEntry) -> Iterator[str]:
    status = entry.status + (f", {entry.substatus}" if entry.substatus else "")
    when = "-" if entry.at is None else entry.at.isoformat(" ", "minutes")
    yield "  ".join(part for part in (when, status, entry.where, entry.reason) if part)
    for line in entry.evidence:
        yield f"         {line}"


def watch(options: Namespace) -> int:
    """Print what happens until it is ended, or until what ``--until`` names."""
    return to_its_end(_watch(options))


async def _watch(options: Namespace) -> int:
    least = LEAST_SECONDS if options.interval is None else options.interval
    most = MOST_SECONDS if options.interval is None else options.interval
    async with session(options) as (client, _):
        scope = await scope_of(client, options.target_id)
        following = Following(client, scope, least=least, most=most)
        say(f"watching {scope.about}; ctrl+c ends it")
        until = _Until(options.until, following)
        troubles = _Troubles()
        async for seen in following.seen():
            troubles.tell(following, seen)
            for news in seen.news:
                tell_json(news.as_document()) if options.json else tell(_plain(news))
            code = until.code(seen)
            if code is not None:
                return code
            if _nobody_reads():
                return EXIT_DONE
    raise AssertionError("a watch does not end by itself")


def _plain(news: News) -> str:
    return f"{news.at.astimezone():%H:%M:%S}  {'!' if news.is_bad else ' '} {news.sentence}"


class _Troubles:
    """Says once what cannot be read, and that it can be again."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._is_first = True

    def tell(self, following: Following, seen: Seen) -> None:
        """Raises what will not pass when it is there from the beginning."""
        known = following.watch.known.values()
        problems = [one.problem for one in known if one.problem is not None]
        hopeless = [error for error in problems if error.type in _HOPELESS]
        if self._is_first and hopeless and (seen.look.problem or hopeless[0].type == "login_needed"):
            raise hopeless[0]
        self._is_first = False
        now = {error.title: error for error in problems}
        for title, error in now.items():
            if title not in self._said:
                say(f"{error}; trying again in {seen.look.seconds:.0f} s")
        if self._said and not now:
            say("the server answers again")
        self._said = set(now)


class _Until:
    """When a watch ends by itself, and with which exit code."""

    def __init__(self, until: str | None, following: Following) -> None:
        self._until = until
        self._following = following
        self._awaited: set[str] | None = None

    def code(self, seen: Seen) -> int | None:
        """None while it goes on."""
        if self._until == "round-done":
            return self._round(self._following.scope, seen)
        if self._until == "submission":
            return self._submission()
        return None

    def _round(self, scope: Scope, seen: Seen) -> int | None:
        if scope.round_id is None:
            kinds = [news.kind for news in seen.news if news.kind in ("round_done", "round_failed")]
            return None if not kinds else EXIT_FAILED if "round_failed" in kinds else EXIT_DONE
        known = self._following.watch.known.get(ROUND)
        for row in known.rows.values() if known is not None else ():
            if isinstance(row, Round) and row.status in OVER:
                return EXIT_DONE if row.status == "completed" else EXIT_FAILED
        return None

    def _submission(self) -> int | None:
        """All that were under way when the watch began have to be decided; else the newest one counts."""
        known = self._following.watch.known[SUBMISSIONS]
        if known.fetched_at is None:
            return None
        rows = {row.id: row for row in known.rows.values() if isinstance(row, Submission)}
        if self._awaited is None:
            self._awaited = {row.id for row in rows.values() if row.status in _UNPLACED}
            if not self._awaited:
                return self._newest(list(rows.values()))
        if any(row_id in rows and rows[row_id].status in _UNPLACED for row_id in self._awaited):
            return None
        placed = all(row_id in rows and rows[row_id].status == "placed" for row_id in self._awaited)
        return EXIT_DONE if placed else EXIT_FAILED

    def _newest(self, rows: list[Submission]) -> int:
        dated = [row for row in rows if row.created_at is not None]
        if not dated:
            raise CoworldError(
                "not_found",
                f"There is no submission of yours in {self._following.scope.about}",
                next_step="coworld-tui league submit POLICY --league LEAGUE_ID",
                exit_code=EXIT_FAILED,
            )
        newest = max(dated, key=lambda row: row.created_at.timestamp() if row.created_at else 0.0)
        say(f"no submission is under way; the newest is {newest.status}: {newest.policy_version.label}")
        return EXIT_DONE if newest.status == "placed" else EXIT_FAILED


def _nobody_reads() -> bool:
    """Whether who read stdout has left: otherwise a quiet watch would go on for nobody."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


ACTIONS = {"why": why, "watch": watch}
