"""Small questions and tables over a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from ..keys import Key
from ..replay.lenses.spans import Line, Span
from ..widgets.lines import LinesView
from ..widgets.static_lines import StaticLines
from .form_rows import typed

LIST_KEYS = (
    ("↑ ↓ k j", "the row above, the row below"),
    ("pgup pgdn", "a page up, a page down"),
    ("home end g G", "the first row, the last row"),
    ("enter", "open what is under the cursor"),
    ("tab", "the next pane; with shift the one before"),
)
"""What the lists, tables and trees of every screen obey; their widgets bind it."""


class Question(ModalScreen[str]):
    """Asks one thing. Returns the id of the answer, an empty string for escape.

    ``answers`` are a key, an id and a text each, the safest one first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "answer('')", "back", show=False)]

    def __init__(self, title: str, text: str, answers: Sequence[tuple[str, str, str]]) -> None:
        """``text`` may have several lines."""
        super().__init__()
        self._title = title
        self._lines: list[Line] = [*((Span(line),) for line in text.splitlines()), ()]
        for key, answer, meaning in answers:
            self._bindings.bind(key, f"answer('{answer}')")
            self._lines.append((Span(f"  {key}  ", "heading"), Span(meaning)))
        self._lines.append((Span("  escape  ", "heading"), Span("back")))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield _lines_view(self._lines)

    def action_answer(self, answer: str) -> None:
        """Close with the answer."""
        self.dismiss(answer)


class Table(ModalScreen[None]):
    """Lines to read, closed by escape. ``y`` copies ``copied`` when there is something to copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "back", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line], copied: str = "") -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._copied = copied

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("y copy   escape back" if self._copied else "escape back")
            yield _lines_view(self._lines)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Send the text to the terminal's clipboard."""
        if self._copied:
            self.app.copy_to_clipboard(self._copied)
            self.notify("sent to the terminal's clipboard", markup=False)


def _lines_view(lines: Sequence[Line]) -> LinesView:
    """A view as high as its lines, as far as the window allows."""
    view = LinesView(id="lines")
    view.styles.height = len(lines)
    view.show(StaticLines(lines))
    return view


def help_table(parts: Sequence[tuple[str, Sequence[Key]]]) -> Table:
    """The keys of each part of a screen, the nearest part first: a key does what it does there."""
    lines: list[Line] = []
    taken: set[str] = set()
    for name, keys in parts:
        free = [key for key in keys if not taken.issuperset(key.key.split(","))]
        taken.update(*(key.key.split(",") for key in free))
        lines += _section(name, [(key.label, key.help) for key in free])
    lines += _section("lists", LIST_KEYS)
    lines.append(
        (Span("keys can be changed by id in the settings: coworld-tui keys, coworld-tui paths", "muted"),)
    )
    return Table("keys", lines)


def _section(name: str, rows: Iterable[tuple[str, str]]) -> list[Line]:
    """Labels with what they do; keys that do the same stand together."""
    labels: dict[str, list[str]] = {}
    for label, meaning in rows:
        labels.setdefault(meaning, []).append(label)
    if not labels:
        return []
    shown = ((" ".join(several), meaning) for meaning, several in labels.items())
    lines = [(Span(f"  {label:<13}", "accent"), Span(meaning)) for label, meaning in shown]
    return [(Span(name, "heading"),), *lines, ()]


def links_table(links: Mapping[str, str]) -> Table:
    """The browser links of a running game; they hold tokens, so they are shown only when asked for."""
    if not links:
        return Table("links", [(Span("the links come when the game is healthy", "muted"),)])
    lines: list[Line] = []
    for label, link in links.items():
        lines += [(Span(label, "muted"),), (Span(link),)]
    lines += [
        (),
        (Span("a browser opens them; over SSH forward the port first:", "muted"),),
        (Span("ssh -L PORT:127.0.0.1:PORT HOST", "muted"),),
    ]
    return Table("links", lines, copied="\n".join(links.values()))


class Prompt(ModalScreen[str]):
    """Asks for one line; an empty string for escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "back", show=False)]

    def __init__(self, title: str, placeholder: str, value: str = "") -> None:
        super().__init__()
        self._title = title
        self._placeholder = placeholder
        self._value = value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Input(typed(self._value), placeholder=self._placeholder, compact=True)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter answers."""
        self.dismiss(message.value.strip())

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss("")
