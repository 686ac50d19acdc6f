"""Why a round, division, episode, membership or submission is as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..contract.errors import EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from . import reading
from .evidence import Evidence, OnProgress
from .failures import FailureGroup, grouped
from .list_sources import PathList
from .list_sources import memberships as memberships_list
from .list_sources import submissions as submissions_list
from .membership_history import membership_events
from .models.entries import Membership, Submission
from .models.episodes import OVER, Episode, EpisodeRow
from .models.membership_events import MembershipEvent
from .models.rounds import Round
from .reading import Model, checked_id
from .reasons import Why, history_entry
from .why_episode import log_lines, why_episode

ROUNDS = 5
"""How many rounds of a division are looked at, the newest ones."""

MOST_DETAILS = 200
"""Most failed episodes looked at, the newest ones."""

_MOST_EPISODES = 5_000  # of a round
_MOST_PAGES = 50
_MOST_GROUPS_WITH_LOGS = 16
_HISTORY = 50
_SHOWN = 120
_REASON_LIMIT = 1_000

_SUBMISSION_STATES = {
    "pending": "nobody has looked at it yet",
    "processing": "it is being tried out",
    "placed": "it has a seat",
    "rejected": "the league does not take it",
    "withdrawn": "it was taken back",
}
_MEMBERSHIP_STATES = {
    "submitted": "it waits for its first games",
    "qualifying": "it plays for a place in the division",
    "competing": "it plays in rounds",
    "disqualified": "it plays no more",
}


async def why(
    evidence: Evidence, what: str, *, rounds: int = ROUNDS, progress: OnProgress | None = None
) -> Why:
    """The reasons for what the id ``what`` names, which begins with round_, div_, ereq_, lpm_ or sub_.

    Details of failed episodes are asked for eight at a time, those of episodes that are over only once.
    Raises ``invalid_request`` for other ids, ``not_found``, and what the reader raises.
    """
    match what.partition("_")[0]:
        case "round":
            return await _round(evidence, checked_id("round", what), progress)
        case "div":
            return await _division(evidence, checked_id("div", what), rounds, progress)
        case "ereq":
            return await why_episode(evidence, checked_id("ereq", what), progress)
        case "lpm":
            return await _membership(evidence, checked_id("lpm", what))
        case "sub":
            return await _submission(evidence, checked_id("sub", what))
    raise CoworldError(
        "invalid_request",
        f"{safe_line(what, _SHOWN)} is nothing that has reasons",
        next_step="give an id that begins with round_, div_, ereq_, lpm_ or sub_",
        exit_code=EXIT_USAGE,
    )


async def _round(evidence: Evidence, round_id: str, progress: OnProgress | None) -> Why:
    row = await reading.round_detail(evidence.reader, round_id)
    rows = [entry async for entry in reading.all_of_round(evidence.reader, round_id, most=_MOST_EPISODES)]
    why = await _failures(evidence, rows, progress)
    name = safe_line(row.division.name or row.division.id, _SHOWN)
    return replace(
        why,
        id=round_id,
        kind="round",
        title=f"Round {_number(row.round_number)} of {name}: {_so_many_failed(rows)}",
        status=safe_line(row.status or "", _SHOWN),
        reason=safe_line(row.error or "", _REASON_LIMIT),
    )


async def _division(evidence: Evidence, division_id: str, count: int, progress: OnProgress | None) -> Why:
    row = await reading.division(evidence.reader, division_id)
    found = (await reading.rounds(evidence.reader, division_id=division_id, limit=count)).entries
    rows = [
        entry
        for one in found
        async for entry in reading.all_of_round(evidence.reader, one.id, most=_MOST_EPISODES)
    ]
    why = await _failures(evidence, rows, progress)
    name = safe_line(row.name or row.id, _SHOWN)
    which = f"the last {len(found)} rounds" if len(found) > 1 else "its last round"
    return replace(
        why,
        id=division_id,
        kind="division",
        title=f"{name}, {which}: {_so_many_failed(rows)}",
        status=row.state,
        reason=safe_line("; ".join(_failed_rounds(found)), _REASON_LIMIT),
    )


def _failed_rounds(rounds: Sequence[Round]) -> list[str]:
    return [f"round {_number(row.round_number)}: {row.error}" for row in rounds if row.error]


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _so_many_failed(rows: Sequence[EpisodeRow]) -> str:
    failed = sum(row.status == "failed" for row in rows)
    if not rows:
        return "no episodes yet"
    return f"{failed or 'none'} of {len(rows)} episodes failed"


async def _failures(evidence: Evidence, rows: Sequence[EpisodeRow], progress: OnProgress | None) -> Why:
    """Counts, groups and what is missing; the caller says what it is about."""
    failed = [row.id for row in rows if row.status == "failed"]
    ended = [row for row in rows if row.status in OVER]
    played = Counter(version for row in ended for version in set(row.policy_version_ids))
    details = await evidence.episodes(failed[:MOST_DETAILS], progress)
    groups = grouped(details.found.values(), played, len(ended))
    missing = [f"{episode_id}: {reason}" for episode_id, reason in list(details.problems.items())[:3]]
    if len(details.problems) > len(missing):
        missing.append(f"{len(details.problems) - len(missing)} more episodes could not be read")
    if len(failed) > MOST_DETAILS:
        missing.append(f"{len(failed) - MOST_DETAILS} older failed episodes were not looked at")
    return Why(
        id="",
        kind="",
        title="",
        status="",
        groups=tuple(await _with_logs(evidence, groups, details.found)),
        counts=tuple(Counter(safe_line(row.status or "?", _SHOWN) for row in rows).most_common()),
        failed=len(failed),
        looked_at=len(details.found),
        missing=tuple(missing),
    )


async def _with_logs(
    evidence: Evidence, groups: Sequence[FailureGroup], details: dict[str, Episode]
) -> list[FailureGroup]:
    """The groups with the line of a log that explains their example."""
    looked = groups[:_MOST_GROUPS_WITH_LOGS]
    lines = await log_lines(evidence, [details[group.example] for group in looked])
    made = [
        replace(group, log_of=line.log_of, log_line=line.text, log_problem=line.problem)
        for group, line in zip(looked, lines, strict=True)
    ]
    return [*made, *groups[_MOST_GROUPS_WITH_LOGS:]]


async def _membership(evidence: Evidence, membership_id: str) -> Why:
    events = await membership_events(evidence.reader, membership_id=membership_id, limit=_HISTORY)
    row = await _membership_row(evidence, membership_id, events)
    if row is None and not events:
        raise _not_found("membership", "coworld-tui league memberships --mine")
    if row is None:
        event = events[0]
        label, place = event.policy_version.label, event.to_division or event.from_division
        status, substatus, notes = event.status, event.substatus, None
        name = "" if place is None else place.name or place.id
    else:
        label, status, substatus = row.policy_version.label, row.status, row.substatus
        name, notes = row.division.name or row.division.id, (row.model_extra or {}).get("notes")
    said = safe_line(status or "?", _SHOWN) + (f", {safe_line(substatus, _SHOWN)}" if substatus else "")
    plain = _MEMBERSHIP_STATES.get(status or "")
    if row is not None and row.end_time is not None:
        plain = "it is over"
    return Why(
        id=membership_id,
        kind="membership",
        title=safe_line(f"{label} in {name or 'no division'}: {said}" + (f"; {plain}" if plain else ""), 400),
        status=safe_line(status or "", _SHOWN),
        reason=safe_line(str(notes or next((event.reason for event in events if event.reason), "")), 1_000),
        history=tuple(history_entry(event) for event in events),
        missing=() if row is not None else ("the membership itself is not in the lists you can see",),
    )


async def _membership_row(
    evidence: Evidence, membership_id: str, events: Sequence[MembershipEvent]
) -> Membership | None:
    """There is no way to ask for one: the lists it must be in are looked through."""
    if events and (version := events[0].policy_version.id):
        found = await reading.memberships(evidence.reader, policy_version_id=version, limit=1000)
        return next((row for row in found.entries if row.id == membership_id), None)
    return await _found(evidence, memberships_list(mine=True), membership_id)


async def _submission(evidence: Evidence, submission_id: str) -> Why:
    row = await _found(evidence, submissions_list(mine=True), submission_id)
    row = row or await _found(evidence, submissions_list(), submission_id)
    if row is None:
        raise _not_found("submission", "coworld-tui league submissions --mine")
    events, missing = await _history_of(evidence, row)
    league = safe_line(row.league.name or row.league.id, _SHOWN)
    plain = _SUBMISSION_STATES.get(row.status or "")
    status = safe_line(row.status or "?", _SHOWN)
    return Why(
        id=submission_id,
        kind="submission",
        title=safe_line(row.policy_version.label, _SHOWN)
        + f" to {league}: {status}"
        + (f"; {plain}" if plain else ""),
        status=safe_line(row.status or "", _SHOWN),
        reason=safe_line(row.notes or "", _REASON_LIMIT),
        history=tuple(history_entry(event) for event in events),
        missing=missing,
    )


async def _history_of(evidence: Evidence, row: Submission) -> tuple[list[MembershipEvent], tuple[str, ...]]:
    """What happened to it since; older servers do not tell."""
    membership = row.league_policy_membership_id
    try:
        if membership is not None:
            return await membership_events(evidence.reader, membership_id=membership, limit=_HISTORY), ()
        if not row.policy_version.id or not row.league.id:
            return [], ()
        events = await membership_events(
            evidence.reader,
            league_id=row.league.id,
            policy_version_id=row.policy_version.id,
            limit=_HISTORY,
        )
    except CoworldError as error:
        return [], (f"its history: {safe_line(str(error), _SHOWN)}",)
    return events, ()


async def _found(evidence: Evidence, source: PathList[Model], wanted: str) -> Model | None:
    cursor = None
    for _ in range(_MOST_PAGES):
        page = await source.page(evidence.reader, cursor)
        for entry in page.entries:
            if isinstance(entry, dict) and entry.get("id") == wanted:
                return source.model.model_validate(entry)
        cursor = page.next_cursor
        if cursor is None:
            break
    return None


def _not_found(what: str, next_step: str) -> CoworldError:
    return CoworldError(
        "not_found",
        f"There is no such {what} in the lists you can see",
        next_step=next_step,
        exit_code=EXIT_FAILED,
    )
