"""A table of any number of rows, of which only those in view are asked for and drawn."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import ClassVar, Literal, NamedTuple, Protocol

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region
from textual.message import Message

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, cell_width, fit
from .line_view import LineView, scroll_bindings
from .palette import palette_for

Cell = Span | Line

_MARK = "▸ "
_GAP = 2
_MARGIN = 1


class Column(NamedTuple):
    """One column, ``width`` cells wide; with 0 it shares what the others leave, ``least`` cells or more.

    ``style`` is for spans that have none. Where room is short the columns marked ``optional`` go,
    the last of them first. A table whose columns all lack a title has no header.
    """

    title: str
    width: int = 0
    align: Literal["left", "right"] = "left"
    style: str = ""
    optional: bool = False
    least: int = 6


class Rows(Protocol):
    """What a table shows. It may change at any time; the owner then calls ``rows_changed``."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns, left to right. Asked for after the cells, whose widths they may follow."""
        ...

    @property
    def row_count(self) -> int:
        """Number of rows."""
        ...

    @property
    def sorted_by(self) -> tuple[int, bool] | None:
        """The index of the column which the rows are sorted by, and whether the largest comes first."""
        ...

    @property
    def note(self) -> str:
        """What to say where there are no rows."""
        ...

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        """Rows ``start`` up to but not including ``stop <= row_count``, one cell a column.

        ``None`` is the room of the cell to its left, which goes on there.
        """
        ...

    def id_of(self, row: int) -> Hashable:
        """What stays the same about row ``0 <= row < row_count`` wherever it moves."""
        ...


class TableView(LineView, can_focus=True):
    """Shows the rows of a provider under a header, with a cursor that stays on its row.

    Until somebody moves the cursor it stays at the top, so that rows which arrive by and by do
    not carry it away.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_bindings("table"),
        Binding("enter", "choose", "Open", show=False, id="table.choose"),
    ]

    class OfRow(Message):
        """About a row: ``row`` is its place at that moment, ``row_id`` stays its own."""

        def __init__(self, table: TableView, row: int, row_id: Hashable) -> None:
            super().__init__()
            self.table, self.row, self.row_id = table, row, row_id

    class Highlighted(OfRow):
        """The cursor is on another row."""

    class Chosen(OfRow):
        """The row under the cursor was entered, or clicked a second time."""

    _rows: Rows | None = None
    _count = 0
    _cursor = 0
    _cursor_id: Hashable = None
    _is_placed = False
    _cursor_y = -1

    @property
    def cursor_row(self) -> int | None:
        """The row under the cursor; ``None`` where there are no rows."""
        return self._cursor if self._count else None

    def show(self, rows: Rows) -> None:
        """Show other rows, from the top."""
        self._rows = rows
        self._cursor, self._cursor_id, self._is_placed = 0, None, False
        self.scroll_to(y=0, animate=False)
        self.rows_changed()

    def replace(self, rows: Rows) -> None:
        """Show other rows that are about the same things: the cursor stays on its own."""
        self._rows = rows
        self.rows_changed()

    def rows_changed(self) -> None:
        """Take note that rows came, went, moved or read differently, and repaint what differs."""
        if self._rows is None:
            return
        self._count = self._rows.row_count
        was_in_view = self._header_height <= self._cursor_y < self.room.height
        moved = self._find_cursor(self._rows) - self._cursor
        self._cursor += moved
        self.set_row_count(self._count + self._header_height)
        if moved and self.scroll_offset.y:
            # The cursor's row stays where it is on the screen; at the top the top stays.
            self.scroll_to(y=self.scroll_offset.y + moved, animate=False)
        if was_in_view:
            self._scroll_to_cursor()
        self._note_cursor()
        self.update_lines()

    def go_to(self, row: int) -> None:
        """Put the cursor on a row, or on the nearest there is, and bring it into view."""
        if not self._count:
            return
        self._is_placed = True
        self._cursor = max(0, min(row, self._count - 1))
        self._note_cursor()
        self._scroll_to_cursor()
        self.update_lines()

    def lines_in_view(self) -> Sequence[Line]:
        width, height = self.room
        if self._rows is None or not width or not height:
            return ()
        header_height = self._header_height
        top = self.scroll_offset.y
        stop = min(self._count, top + height - header_height)
        found = self._rows.cells(top, stop) if self._count else ()
        columns = self._rows.columns
        layout = column_widths(columns, width - len(_MARK) - _MARGIN)
        header = [_header(columns, layout, self._rows.sorted_by)] if header_height else []
        if not self._count:
            return [*header, (Span("  "), Span(safe_line(self._rows.note), "muted"))][:height]
        return [
            *header,
            *(
                _row(columns, layout, cells, is_cursor=row == self._cursor)
                for row, cells in enumerate(found, top)
            ),
        ]

    def update_lines(self) -> None:
        """Repaint what differs, and the ground of the cursor's row when that lies elsewhere now."""
        super().update_lines()
        before = self._cursor_y
        self._cursor_y = self._cursor - self.scroll_offset.y + self._header_height if self._count else -1
        if before != self._cursor_y:
            width, height = self.room
            rows = (y for y in (before, self._cursor_y) if self._header_height <= y < height)
            if regions := [Region(0, y, width, 1) for y in rows]:
                self.refresh(*regions)

    def row_style(self, y: int) -> Style:
        """Lay the cursor beneath its row."""
        if y != self._cursor_y or y < self._header_height:
            return self.rich_style
        return self.rich_style + palette_for(self.app.current_theme).style("selected")

    def on_resize(self) -> None:
        """Keep the cursor in view, if that is where it was."""
        if self._header_height <= self._cursor_y < len(self._lines):
            self._scroll_to_cursor()
        super().on_resize()

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.go_to(self._cursor + rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by pages, keeping one row of the page before."""
        self.go_to(self._cursor + pages * max(1, self._page - 1))

    def action_move_home(self) -> None:
        """Move the cursor to the first row."""
        self.go_to(0)

    def action_move_end(self) -> None:
        """Move the cursor to the last row."""
        self.go_to(self._count - 1)

    def action_choose(self) -> None:
        """Say that the row under the cursor is the one."""
        if self._count:
            self.post_message(self.Chosen(self, self._cursor, self._cursor_id))

    def on_click(self, event: Click) -> None:
        """Put the cursor where the click was; a second click there chooses the row."""
        place = event.get_content_offset(self)
        if place is None or place.y < self._header_height:
            return
        row = self.scroll_offset.y + place.y - self._header_height
        if row >= self._count:
            return
        if row == self._cursor and self._is_placed:
            self.action_choose()
        else:
            self.go_to(row)

    @property
    def _header_height(self) -> int:
        return int(self._rows is not None and any(column.title for column in self._rows.columns))

    @property
    def _page(self) -> int:
        return max(1, self.room.height - self._header_height)

    def _find_cursor(self, rows: Rows) -> int:
        """The row which the cursor was on, searched outwards from where it was; else the one in its place."""
        near = max(0, min(self._cursor, self._count - 1))
        if not self._is_placed:
            return near
        return next((row for row in _outwards(near, self._count) if rows.id_of(row) == self._cursor_id), near)

    def _note_cursor(self) -> None:
        cursor_id = self._rows.id_of(self._cursor) if self._rows is not None and self._count else None
        if cursor_id != self._cursor_id:
            self._cursor_id = cursor_id
            if self._count:
                self.post_message(self.Highlighted(self, self._cursor, cursor_id))

    def _scroll_to_cursor(self) -> None:
        top, page = self.scroll_offset.y, self._page
        if self._cursor < top or self._cursor >= top + page:
            edge = self._cursor if self._cursor < top else self._cursor - page + 1
            self.scroll_to(y=edge, animate=False)


def column_widths(columns: Sequence[Column], room: int) -> list[int]:
    """How many cells each column gets of ``room``, gaps between them apart; 0 for one that is dropped."""
    kept = list(range(len(columns)))
    for index in reversed(range(len(columns))):
        if _least_width([columns[each] for each in kept]) <= room:
            break
        if columns[index].optional:
            kept.remove(index)
    flexible = [index for index in kept if not columns[index].width]
    spare = room - _least_width([columns[index] for index in kept])
    widths = [0] * len(columns)
    for index in kept:
        widths[index] = columns[index].width
    for place, index in enumerate(flexible):
        share = spare // len(flexible) + (place < spare % len(flexible))
        widths[index] = max(1, columns[index].least + share)
    return widths


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.width or column.least for column in columns) + _GAP * (len(columns) - 1)


def _header(columns: Sequence[Column], layout: Sequence[int], sorted_by: tuple[int, bool] | None) -> Line:
    line: list[Span] = [Span(" " * len(_MARK))]
    for index, (column, width) in enumerate(zip(columns, layout, strict=True)):
        if not width:
            continue
        mark = ""
        if sorted_by is not None and sorted_by[0] == index:
            mark = " ▼" if sorted_by[1] else " ▲"
        # The mark matters more than the end of the title.
        title = safe_line(column.title)
        room = max(0, width - len(mark))
        text = (title if cell_width(title) <= room else fit(title, room)) + mark
        line += _fitted(Span(text, "accent" if mark else "muted"), column, width)
        line.append(Span(" " * _GAP))
    return tuple(line[:-1])


def _row(
    columns: Sequence[Column], layout: Sequence[int], cells: Sequence[Cell | None], *, is_cursor: bool
) -> Line:
    line: list[Span] = [Span(_MARK, "accent") if is_cursor else Span(" " * len(_MARK))]
    for index, cell in enumerate(cells):
        if cell is None:
            continue
        stop = next((at for at in range(index + 1, len(cells)) if cells[at] is not None), len(cells))
        width = sum(each + _GAP for each in layout[index:stop] if each) - _GAP
        if width > 0:
            line += _fitted(cell, columns[index], width)
            line.append(Span(" " * _GAP))
    return tuple(line[:-1])


def _fitted(cell: Cell, column: Column, width: int) -> list[Span]:
    """The spans of a cell in exactly ``width`` cells, made safe, cut with an ellipsis if longer."""
    spans = [
        Span(safe_line(span.text), span.style or column.style)
        for span in ([cell] if isinstance(cell, Span) else cell)
    ]
    room = width - sum(cell_width(span.text) for span in spans)
    if room >= 0:
        blank = Span(" " * room)
        return [blank, *spans] if column.align == "right" else [*spans, blank]
    fitted: list[Span] = []
    room = width
    for span in spans:
        size = cell_width(span.text)
        if size >= room:
            return [*fitted, Span(fit(span.text + "…", room), span.style)]
        fitted.append(span)
        room -= size
    return fitted


def _outwards(middle: int, count: int) -> Iterator[int]:
    """All rows, the nearest to the middle one first."""
    after, before = range(middle, count), range(middle - 1, -1, -1)
    pairs = zip_longest(after, before)
    return (row for row in chain.from_iterable(pairs) if row is not None)
