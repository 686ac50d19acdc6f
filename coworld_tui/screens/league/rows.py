"""The rows of a tab: those of a live list, all of them or those that are looked for, in some order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic

from ...observatory.listing import LiveList
from ...replay.lenses.spans import Span
from ...widgets.table import Cell, Column
from .looking import Wanted, look_through
from .model import Known, Model, Tab

_MOST_LOOKED_THROUGH = 1000
_AHEAD = 40
"""Rows beyond those in view that should be there when one scrolls on."""


class ListRows(Generic[Model]):
    """``Rows`` of a table over a live list."""

    def __init__(self, tab: Tab[Model], entries: LiveList[Model], known: Known) -> None:
        self.tab = tab
        self.entries = entries
        self.wanted = Wanted()
        self.is_reading = False
        self._known = known
        self.heard: Callable[[], None] = lambda: None
        """Called when other rows come into view."""
        self._shown: Sequence[int] | None = None
        self._last = -1
        self._in_view = (0, 0)
        self._looked_from = 0

    @property
    def columns(self) -> Sequence[Column]:
        return self.tab.columns

    @property
    def row_count(self) -> int:
        if self._shown is None:
            return len(self.entries)
        if self._last >= len(self.entries):
            self.arrange([place for place in self._shown if place < len(self.entries)])
        return len(self._shown)

    @property
    def sorted_by(self) -> tuple[int, bool] | None:
        column = self.wanted.sort
        return None if column is None else (column, column in self.tab.largest_first)

    @property
    def note(self) -> str:
        if self.entries.problem is not None:
            return self.entries.problem.title
        if self.is_reading:
            return "asking …"
        if self.wanted.words or self.wanted.mine:
            on = "" if self.entries.complete else f" in the first {len(self.entries)}: f5 looks on"
            return f"nothing matches{on} · escape shows all"
        if not self.entries.complete:
            return "asking …"
        return self.tab.note

    @property
    def wants_more(self) -> bool:
        """Whether the end of what was read is in view, or nearly, with more to come.

        When rows are looked for, the list is read on for them, but not to its end for a word that it lacks.
        """
        if self.entries.complete or self._in_view[1] + _AHEAD < self.row_count:
            return False
        return self._shown is None or len(self.entries) < self._looked_from + _MOST_LOOKED_THROUGH

    def in_view(self) -> list[Model]:
        """The rows that were drawn last."""
        start, stop = self._in_view
        return [self.entry(row) for row in range(start, min(stop, self.row_count))]

    def entry(self, row: int) -> Model:
        """What stands in a row."""
        return self.entries[self.place(row)]

    def place(self, row: int) -> int:
        """Where what stands in a row has its place in the list."""
        return row if self._shown is None else self._shown[row]

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        stop = min(stop, self.row_count)  # the list may have got shorter since the table counted
        if (start, stop) != self._in_view:
            self._in_view = (start, stop)
            self.heard()
        places = range(start, stop) if self._shown is None else self._shown[start:stop]
        return [self._cells(place) for place in places]

    def _cells(self, place: int) -> Sequence[Cell | None]:
        cells = self.tab.cells(self.entries[place], place, self._known)
        if key_of(self.entries.raw(place)) not in self._known.changed:
            return cells
        return [Span(cell.text, "changed") if isinstance(cell, Span) else cell for cell in cells]

    def id_of(self, row: int) -> Hashable:
        return key_of(self.entries.raw(self.place(row))) if row < self.row_count else None

    def arrange(self, shown: Sequence[int] | None) -> None:
        """Show these places of the list, as long as there are so many; None for all of them as they stand."""
        self._shown = shown
        self._last = max(shown or (), default=-1)

    def look_on(self) -> None:
        """Look through more of the list for what is looked for."""
        self._looked_from = len(self.entries)

    async def find(self, wanted: Wanted) -> list[int] | None:
        """The places that are looked for, in order; None for all as they stand."""
        if wanted == Wanted():
            return None
        # The list may change while a thread looks through it.
        entries = [self.entries.raw(place) for place in range(len(self.entries))]
        return await asyncio.to_thread(look_through, entries, wanted, self.tab, self._known)


def key_of(raw: dict[str, Any]) -> str:
    """What stays the same about a row."""
    return str(raw.get("id") or raw.get("player_id") or "")
