"""What ``why`` answers, for the screen and the command line: plain safe text and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..contract.text import safe_line
from .failures import FailureGroup, Meaning
from .models.membership_events import MembershipEvent

_SHOWN = 120
_REASON_LIMIT = 500
_EVIDENCE_LINES = 40
_EVIDENCE_DEPTH = 6


@dataclass(frozen=True)
class HistoryEntry:
    """A change of a membership's status; ``where`` is ``Qualifiers → Competition`` when it moved."""

    at: datetime | None
    status: str
    substatus: str
    where: str
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class SeatOutcome:
    """How a seat did beside what it usually does.

    ``rank`` is its place by score in the episode, 1 the best. ``expected`` is the mean score of its policy
    in ``expected_of`` other episodes, of the same round where there is one. ``connected`` is None when
    nobody knows, ``has_log`` when you may not read it or it was not asked for.
    """

    position: int | None
    label: str
    player: str
    kind: str
    score: float | None
    rank: int | None
    expected: float | None
    expected_of: int
    failed: bool
    connected: bool | None
    has_log: bool | None


@dataclass(frozen=True)
class Why:
    """Why something is as it is. ``kind`` is round, division, episode, membership or submission.

    ``title`` is a sentence, ``reason`` what the server itself says. Which of the others are filled depends
    on the kind: rounds and divisions have ``groups``, counts of episodes by status and how many ``failed``
    ones were ``looked_at``; episodes ``seats`` and the ``meaning`` of their error; memberships and
    submissions their ``history``, the newest first. ``missing`` says what could not be found out.
    """

    id: str
    kind: str
    title: str
    status: str
    reason: str = ""
    meaning: Meaning | None = None
    groups: tuple[FailureGroup, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    failed: int = 0
    looked_at: int = 0
    seats: tuple[SeatOutcome, ...] = ()
    log_of: str = ""
    log_line: str = ""
    history: tuple[HistoryEntry, ...] = ()
    missing: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The same as JSON values; groups have their ``share`` as well."""
        document = asdict(self)
        for group, made in zip(self.groups, document["groups"], strict=True):
            made["share"] = group.share
        for entry in document["history"]:
            entry["at"] = entry["at"] and entry["at"].isoformat()
        document["counts"] = dict(self.counts)
        return document


def history_entry(event: MembershipEvent) -> HistoryEntry:
    """One change of status, safe to show."""
    names = [
        safe_line(division.name or division.id, _SHOWN) if division is not None else ""
        for division in (event.from_division, event.to_division)
    ]
    return HistoryEntry(
        at=event.created_at,
        status=safe_line(event.status or "", _SHOWN),
        substatus=safe_line(event.substatus or "", _SHOWN),
        where=" → ".join(name for name in dict.fromkeys(names) if name),
        reason=safe_line(event.reason or "", _REASON_LIMIT),
        evidence=tuple(evidence_lines(event.evidence)),
    )


def evidence_lines(value: Any) -> list[str]:
    """What a league judged by as lines ``path.to.member: value``, at most forty, the last one saying more."""
    lines: list[str] = []
    for path, leaf in _leaves(value, "", 0):
        if len(lines) == _EVIDENCE_LINES:
            return [*lines[:-1], "…"]
        lines.append(safe_line(f"{path}: {leaf}" if path else leaf, _REASON_LIMIT))
    return lines


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if value is None or value in ({}, []):
        if path:
            yield path, "none"
        return
    if isinstance(value, dict | list) and depth < _EVIDENCE_DEPTH:
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _leaves(member, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, dict | list):
        yield path, "…"
    elif isinstance(value, bool):
        yield path, "yes" if value else "no"
    else:
        yield path, str(value)
