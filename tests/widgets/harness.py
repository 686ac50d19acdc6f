"""An app around one widget, which counts what is painted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.theme import Theme

from coworld_tui.styles.themes import THEMES
from coworld_tui.widgets.line_view import LineView

W = TypeVar("W", bound=LineView)


class Stage(App[None], Generic[W]):
    """Shows one widget over the whole screen, in the themes of the program."""

    CSS = "Screen { padding: 0; }"

    def __init__(self, widget: W, theme: Theme = THEMES[0]) -> None:
        super().__init__()
        self.widget = widget
        self.written = 0
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme.name

    def compose(self) -> ComposeResult:
        yield self.widget

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.written += len(renderable.render_segments(self.console).encode())
        super()._display(screen, renderable)


def rows(widget: LineView) -> list[str]:
    """The text of every row of a widget, as painted."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


class Painted:
    """Remembers which rows of a widget are rendered from now on."""

    def __init__(self, widget: LineView) -> None:
        self.rows: set[int] = set()
        self._render_line = widget.render_line
        widget.render_line = self._note  # type: ignore[method-assign]

    def _note(self, y: int) -> Strip:
        self.rows.add(y)
        return self._render_line(y)

    def take(self) -> set[int]:
        """Return the rows so far and start anew."""
        rows, self.rows = self.rows, set()
        return rows


class Lines:
    """A log source in memory, which may forget its oldest lines."""

    def __init__(self, lines: Iterable[str] = (), keep: int = 1_000) -> None:
        self._lines = list(lines)
        self._keep = keep
        self.asked: set[int] = set()

    @property
    def first(self) -> int:
        return max(0, len(self._lines) - self._keep)

    @property
    def total(self) -> int:
        return len(self._lines)

    def line(self, index: int) -> str:
        self.asked.add(index)
        return self._lines[index] if self.first <= index < self.total else ""

    def add(self, *lines: str) -> None:
        self._lines += lines


INJECTIONS = (
    "[b]bold[/b]",
    "[/",
    "[b",
    "[type=x, v={'a[0]'}]",
    "[@click=app.quit]x[/]",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\rb\nc\x00d\x7f",
    "\u202eabc\u200b",
)
"""Text that must come out as it is, or as visible stand-ins, never as markup or control."""


def assert_harmless(text: str) -> None:
    """Nothing left that a terminal would obey."""
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in text)
    assert "\u202e" not in text
