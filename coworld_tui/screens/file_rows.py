"""Files as rows of a table: name and size."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract.measures import size_text
from ..replay.lenses.spans import Span
from ..replay.source import ReplayFile
from ..widgets.listed_rows import ListedRows
from ..widgets.table import Column

_COLUMNS = (Column("file"), Column("size", 9, "right", "muted"))


def file_rows(files: Sequence[ReplayFile]) -> ListedRows:
    """The files of a replay, or of an archive."""
    entries = [(file.name, (Span(file.name), Span(size_text(file.size)))) for file in files]
    return ListedRows(_COLUMNS, entries, "nothing but the frames")
