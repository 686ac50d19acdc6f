"""The build screen: a project's folder and a version, then each step of the build as it goes."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from ..widgets.lines import LinesView
from ..widgets.static_lines import StaticLines
from .form_rows import form_bindings, form_row, typed

if TYPE_CHECKING:
    from ..runner.package_build import BuildOutcome
    from .console import Console

_LINES_KEPT = 2_000
_LOOK_SECONDS = 0.1


class Building:
    """A build that goes on, and what it said last."""

    def __init__(self, project: Path, version: str) -> None:
        self.said: deque[str] = deque(maxlen=_LINES_KEPT)
        self.count = 0
        self.outcome: BuildOutcome | None = None
        self.error: CoworldError | None = None
        self.has_ended = False
        self._project = project
        self._version = version
        self._task: asyncio.Task[BuildOutcome] | None = None
        self._is_cancelled = False

    async def run(self) -> None:
        """Build."""
        from ..runner.package_build import Build

        loop = asyncio.get_running_loop()
        build = Build(self._project, self._version)

        def say(text: str) -> None:
            loop.call_soon_threadsafe(self._say, text)  # it may come from a thread

        self._task = asyncio.create_task(build.run(say))
        if self._is_cancelled:
            self._task.cancel()
        try:
            self.outcome = await self._task
        except CoworldError as error:
            self.error = error
        except asyncio.CancelledError:
            self._say("stopped")
        finally:
            self.has_ended = True

    def cancel(self) -> None:
        """Stop it."""
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()

    def _say(self, text: str) -> None:
        self.said.append(text)
        self.count += 1


class BuildScreen(ModalScreen[str | None]):
    """Returns the manifest that was built."""

    BINDINGS: ClassVar[list[BindingType]] = form_bindings("go")

    def __init__(self, project: Path) -> None:
        super().__init__()
        self._project = project
        self.building: Building | None = None
        self._shown: tuple[Building, int, bool] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content("build")
            box.border_subtitle = Content("enter build   ↑↓ fields   escape back")
            yield from form_row("project", Input(typed(str(self._project)), id="project", compact=True))
            yield from form_row("version", Input(placeholder="1.0.0", id="version", compact=True))
            yield Label("", id="problem", markup=False)
            yield LinesView(id="said")

    def on_mount(self) -> None:
        """Wait for the version."""
        self.query_one("#version").focus()
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_input_submitted(self) -> None:
        """Enter in a field builds as well."""
        self.action_go()

    def action_go(self) -> None:
        """Build; once that is done, open what was built."""
        if self.building is not None and not self.building.has_ended:
            return
        if self.building is not None and self.building.outcome is not None:
            self.dismiss(str(self.building.outcome.path))
            return
        version = self.query_one("#version", Input).value.strip()
        if not version:
            self.query_one("#problem", Label).update("the manifest needs a version")
            return
        self.query_one("#problem", Label).update("")
        project = Path(self.query_one("#project", Input).value.strip() or ".")
        self.building = Building(project, version)
        cast("Console", self.app).begin(self.building)

    def _look(self) -> None:
        building = self.building
        state = (building, building.count, building.has_ended) if building is not None else None
        if building is None or state == self._shown:
            return
        self._shown = state
        lines: list[Line] = [(Span(safe_line(text, 300)),) for text in building.said]
        if building.outcome is not None:
            lines += [(), (Span("✓ built ", "good"), Span(f"in {building.outcome.seconds:.1f} s"))]
            lines += [(Span(safe_line(str(building.outcome.path), 300)),)]
            lines += [(Span("enter", "accent"), Span(" opens it"))]
        elif building.error is not None:
            lines += [(), (Span("✗ ", "error"), Span(safe_line(building.error.title, 300), "strong"))]
            lines += [(Span(safe_line(building.error.cause, 600)),)]
            lines += [(Span("next  ", "muted"), Span(safe_line(building.error.next_step, 300), "accent"))]
        view = self.query_one("#said", LinesView)
        is_at_end = view.scroll_offset.y >= view.max_scroll_y
        view.show(StaticLines(lines))
        if is_at_end:
            view.action_move_end()

    def action_leave(self) -> None:
        """Back; a build that goes on is stopped."""
        if self.building is not None:
            self.building.cancel()
        self.dismiss(None)
