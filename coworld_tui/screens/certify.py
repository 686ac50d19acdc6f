"""The certification screen: the checklist as it goes, and beside it the episode that is played for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from ..contract.errors import CoworldError
from ..contract.package import Package, read_package
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from ..widgets.bars import KeyBar, LineBar, TooSmall, TopBar
from ..widgets.lens_pane import LensPane
from ..widgets.lines import LinesView
from ..widgets.listed_rows import ListedRows
from ..widgets.static_lines import StaticLines
from ..widgets.table import Column, TableView
from .bindings import bindings
from .console import ConsoleScreen
from .facts import fact, paragraph
from .feed import Feed, phase_line

if TYPE_CHECKING:
    from textual.timer import Timer

    from ..roles.certification import Certification
    from ..roles.steps import StepState

_LOOKS_PER_SECOND = 20
_MARKS = {
    "waiting": Span("·", "muted"),
    "running": Span("◐", "accent"),
    "pass": Span("✓", "good"),
    "fail": Span("✗", "error"),
    "skipped": Span("−", "muted"),
}
_COLUMNS = (Column("", 1), Column("step", 0, least=16), Column("s", 5, "right", "muted"))


class CertifyScreen(ConsoleScreen):
    """Looks at a certification at its own pace. Leaving the screen does not stop it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("certify")
    SCOPE = "certify"
    place = "packages › certify"

    def __init__(self, certification: Certification) -> None:
        super().__init__()
        self.certification = certification
        self._feed: Feed | None = None
        self._followed: str | None = certification.steps[0].id
        self._looks: Timer | None = None

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield LineBar(id="verdict")
        yield TooSmall()
        with Horizontal(id="stage"):
            with Vertical(id="checklist", classes="pane"):
                yield TableView(id="steps")
            yield LensPane(id="frame", classes="pane")
        with Vertical(id="lower", classes="pane"):
            yield LinesView(id="feedback")
        yield LineBar(id="phases")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Start looking."""
        self.query_one("#checklist").border_title = Content("checklist")
        self.query_one("#frame").border_title = Content("smoke episode")
        self.query_one("#lower").border_title = Content("step")
        self.query_one("#steps", TableView).show(self._rows())
        self.query_one(LensPane).show(None, "the episode comes with its step")
        self.query_one("#steps").focus()
        self._looks = self.set_interval(1 / _LOOKS_PER_SECOND, self._look)
        self._look()

    def on_screen_resume(self) -> None:
        """The top bar is everybody's."""
        self.console.show_top(self.query_one(TopBar), self.place)

    # -- looking ----------------------------------------------------------------------------

    def _look(self) -> None:
        if not self.is_current:
            return
        is_laid_out = bool(self.query_one("#feedback", LinesView).room)
        if self._looks is not None and is_laid_out and not self.console.is_working(self.certification):
            self._looks.stop()  # what follows is the last there is to see
            self._looks = None
        table = self.query_one("#steps", TableView)
        table.replace(self._rows())
        self._go_along(table)
        self.query_one("#verdict", LineBar).show(self._verdict())
        self._show_step()
        self._show_episode()

    def _go_along(self, table: TableView) -> None:
        """Keep the cursor on the step that runs or failed, until somebody moves it."""
        steps = self.certification.steps
        now = next((at for at, step in enumerate(steps) if step.status in ("running", "fail")), None)
        at = table.cursor_row
        if at is None or steps[at].id != self._followed:
            self._followed = None  # moved a moment ago: the table's word of it is still on its way
        elif now is not None and now != at:
            self._followed = steps[now].id
            table.go_to(now)

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """A step nobody was led to: from now on the cursor is the reader's."""
        if message.row_id != self._followed:
            self._followed = None
        self._show_step()

    def on_resize(self) -> None:
        """Texts are laid out for the room there is."""
        self.call_after_refresh(self._look)

    def on_table_view_chosen(self) -> None:
        """Enter means the same on every step."""
        self.action_replay()

    def _rows(self) -> ListedRows:
        return ListedRows(_COLUMNS, [(step.id, _cells(step)) for step in self.certification.steps])

    def _verdict(self) -> Line:
        certification = self.certification
        outcome = certification.outcome
        done = sum(step.status == "pass" for step in certification.steps)
        of_all = Span(f"   {done} of {len(certification.steps)} steps passed", "muted")
        name = Span(f" {certification.package.label} · contract {certification.generation}  ", "strong")
        if self.console.is_working(certification):
            return (name, Span("◐ certifying", "accent"), of_all)
        if outcome is None:
            return (name, Span("✗ it could not be done; see the log file", "error"), of_all)
        said = {"passed": Span("✓ passed", "good"), "failed": Span("✗ failed", "error")}
        return (name, said.get(outcome.status, Span("■ stopped", "warning")), of_all)

    def _show_step(self) -> None:
        row = self.query_one("#steps", TableView).cursor_row
        view = self.query_one("#feedback", LinesView)
        if row is not None:
            step = self.certification.steps[row]
            view.show(StaticLines(_step_lines(step, self.certification, max(20, view.room.width))))

    def _show_episode(self) -> None:
        episode = self.certification.episode
        if episode is None:
            return
        if self._feed is None or self._feed.episode is not episode:
            self._feed = Feed(episode)
        if self._feed.advance():
            self.query_one(LensPane).show(self._feed.view, "no frames yet")
        line = phase_line(episode, self.size.width, self._feed.position())
        self.query_one("#phases", LineBar).show(line)

    # -- keys -------------------------------------------------------------------------------

    def action_lens(self) -> None:
        """The next lens that fits the frame."""
        self.query_one(LensPane).next_lens()

    def action_replay(self) -> None:
        """The replay of the smoke episode."""
        outcome = self.certification.outcome
        if outcome is None or outcome.run_dir is None:
            self.notify("the replay comes when the certification has ended", markup=False)
            return
        self.console.show_replays(Path(outcome.run_dir))

    def action_stop(self) -> None:
        """Stop certifying."""
        if self.certification.outcome is None:
            self.certification.cancel()

    def action_again(self) -> None:
        """Certify the package as it is now, once this has ended."""
        if self.console.is_working(self.certification):
            self.notify("it still runs: x stops it", markup=False)
            return
        self._again(self.certification.package)

    @work(exclusive=True)
    async def _again(self, package: Package) -> None:
        try:
            if package.directory is not None and not package.builtin:
                package = await asyncio.to_thread(read_package, Path(package.source))
        except CoworldError as error:
            self.notify(safe_line(str(error), 300), severity="error", markup=False)
            return
        self.console.leave()
        self.console.certify(package)

    def action_copy(self) -> None:
        """Copy where the report lies."""
        outcome = self.certification.outcome
        self.console.copy(str(outcome.report) if outcome is not None and outcome.report else "no report yet")

    def action_leave(self) -> None:
        """Back; what runs goes on."""
        self.console.leave()


def _cells(step: StepState) -> Sequence[Span]:
    is_quiet = step.status in ("waiting", "skipped")
    name = Span(step.id, "muted" if is_quiet else "")
    return (_MARKS[step.status], name, Span("" if is_quiet else f"{step.seconds:.1f}"))


def _step_lines(step: StepState, certification: Certification, width: int) -> list[Line]:
    lines: list[Line] = [(Span(f"{step.title}   "), Span(step.status, _MARKS[step.status].style))]
    lines += fact("reason", step.failure_reason or "", width, "error")
    lines += paragraph(step.feedback or "", width)
    outcome = certification.outcome
    if outcome is not None and outcome.report:
        lines += [(), *fact("report", str(outcome.report), width, "accent")]
    return lines
