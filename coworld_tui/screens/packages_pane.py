"""The list of packages, to filter and to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from ..contract.text import safe_line
from ..replay.lenses.spans import Span
from ..widgets.listed_rows import ListedRows
from ..widgets.table import Column, TableView

if TYPE_CHECKING:
    from textual.widgets import Input

    from .packages import Found

_COLUMNS = (
    Column("", 0, style="strong", least=8),
    Column("", 5, style="muted"),
    Column("", 6, style="muted", optional=True),
)


class PackagesPane(Vertical):
    """Shows what was found; posts ``Shown`` when another package lies beneath the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "forget", "all", show=False)]

    class Shown(Message):
        """Another package, or the same one read anew."""

        def __init__(self, found: Found | None) -> None:
            super().__init__()
            self.found = found

    def __init__(self) -> None:
        super().__init__(id="packages", classes="pane")
        self._found: list[Found] = []
        self._shown: list[Found] = []
        self._wanted = ""

    @property
    def current(self) -> Found | None:
        """The package beneath the cursor."""
        row = self.query_one(TableView).cursor_row
        return self._shown[row] if row is not None and row < len(self._shown) else None

    def compose(self) -> ComposeResult:
        yield TableView(id="list")

    def on_mount(self) -> None:
        """Wait for packages."""
        self.border_title = Content("packages")
        self.border_subtitle = Content("/ filter   o open")
        self.query_one(TableView).show(ListedRows(_COLUMNS, (), "looking …"))

    def focus_list(self) -> None:
        """Give focus to the list."""
        self.query_one(TableView).focus()

    def fill(self, found: Sequence[Found]) -> None:
        """Show other packages, from the first."""
        self._found = list(found)
        self._arrange(is_new=True)

    def put(self, found: Found) -> None:
        """Take a package that was read anew for the one of the same source."""
        self._found = [found if each.source == found.source else each for each in self._found]
        self._arrange(is_new=False)

    def _arrange(self, *, is_new: bool) -> None:
        wanted = self._wanted.strip().lower()
        # What is saved half-way has no name for a moment, and is still what is looked at.
        kept = self.current.source if self.current is not None and not is_new else None
        self._shown = [found for found in self._found if wanted in found.name.lower() or found.source == kept]
        rows = ListedRows(
            _COLUMNS, [(found.source, _cells(found)) for found in self._shown], "no such package"
        )
        table = self.query_one(TableView)
        if is_new:
            table.show(rows)
        else:
            table.replace(rows)
        self.post_message(self.Shown(self.current))

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Show the package beneath the cursor."""
        message.stop()
        self.post_message(self.Shown(self.current))

    async def begin_filter(self) -> None:
        """Type a part of a name; enter goes back to the list, escape forgets it."""
        from textual.widgets import Input  # it takes time to load, and most never filter

        if not self.query("#filter"):
            await self.mount(Input(placeholder="filter", id="filter", compact=True))
        field = self.query_one("#filter")
        field.display = True
        field.focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as it is typed."""
        self._wanted = message.value
        self._arrange(is_new=True)

    def on_input_submitted(self) -> None:
        """Back to the list, which stays filtered."""
        self.query_one("#filter").display = bool(self._wanted)
        self.focus_list()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a filter there is none to forget."""
        del parameters
        return action != "forget" or any(field.display for field in self.query("#filter"))

    async def action_forget(self) -> None:
        """Forget the filter."""
        self._wanted = ""
        await self.query("#filter").remove()
        self._arrange(is_new=True)
        self.focus_list()


def _cells(found: Found) -> Sequence[Span | None]:
    package = found.package
    name = Span(safe_line(found.name, 40))
    if package is None:
        return (name._replace(style="muted"), Span("✗", "error"), None)
    version = "demo" if package.builtin else safe_line(package.version, 10)
    return (name, Span(version), Span(package.generation))
