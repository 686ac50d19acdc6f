"""Tables as lines: Parquet, Arrow and CSV by window, and small tables within documents."""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice, zip_longest
from typing import Any

from ..contract.text import safe_line
from .lenses.model import LineModel
from .lenses.spans import Line, Span, cell_width, fit
from .log_times import HIDDEN, is_secret_name, masked_line

MAX_ROWS = 100_000
"""Most rows of a table that are read."""

MAX_COLUMNS = 64
"""Most columns of a table that are read."""

_SAMPLE = 2_000  # cells that are looked at to find the widths of columns
_WIDEST = 40
_BATCH = 4_096
_LONG_LIST = 32
_CELL_BYTES = 1_000
_MOST_BYTES = 1 << 28
_SMALL_BATCH = 16  # a few bytes of Parquet may hold millions of items a row
_NARROWEST = 6
_GAP = "  "
_NUMBER = re.compile(r"[-+]?(?:\d[\d,. ]*)?\d(?:[eE][-+]?\d+)?\s?%?")
# Arrow's own errors are among these, and what Python's date and time types refuse.
_FAILURES = (ValueError, OSError, TypeError, LookupError, ArithmeticError, MemoryError, RuntimeError)

Cells = Sequence[str]


class TableLines:
    """A table by window: what it holds, the names of its columns, its rows.

    ``rows`` gives the printable cells of rows from one index up to another, fewer where the table
    breaks off; ``total`` is how many there should be. Columns of numbers stand right.
    """

    def __init__(
        self,
        summary: str,
        names: Sequence[str],
        numbers: Sequence[bool],
        total: int,
        rows: Callable[[int, int], Sequence[Cells]],
    ) -> None:
        self._summary = summary
        self._names = names
        self._numbers = numbers
        self._total = total
        self._rows = rows
        sample = rows(0, min(_SAMPLE // max(1, len(names)) + 1, total))
        self._widths = [
            min(_WIDEST, max((cell_width(text) for text in column), default=0))
            for column in zip_longest(names, *sample, fillvalue="")
        ]

    @property
    def row_count(self) -> int:
        """Number of rows, with the two above them."""
        return 2 + self._total

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw rows ``start`` up to but not including ``stop``, as far as there are any."""
        start, stop = max(0, start), min(stop, self.row_count)
        head = [(Span(self._summary, "muted"),), self._line(self._names, "heading")][start : max(0, stop)]
        first, last = max(0, start - 2), max(0, stop - 2)
        if first >= last:
            return head
        rows = self._rows(first, last)
        broken = [(Span("the table breaks off here", "warning"),)] if len(rows) < last - first else []
        return [*head, *(self._line(cells, "") for cells in rows), *broken]

    def _line(self, cells: Cells, style: str) -> Line:
        spans = []
        last = len(self._widths) - 1
        for at, (text, width) in enumerate(zip(cells, self._widths, strict=False)):
            size = cell_width(text)
            if self._numbers[at]:
                drawn = " " * (width - size) + text
            elif at == last:
                drawn = text
            else:
                drawn = fit(text, width)
            spans.append(
                Span(drawn + ("" if at == last else _GAP), style or ("number" if self._numbers[at] else ""))
            )
        return tuple(spans)


def parquet_lines(data: bytes) -> LineModel:
    """A Parquet file as a table, read as far as it is looked at. ValueError, in words, when it cannot be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def open_file(**options: Any) -> Any:
        limits = {"thrift_string_size_limit": 1 << 24, "thrift_container_size_limit": 1 << 20}
        return pq.ParquetFile(pa.BufferReader(data), **limits, **options)

    with _in_words():
        # The metadata of single columns stay unread: pyarrow ends the process over damaged ones.
        schema = open_file().schema_arrow
        fields = list(islice(schema, MAX_COLUMNS))
        # A long text that repeats in every row would otherwise be written out once for each.
        file = open_file(read_dictionary=[field.name for field in fields if _is_text(field)])
        rows = _SMALL_BATCH if any(pa.types.is_nested(field.type) for field in fields) else _BATCH
        batches = file.iter_batches(rows, columns=[field.name for field in fields])
        return _arrow_lines(fields, len(schema), max(0, file.metadata.num_rows), batches)


def arrow_lines(data: bytes) -> LineModel:
    """An Arrow file or stream as a table. ValueError, in words, when it cannot be read."""
    import pyarrow as pa

    with _in_words():
        source = pa.BufferReader(data)
        if data.startswith(b"ARROW1"):
            file = pa.ipc.open_file(source)
            schema, batches = file.schema, map(file.get_batch, range(file.num_record_batches))
        else:
            stream = pa.ipc.open_stream(source)
            schema, batches = stream.schema, iter(stream)
        # Nothing in the stream says how many rows it holds; its batches lie in ``data`` and cost nothing.
        whole = list(_sound(batches))
        fields = list(islice(schema, MAX_COLUMNS))
        return _arrow_lines(fields, len(schema), sum(batch.num_rows for batch in whole), iter(whole))


def csv_lines(text: str, delimiter: str) -> LineModel:
    """Text with a delimiter, the first row naming the columns, as a table."""
    rows: list[list[str]] = []
    try:
        for row in islice(csv.reader(io.StringIO(text), delimiter=delimiter), MAX_ROWS + 2):
            if row:
                rows.append(row[:MAX_COLUMNS])
    except csv.Error:
        pass  # a field of 128 kB or more; the rows before it are whole
    names = rows[0] if rows else []
    secret = [is_secret_name(name) for name in names]
    numbers = [_are_numbers(row[at] for row in rows[1:1_000] if at < len(row)) for at in range(len(names))]

    def cells(start: int, stop: int) -> list[list[str]]:
        return [
            [HIDDEN if hide else masked_line(cell) for cell, hide in zip(row, secret, strict=False)]
            for row in rows[1 + start : 1 + stop]
        ]

    total = min(max(0, len(rows) - 1), MAX_ROWS)
    first = "the first " if len(rows) > MAX_ROWS + 1 else ""
    summary = f"{first}{counted(total, 'row')} · {counted(len(names), 'column')}"
    return TableLines(summary, [masked_line(name) for name in names], numbers, total, cells)


def small_table(rows: Sequence[Cells], width: int, has_head: bool = True) -> list[Line]:
    """A table within a document, its cells printable already; long ones take several lines."""
    columns = [list(column) for column in zip_longest(*rows, fillvalue="")][:MAX_COLUMNS]
    if not columns:
        return []
    widths = _shared(
        [max(map(cell_width, column)) for column in columns], width - len(_GAP) * (len(columns) - 1)
    )
    numbers = [_are_numbers(column[1 if has_head else 0 :]) for column in columns]
    lines: list[Line] = []
    for at, row in enumerate(zip(*columns, strict=True)):
        style = "heading" if has_head and at == 0 else ""
        parts = [wrap_text(cell, size) for cell, size in zip(row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            drawn = [
                text.rjust(size) if is_number and not style else fit(text, size)
                for text, size, is_number in zip(line, widths, numbers, strict=True)
            ]
            lines.append((Span(_GAP.join(drawn).rstrip(), style),))
        if style:
            lines.append((Span(_GAP.join("─" * size for size in widths), "line"),))
    return lines


def wrap_text(text: str, width: int) -> list[str]:
    """Printable text in lines of at most ``width`` cells, broken between words where there are any."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and cell_width(line) + 1 + cell_width(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *whole, line = broken(word, width, width)
        lines += whole
    return [*lines, line] if line or not lines else lines


def broken(word: str, first: int, width: int) -> list[str]:
    """A word in pieces of at most ``width`` cells, the first one of at most ``first``, which may be empty."""
    pieces: list[str] = []
    start, used, room = 0, 0, first
    for at, character in enumerate(word):
        size = cell_width(character)
        if used + size > room and (at > start or not pieces):
            pieces.append(word[start:at])
            start, used, room = at, 0, width
        used += size
    return [*pieces, word[start:]]


def counted(number: int, noun: str) -> str:
    """``1 row``, ``425 rows``."""
    return f"{number:,}".replace(",", " ") + f" {noun}{'' if number == 1 else 's'}"


class _Batches:
    """The rows of record batches, kept as they are passed."""

    def __init__(self, batches: Iterator[Any], names: Sequence[str]) -> None:
        self._batches = batches
        self._kept: list[Any] = []
        self._starts = [0]
        self._bytes = 0
        self._secret = [is_secret_name(name) for name in names]

    def rows(self, start: int, stop: int) -> list[list[str]]:
        """Cells of rows ``start`` up to but not including ``stop``, fewer where the batches break off."""
        while self._starts[-1] < stop and (batch := self._next()) is not None:
            self._kept.append(batch)
            self._bytes += batch.nbytes
            self._starts.append(self._starts[-1] + batch.num_rows)
        found: list[list[str]] = []
        while start < min(stop, self._starts[-1]):
            at = bisect_right(self._starts, start) - 1
            end = min(stop, self._starts[at + 1])
            found += self._cells(self._kept[at], start - self._starts[at], end - start)
            start = end
        return found

    def _next(self) -> Any:
        if self._bytes > _MOST_BYTES:
            return None
        try:
            with _in_words():
                return next(self._batches, None)
        except ValueError:
            self._batches = iter(())
            return None

    def _cells(self, batch: Any, start: int, count: int) -> list[list[str]]:
        columns = [
            [HIDDEN if hide else _cell(column[row]) for row in range(start, start + count)]
            for column, hide in zip(batch.columns, self._secret, strict=False)
        ]
        return [list(row) for row in zip(*columns, strict=True)]


def _arrow_lines(fields: Sequence[Any], columns: int, total: int, batches: Iterator[Any]) -> LineModel:
    """The first ``fields`` of a table with so many ``columns`` and ``total`` rows."""
    import pyarrow.types as kinds

    names = [masked_line(field.name) for field in fields]
    types = ", ".join(
        f"{name} {masked_line(str(field.type))}" for name, field in zip(names, fields, strict=True)
    )
    left = columns - len(fields)
    more = f" and {counted(left, 'column')} not shown" if left > 0 else ""
    cut = f"the first {counted(MAX_ROWS, 'row')} of {total:,}".replace(",", " ") if total > MAX_ROWS else ""
    numbers = [kinds.is_integer(field.type) or kinds.is_floating(field.type) for field in fields]
    summary = f"{cut or counted(total, 'row')} · {types}{more}"
    return TableLines(summary, names, numbers, min(total, MAX_ROWS), _Batches(batches, names).rows)


def _sound(batches: Iterable[Any]) -> Iterator[Any]:
    """Batches that are whole and point nowhere outside themselves, until the first that does not."""
    rows = size = 0
    try:
        with _in_words():
            for batch in batches:
                batch.validate(full=True)
                yield batch
                rows += batch.num_rows
                size += batch.nbytes
                if rows >= MAX_ROWS or size >= _MOST_BYTES:
                    return
    except ValueError:
        return


def _cell(value: Any) -> str:
    import pyarrow as pa

    try:
        while isinstance(value, pa.DictionaryScalar):
            value = value.value
        if not value.is_valid:
            return ""
        if isinstance(value, pa.StringScalar | pa.LargeStringScalar | pa.StringViewScalar):
            return masked_line(value.as_buffer()[:_CELL_BYTES].to_pybytes().decode("utf-8", "replace"))
        if isinstance(value, pa.BinaryScalar | pa.LargeBinaryScalar | pa.FixedSizeBinaryScalar):
            return f"<{counted(len(value.as_buffer()), 'byte')}>"
        if isinstance(value, pa.ListScalar | pa.LargeListScalar | pa.FixedSizeListScalar | pa.MapScalar):
            items = len(value.values)
            if items > _LONG_LIST:
                return f"[{counted(items, 'item')}]"
        return masked_line(str(value.as_py()))
    except _FAILURES:
        return "?"


def _is_text(field: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_string(field.type) or kinds.is_binary(field.type))


@contextmanager
def _in_words() -> Iterator[None]:
    """Make a ValueError of whatever Arrow raises about data."""
    try:
        yield
    except _FAILURES as error:
        raise ValueError(safe_line(str(error).partition("\n")[0] or "it is damaged", 120)) from error


def _are_numbers(cells: Iterable[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _shared(wanted: list[int], room: int) -> list[int]:
    """Widths that together fit ``room`` where they can: the widest columns give way first."""
    widths = [max(1, width) for width in wanted]
    while (over := sum(widths) - room) > 0:
        widest = max(widths)
        if widest <= _NARROWEST:
            break
        second = max((width for width in widths if width < widest), default=_NARROWEST)
        share = -(-over // widths.count(widest))
        target = max(second, widest - share, _NARROWEST)
        widths = [target if width == widest else width for width in widths]
    return widths
