"""The board: the hero of the live and replay screens."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.geometry import Size

from ..contract.text import safe_line
from ..replay.lenses.grid import CELLS, Cell, Grid, axis_width, board_size, cell_for, grid_lines
from ..replay.lenses.spans import Line, Span, cell_width
from .line_view import LineView

NO_BOARD = "no board in this frame"


class BoardView(LineView, can_focus=True):
    """Shows a grid as large as its room allows, in the middle, with square cells.

    A board larger than the pane is drawn one character a tile and pans beneath its axes. It has no
    scrollbars, so that its room, and with it the size of the cells, does not depend on the board.
    """

    DEFAULT_CSS = """
    BoardView {
        overflow: auto;
        scrollbar-size: 0 0;
    }
    """

    _grid: Grid | None = None
    _message = NO_BOARD
    cell: Cell = CELLS[0]

    @property
    def is_panned(self) -> bool:
        """Whether the board is larger than the room it has."""
        return self.max_scroll_x > 0 or self.max_scroll_y > 0

    def show(self, frame_grid: Grid | None, message: str = "") -> None:
        """Show a board, or where there is none a message saying what to expect or to do."""
        self._grid = frame_grid
        self._message = message or NO_BOARD
        self.update_lines()

    def pan(self, dx: int, dy: int) -> None:
        """Move the view by tiles over a board that is larger than the pane."""
        offset = self.scroll_offset
        self.scroll_to(offset.x + dx, offset.y + dy, animate=False)

    def lines_in_view(self) -> Sequence[Line]:
        """Choose the cells for the room there is, settle how far the board pans, and draw it."""
        width, height = self.room
        if not self.room:
            return ()
        grid = self._grid
        if grid is None:
            self.virtual_size = Size(0, 0)
            return _message_lines(self._message, width, height)
        self.cell = cell_for(grid, width, height)
        columns, rows = board_size(grid, self.cell)
        self.virtual_size = Size(columns, rows)
        x, y = self.scroll_offset
        lines = grid_lines(
            grid,
            self.cell,
            _window(y, (height - 1) // self.cell.rows, grid.height),
            _window(x, (width - axis_width(grid)) // self.cell.columns, grid.width),
        )
        margin = Span(" " * (max(0, width - columns) // 2))
        top: list[Line] = [()] * (max(0, height - rows) // 2)
        return top + [(margin, *line) for line in lines]


def _window(start: int, room: int, tiles: int) -> range:
    """Return the tiles in view: ``room`` of them from ``start``, which may lie beyond the board."""
    room = max(0, min(room, tiles))
    start = max(0, min(start, tiles - room))
    return range(start, start + room)


def _message_lines(message: str, width: int, height: int) -> list[Line]:
    """Put a message in the middle, wrapped where it is long."""
    paragraphs = (wrap(safe_line(line), max(10, width - 4)) for line in message.splitlines())
    texts = [text for paragraph in paragraphs for text in paragraph or [""]][:height]
    top: list[Line] = [()] * ((height - len(texts)) // 2)
    return top + [
        (Span(" " * (max(0, width - cell_width(text)) // 2)), Span(text, "muted")) for text in texts
    ]
