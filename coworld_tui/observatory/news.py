"""Which changes matter to whom watches a league, as sentences."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from . import reading
from .client import Reader
from .failures import blamed, meaning
from .models.entries import Membership, Submission
from .models.episodes import OVER, Episode, EpisodeRow
from .models.leagues import League
from .models.rounds import Round, RoundDetail, RoundResult
from .models.standings import LeaderboardEntry
from .watching import Change

Kind = Literal[
    "round_started",
    "round_done",
    "round_failed",
    "rank",
    "submission",
    "membership",
    "episode_failed",
    "league",
]

_SHOWN = 80
_REASON_LIMIT = 300
_MOST_DETAILS = 8
_MOST_PLACES = 3
_LAST_RANK = 2**31


@dataclass(frozen=True)
class News:
    """Something that happened: ``sentence`` is safe to show, ``at`` is when it was seen.

    ``id`` is that of what it happened to; ``is_mine`` when that is mine, ``is_bad`` when it is no good news.
    """

    kind: Kind
    sentence: str
    id: str
    is_mine: bool = False
    is_bad: bool = False
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_document(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {**asdict(self), "at": self.at.isoformat(timespec="seconds")}


@dataclass(frozen=True)
class Mine:
    """My players' names and my policy versions' labels, by id."""

    players: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def mine_of(memberships: Iterable[Membership]) -> Mine:
    """Who I am, as my memberships say; ended ones too, for their episodes are still played."""
    found = Mine()
    for row in memberships:
        if row.player is not None and row.player.id:
            found.players[row.player.id] = safe_line(row.player.name or row.player.id, _SHOWN)
        if row.policy_version.id:
            found.versions[row.policy_version.id] = safe_line(row.policy_version.label, _SHOWN)
    return found


async def detailed(reader: Reader, changes: Sequence[Change], mine: Mine) -> list[Change]:
    """The changes with what lists do not say: results of rounds that are over, errors of my episodes.

    At most eight are asked for. What cannot be had stays as it is.
    """
    wanted = [change for change in changes if _is_worth_details(change, mine)][:_MOST_DETAILS]
    async with asyncio.TaskGroup() as group:
        tasks = {id(change): group.create_task(_detail(reader, change)) for change in wanted}
    return [tasks[id(change)].result() if id(change) in tasks else change for change in changes]


def news_of(changes: Iterable[Change], mine: Mine) -> list[News]:
    """What of it matters, in the order of the changes."""
    found = [news for change in changes for news in _news(change, mine)]
    return [replace(news, id=safe_line(news.id, _SHOWN)) for news in found]


def _is_worth_details(change: Change, mine: Mine) -> bool:
    row = change.after
    if not has_become(change):
        return False
    if isinstance(row, Round):
        return row.status == "completed" and not isinstance(row, RoundDetail)
    return isinstance(row, EpisodeRow) and row.status == "failed" and bool(_my_labels(row, mine))


async def _detail(reader: Reader, change: Change) -> Change:
    try:
        if isinstance(change.after, Round):
            return replace(change, after=await reading.round_detail(reader, change.id))
        return replace(change, after=await reading.episode(reader, change.id))
    except CoworldError:
        return change


def has_become(change: Change) -> bool:
    """Whether the row has got the status it has."""
    return change.after is not None and (change.kind == "added" or "status" in change.fields)


def _news(change: Change, mine: Mine) -> Iterator[News]:
    row = change.after or change.before
    if isinstance(row, Round):
        yield from _round(change, row, mine)
    elif isinstance(row, EpisodeRow | Episode):
        yield from _episode(change, row, mine)
    elif isinstance(row, LeaderboardEntry):
        yield from _rank(change, row, mine)
    elif isinstance(row, Submission):
        yield from _submission(change, row)
    elif isinstance(row, Membership):
        yield from _membership(change, row)
    elif isinstance(row, League):
        yield from _league(change, row)


def _round(change: Change, row: Round, mine: Mine) -> Iterator[News]:
    if not has_become(change):
        return
    name = f"Round {'?' if row.round_number is None else row.round_number} of {_name(row.division)}"
    if row.status == "running":
        yield News("round_started", f"{name} has started", change.id)
    elif row.status == "completed":
        own = [result for result in _results(row) if result.player and result.player.id in mine.players]
        places = _places(own[:_MOST_PLACES] or _results(row)[:1], len(_results(row)))
        yield News("round_done", f"{name} is over{places}", change.id, bool(own))
    elif row.status in OVER:
        why = f": {safe_line(row.error, _REASON_LIMIT)}" if row.error else ""
        yield News("round_failed", f"{name} {safe_line(row.status, _SHOWN)}{why}", change.id, is_bad=True)


def _results(row: Round) -> list[RoundResult]:
    """The best first; none where the list alone is known."""
    results = row.results if isinstance(row, RoundDetail) else []
    return sorted(results, key=lambda result: result.rank or _LAST_RANK)


def _places(results: Sequence[RoundResult], of: int) -> str:
    words = []
    for result in results:
        who = (result.player and (result.player.name or result.player.id)) or result.policy_version.label
        place = "took part" if result.rank is None else f"is {result.rank} of {of}"
        score = "" if result.score is None else f" with {result.score:.4f}"
        words.append(f"{safe_line(who, _SHOWN)} {place}{score}")
    return f": {', '.join(words)}" if words else ""


def _episode(change: Change, row: EpisodeRow | Episode, mine: Mine) -> Iterator[News]:
    labels = _my_labels(row, mine)
    if row.status != "failed" or not labels or not has_become(change):
        return
    what = f"An episode of {', '.join(labels)} failed"
    if isinstance(row, Episode) and row.error_type:
        seat = blamed(row)
        whose = "" if seat is None else f", seat {seat.position} ({safe_line(seat.label, _SHOWN)})"
        what += f": {safe_line(row.error_type, _SHOWN)}{whose}: {meaning(row.error_type).text}"
    yield News(
        "episode_failed",
        f"{what}; league why {shlex.quote(safe_line(change.id, _SHOWN))}",
        change.id,
        is_mine=True,
        is_bad=True,
    )


def _my_labels(row: EpisodeRow | Episode, mine: Mine) -> list[str]:
    return [mine.versions[version] for version in row.policy_version_ids if version in mine.versions]


def _rank(change: Change, row: LeaderboardEntry, mine: Mine) -> Iterator[News]:
    if row.player_id not in mine.players:
        return
    who, where = mine.players[row.player_id], change.question.about
    if change.kind == "removed":
        yield News("rank", f"{who} is no longer in the standings of {where}", change.id, True, True)
        return
    if change.kind == "added":
        yield News("rank", f"{who} is now in the standings of {where}, at {row.rank}", change.id, True)
        return
    old = change.before
    if not isinstance(old, LeaderboardEntry) or old.rank == row.rank or None in (old.rank, row.rank):
        return
    fell = (row.rank or 0) > (old.rank or 0)
    scores = ""
    if old.score is not None and row.score is not None:
        measure = f" {safe_line(row.score_label, _SHOWN)}" if row.score_label else ""
        scores = f" ({old.score:.4f} → {row.score:.4f}{measure})"
    sentence = f"{who} moved {'down' if fell else 'up'} from {old.rank} to {row.rank} in {where}{scores}"
    yield News("rank", sentence, change.id, True, fell)


def _submission(change: Change, row: Submission) -> Iterator[News]:
    if not has_become(change):
        return
    label, league = safe_line(row.policy_version.label, _SHOWN), _name(row.league)
    notes = f": {safe_line(row.notes, _REASON_LIMIT)}" if row.notes else ""
    sentence = {
        "pending": f"{label} was handed in to {league}",
        "processing": f"{league} tries out {label}",
        "placed": f"{label} has a seat in {league}",
        "rejected": f"{league} does not take {label}{notes}",
        "withdrawn": f"{label} was taken back from {league}",
    }.get(row.status or "", f"{label} is {safe_line(row.status or '?', _SHOWN)} in {league}{notes}")
    yield News("submission", sentence, change.id, True, row.status == "rejected")


def _membership(change: Change, row: Membership) -> Iterator[News]:
    label, where = safe_line(row.policy_version.label, _SHOWN), _name(row.division)
    if change.kind == "removed":
        return
    if change.kind == "added":
        yield News("membership", f"{label} takes a seat in {where}", change.id, True)
        return
    if row.status == "disqualified" and "status" in change.fields:
        yield News("membership", f"{label} is disqualified in {where}", change.id, True, True)
    elif "end_time" in change.fields and row.end_time is not None:
        yield News("membership", f"{label} plays no more in {where}", change.id, True, True)
    elif "status" in change.fields:
        status = safe_line(row.status or "?", _SHOWN)
        yield News("membership", f"{label} is now {status} in {where}", change.id, True)
    if isinstance(change.before, Membership) and change.before.division.id != row.division.id:
        old = _name(change.before.division)
        yield News("membership", f"{label} moved from {old} to {where}", change.id, True)
    if "is_champion" in change.fields and row.end_time is None:
        who = "its player" if row.player is None else safe_line(row.player.name or row.player.id, _SHOWN)
        sentence = (
            f"{label} now stands for {who} in {where}"
            if row.is_champion
            else f"{label} no longer stands for {who} in {where}"
        )
        yield News("membership", sentence, change.id, True, not row.is_champion)


def _league(change: Change, row: League) -> Iterator[News]:
    old = change.before
    if change.kind != "changed" or not isinstance(old, League) or old.state == row.state:
        return
    words = {"paused": "is paused", "disabled": "is over", "locked": "takes no submissions now"}
    again = "goes on" if old.state in words else f"is {row.state}"
    sentence = f"{_name(row)} {words.get(row.state, again)}"
    yield News("league", sentence, change.id, False, row.state in words)


def _name(thing: Any) -> str:
    return safe_line(thing.name or thing.id or "?", _SHOWN)
