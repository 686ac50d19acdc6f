"""A JSON value as a tree with a cursor, which keeps its place from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region

from ..replay.lenses.spans import Line
from ..replay.lenses.tree import Path, TreeModel
from ..replay.paths import MISSING
from .line_view import LineView, scroll_bindings
from .palette import palette_for


class TreeView(LineView, can_focus=True):
    """Shows any JSON value. What is open, and where the cursor is, survives the next value."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *scroll_bindings("tree"),
        Binding("enter", "toggle_row", "Open or close", show=False, id="tree.toggle"),
    ]

    _value: object = None
    _model: TreeModel | None = None
    _cursor = 0

    @property
    def cursor_path(self) -> Path:
        """The path under the cursor; the root when nothing is shown."""
        return () if self._model is None else self._model.path(self._cursor)

    @property
    def cursor_value(self) -> object:
        """The value under the cursor; ``MISSING`` when nothing is shown."""
        return MISSING if self._model is None else self._model.value(self._cursor)

    def show(self, value: object) -> None:
        """Show a value, marking what differs from the one shown before."""
        self.show_beside(value, MISSING if self._model is None else self._value)

    def show_beside(self, value: object, before: object) -> None:
        """Show a value, marking what differs from ``before``, whatever was shown last."""
        path = self.cursor_path
        expanded = self._model.expanded if self._model is not None else frozenset()
        self._value, self._model = value, TreeModel(value, before, expanded)
        self._rows_changed()
        found = self._model.row_of(path)
        self._put_cursor(self._cursor if found is None else found)

    def lines_in_view(self) -> Sequence[Line]:
        if self._model is None or not self.room:
            return ()
        top = self.scroll_offset.y
        return self._model.lines(top, top + self.room.height)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint everything: the cursor moves on the screen, which lines do not show."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh(self.room.region)

    def row_style(self, y: int) -> Style:
        """Lay the cursor beneath its row."""
        if self._model is None or self.scroll_offset.y + y != self._cursor:
            return self.rich_style
        return self.rich_style + palette_for(self.app.current_theme).style("selected")

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows and keep it in view."""
        self._put_cursor(self._cursor + rows)

    def action_move_home(self) -> None:
        """Move the cursor to the first row."""
        self._put_cursor(0)

    def action_move_end(self) -> None:
        """Move the cursor to the last row."""
        self._put_cursor(self.virtual_size.height)

    def action_toggle_row(self) -> None:
        """Open or close the row under the cursor."""
        if self._model is not None:
            self._model.toggle(self._cursor)
            self._rows_changed()

    def on_click(self, event: Click) -> None:
        """Put the cursor where the click was; a second click there opens or closes."""
        place = event.get_content_offset(self)
        if place is None or self._model is None:
            return
        row = self.scroll_offset.y + place.y
        if row == self._cursor:
            self.action_toggle_row()
        else:
            self._put_cursor(row)

    def _rows_changed(self) -> None:
        if self._model is not None:
            self.set_row_count(self._model.row_count)
        self.update_lines()

    def _put_cursor(self, row: int) -> None:
        if self._model is None:
            return
        before, self._cursor = self._cursor, max(0, min(row, self._model.row_count - 1))
        if before != self._cursor:
            self._repaint_row(before)
            self._repaint_row(self._cursor)
        top, height = self.scroll_offset.y, self.room.height
        if self._cursor < top or self._cursor >= top + height > top:
            edge = self._cursor if self._cursor < top else self._cursor - height + 1
            self.scroll_to(y=edge, animate=False)

    def _repaint_row(self, row: int) -> None:
        y = row - self.scroll_offset.y
        if 0 <= y < self.room.height:
            self.refresh(Region(0, y, self.room.width, 1))
