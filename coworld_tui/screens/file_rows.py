"""Files as rows of a table: name and size."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from ..contract.measures import size_text
from ..contract.text import safe_line
from ..replay.lenses.spans import Span
from ..replay.source import ReplayFile
from ..widgets.table import Cell, Column


class FileRows:
    """The files of a replay, or of an archive."""

    columns: Sequence[Column] = (Column("file"), Column("size", 9, "right", "muted"))
    sorted_by: tuple[int, bool] | None = None
    note = "nothing but the frames"

    def __init__(self, files: Sequence[ReplayFile]) -> None:
        self._files = files

    @property
    def row_count(self) -> int:
        return len(self._files)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
        return [
            (Span(safe_line(file.name, 200)), Span(size_text(file.size))) for file in self._files[start:stop]
        ]

    def id_of(self, row: int) -> Hashable:
        return self._files[row].name
