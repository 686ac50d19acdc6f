"""The inspector beside a replay: changes, tree, series, players, events, logs and files in tabs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.message import Message
from textual.widgets import ContentSwitcher

from ..replay.lenses.model import FrameView, LineModel
from ..replay.lenses.spans import Line, Span
from ..replay.paths import MISSING
from ..replay.source import Event, ReplayFile
from ..replay.timeline import event_text
from ..widgets.bars import TabBar
from ..widgets.lines import LinesView
from ..widgets.static_lines import StaticLines
from ..widgets.table import Cell, Column, TableView
from ..widgets.tree_view import TreeView
from . import inspection
from .file_rows import file_rows
from .viewing import Viewing

if TYPE_CHECKING:
    from ..replay.log_times import LogTimes
    from .beside import Beside

TABS = ("changes", "tree", "series", "players", "events", "logs", "files")
_LARGEST_LOG = 64 << 20


class Inspector(Vertical):
    """Draws the tab that is shown and no other."""

    @dataclass
    class Picked(Message):
        """A frame was picked from the events."""

        index: int

    @dataclass
    class Opened(Message):
        """A file was picked."""

        file: ReplayFile

    tab = TABS[0]
    _viewing: Viewing | None = None
    _view: FrameView | None = None
    _beside: Beside | None = None
    _log = ""
    _events: Sequence[Event] | None = None
    _files: Sequence[ReplayFile] | None = None

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._logs: dict[str, LogTimes] = {}

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        with ContentSwitcher(initial="inspected", id="tab"):
            yield LinesView(id="inspected")
            yield TreeView(id="inspected-tree")
            yield TableView(id="inspected-events")
            yield LinesView(id="inspected-log")
            yield TableView(id="inspected-files")

    @property
    def tree_view(self) -> TreeView:
        """The tree of the frame in view."""
        return self.query_one("#inspected-tree", TreeView)

    def show(self, viewing: Viewing, view: FrameView | None, beside: Beside | None = None) -> None:
        """Show a frame; ``beside`` is the replay it is compared with, if there is one."""
        if viewing is not self._viewing:
            self._logs = {}
            self._events = self._files = None
            self._log = next(iter(viewing.replay.logs), "")
        self._viewing, self._view, self._beside = viewing, view, beside
        if self.tab == "compare" and beside is None:
            self.tab = TABS[0]
        self._draw_tabs()
        self._draw()

    def show_news(self) -> None:
        """Show the same frame again, with what was found out since."""
        if self.tab in ("changes", "series", "events"):
            self._draw()

    def choose(self, tab: str) -> None:
        """Show a tab: one of ``TABS``, ``compare`` while comparing, or ``logs`` followed by a log's name."""
        name, _, log = tab.partition(" ")
        self.tab, self._log = name, log or self._log
        focused = self.query_one("#tab").has_focus_within
        self._draw_tabs()
        self._draw()
        # Once more when what was hidden has a size.
        self.call_after_refresh(self._draw)
        if focused:
            self.focus_tab()

    def neighbour(self, step: int) -> None:
        """Show the next tab, every log being one."""
        self.choose(self.query_one(TabBar).neighbour(step))

    def focus_tab(self) -> None:
        """Give focus to what the tab shows."""
        current = self.query_one("#tab", ContentSwitcher).current
        if current:
            self.query_one(f"#{current}").focus()

    def _draw_tabs(self) -> None:
        tabs = [(tab, tab) for tab in TABS if tab != "logs"]
        if self._beside is not None:
            tabs.insert(0, ("compare", "compare"))
        if self._viewing is not None and self._viewing.replay.logs:
            logs = list(self._viewing.replay.logs)
            if self.tab == "logs":
                tabs[-1:-1] = [(f"logs {log}", log) for log in logs]
            else:
                tabs[-1:-1] = [(f"logs {logs[0]}", "logs")]
        active = f"logs {self._log}" if self.tab == "logs" else self.tab
        self.query_one(TabBar).show_tabs(tabs, active)

    def _draw(self) -> None:
        viewing, view = self._viewing, self._view
        if viewing is None:
            return
        switcher = self.query_one("#tab", ContentSwitcher)
        switcher.current = {
            "tree": "inspected-tree",
            "events": "inspected-events",
            "logs": "inspected-log",
            "files": "inspected-files",
        }.get(self.tab, "inspected")
        match self.tab:
            case "tree":
                if view is not None:
                    value = view.decoded if view.decoded is not MISSING else None
                    self.tree_view.show_beside(value, view.before)
            case "events":
                self._draw_events(viewing)
            case "logs":
                self._draw_log(viewing)
            case "files":
                if self._files is not viewing.replay.files:
                    self._files = viewing.replay.files
                    self.query_one("#inspected-files", TableView).show(file_rows(viewing.replay.files))
            case _:
                lines = self.query_one("#inspected", LinesView)
                lines.show(StaticLines(self._lines(viewing, view, lines.room)))

    def _lines(self, viewing: Viewing, view: FrameView | None, room: Size) -> Sequence[Line]:
        match self.tab:
            case "series":
                return inspection.series_lines(viewing, room.width, room.height)
            case "players":
                return inspection.player_lines(viewing, max(1, room.width))
            case "compare":
                return self._beside.lines(view, room.width) if self._beside is not None else ()
            case _:
                return inspection.change_lines(viewing, view, room.width) if view is not None else ()

    def _draw_events(self, viewing: Viewing) -> None:
        table = self.query_one("#inspected-events", TableView)
        if self._events is not viewing.events:
            self._events = viewing.events
            table.show(_EventRows(viewing))
        if not table.has_focus:
            here = bisect_right([event.index for event in viewing.events], viewing.playback.index) - 1
            table.go_to(max(0, here))
        table.update_lines()

    def _draw_log(self, viewing: Viewing) -> None:
        file = viewing.replay.logs.get(self._log)
        pane = self.query_one("#inspected-log", LinesView)
        log = self._logs.get(self._log)
        if file is None:
            pane.show(StaticLines([(Span("this replay came without logs", "muted"),)]))
        elif log is None:
            pane.show(StaticLines([(Span("reading …", "muted"),)]))
            self._load_log(viewing, self._log, file)
        else:
            line = log.line_at(viewing.time_here(), viewing.tick_here())
            pane.show(_Marked(log, line))
            if line is not None and not pane.has_focus:
                pane.scroll_to(y=max(0, line - pane.room.height // 2), animate=False)

    @work(thread=True, group="log", exclusive=True)
    def _load_log(self, viewing: Viewing, name: str, file: ReplayFile) -> None:
        log = _read_log(file, viewing.start)
        # The first question of each kind reads the whole log.
        log.line_at(None, 0)
        log.line_at(viewing.start, None)
        self.app.call_from_thread(self._loaded_log, viewing, name, log)

    def _loaded_log(self, viewing: Viewing, name: str, log: LogTimes) -> None:
        if self.is_attached and viewing is self._viewing:
            self._logs[name] = log
            self._draw()

    def on_resize(self) -> None:
        """Lines are drawn to the room there is."""
        self.call_after_refresh(self._draw)

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        message.stop()
        self.choose(message.tab)

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Enter on an event goes there; on a file it opens."""
        message.stop()
        if message.table.id == "inspected-events" and self._events is not None:
            self.post_message(self.Picked(self._events[message.row].index))
        elif self._files is not None:
            self.post_message(self.Opened(self._files[message.row]))


class _EventRows:
    columns: Sequence[Column] = (Column("tick", 7, "right"), Column("event"))
    sorted_by: tuple[int, bool] | None = None
    note = "nothing notable was found"

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._events = viewing.events

    @property
    def row_count(self) -> int:
        return len(self._events)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
        here = self._viewing.playback.index
        rows: list[Sequence[Cell]] = []
        for event in self._events[start:stop]:
            style = f"slot.{event.slot}" if event.slot >= 0 else ""
            style = "changed" if event.index == here else style
            place = event.tick if event.tick is not None else event.index
            rows.append((Span(str(place), "muted"), Span(event_text(event), style)))
        return rows

    def id_of(self, row: int) -> Hashable:
        return row


class _Marked:
    """A log with one line marked."""

    def __init__(self, model: LineModel, marked: int | None) -> None:
        self._model = model
        self._marked = marked
        self.row_count = model.row_count

    def lines(self, start: int, stop: int) -> list[Line]:
        return [
            (Span("▸ " if row == self._marked else "  ", "accent"), *line)
            for row, line in enumerate(self._model.lines(start, stop), max(0, start))
        ]


def _read_log(file: ReplayFile, start: datetime | None) -> LogTimes:
    from ..replay.log_times import LogTimes

    try:
        return LogTimes(file.read(_LARGEST_LOG), start)
    except OSError as error:
        return LogTimes(f"cannot be read: {error}".encode())
