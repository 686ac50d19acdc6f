"""The entities lens: arrays of objects as tables."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from ..paths import MISSING, Path, dotted, value_at
from .model import FrameView, LineModel
from .spans import Line, Span, clip
from .tabular import GAP, Column, cell_span, cell_text, column_of, fitting, is_scalar

MAX_COLUMNS = 12
MAX_TABLES = 8
_MAX_DEPTH = 4
_MAX_OBJECTS = 200
_MAX_MEMBERS = 200
_SAMPLE = 200
_ENTRIES_WALKED = 4
_NAME_COLUMN = "·"
_IDENTITIES = ("id", "uid", "slot", "name", "key")
_GAP = Span(" " * GAP)


class Table(NamedTuple):
    """An array of objects at ``path``, or an object of objects, whose keys are ``names`` then."""

    path: Path
    rows: Sequence[Mapping[str, Any]]
    names: Sequence[str] | None
    keys: tuple[str, ...]


class EntitiesLens:
    """What is in the world: units, cards, items, one row each."""

    name = "entities"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame has arrays of objects with something to show in cells."""
        return bool(_tables_of(view))

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """A table for each array, cells that differ from the frame before marked."""
        return _Tables(_tables_of(view), view.before, width)


def tables_in(frame: object) -> list[Table]:
    """Find the arrays of objects in a frame, outermost first, at most eight of them."""
    found: list[Table] = []
    level: list[tuple[Path, object]] = [((), frame)]
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[tuple[Path, object]] = []
        for path, value in level:
            seen += 1
            if seen > _MAX_OBJECTS or len(found) >= MAX_TABLES:
                return found
            table = _table(path, value)
            if table is not None:
                found.append(table)
            below += _children(path, value)
        level = below
    return found


def _tables_of(view: FrameView) -> list[Table]:
    if "tables" not in view.found:
        is_json = isinstance(view.decoded, dict | list)
        view.found["tables"] = tables_in(view.decoded) if is_json else []
    tables: list[Table] = view.found["tables"]
    return tables


def _children(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, Mapping):
        for key, child in islice(value.items(), _MAX_MEMBERS):
            if isinstance(key, str) and isinstance(child, Mapping | list):
                yield (*path, key), child
    elif isinstance(value, list):
        for index, child in enumerate(value[:_ENTRIES_WALKED]):
            if isinstance(child, Mapping):
                yield (*path, index), child


def _table(path: Path, value: object) -> Table | None:
    names: list[str] | None = None
    if isinstance(value, Mapping):
        rows = list(value.values()) if _are_alike(list(islice(value.values(), 3))) else []
        names = [str(key) for key in value]
    else:
        rows = value if isinstance(value, list) else []
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    keys: dict[str, None] = {}
    for row in rows[:_SAMPLE]:
        members = islice(row.items(), _MAX_MEMBERS)
        keys |= dict.fromkeys(key for key, cell in members if isinstance(key, str) and is_scalar(cell))
    return Table(path, rows, names, tuple(keys)[:MAX_COLUMNS]) if keys else None


def _are_alike(rows: Sequence[object]) -> bool:
    """Whether members of an object are entries by name rather than parts of it: they share most keys."""
    if len(rows) < 2 or not all(isinstance(row, Mapping) and row for row in rows):
        return False
    keys = [set(islice(row, _MAX_MEMBERS)) for row in rows if isinstance(row, Mapping)]
    return 2 * len(set.intersection(*keys)) > max(map(len, keys))


class _Tables:
    """Tables one below the other: a heading, titles, rows, and an empty line between two of them."""

    def __init__(self, tables: Sequence[Table], before: object, width: int) -> None:
        self._drawn = [_DrawnTable(table, before, width) for table in tables]
        self._starts: list[int] = []
        self._row_count = 0
        for drawn in self._drawn:
            self._starts.append(self._row_count)
            self._row_count += drawn.height + 1
        self._row_count = max(0, self._row_count - 1)

    @property
    def row_count(self) -> int:
        return self._row_count

    def lines(self, start: int, stop: int) -> list[Line]:
        return [self._line(row) for row in range(max(0, start), min(stop, self._row_count))]

    def _line(self, row: int) -> Line:
        at = bisect_right(self._starts, row) - 1
        return self._drawn[at].line(row - self._starts[at])


class _DrawnTable:
    """One table within a width."""

    def __init__(self, table: Table, before: object, width: int) -> None:
        self._table = table
        self._width = width
        self._identity = _identity_key(table)
        self._earlier = self._earlier_rows(before)
        # Ids count upwards: the longest are at the end.
        sample = [*table.rows[:_SAMPLE], *table.rows[-_SAMPLE:]]
        keys: list[str | None] = [None] if table.names is not None else []
        columns = (
            [column_of(_NAME_COLUMN, [*table.names[:_SAMPLE], *table.names[-_SAMPLE:]])]
            if table.names is not None
            else []
        )
        for key in table.keys:
            cells = [row[key] for row in sample if key in row]
            keys.append(key)
            columns.append(column_of(key, [cell for cell in cells if is_scalar(cell)]))
        self._columns = [(keys[at], column) for at, column in fitting(columns, width)]
        self._left_out = len(columns) - len(self._columns)
        self.height = len(table.rows) + 2

    def line(self, row: int) -> Line:
        """Line ``row`` of the table, its heading first, and an empty one after the last."""
        if row == 0:
            return self._heading()
        if row == self.height:
            return ()
        if row == 1:
            cells = [cell_span(column.title, column, "muted") for _, column in self._columns]
        else:
            cells = list(self._cells(row - 2))
        return tuple(span for cell in cells for span in (cell, _GAP))[:-1]

    def _earlier_rows(self, before: object) -> dict[object, Mapping[str, Any]] | None:
        """The rows of the frame before, by what they are recognised by; ``None`` when there were none."""
        earlier = value_at(before, self._table.path)
        if isinstance(earlier, Mapping) and self._table.names is not None:
            return {key: row for key, row in earlier.items() if isinstance(row, Mapping)}
        if isinstance(earlier, list) and self._table.names is None:
            rows = [(at, row) for at, row in enumerate(earlier) if isinstance(row, Mapping)]
            return {self._recognised(row, at): row for at, row in rows}
        return None

    def _recognised(self, row: Mapping[str, Any], index: int) -> object:
        if self._table.names is not None:
            return self._table.names[index]
        value = row.get(self._identity) if self._identity is not None else index
        return value if isinstance(value, int | str) else None

    def _name(self, index: int) -> str:
        return self._table.names[index] if self._table.names is not None else ""

    def _heading(self) -> Line:
        title = cell_text(dotted(self._table.path)) if self._table.path else "frame"
        more = f"   {self._left_out} more columns" if self._left_out else ""
        return clip((Span(title, "heading"), Span(f"  {len(self._table.rows)}{more}", "muted")), self._width)

    def _cells(self, index: int) -> Iterator[Span]:
        row = self._table.rows[index]
        earlier = self._earlier.get(self._recognised(row, index)) if self._earlier is not None else row
        for key, column in self._columns:
            if key is None:
                yield cell_span(cell_text(self._name(index)), column, "key")
                continue
            cell = row.get(key, MISSING)
            changed = earlier is None or not _same(earlier.get(key, MISSING), cell)
            text = "" if cell is MISSING else cell_text(cell) if is_scalar(cell) else "…"
            yield cell_span(text, column, "changed" if changed else _style(column))


def _identity_key(table: Table) -> str | None:
    """What rows are recognised by in another frame: the first of the usual keys that tells them apart."""
    for key in _IDENTITIES:
        values = [row.get(key) for row in table.rows]
        if all(isinstance(value, int | str) for value in values) and len(set(values)) == len(values):
            return key
    return None


def _style(column: Column) -> str:
    return "number" if column.is_number else ""


def _same(before: object, now: object) -> bool:
    try:
        return before == now
    except RecursionError:
        return False
