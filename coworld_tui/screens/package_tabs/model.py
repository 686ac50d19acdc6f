"""What every tab of the manifest screen is: rows to choose from, and lines about the chosen one."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Sequence
from typing import NamedTuple, Protocol

from ...contract.text import safe_line
from ...replay.lenses.spans import Line, Span, fit
from ...widgets.table import Cell, Column, Rows

_LONGEST_LINE = 100
_LABEL = 13


class PackageTab(Protocol):
    """A tab, built off the event loop. ``rows`` is None for a tab that has nothing to choose from."""

    @property
    def rows(self) -> Rows | None:
        """What the table above shows."""
        ...

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """What is said of a row, in ``width`` columns; of the package itself where there are no rows."""
        ...


class ImageFact(NamedTuple):
    """An image that the engine has: its size in bytes, and ``os/architecture``."""

    size: int
    platform: str


class ListedRows(NamedTuple):
    """Rows that are there already: an id and the cells of each."""

    columns: Sequence[Column]
    entries: Sequence[tuple[Hashable, Sequence[Cell | None]]]
    note: str = ""
    sorted_by: tuple[int, bool] | None = None

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return len(self.entries)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        """The cells of some rows."""
        return [cells for _, cells in self.entries[start:stop]]

    def id_of(self, row: int) -> Hashable:
        """What stays the same about a row."""
        return self.entries[row][0]


def wrapped(text: str, width: int, limit: int = 2000) -> list[str]:
    """A text of outside as safe lines, not wider than one reads with ease."""
    width = max(20, min(width, _LONGEST_LINE))
    return textwrap.wrap(safe_line(text, limit), width, break_on_hyphens=False)


def fact(label: str, value: str, width: int, style: str = "") -> list[Line]:
    """A label and its value, which goes on beneath itself where it is long; nothing without a value."""
    return [
        (Span(f"{fit('' if row else safe_line(label), _LABEL)} ", "muted"), Span(part, style))
        for row, part in enumerate(wrapped(value, width - _LABEL - 1))
    ]
