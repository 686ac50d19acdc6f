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
from .facts import error_lines, fact
from .form_rows import form_bindings, form_row, typed

if TYPE_CHECKING:
    from textual.timer import Timer

    from ..contract.package import Package
    from ..runner.package_build import BuildOutcome
    from .console import Console

_LINES_KEPT = 2_000
_LOOK_SECONDS = 0.1
_COMPOSE_FILE = "compose.yaml"


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

        def say(text: str) -> None:
            loop.call_soon_threadsafe(self._say, text)  # it may come from a thread

        try:
            self._task = asyncio.create_task(Build(self._project, self._version).run(say))
            if self._is_cancelled:
                self._task.cancel()
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
        self._looks: Timer | None = None
        self._shown = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content("build")
            yield from form_row("project", Input(typed(str(self._project)), id="project", compact=True))
            yield from form_row("version", Input(placeholder="1.0.0", id="version", compact=True))
            yield Label("", id="problem", markup=False)
            yield LinesView(id="said")

    def on_mount(self) -> None:
        """Wait for the version."""
        self._tell_keys("enter build   ↑↓ fields   escape back")
        self._complain("")
        self.query_one("#version").focus()

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
            self._complain("the manifest needs a version")
            return
        self._complain("")
        self._tell_keys("escape stop")
        project = Path(self.query_one("#project", Input).value.strip() or ".")
        self.building = Building(project, version)
        cast("Console", self.app).begin(self.building)
        self._looks = self.set_interval(_LOOK_SECONDS, self._look)
        self._draw()

    def _look(self) -> None:
        building = self.building
        if building is None or self._looks is None:
            return
        if building.has_ended:
            self._looks.stop()
            does = "open" if building.outcome is not None else "build again"
            self._tell_keys(f"enter {does}   ↑↓ fields   escape back")
        elif building.count == self._shown:
            return
        self._draw()

    def _draw(self) -> None:
        building = self.building
        if building is None:
            return
        self._shown = building.count
        view = self.query_one("#said", LinesView)
        is_at_end = view.scroll_offset.y >= view.max_scroll_y
        view.show(StaticLines(_lines(building, view.room.width)))
        if is_at_end:
            view.action_move_end()

    def on_resize(self) -> None:
        """What went wrong is laid out for the room there is."""
        self.call_after_refresh(self._draw)

    def _complain(self, problem: str) -> None:
        label = self.query_one("#problem", Label)
        label.update(problem)
        label.display = bool(problem)

    def _tell_keys(self, keys: str) -> None:
        self.query_one(Vertical).border_subtitle = Content(keys)

    def action_leave(self) -> None:
        """Back; a build that goes on is stopped."""
        if self.building is not None:
            self.building.cancel()
        self.dismiss(None)


def project_of(package: Package | None) -> Path:
    """Where a package is built: its folder or the one above, if a compose file is there; else this one."""
    if package is None or package.builtin or package.directory is None:
        return Path()
    places = (package.directory, package.directory.parent)
    return next((place for place in places if (place / _COMPOSE_FILE).is_file()), Path())


def _lines(building: Building, width: int) -> list[Line]:
    """What a build said, and what came of it."""
    lines: list[Line] = [(Span(safe_line(text, 300)),) for text in building.said]
    if not building.has_ended:
        return [*lines, (Span("◐ ", "accent"), Span("building …", "muted"))]
    if building.error is not None:
        return [*lines, (), *error_lines(building.error, width)]
    if building.outcome is None:
        return lines
    return [
        *lines,
        (),
        (Span("✓ built ", "good"), Span(f"in {building.outcome.seconds:.1f} s", "muted")),
        *fact("manifest", str(building.outcome.path), width),
        (Span("enter", "accent"), Span(" opens it")),
    ]
