"""My policies: every version, and where each is seated."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.entries import Membership
from ....observatory.models.policies import PolicyVersionRow
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import state

_COLUMNS = (
    Column("policy", 0, style="strong", least=12),
    Column("age", 5, "right", "muted"),
    Column("seated in", 0, least=14),
)


def _cells(row: PolicyVersionRow, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    seats = [seat for seat in _seats(row, known) if seat.end_time is None]
    places = ", ".join(f"{seat.league.name} › {seat.division.name}" for seat in seats)
    return (
        Span(safe_line(row.label, 60)),
        Span(age(row.created_at)),
        Span(safe_line(places, 200)) if seats else Span("nowhere", "muted"),
    )


def _lines(row: PolicyVersionRow, known: Known, width: int) -> Sequence[Line]:
    lines = fact("policy", row.label, width, "strong") + fact("id", row.id, width, "muted")
    seats = _seats(row, known)
    if not seats:
        return [*lines, (), (Span("not seated in any league", "muted"),)]
    lines += [(), (Span("seats", "heading"),)]
    for seat in seats:
        lines.append(
            (
                Span("  ★ " if seat.is_champion else "    ", "accent"),
                Span(safe_line(f"{seat.league.name} › {seat.division.name}  ", 80)),
                Span("– ended", "muted") if seat.end_time is not None else state(seat.status),
                Span(f"  {safe_line(seat.substatus or '', 20)}", "muted"),
            )
        )
    return lines


def _seats(row: PolicyVersionRow, known: Known) -> list[Membership]:
    return [seat for seat in known.mine if seat.policy_version.id == row.id]


POLICIES = Tab[PolicyVersionRow](
    "policies",
    "Policies",
    _COLUMNS,
    _cells,
    _lines,
    "you have no policies on this server: u uploads one",
    {0: ("name",), 1: ("created_at",)},
    frozenset({1}),
)
