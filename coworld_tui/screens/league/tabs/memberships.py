"""Policies seated in a league: the standing of each, and who stands for a player."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.entries import Membership
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import name_of, state

_COLUMNS = (
    Column("policy", 0, least=12),
    Column("", 1, style="accent"),
    Column("player", 0, least=8, optional=True),
    Column("state", 14),
    Column("", 10, style="muted", optional=True),
    Column("division", 14, optional=True),
    Column("age", 5, "right", "muted"),
)


def _cells(row: Membership, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    style = "accent" if row.policy_version.id in known.my_versions else "strong"
    return (
        Span(safe_line(row.policy_version.label, 60), style),
        Span("★" if row.is_champion else ""),
        Span(name_of(row.player)),
        Span("– ended", "muted") if row.end_time is not None else state(row.status),
        Span(safe_line(row.substatus or "", 20)),
        Span(safe_line(row.division.name or "", 40), "muted"),
        Span(age(row.end_time or row.start_time or row.created_at)),
    )


def _lines(row: Membership, known: Known, width: int) -> Sequence[Line]:
    mine = row.policy_version.id in known.my_versions
    lines = [
        *fact("policy", row.policy_version.label, width, "accent" if mine else "strong"),
        *fact("player", name_of(row.player), width),
        *fact("division", row.division.name or row.division.id, width),
        *fact("state", " · ".join(part for part in (row.status, row.substatus) if part), width),
        *fact("since", age(row.start_time or row.created_at), width),
        *fact("ended", "" if row.end_time is None else f"{age(row.end_time)} ago", width, "warning"),
        *fact("id", row.id, width, "muted"),
    ]
    if row.is_champion:
        lines += [
            (),
            (Span("★ ", "accent"), Span("this version stands for its player; it need not have won", "muted")),
        ]
    return lines


MEMBERSHIPS = Tab[Membership](
    "memberships",
    "Memberships",
    _COLUMNS,
    _cells,
    _lines,
    "nobody is seated here yet: s hands in a policy",
    {0: ("policy_version", "policy", "name"), 2: ("player", "name"), 3: ("status",), 6: ("created_at",)},
    frozenset({6}),
)
