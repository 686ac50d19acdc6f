"""What stands in the border of the lists: what they are about, how much was read, and when."""

from __future__ import annotations

from typing import Any

from ...contract.measures import age
from ...contract.text import safe_line
from ...observatory.models.standings import LeaderboardEntry
from .model import Scope
from .rows import ListRows

_LONGEST = 40
_LONGEST_LABEL = 20
_BETWEEN = " · "


def title_of(scope: Scope) -> str:
    """``League › Division › round 7``."""
    parts = [scope.league.name or scope.league.id]
    if scope.division is not None:
        parts.append(scope.division.name or scope.division.id)
    if scope.round is not None:
        number = scope.round.round_number
        parts.append(f"round {scope.round.id if number is None else number}")
    return " › ".join(safe_line(part, _LONGEST) for part in parts)


def state_of(rows: ListRows[Any], *, is_paused: bool) -> str:
    """``score = MMR · mine · 3 of 60 read · 5 m ago · offline · paused``, as far as it is so."""
    problem = rows.entries.problem
    amiss = "" if problem is None else "offline" if problem.type == "unreachable" else problem.type
    when = age(rows.entries.fetched_at)
    parts = (
        _measure(rows),
        "mine" if rows.wanted.mine else "",
        _count(rows),
        "just now" if when == "now" else when and f"{when} ago",
        amiss,
        "paused" if is_paused else "",
    )
    return _BETWEEN.join(part for part in parts if part)


def _count(rows: ListRows[Any]) -> str:
    read, is_all = len(rows.entries), rows.entries.complete
    if rows.wanted.words or rows.wanted.mine:
        return f"{rows.row_count} of {read}" + ("" if is_all else " read")
    return f"{read}" + ("" if is_all else " read, more below") if read or is_all else ""


def _measure(rows: ListRows[Any]) -> str:
    """What the scores of standings count, in the server's words."""
    first = rows.entries[0] if len(rows.entries) else None
    label = first.score_label if isinstance(first, LeaderboardEntry) else None
    return f"score = {safe_line(label, _LONGEST_LABEL)}" if label else ""
