"""One file that came with a replay, over the screen; archives open a level deeper."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from ..contract.text import safe_line
from ..replay.file_views import FileView, view_of
from ..replay.source import ReplayFile
from ..replay.zip_view import ARCHIVE, members
from ..widgets.lines import LinesView
from ..widgets.table import TableView
from .file_rows import file_rows


class FileScreen(ModalScreen[None]):
    """Shows a file by its content, and beneath it what an archive holds, to be opened in turn."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "back", show=False)]

    def __init__(self, file: ReplayFile) -> None:
        super().__init__()
        self._file = file
        self._members: list[ReplayFile] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content(safe_line(self._file.name, 100))
            box.border_subtitle = Content("reading …")
            yield LinesView(id="file-lines")
            yield TableView(id="file-members")

    def on_mount(self) -> None:
        """Read after the first paint: the file may be large."""
        self.query_one(TableView).display = False
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._read(self.query_one(LinesView).room.width)

    @work(thread=True, exclusive=True)
    def _read(self, width: int) -> None:
        view = view_of(self._file, width=width)
        inside = members(self._file)
        self.app.call_from_thread(self._show, view, inside)

    def _show(self, view: FileView, inside: list[ReplayFile]) -> None:
        if not self.is_attached:
            return
        self._members = inside
        note = safe_line(view.note, 100)
        self.query_one(Vertical).border_subtitle = Content(f"{note}   escape back" if note else "escape back")
        lines, table = self.query_one(LinesView), self.query_one(TableView)
        lines.show(view.lines)
        if inside:
            table.display = True
            lines.display = view.kind != ARCHIVE  # the table lists what it holds
            table.show(file_rows(inside))
            table.focus()
        else:
            lines.focus()

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Open a member."""
        self.app.push_screen(FileScreen(self._members[message.row]))

    def action_close(self) -> None:
        """Back to what lies beneath."""
        self.dismiss(None)
