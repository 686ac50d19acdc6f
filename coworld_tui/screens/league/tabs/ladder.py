"""The divisions of a league, the top first."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.text import safe_line
from ....observatory.models.leagues import LadderEntry
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab

_COLUMNS = (
    Column("division", 0, least=12),
    Column("level", 6, "right", optional=True),
    Column("members", 8, "right", optional=True),
    Column("", 6, "left", "accent", optional=True),
)


def _cells(row: LadderEntry, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    return (
        Span(safe_line(row.name or row.id, 60), "strong"),
        Span("" if row.level is None else str(row.level)),
        Span("" if row.member_count is None else str(row.member_count)),
        Span("yours" if row.id in known.my_divisions else ""),
    )


def _lines(row: LadderEntry, known: Known, width: int) -> Sequence[Line]:
    seats = [each for each in known.mine if each.division.id == row.id and each.end_time is None]
    lines = fact("division", row.name or row.id, width, "strong") + fact("id", row.id, width, "muted")
    for seat in seats:
        lines += fact("your seat", f"{seat.policy_version.label}  {seat.status or ''}", width, "accent")
    return lines


LADDER = Tab[LadderEntry](
    "standings",
    "Standings",
    _COLUMNS,
    _cells,
    _lines,
    "no divisions",
    {0: ("name",), 1: ("level",), 2: ("member_count",)},
)
