"""The logs of a hosted episode: the game's, and those of the seats one may read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from ...contract.errors import CoworldError
from ...contract.text import safe_line
from ...observatory.artifacts import seat_files
from ...observatory.episode_logs import LOG_TAIL, episode_log
from ...replay.lenses.spans import Line, Span
from ...replay.log_line import log_line
from ...widgets.lines import LinesView
from ...widgets.listed_rows import ListedRows
from ...widgets.static_lines import StaticLines
from ...widgets.table import Column, TableView
from ..facts import error_lines

if TYPE_CHECKING:
    from .desk import Desk

_COLUMNS = (Column("log", 8, style="muted"), Column("of", 0, style="strong"))


class _Log(NamedTuple):
    """Which log: of the game, or of the seat of a policy version."""

    title: str
    of: str
    agent: tuple[str, int] | None = None


class LogsScreen(ModalScreen[None]):
    """Lists the logs that there are and shows the end of the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "back", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    def __init__(self, desk: Desk, episode_request_id: str) -> None:
        super().__init__()
        self._desk = desk
        self._episode = episode_request_id
        self._logs = [_Log("game", "the game")]
        self._texts: dict[int, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content(f"logs · {safe_line(self._episode, 60)}")
            box.border_subtitle = Content("y copy   escape back")
            yield TableView(id="log-list")
            yield LinesView(id="log-lines")

    def on_mount(self) -> None:
        """Ask which logs there are."""
        self._list()
        self.query_one(TableView).focus()
        self._begin()

    @work(group="seats")
    async def _begin(self) -> None:
        try:
            seats = await seat_files(self._desk.reader, self._episode)
        except CoworldError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self._logs += [
            _Log(f"seat {position}", safe_line(seat.policy_name or "", 60), (version, position))
            for seat in seats
            if seat.has_log
            and (version := seat.policy_version_id) is not None
            and (position := seat.position) is not None
        ]
        self._list()

    def _list(self) -> None:
        rows = [(place, (Span(log.title), Span(log.of))) for place, log in enumerate(self._logs)]
        table = self.query_one(TableView)
        table.styles.height = len(rows) + 1
        table.replace(ListedRows(_COLUMNS, rows))

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Show another log."""
        message.stop()
        self._show_log(message.row)

    @work(exclusive=True, group="log")
    async def _show_log(self, row: int) -> None:
        if row not in self._texts:
            self._show([(Span("asking …", "muted"),)])
            try:
                data = await episode_log(self._desk.client, self._episode, agent=self._logs[row].agent)
            except CoworldError as error:
                self._show(error_lines(error, self.query_one(LinesView).room.width))
                return
            self._texts[row] = data.decode("utf-8", "replace")
        lines = await asyncio.to_thread(_lines, self._texts[row])
        self._show(lines or [(Span("it is empty", "muted"),)])
        view = self.query_one(LinesView)
        view.scroll_to(y=view.max_scroll_y, animate=False)

    def _show(self, lines: Sequence[Line]) -> None:
        self.query_one(LinesView).show(StaticLines(lines))

    def action_copy(self) -> None:
        """Copy the log that is shown."""
        row = self.query_one(TableView).cursor_row
        if row is not None and row in self._texts:
            self.app.copy_to_clipboard(self._texts[row][-100_000:])
            self.notify("sent to the terminal's clipboard", markup=False)

    def action_close(self) -> None:
        """Back to the leagues."""
        self.dismiss(None)


def _lines(text: str) -> list[Line]:
    return [log_line(safe_line(line, 2_000)) for line in text[-LOG_TAIL:].splitlines()]
