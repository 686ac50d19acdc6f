"""Which lenses there are, and which of them can show a frame, best first."""

from __future__ import annotations

from functools import cache

from ..paths import MISSING
from ..tokens import hide_tokens
from .entities import EntitiesLens
from .grid import Grid, board_size, cell_for, grid_lines, legend
from .hex import HexLines
from .image import ImageLens
from .model import ClippedLines, FrameView, Lens, LineModel
from .plugins import load_plugins
from .scoreboard import ScoreboardLens
from .shapes import read_grid
from .spans import Line
from .text import TextLines, longest_text
from .tree import unfolded

_TEXT_LIMIT = 4 << 20


def lenses_for(view: FrameView) -> list[Lens]:
    """Return the lenses that can show a frame, best first; there is always one.

    A lens which a game ships comes before the built-in ones wherever it fits.
    """
    plugins, _ = _plugins()
    return [lens for lens in (*plugins, *BUILT_IN) if lens.fits(view)]


def problems() -> tuple[str, ...]:
    """Return a line for each installed lens that could not be loaded."""
    return _plugins()[1]


def grid_of(view: FrameView) -> Grid | None:
    """Return the board in a frame, looked for once."""
    if "grid" not in view.found:
        view.found["grid"] = read_grid(view.decoded, view.config, view.players)
    grid: Grid | None = view.found["grid"]
    return grid


@cache
def _plugins() -> tuple[tuple[Lens, ...], tuple[str, ...]]:
    lenses, found = load_plugins([lens.name for lens in BUILT_IN])
    return tuple(lenses), tuple(found)


class GridLens:
    """A board with who is who beneath it."""

    name = "grid"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame has a board."""
        return grid_of(view) is not None

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """The board with the largest cells that fit, cut where even the smallest do not."""
        grid = grid_of(view)
        if grid is None:
            raise ValueError("there is no board in this frame")
        return ClippedLines(_BoardLines(grid, width, height), width)


class _BoardLines:
    """A board with its axes, an empty line and the legend."""

    def __init__(self, grid: Grid, width: int, height: int) -> None:
        self._grid = grid
        self._legend = legend(grid)
        below = len(self._legend) + 1 if self._legend else 0
        self._cell = cell_for(grid, width, height - below)
        self._below: list[Line] = [(), *self._legend] if self._legend else []
        _, self._board_rows = board_size(grid, self._cell)

    @property
    def row_count(self) -> int:
        return self._board_rows + len(self._below)

    def lines(self, start: int, stop: int) -> list[Line]:
        start, stop = max(0, start), max(0, stop)
        below = self._below[max(0, start - self._board_rows) : max(0, stop - self._board_rows)]
        if start >= min(stop, self._board_rows):
            return below
        # Line 0 is the axis. Whole tiles are drawn, so the first of them may begin above the window.
        rows = self._cell.rows
        first, last = max(0, start - 1) // rows, min(self._grid.height, -(-(stop - 1) // rows))
        axis, *board = grid_lines(self._grid, self._cell, range(first, last))
        drawn = board[start - 1 - first * rows :] if start else [axis, *board]
        return drawn[: min(stop, self._board_rows) - start] + below


class TreeLens:
    """Any JSON value, opened as far as there is room."""

    name = "tree"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame is JSON."""
        return view.decoded is not MISSING and not isinstance(view.decoded, str | bytes)

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """The value, level by level as far as ``height`` allows, changed rows marked."""
        return ClippedLines(unfolded(view.decoded, view.before, height), width)


class TextLens:
    """Text as it is."""

    name = "text"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame is text, or JSON that is mostly one text, or too large to decode."""
        return _text_of(view) is not None

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """The text, line by line."""
        return ClippedLines(TextLines(_text_of(view) or ""), width)


def _text_of(view: FrameView) -> str | None:
    if "text" not in view.found:
        view.found["text"] = _find_text(view)
    text: str | None = view.found["text"]
    return text


def _find_text(view: FrameView) -> str | None:
    if view.decoded is MISSING:
        if view.kind == "binary":
            return None
        return hide_tokens(view.payload[:_TEXT_LIMIT]).decode("utf-8", "replace")
    text = longest_text(view.decoded)
    is_all = isinstance(view.decoded, str) or ("\n" in text and 2 * len(text) > len(view.payload))
    return text if is_all else None


class HexLens:
    """The bytes of the frame, but for player tokens."""

    name = "hex"

    def fits(self, view: FrameView) -> bool:
        """Bytes are always there."""
        return True

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """Sixteen bytes a line, or eight."""
        return ClippedLines(HexLines(hide_tokens(view.payload), width), width)


BUILT_IN: tuple[Lens, ...] = (
    GridLens(),
    ImageLens(),
    TextLens(),
    EntitiesLens(),
    ScoreboardLens(),
    TreeLens(),
    HexLens(),
)
