"""The form of a new player or Coworld: a small working one is written, to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from ..starters.writer import KINDS, Starter, StarterKind, next_steps, write_starter
from ..widgets.choice import Choice
from .dialogs import Table
from .form_rows import form_bindings, form_row


class StartScreen(ModalScreen[None]):
    """Asks what to write and where; nothing that is there already is touched."""

    BINDINGS: ClassVar[list[BindingType]] = form_bindings("write")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog form") as box:
            box.border_title = Content("new")
            box.border_subtitle = Content("enter write   ↑↓ fields   ←→ choices   escape back")
            yield from form_row("what", Choice(KINDS, KINDS[0], id="what"))
            yield from form_row("folder", Input(placeholder="a new or empty one", id="folder", compact=True))
            yield from form_row("name", Input(placeholder="the folder's", id="name", compact=True))
            yield Label("", id="problem", markup=False)

    def on_input_submitted(self) -> None:
        """Enter in a field writes as well."""
        self.action_write()

    def action_write(self) -> None:
        """Write the files."""
        folder = self.query_one("#folder", Input).value.strip()
        if not folder:
            self._complain("name a folder")
            return
        kind = next(kind for kind in KINDS if kind == self.query_one(Choice).value)
        self._write(kind, folder, self.query_one("#name", Input).value.strip() or None)

    @work(thread=True, exclusive=True)
    def _write(self, kind: StarterKind, folder: str, name: str | None) -> None:
        try:
            starter = write_starter(kind, Path(folder).expanduser(), name)
        except CoworldError as error:
            self.app.call_from_thread(self._complain, f"{error.title}: {error.cause}")
        except (OSError, RuntimeError) as error:  # a current folder that was deleted, a home of nobody
            self.app.call_from_thread(self._complain, str(error))
        else:
            self.app.call_from_thread(self._done, starter)

    def _done(self, starter: Starter) -> None:
        steps = next_steps(starter)
        lines: list[Line] = [(Span("next", "heading"),), *((Span(f"  {step}", "accent"),) for step in steps)]
        lines += [(), (Span("files", "heading"),)]
        lines += [(Span(f"  {safe_line(name, 100)}"),) for name in starter.files]
        app = self.app
        self.dismiss(None)
        title = f"written to {safe_line(str(starter.directory), 60)}"
        app.push_screen(Table(title, lines, copied="\n".join(steps)))

    def _complain(self, problem: str) -> None:
        if self.is_attached:
            self.query_one("#problem", Label).update(safe_line(problem, 300))

    def action_leave(self) -> None:
        """Close without writing."""
        self.dismiss(None)
