"""The lists of a league, a division or a round: one tab each, and beneath what is said of the chosen row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from ...contract.errors import CoworldError
from ...observatory.models.base import ApiModel
from ...observatory.models.entries import Event, Membership, Submission
from ...observatory.models.episodes import EpisodeRow
from ...observatory.models.leagues import LadderEntry
from ...observatory.models.rounds import Round
from ...replay.lenses.spans import Line, Span, text_of
from ...widgets.bars import TabBar
from ...widgets.lines import LinesView
from ...widgets.static_lines import StaticLines
from ...widgets.table import TableView
from ..facts import error_lines
from .desk import TABS
from .entry_table import EntryTable
from .looking import Wanted
from .model import Scope
from .rows import ListRows
from .titles import state_of, title_of

if TYPE_CHECKING:
    from ...observatory.listing import Refreshed
    from ...observatory.reasons import Why
    from .desk import Desk

_NARROW = 110
_FLASH_SECONDS = 2.0
_REST_SECONDS = 0.15
_AGE_SECONDS = 15.0
_MOST_RUNNING = 4
_SHORT = {"standings": "ranks", "memberships": "seats", "submissions": "subs", "policies": "mine"}


_LEADING_ON = (Round, EpisodeRow, LadderEntry)


class EntriesPane(Vertical):
    """Shows first what was seen earlier, then what the server says; asks for what comes into view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "forget", "all", show=False),
        Binding("down", "to_list", "list", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="entries", classes="pane")
        self.table = EntryTable(id="rows")
        self._tabs = TabBar(id="tabs")
        self._field = Input(placeholder="words to look for", id="row-filter", compact=True)
        self._about = LinesView(id="about")
        self.scope: Scope | None = None
        self.tab = "standings"
        self.rows: ListRows[Any] | None = None
        self._desk: Desk | None = None
        self._told = ""
        self._kind: type = type(None)
        self._is_paused = False
        self._was_asked = False
        self._why: Why | CoworldError | str | None = None
        """Instead of the row itself: why it is so, why that cannot be told, or how far the looking is."""

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield self.table
        yield self._field
        yield self._about

    def on_mount(self) -> None:
        """Nothing to show yet. What is shown grows old also while nobody is asked."""
        self._field.display = False
        self._show_tabs()
        self.set_interval(_AGE_SECONDS, self._say_state)

    # -- what is shown ----------------------------------------------------------------------

    @property
    def entry(self) -> ApiModel | None:
        """The row beneath the cursor."""
        row = self.table.cursor_row
        if self.rows is None or row is None or row >= self.rows.row_count:
            return None
        found: ApiModel = self.rows.entry(row)
        return found

    @property
    def place(self) -> int:
        """Where the row beneath the cursor has its place in the list."""
        row = self.table.cursor_row
        return (
            self.rows.place(row)
            if self.rows is not None and row is not None and row < self.rows.row_count
            else 0
        )

    def show(self, desk: Desk, scope: Scope) -> None:
        """Show the lists about something else, or of the same as it reads now."""
        before = self.scope
        self._desk = desk
        if before is not None and self.rows is not None and scope.key == before._replace(round=None).key:
            self.scope = scope._replace(round=before.round)
        else:
            self.scope = scope
            self._load()

    def say(self, problem: CoworldError) -> None:
        """Say at length why there is nothing to show, where there is nothing."""
        if self.rows is None:
            self._why = problem
            self.draw()

    def pause(self, is_paused: bool) -> None:
        """Say that the list stays as it is, or no longer."""
        self._is_paused = is_paused
        self._say_state()

    def next_tab(self, step: int) -> None:
        """Show the list ``step`` tabs on, round the end."""
        self.show_tab(self._tabs.neighbour(step))

    def forget(self) -> None:
        """Show nothing until the next ``show``."""
        self.workers.cancel_node(self)
        self.scope = self.rows = None
        self._why = None

    def show_tab(self, tab: str) -> None:
        """Show another list about the same."""
        self.tab = tab
        self._show_tabs()
        if self.scope is not None:
            if tab != "episodes" and self.scope.round is not None:
                self.scope = self.scope._replace(round=None)
            self._load()

    def show_round(self, found: Round) -> None:
        """Show the episodes of a round."""
        if self.scope is not None:
            self.scope = self.scope._replace(round=found)
            self.tab = "episodes"
            self._show_tabs()
            self._load()

    def _load(self) -> None:
        self._was_asked = False
        self._forget_why()
        self._say_title()
        self._read_rows()

    @work(exclusive=True, group="rows")
    async def _read_rows(self) -> None:
        assert self._desk is not None
        assert self.scope is not None
        rows = await self._desk.rows(self.tab, self.scope)
        self.rows = rows
        rows.heard = self._in_view_changed
        rows.is_reading = True
        self._field.value = rows.wanted.words
        self._field.display = bool(self._field.value)
        self.table.show(rows)
        self._say_state()
        self.draw()
        await asyncio.sleep(_REST_SECONDS)  # somebody may be on the way to another one
        await self.refresh_rows(marks=False)
        self._was_asked = True
        rows.is_reading = False
        self._changed()

    async def refresh_rows(self, *, marks: bool = True) -> Refreshed | None:
        """Ask the server anew for the part of the list that is looked at; ``marks`` changes for a moment."""
        rows = self.rows
        if rows is None:
            return None
        found = await rows.entries.refresh(self.place)
        if found and rows is self.rows and marks:
            self._flash([*found.added, *found.changed])
        self._changed()
        self._tell_problem(rows)
        self._learn_progress(rows)
        if (
            self.tab == "standings"
            and self._desk is not None
            and self.scope is not None
            and self.scope.division
        ):
            self.run_worker(self._learn_champions(self.scope.division.id), group="champions", exclusive=True)
        return found

    def _tell_problem(self, rows: ListRows[Any]) -> None:
        """Say once what the server has against being asked; that it cannot be reached is said beneath."""
        problem = rows.entries.problem
        told, self._told = self._told, problem.type if problem is not None else ""
        if problem is not None and problem.type not in (told, "unreachable"):
            then = f"{problem.next_step}, then f5" if problem.type == "login_needed" else problem.next_step
            self.notify(f"{problem}\n{then or ''}".strip(), severity="error", markup=False)

    def _learn_progress(self, rows: ListRows[Any]) -> None:
        """Of the rounds in view that run: how far they are."""
        running = [row.id for row in rows.in_view() if isinstance(row, Round) and row.status == "running"]
        is_asking = any(each.group == "progress" and each.is_running for each in self.workers)
        if running and self._desk is not None and not is_asking:
            asking = self._desk.learn_progress(running[:_MOST_RUNNING], self._learned)
            self.run_worker(asking, group="progress")

    async def look_again(self) -> Sequence[ApiModel]:
        """Bring the list up to date; the rows in view. Raises what the server's answer or absence raises."""
        if self.rows is None or not self._was_asked:
            return ()
        await self.refresh_rows()
        if self.rows.entries.problem is not None:
            raise self.rows.entries.problem
        return self.rows.in_view()

    async def _learn_champions(self, division_id: str) -> None:
        assert self._desk is not None
        try:
            await self._desk.learn_champions(division_id)
        except CoworldError:
            return  # the standings say as much of the server
        self._repaint()

    def _changed(self) -> None:
        """Rows came, went or read differently."""
        if self.rows is not None and self.rows.wanted != Wanted():
            self._arrange()
        else:
            self._repaint()

    def _repaint(self) -> None:
        if self.is_attached and self.rows is not None:
            self.table.rows_changed()
            self._say_state()
            self.draw()
            self._in_view_changed()

    def _flash(self, ids: Sequence[str]) -> None:
        assert self._desk is not None
        known = self._desk.known
        known.changed = set(ids)

        def end() -> None:
            known.changed = set()
            if self.is_attached:
                self.table.rows_changed()

        self.set_timer(_FLASH_SECONDS, end)

    # -- what comes into view ---------------------------------------------------------------

    def _in_view_changed(self) -> None:
        self.call_later(self._look)

    def _look(self) -> None:
        rows = self.rows
        if rows is None or self._desk is None:
            return
        if rows.wants_more and not rows.is_reading:
            rows.is_reading = True
            self._read_more(rows)
        if self.tab == "episodes":
            wanted = [
                row.id
                for row in rows.in_view()
                if isinstance(row, EpisodeRow) and not self._desk.knows(row.id)
            ]
            if wanted:
                self.run_worker(self._desk.learn_episodes(wanted, self._learned), group="learning")

    @work(group="more")
    async def _read_more(self, rows: ListRows[Any]) -> None:
        try:
            came = await rows.entries.more()
        finally:
            rows.is_reading = False
        if rows is self.rows and came:
            self._changed()

    def _learned(self) -> None:
        """More is known of some rows; many may come at once."""
        if self.is_attached:
            self.table.update_lines()
            self.draw()

    # -- the row beneath the cursor ---------------------------------------------------------

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Another row, another text; what costs a request waits until the cursor rests."""
        message.stop()
        self._about.scroll_to(y=0, animate=False)
        self._forget_why()
        self.draw()
        self._rest()

    @work(exclusive=True, group="resting")
    async def _rest(self) -> None:
        await asyncio.sleep(_REST_SECONDS)
        entry = self.entry
        if isinstance(entry, Round) and self._desk is not None:
            await self._desk.learn_round(entry.id, self.draw)

    def draw(self) -> None:
        """Say what there is to say of the row beneath the cursor."""
        if not self.is_attached:
            return
        self._about.show(StaticLines(self.lines()))
        kind = type(self.entry)
        if kind is not self._kind:
            self._kind = kind
            self.table.leads_on = issubclass(kind, _LEADING_ON)
            self.screen.refresh_bindings()  # some keys are about a kind of row

    def lines(self) -> Sequence[Line]:
        """What is said of the row beneath the cursor."""
        entry, width = self.entry, self._about.room.width
        if isinstance(self._why, str):
            return [(Span(self._why, "muted"),)]
        if isinstance(self._why, CoworldError):
            return error_lines(self._why, width)
        if self._why is not None:
            from .why_lines import why_lines

            return why_lines(self._why, width)
        if self.rows is None or self._desk is None or not width:
            return ()
        if entry is None:
            problem = self.rows.entries.problem
            return error_lines(problem, width) if problem is not None else ()
        lines: Sequence[Line] = self.rows.tab.lines(entry, self._desk.known, width)
        return lines

    def text(self) -> str:
        """The same as plain text."""
        return text_of(self.lines())

    # -- why --------------------------------------------------------------------------------

    def toggle_why(self) -> None:
        """Say why the row, or else its division, is as it is; once more the row itself."""
        if self._why is not None:
            self._forget_why()
        else:
            self._find_why(self._what_has_reasons())
        self.draw()

    def _what_has_reasons(self) -> str:
        entry = self.entry
        if isinstance(entry, Round | EpisodeRow | Membership | Submission | LadderEntry):
            return entry.id
        if isinstance(entry, Event) and entry.round_id:
            return entry.round_id
        return self.scope.division.id if self.scope is not None and self.scope.division is not None else ""

    @work(exclusive=True, group="why")
    async def _find_why(self, row_id: str) -> None:
        if self._desk is None or not row_id:
            self._say_why("choose a division, a round or an episode")
        else:
            self._say_why("looking …")
            try:
                self._say_why(await self._desk.why(row_id, self._say_why))
            except CoworldError as error:
                self._say_why(error)

    def _say_why(self, why: Why | CoworldError | str) -> None:
        self._why = why
        self.draw()

    def _forget_why(self) -> None:
        self._why = None
        self.workers.cancel_group(self, "why")

    # -- titles -----------------------------------------------------------------------------

    def _show_tabs(self) -> None:
        short = _SHORT if self.app.size.width < _NARROW else {}
        tabs = [(tab, short.get(tab, title.lower()).capitalize()) for tab, title in TABS]
        self._tabs.show_tabs(tabs, self.tab)

    def _say_title(self) -> None:
        if self.scope is not None:
            self.border_title = Content(title_of(self.scope))

    def _say_state(self) -> None:
        if self.rows is not None:
            said = Content(state_of(self.rows, is_paused=self._is_paused))
            if self.border_subtitle != said:
                self.border_subtitle = said

    def on_resize(self) -> None:
        """Lines are laid out for the room there is."""
        self._show_tabs()
        self.call_after_refresh(self.draw)

    # -- looking for rows -------------------------------------------------------------------

    def begin_filter(self) -> None:
        """Type words; enter goes back to the list, escape forgets them."""
        self._field.display = True
        self._field.focus()

    def toggle_mine(self) -> None:
        """Only rows that name something of mine, or all again."""
        if self.rows is not None:
            self._want(self.rows.wanted._replace(mine=not self.rows.wanted.mine))

    def next_sort(self) -> None:
        """Sort by the next column that can be sorted by, and at last as the server has it."""
        if self.rows is None:
            return
        columns: list[int | None] = [*sorted(self.rows.tab.sorts), None]
        at = columns.index(self.rows.wanted.sort)
        self._want(self.rows.wanted._replace(sort=columns[(at + 1) % len(columns)]))

    def _want(self, wanted: Wanted) -> None:
        if self.rows is not None and wanted != self.rows.wanted:
            self.rows.wanted = wanted
            self.rows.look_on()
            self._arrange()

    @work(exclusive=True, group="arranging")
    async def _arrange(self) -> None:
        rows = self.rows
        if rows is None:
            return
        shown = await rows.find(rows.wanted)
        if rows is self.rows:
            rows.arrange(shown)
            self._repaint()

    def on_input_changed(self) -> None:
        """Filter as it is typed."""
        if self.rows is not None:
            self._want(self.rows.wanted._replace(words=self._field.value))

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.action_to_list()

    def action_to_list(self) -> None:
        """Back to the list, which stays filtered."""
        self._field.display = bool(self._field.value)
        self.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a filter there is none to forget, and only from it the list lies below."""
        del parameters
        if action == "to_list":
            return self._field.has_focus
        is_filtered = self.rows is not None and (self.rows.wanted.words or self.rows.wanted.mine)
        return action != "forget" or self._field.has_focus or bool(is_filtered)

    def action_forget(self) -> None:
        """Show all rows again."""
        self._field.value = ""
        self._field.display = False
        if self.rows is not None:
            self._want(self.rows.wanted._replace(words="", mine=False))
        self.table.focus()
