"""The list of replays: runs, downloads and bundles, newest first, to filter, sort and open."""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input
from textual.worker import get_current_worker

from ..widgets.table import TableView
from .bindings import bindings
from .console import ConsoleScreen
from .library_rows import SORTS, LibraryRows

if TYPE_CHECKING:
    from ..replay.library import Library, LibraryRow

_NEWS_SECONDS = 0.15
_WIDE_FROM = 64


class LibraryPane(Vertical):
    """Rows appear as they are found, and are described as they come into view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("library"),
        # From the filter; the list itself has other uses for it.
        Binding("down", "to_list", "list", show=False),
    ]
    SCOPE = "library"

    @dataclass
    class Chosen(Message):
        """A replay was chosen."""

        path: Path

    def __init__(self, folders: tuple[Path, ...], *, id: str, classes: str) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._folders = folders
        self._library: Library | None = None
        self._rows = LibraryRows()

    def compose(self) -> ComposeResult:
        yield TableView(id="replays")
        yield Input(placeholder="filter", id="replay-filter", compact=True)

    def on_mount(self) -> None:
        """Wait to be shown."""
        self.border_title = Content("library")
        self.border_subtitle = Content("enter open   / filter   o sort")
        self.query_one(Input).display = False
        self.query_one(TableView).show(self._rows)
        self.set_interval(_NEWS_SECONDS, self._describe_wanted)

    def on_resize(self) -> None:
        """As a sidebar the list has other columns."""
        is_narrow = self.size.width < _WIDE_FROM
        if is_narrow != self._rows.is_narrow:
            self._rows.is_narrow = is_narrow
            self.query_one(TableView).rows_changed()

    def on_unmount(self) -> None:
        """Keep what was found out for the next time."""
        if self._library is not None:
            self._library.save()

    @property
    def current(self) -> Path | None:
        """The replay under the cursor."""
        row = self.query_one(TableView).cursor_row
        return self._rows.shown[row].path if row is not None else None

    def focus_list(self) -> None:
        """Give focus to the list."""
        self.query_one(TableView).focus()

    def begin(self) -> None:
        """Look for replays, the first time this is called."""
        if self._library is None:
            self.action_reload()

    def action_reload(self) -> None:
        """Look for replays again."""
        from ..replay.library import Library, configured_folders

        self._library = Library((*configured_folders(), *self._folders))
        self._rows.searching = True
        self._search(self._library)

    @work(thread=True, group="library", exclusive=True)
    def _search(self, library: Library) -> None:
        worker = get_current_worker()
        told, pause = time.monotonic(), _NEWS_SECONDS
        while not worker.is_cancelled and library.advance():
            if time.monotonic() - told > pause:
                began = time.monotonic()
                self._arrange_now(library)
                # The more there is to sort, the less often.
                told = time.monotonic()
                pause = max(_NEWS_SECONDS, 4 * (told - began))
        if not worker.is_cancelled:
            self._rows.searching = False
            self._arrange_now(library)
            # The rows stay: keep the collector from walking all of them while somebody types.
            gc.freeze()

    @work(thread=True, group="arranging", exclusive=True)
    def _arrange(self) -> None:
        if self._library is not None:
            self._arrange_now(self._library)

    def _arrange_now(self, library: Library) -> None:
        from ..replay.library import filtered, sorted_rows

        rows = self._rows
        shown = sorted_rows(filtered(library.rows, rows.words), rows.sort, rows.is_descending)
        self.app.call_from_thread(self._arranged, shown)

    def _describe_wanted(self) -> None:
        """Find out about the rows in view of which only the name is known."""
        if self.display and self._library is not None and not self._rows.describing:
            wanted = self._rows.undescribed()
            if wanted:
                self._rows.describing = True
                self._describe(self._library, wanted)

    @work(thread=True, group="describing")
    def _describe(self, library: Library, wanted: Sequence[LibraryRow]) -> None:
        for row in wanted:
            self._rows.described[row.where] = library.describe(row)
        self._rows.describing = False
        self.app.call_from_thread(self._described)

    def _arranged(self, shown: Sequence[LibraryRow]) -> None:
        if not self.is_attached:
            return
        self._rows.shown = shown
        self._described()
        title = Content(f"library · {len(shown)}" + (" …" if self._rows.searching else ""))
        if self.border_title != title:
            self.border_title = title

    def _described(self) -> None:
        if self.is_attached:
            self.query_one(TableView).rows_changed()

    def action_open(self) -> None:
        """Open the replay under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def action_filter(self) -> None:
        """Type words to look for; enter goes back to the list, escape forgets them."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._rows.sort = SORTS[(SORTS.index(self._rows.sort) + 1) % len(SORTS)]
        self._arrange()

    def on_input_changed(self) -> None:
        """Filter as it is typed."""
        self._rows.words = self.query_one(Input).value
        self._arrange()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.action_to_list()

    def action_to_list(self) -> None:
        """Back to the list, which stays filtered."""
        field = self.query_one(Input)
        field.display = bool(field.value)
        self.focus_list()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a filter there is none to forget; beside a replay, digits are places in it."""
        del parameters
        if action in ("packages", "league"):
            return self.screen.has_class("choosing")
        field = self.query_one(Input)
        return action != "forget" or field.has_focus or bool(field.value)

    def action_packages(self) -> None:
        """Go to the packages."""
        cast(ConsoleScreen, self.screen).console.show_packages()

    def action_league(self) -> None:
        """Go to the leagues."""
        cast(ConsoleScreen, self.screen).console.show_league()

    def action_forget(self) -> None:
        """Forget the filter."""
        field = self.query_one(Input)
        field.value = ""
        field.display = False
        self.focus_list()

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Open it."""
        message.stop()
        self.post_message(self.Chosen(Path(str(message.row_id))))
