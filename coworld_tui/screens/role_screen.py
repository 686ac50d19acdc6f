"""A supporting role at work on an episode: its log while it runs, then what it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.worker import get_current_worker

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from ..widgets.bars import LineBar
from ..widgets.lines import LinesView
from ..widgets.listed_rows import ListedRows
from ..widgets.log_view import LogView
from ..widgets.static_lines import StaticLines
from ..widgets.table import Column, TableView
from .facts import error_lines

if TYPE_CHECKING:
    from textual.timer import Timer

    from ..contract.errors import CoworldError
    from ..roles.role_run import RoleOutcome, RoleRun
    from ..roles.role_views import OutputView

_LOOK_SECONDS = 0.1
_COLUMNS = (Column("kind", 9, style="muted"), Column("output", 0, style="strong"))


class RoleScreen(ModalScreen[None]):
    """Looks at a role that was begun; leaving stops it, if it still runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "back", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, run: RoleRun) -> None:
        super().__init__()
        self.role_run = run
        self._looks: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content(f"{self.role_run.options.role} · {self.role_run.package.label}")
            box.border_subtitle = Content("escape stop")
            yield LineBar(id="role-state")
            yield TableView(id="role-outputs")
            yield LogView(id="role-log")
            yield LinesView(id="role-shown")

    def on_mount(self) -> None:
        """Follow the log."""
        self.query_one("#role-outputs").display = False
        self.query_one("#role-shown").display = False
        log = self.query_one(LogView)
        log.set_source(self.role_run.log)
        log.focus()
        self._looks = self.set_interval(_LOOK_SECONDS, self._look)
        self._look()

    def _look(self) -> None:
        self.query_one(LogView).refresh_source()
        outcome = self.role_run.outcome
        state = self.query_one("#role-state", LineBar)
        if outcome is None:
            state.show((Span("◐ ", "accent"), Span("working on the episode …", "muted")))
            return
        if self._looks is not None:
            self._looks.stop()
        state.show(_state(outcome))
        self.query_one(Vertical).border_subtitle = Content("y copy folder   escape back")
        if outcome.outputs:
            self._show_outputs(outcome)
        elif outcome.error is not None:
            self._explain(outcome.error)

    def _show_outputs(self, outcome: RoleOutcome) -> None:
        self.query_one(LogView).display = False
        table = self.query_one(TableView)
        rows = [
            (output.path, (Span(output.kind), Span(safe_line(Path(output.path).name, 100))))
            for output in outcome.outputs
        ]
        table.display = True
        table.styles.height = len(rows) + 1
        table.show(ListedRows(_COLUMNS, rows))
        table.focus()
        self.call_after_refresh(self._view, 0)

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Show the output beneath the cursor."""
        self.call_after_refresh(self._view, message.row)

    def on_table_view_chosen(self) -> None:
        """Read on in what is shown."""
        self.query_one("#role-shown").focus()

    def _view(self, row: int) -> None:
        view = self.query_one("#role-shown", LinesView)
        if view.display:
            self._make_view(row, view.room.width)
        else:  # its room is known once it is laid out
            view.display = True
            self.call_after_refresh(self._view, row)

    def on_resize(self) -> None:
        """Documents are laid out for the room there is."""
        row, outcome = self.query_one(TableView).cursor_row, self.role_run.outcome
        if row is not None:
            self.call_after_refresh(self._view, row)
        elif outcome is not None and outcome.error is not None:
            self.call_after_refresh(self._explain, outcome.error)

    @work(thread=True, exclusive=True)
    def _make_view(self, row: int, width: int) -> None:
        from ..roles.role_views import view_output

        outcome = self.role_run.outcome
        if outcome is None:
            return
        view = view_output(outcome.outputs[row], width)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_view, view)

    def _show_view(self, view: OutputView) -> None:
        if self.is_attached:
            lines = self.query_one("#role-shown", LinesView)
            lines.show(view.lines)
            lines.scroll_to(y=0, animate=False)

    def _explain(self, error: CoworldError) -> None:
        view = self.query_one("#role-shown", LinesView)
        lines = error_lines(error, self.query_one(LogView).room.width)  # its own comes with the layout
        view.display = True
        view.styles.height = len(lines)  # the log above keeps the rest
        view.styles.max_height = "50%"
        view.show(StaticLines(lines))

    def action_copy(self) -> None:
        """Copy where the outputs lie."""
        outcome = self.role_run.outcome
        if outcome is not None and outcome.folder is not None:
            self.app.copy_to_clipboard(str(outcome.folder))
            self.notify(safe_line(str(outcome.folder), 200), markup=False)

    def action_close(self) -> None:
        """Back; a role that still runs is stopped."""
        if self.role_run.outcome is None:
            self.role_run.cancel()
        self.dismiss(None)


def _state(outcome: RoleOutcome) -> Line:
    mark = {"passed": Span("✓ done", "good"), "failed": Span("✗ failed", "error")}
    is_explained = not outcome.outputs  # beneath the log
    said = "" if outcome.error is None or is_explained else safe_line(outcome.error.title, 200)
    spans = (
        Span(f"{safe_line(outcome.id, 60)}  ", "strong"),
        mark.get(outcome.status, Span("■ stopped", "warning")),
        Span(f"   {outcome.seconds:.1f} s   ", "muted"),
    )
    return (*spans, Span(said, "error"))
