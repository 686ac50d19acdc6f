"""The pane on the left. A league's divisions are asked for when it is opened out and in view."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from ...widgets.table import TableView
from .entry_table import EntryTable
from .league_rows import LeagueRows
from .model import Scope

if TYPE_CHECKING:
    from ...contract.errors import CoworldError
    from .desk import Desk


class LeaguesPane(Vertical):
    """Posts ``Shown`` when another row lies beneath the cursor, ``Entered`` to go to its lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,plus", "open_out(True)", "open out", show=False),
        Binding("left,minus", "open_out(False)", "fold", show=False),
    ]

    class Shown(Message):
        """Another league or division, or the same one as it reads now."""

        def __init__(self, scope: Scope | None) -> None:
            super().__init__()
            self.scope = scope

    class Entered(Message):
        """Enter on a division."""

    def __init__(self) -> None:
        super().__init__(id="leagues", classes="pane")
        self.table = EntryTable(id="league-list")
        self._rows = LeagueRows()
        self._rows.heard = self._in_view_changed
        self._desk: Desk | None = None
        self._asked: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        """Wait for leagues."""
        self.border_title = Content("leagues")
        self.table.show(self._rows)

    @property
    def scope(self) -> Scope | None:
        """What lies beneath the cursor."""
        return self._rows.scope(self.table.cursor_row)

    def focus_list(self) -> None:
        """Give focus to the list."""
        self.table.focus()

    def say(self, problem: CoworldError) -> None:
        """Say why there are no leagues."""
        self._rows.note = problem.title
        self.table.rows_changed()

    def forget(self) -> None:
        """Show nothing until the next ``fill``."""
        self.workers.cancel_node(self)
        self._desk = None
        self._rows.leagues = ()
        self._rows.note = "asking …"
        self._rows.divisions.clear()
        self._asked.clear()
        self._arrange()

    def fill(self, desk: Desk) -> None:
        """Show the leagues of a desk as they are known now; divisions that could not be had are asked for."""
        self._desk = desk
        self._rows.known = desk.known
        self._rows.leagues = desk.leagues
        self._asked -= {key for key, each in self._rows.divisions.items() if each.problem is not None}
        problem = desk.leagues.problem
        if problem is not None:
            self.say(problem)
        elif desk.leagues.complete:
            self._rows.note = "no leagues here"
        self._arrange()

    def go_to(self, division_id: str) -> None:
        """Put the cursor on a division."""
        row = self._rows.row_of(division_id)
        if row is not None:
            self.table.go_to(row)

    def _arrange(self) -> None:
        self._rows.arrange()
        self.table.rows_changed()
        self.post_message(self.Shown(self.scope))
        self._in_view_changed()

    def _in_view_changed(self) -> None:
        self.call_later(self._look)

    def _look(self) -> None:
        for scope in self._rows.in_view():
            league_id = scope.league.id
            if self._desk is not None and self._rows.is_open(league_id) and league_id not in self._asked:
                self._asked.add(league_id)
                self.run_worker(self._ask(self._desk, league_id), group="divisions")

    async def _ask(self, desk: Desk, league_id: str) -> None:
        known = self._rows.divisions
        if league_id not in known:
            divisions = desk.divisions(league_id)
            await divisions.open()
            known[league_id] = divisions
            self._arrange()
        await known[league_id].refresh()
        self._arrange()

    def action_open_out(self, is_open: bool) -> None:
        """Show or hide the divisions of the league beneath the cursor."""
        scope = self.scope
        if scope is None:
            return
        if not is_open:
            self.table.go_to(self._rows.row_of(scope.league.id) or 0)
        self._rows.open_out(scope.league.id, is_open=is_open)
        self._arrange()

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Show the lists of what lies beneath the cursor."""
        message.stop()
        self.post_message(self.Shown(self.scope))

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Enter opens a league out or folds it, and goes to the lists of a division."""
        message.stop()
        scope = self.scope
        if scope is not None and scope.division is None:
            self.action_open_out(not self._rows.is_open(scope.league.id))
        elif scope is not None:
            self.post_message(self.Entered())
