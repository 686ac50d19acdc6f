"""A pane that shows a frame through one of the lenses that fit it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher

from ..replay.lenses.grid import Grid
from ..replay.lenses.model import FrameView, Lens
from ..replay.lenses.registry import grid_of, lenses_for
from .board import BoardView
from .lines import LinesView
from .tree_view import TreeView


class LensPane(Vertical):
    """A board, a tree or lines, whichever the chosen lens draws.

    ``wanted`` is the name of the lens asked for; where it does not fit a frame, the best one is shown.
    """

    wanted = ""
    board_layer: int | None = None
    """The layer of a board that is shown alone; ``None`` for all of them on top of each other."""
    _view: FrameView | None = None
    _message = ""
    _subtitle = ""

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial="board"):
            yield BoardView(id="board")
            yield TreeView(id="tree")
            yield LinesView(id="lines")

    @property
    def lens(self) -> Lens | None:
        """The lens that is shown; ``None`` without a frame."""
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

    def next_lens(self, step: int = 1) -> None:
        """Show the same frame through the next lens that fits."""
        lens = self.lens
        if self._view is None or lens is None:
            return
        names = [fitting.name for fitting in lenses_for(self._view)]
        self.wanted = names[(names.index(lens.name) + step) % len(names)]
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
        return (
            self.board_layer if self.board_layer is not None and self.board_layer < len(grid.layers) else None
        )

    def show(self, view: FrameView | None, message: str = "") -> None:
        """Show a frame, or where there is none a message."""
        self._view, self._message = view, message
        lens = self.lens
        switcher = self.query_one(ContentSwitcher)
        had_focus = self.shown.has_focus
        if view is None or lens is None:
            switcher.current = "board"
            self.query_one(BoardView).show(None, message)
        elif lens.name == "grid":
            switcher.current = "board"
            grid = grid_of(view)
            layer = self._layer_of(grid) if grid is not None else None
            self.query_one(BoardView).show(grid if grid is None or layer is None else grid.of_layer(layer))
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
        self._label(lens)

    def on_resize(self) -> None:
        """Lenses draw to the room there is."""
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        self.show(self._view, self._message)

    def pan(self, dx: int, dy: int) -> None:
        """Move a board that is larger than the pane."""
        self.query_one(BoardView).pan(dx, dy)

    def _label(self, lens: Lens | None) -> None:
        # Assigning a subtitle repaints the pane, so only when it differs.
        name = lens.name if lens is not None else ""
        if name != self._subtitle:
            self._subtitle = name
            self.border_subtitle = Content(f"{name}   v lens   V split" if name else "")
