"""Policies handed in to a league, and what was said of them."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.entries import Submission
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import name_of, state

_COLUMNS = (
    Column("policy", 0, least=12),
    Column("player", 0, least=8, optional=True),
    Column("state", 12),
    Column("age", 5, "right", "muted"),
    Column("notes", 0, style="muted", least=8, optional=True),
)


def _cells(row: Submission, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    style = "accent" if row.policy_version.id in known.my_versions else "strong"
    return (
        Span(safe_line(row.policy_version.label, 60), style),
        Span(name_of(row.player)),
        state(row.status),
        Span(age(row.created_at)),
        Span(safe_line(row.notes or "", 200)),
    )


def _lines(row: Submission, known: Known, width: int) -> Sequence[Line]:
    mine = row.policy_version.id in known.my_versions
    return [
        *fact("policy", row.policy_version.label, width, "accent" if mine else "strong"),
        *fact("player", name_of(row.player), width),
        *fact("league", row.league.name or row.league.id, width),
        *fact("state", row.status or "", width),
        *fact("notes", row.notes or "", width, "error" if row.status == "rejected" else ""),
        *fact("champion", row.auto_champion, width),
        *fact("seat", row.league_policy_membership_id or "", width, "muted"),
        *fact("id", row.id, width, "muted"),
    ]


SUBMISSIONS = Tab[Submission](
    "submissions",
    "Submissions",
    _COLUMNS,
    _cells,
    _lines,
    "nothing was handed in: s hands in a policy",
    {0: ("policy_version", "policy", "name"), 1: ("player", "name"), 2: ("status",), 3: ("created_at",)},
    frozenset({3}),
)
