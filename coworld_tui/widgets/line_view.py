"""The ground all line widgets stand on: lines in view, of which only changed parts are repainted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, zip_longest

from rich.cells import cell_len
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..replay.lenses.spans import Line, Span
from .palette import line_to_strip, palette_for

_GAP = 4
"""Fewer equal columns than these between two changes are written too: moving the cursor costs as much."""


class LineView(ScrollView, inherit_bindings=False, can_focus=False):
    """A widget that shows one line of spans per row.

    Subclasses say which lines are in view and call ``update_lines`` when that may have changed.
    The scroll bindings of Textual are left out: arrows belong to the screen (scrubbing) or to a cursor.
    """

    DEFAULT_CSS = """
    LineView {
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    _lines: Sequence[Line] = ()
    _ground: Style | None = None

    @property
    def rich_style(self) -> Style:
        """The style beneath the lines: Textual mixes it anew every time, and once a paint will do."""
        return self._ground or super().rich_style

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the rows of a part of the widget."""
        self._ground = super().rich_style
        try:
            return super().render_lines(crop)
        finally:
            self._ground = None

    @property
    def room(self) -> Size:
        """Columns and rows for lines: ``size`` would count the scrollbar too."""
        return self.scrollable_content_region.size

    def lines_in_view(self) -> Sequence[Line]:
        """Return the lines of the rows on the screen, top first, at most as many as there are rows."""
        raise NotImplementedError

    def row_style(self, y: int) -> Style:
        """Return the style beneath the spans of screen row ``y``."""
        return self.rich_style

    def update_lines(self) -> None:
        """Ask for the lines again and repaint what differs."""
        before, self._lines = self._lines, self.lines_in_view()
        self._refresh_changed(before, self._lines)

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ()
        palette = palette_for(self.app.current_theme)
        return line_to_strip(line, palette, self.room.width, self.row_style(y))

    def set_row_count(self, rows: int) -> None:
        """Say how many rows there are to scroll over.

        Assigning ``virtual_size`` would lay out the screen and repaint the widget: too much for every
        line that a log gains.
        """
        if rows == self.virtual_size.height:
            return
        self.set_reactive(LineView.virtual_size, Size(1, rows))
        if self.room:
            self.show_vertical_scrollbar = rows > self.room.height
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = rows
                self.vertical_scrollbar.window_size = self.room.height
            # Forced: a view without scrollbar would stay where the longer list was.
            self.scroll_to(y=self.scroll_offset.y, animate=False, force=True)

    def _refresh_changed(self, before: Sequence[Line], after: Sequence[Line]) -> None:
        """Repaint the rows, and in them the columns, in which lines differ."""
        width, height = self.room
        regions = [
            Region(start, y, stop - start, 1)
            for y, (old, new) in enumerate(zip_longest(before, after, fillvalue=()))
            if old != new and y < height
            for start, stop in changed_columns(old, new, width)
        ]
        # Without a region refresh() would repaint the whole widget.
        if regions:
            self.refresh(*regions)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Repaint by comparison, where Textual would repaint everything."""
        if self.show_horizontal_scrollbar:
            self.horizontal_scrollbar.position = new_value
        self.update_lines()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint by comparison, where Textual would repaint everything."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        self.update_lines()

    def on_resize(self) -> None:
        self.update_lines()

    def action_move(self, rows: int) -> None:
        """Move by rows: here the view, in a tree its cursor."""
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False)

    def action_move_page(self, pages: int) -> None:
        """Move by pages, keeping one row of the page before."""
        self.action_move(pages * max(1, self.room.height - 1))

    def action_move_home(self) -> None:
        """Move to the first row."""
        self.scroll_to(y=0, animate=False)

    def action_move_end(self) -> None:
        """Move to the last row."""
        self.scroll_to(y=self.max_scroll_y, animate=False)


def row_bindings(prefix: str) -> list[BindingType]:
    """Keys that move by rows and by pages. ``prefix`` begins their ids, by which settings remap them."""
    return [
        Binding("up,k", "move(-1)", "Up", show=False, id=f"{prefix}.up"),
        Binding("down,j", "move(1)", "Down", show=False, id=f"{prefix}.down"),
        Binding("pageup", "move_page(-1)", "Page up", show=False, id=f"{prefix}.page_up"),
        Binding("pagedown", "move_page(1)", "Page down", show=False, id=f"{prefix}.page_down"),
    ]


def scroll_bindings(prefix: str) -> list[BindingType]:
    """The same, and keys for the first and the last row."""
    return [
        *row_bindings(prefix),
        Binding("home,g", "move_home", "Top", show=False, id=f"{prefix}.top"),
        Binding("end,G", "move_end", "End", show=False, id=f"{prefix}.end"),
    ]


def changed_columns(old: Line, new: Line, width: int) -> list[tuple[int, int]]:
    """Where two lines differ on a row of ``width`` columns: ranges of columns, left to right."""
    spans = [(start, stop) for start, stop, _ in _placed(old) ^ _placed(new)]
    if any(stop > width for _, stop in spans):
        spans.append((width - 2, width))  # how a line is cut there depends on what would follow
    found: list[tuple[int, int]] = []
    for start, stop in sorted(spans):
        first, last = max(0, start), min(stop, width)
        if found and first < found[-1][1] + _GAP:
            found[-1] = found[-1][0], max(last, found[-1][1])
        elif first < last:
            found.append((first, last))
    return found


def _placed(line: Line) -> set[tuple[int, int, Span]]:
    """The spans of a line with the columns they fill."""
    ends = list(accumulate((cell_len(span.text) for span in line), initial=0))
    return set(zip(ends, ends[1:], line, strict=False))
