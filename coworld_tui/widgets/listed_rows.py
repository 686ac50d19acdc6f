"""Rows that are already there, for ``TableView``."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from .table import Cell, Column


class ListedRows(NamedTuple):
    """An id and the cells of each row."""

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
