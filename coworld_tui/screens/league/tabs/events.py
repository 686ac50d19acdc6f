"""What happened in a league, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.entries import Event
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact, wrapped
from ..model import Known, Tab
from ..signs import name_of

_USUAL = "league_policy_"
"""What most types begin with."""

_COLUMNS = (
    Column("age", 5, "right", "muted"),
    Column("what", 0, least=16),
    Column("", 0, style="muted", least=10, optional=True),
    Column("type", 22, style="muted", optional=True),
)


def _cells(row: Event, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    mine = row.player is not None and row.player.id in known.my_players
    return (
        Span(age(row.created_at)),
        Span(safe_line(row.headline or row.event_type or "", 120), "accent" if mine else "strong"),
        Span(safe_line(row.summary or "", 200)),
        Span(safe_line((row.event_type or "").removeprefix(_USUAL), 40)),
    )


def _lines(row: Event, known: Known, width: int) -> Sequence[Line]:
    del known
    values = [
        f"{key} {value}" for key, value in row.payload.items() if isinstance(value, str | int | float | bool)
    ]
    return [
        *((Span(part, "strong"),) for part in wrapped(row.headline or "", width)),
        *((Span(part),) for part in wrapped(row.summary or "", width)),
        (),
        *fact("type", row.event_type or "", width),
        *fact("player", name_of(row.player), width),
        *fact("policy", row.policy_version.label if row.policy_version is not None else "", width),
        *fact("division", (row.division.name or "") if row.division is not None else "", width),
        *fact("says", " · ".join(values), width, "muted"),
    ]


EVENTS = Tab[Event](
    "events",
    "Events",
    _COLUMNS,
    _cells,
    _lines,
    "nothing happened yet",
    {0: ("created_at",), 3: ("event_type",)},
    frozenset({0}),
)
