"""A pane that shows a frame through one of the lenses that fit it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import ContentSwitcher

from ..replay.lenses.grid import Grid
from ..replay.lenses.model import FrameView, Lens
from ..replay.lenses.registry import grid_of, lenses_for
from .board import BoardView
from .line_view import row_bindings
from .lines import LinesView
from .tree_view import TreeView


class FrameLines(LinesView, inherit_bindings=False):
    """Lines of a frame. First, last and go to belong to the frames here, not to the lines of one."""

    BINDINGS: ClassVar[list[BindingType]] = row_bindings("frame")


class FrameTree(TreeView, inherit_bindings=False):
    """The tree of a frame, with as few keys of its own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *row_bindings("frame"),
        Binding("enter", "toggle_row", "Open or close", show=False, id="frame.toggle"),
    ]


class LensPane(Vertical):
    """A board, a tree or lines, whichever the chosen lens draws.

    ``wanted`` is the name of the lens asked for; where it does not fit a frame, the best one is shown.
    """

    DEFAULT_CSS = """
    LensPane ContentSwitcher, LensPane LineView { height: 1fr; }
    """

    wanted = ""
    board_layer: int | None = None
    """The layer of a board that is shown alone; ``None`` for all of them on top of each other."""
    _view: FrameView | None = None
    _lens: Lens | None = None
    _message = ""

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial="board"):
            yield BoardView(id="board")
            yield FrameTree(id="tree")
            yield FrameLines(id="lines")

    @property
    def lens(self) -> Lens | None:
        """The lens that is shown; ``None`` without a frame."""
        return self._lens

    def _choose_lens(self) -> Lens | None:
        if self._view is None:
            return None
        lenses = lenses_for(self._view)
        return next((lens for lens in lenses if lens.name == self.wanted), lenses[0])

    @property
    def view(self) -> FrameView | None:
        """The frame that is shown."""
        return self._view

    @property
    def shown(self) -> BoardView | TreeView | LinesView:
        """The widget the lens draws on."""
        match self.query_one(ContentSwitcher).current:
            case "tree":
                return self.query_one(TreeView)
            case "lines":
                return self.query_one(LinesView)
            case _:
                return self.query_one(BoardView)

    def next_lens(self) -> None:
        """Show the same frame through the next lens that fits."""
        lens = self.lens
        if self._view is None or lens is None:
            return
        names = [fitting.name for fitting in lenses_for(self._view)]
        self.wanted = names[(names.index(lens.name) + 1) % len(names)]
        self.show(self._view)

    def choose_other_than(self, pane: LensPane) -> None:
        """Show the best lens that another pane does not show already."""
        shown = pane.lens.name if pane.lens is not None else ""
        names = [fitting.name for fitting in lenses_for(self._view)] if self._view is not None else []
        self.wanted = next((name for name in names if name != shown), shown)
        self.show(self._view)

    def next_layer(self) -> str:
        """Show the next layer of the board alone, after the last one all of them; returns its name."""
        grid = grid_of(self._view) if self._view is not None else None
        if grid is None or not grid.layers:
            return ""
        layers = [None, *range(len(grid.layers))]
        self.board_layer = layers[(layers.index(self._layer_of(grid)) + 1) % len(layers)]
        self.show(self._view)
        return "all layers" if self.board_layer is None else grid.layers[self.board_layer]

    def _layer_of(self, grid: Grid) -> int | None:
        layer = self.board_layer
        return layer if layer is not None and layer < len(grid.layers) else None

    def show(self, view: FrameView | None, message: str = "") -> None:
        """Show a frame, or where there is none a message."""
        self._view, self._message = view, message
        lens = self._lens = self._choose_lens()
        switcher = self.query_one(ContentSwitcher)
        had_focus = self.has_focus_within
        if view is None or lens is None:
            switcher.current = "board"
            self.query_one(BoardView).show(None, message)
        elif lens.name == "grid":
            switcher.current = "board"
            grid = grid_of(view)
            if grid is not None and (layer := self._layer_of(grid)) is not None:
                grid = grid.of_layer(layer)
            self.query_one(BoardView).show(grid)
        elif lens.name == "tree":
            switcher.current = "tree"
            self.query_one(TreeView).show_beside(view.decoded, view.before)
        else:
            switcher.current = "lines"
            # Hidden until now it has no room of its own; a scrollbar takes a column.
            width, height = self.size
            self.query_one(LinesView).show(lens.model(view, max(1, width - 1), height))
        # Focus given once more would repaint all of it.
        if had_focus and not self.shown.has_focus:
            self.shown.focus()

    def on_resize(self) -> None:
        """Lenses draw to the room there is."""
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        self.show(self._view, self._message)

    @property
    def is_panned(self) -> bool:
        """Whether a board is shown that is larger than the pane."""
        shown = self.shown
        return isinstance(shown, BoardView) and shown.is_panned

    def pan(self, dx: int, dy: int) -> None:
        """Move a board that is larger than the pane."""
        self.query_one(BoardView).pan(dx, dy)
