"""The rounds of a league or a division, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.episodes import OVER
from ....observatory.models.rounds import Round, RoundResult
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import name_of, score, state, took

_MOST_RESULTS = 200
_LAST_RANK = 1 << 31
_BAR = 4
_COLUMNS = (
    Column("round", 6, "right", "strong"),
    Column("state", 12),
    Column("age", 5, "right", "muted"),
    Column("took", 6, "right", "muted", optional=True),
    Column("episodes", 14, optional=True),
    Column("seats", 5, "right", "muted", optional=True),
    Column("division", 0, style="muted", least=10, optional=True),
)


def _cells(row: Round, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    mine = _is_mine(row, known)
    seats = _seats(row)
    return (
        Span("" if row.round_number is None else str(row.round_number), "accent" if mine else "strong"),
        state(row.status),
        Span(age(row.completed_at or row.started_at or row.created_at)),
        Span(took(row.started_at, row.completed_at)),
        _progress(row, known),
        Span(str(len(seats)) if seats else ""),
        Span(safe_line(row.error, 120), "error")
        if row.error
        else Span(safe_line(row.division.name or "", 40)),
    )


def _progress(row: Round, known: Known) -> Line:
    """How far a round is that runs, and how many of its episodes failed."""
    now = known.progress.get(row.id)
    if now is None or row.status in OVER or not now.of:
        return (Span(""),)
    done = _BAR * now.over // now.of
    failed = Span(f" {now.failed}✗", "error") if now.failed else Span("")
    return (
        Span("█" * done, "accent"),
        Span("░" * (_BAR - done), "line"),
        Span(f" {now.over}/{now.of}"),
        failed,
    )


def _lines(row: Round, known: Known, width: int) -> Sequence[Line]:
    lines: list[Line] = [(Span(f"round {row.round_number}  ", "strong"), state(row.status))]
    said = row.division.commissioner_description
    lines += [
        *fact("id", row.id, width, "muted"),
        *fact("division", row.division.name or "", width),
        *fact("error", row.error or "", width, "error"),
        *fact("schedule", (said.round_schedule or "") if said else "", width),
        *fact("next", (said.next_round or "") if said and row.status not in OVER else "", width),
    ]
    detail = known.rounds.get(row.id)
    if detail is None or not detail.results:
        if detail is not None and row.status == "completed":
            lines += [(), (Span("no results", "muted"),)]
        return lines
    lines += [(), (Span("results", "heading"),)]
    for result in sorted(detail.results, key=_rank)[:_MOST_RESULTS]:
        mine = result.player is not None and result.player.id in known.my_players
        style = "accent" if mine else ""
        lines.append(
            (
                Span(f"{'' if result.rank is None else result.rank:>4}  ", "strong"),
                Span(f"{score(result.score):>10}  ", style),
                Span(name_of(result.player), style or "strong"),
                Span(f"  {safe_line(result.policy_version.label, 60)}", style or "muted"),
            )
        )
    return lines


def _seats(row: Round) -> list[object]:
    found = row.round_config.get("entrant_attributions")
    return found if isinstance(found, list) else []


def _is_mine(row: Round, known: Known) -> bool:
    versions = (seat.get("policy_version_id") for seat in _seats(row) if isinstance(seat, dict))
    return any(isinstance(version, str) and version in known.my_versions for version in versions)


def _rank(row: RoundResult) -> int:
    return _LAST_RANK if row.rank is None else row.rank


ROUNDS = Tab[Round](
    "rounds",
    "Rounds",
    _COLUMNS,
    _cells,
    _lines,
    "no rounds yet: f5 asks again",
    {0: ("round_number",), 1: ("status",), 2: ("created_at",), 6: ("division", "name")},
    frozenset({0, 2}),
)
