"""Scrolling through the lines of a lens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from .line_view import LineView, scroll_bindings

if TYPE_CHECKING:
    from ..replay.lenses.model import LineModel
    from ..replay.lenses.spans import Line


class LinesView(LineView, can_focus=True):
    """Shows a model of lines and keeps its place when shown the next one."""

    BINDINGS: ClassVar[list[BindingType]] = scroll_bindings("lines")

    _model: LineModel | None = None

    def show(self, model: LineModel) -> None:
        """Show another model in place of the present one."""
        self._model = model
        self.set_row_count(model.row_count)
        self.update_lines()

    def lines_in_view(self) -> Sequence[Line]:
        if self._model is None or not self.room:
            return ()
        top = self.scroll_offset.y
        return self._model.lines(top, top + self.room.height)
