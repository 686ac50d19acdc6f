"""The league screen: mode 2 of the console."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from ...contract.errors import CoworldError
from ...contract.text import safe_line
from ...observatory.identity import login_step
from ...observatory.models.base import ApiModel
from ...observatory.models.entries import Membership, Submission
from ...observatory.models.episodes import EpisodeRow
from ...observatory.models.leagues import LadderEntry
from ...observatory.models.policies import PolicyVersionRow
from ...observatory.models.rounds import Round
from ...observatory.servers import web_link
from ...replay.lenses.spans import Span
from ...widgets.bars import KeyBar, TabBar, TooSmall, TopBar
from ...widgets.table import TableView
from ..bindings import bindings
from ..console import ConsoleScreen
from ..form_rows import path_of
from .desk import Desk
from .doing_bar import DoingBar
from .entries_pane import EntriesPane
from .leagues_pane import LeaguesPane

if TYPE_CHECKING:
    from ...observatory.actions import Action
    from ...observatory.policy_upload import FilePolicy, ImagePolicy
    from ..launch import Launch
    from .doing_bar import Tell
    from .watcher import Watcher

_ON_EPISODES = frozenset({"download", "logs", "bundle", "rerun"})
_ON_SEATS = frozenset({"champion", "retire"})


class LeagueScreen(ConsoleScreen):
    """Everything of a server. Nothing is asked before the first paint."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("league")
    SCOPE = "league"
    place = "league"

    def __init__(self, server: str) -> None:
        super().__init__()
        self.desk = Desk(server)
        self.leagues = LeaguesPane()
        self.entries = EntriesPane()
        self.doing = DoingBar(id="doing")
        self._is_paused = False
        self._is_shown = True
        self.watcher: Watcher | None = None

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield TooSmall()
        with Horizontal(id="body"):
            yield self.leagues
            yield self.entries
        yield self.doing
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """The server is asked after the first paint."""
        self.leagues.focus_list()
        self.watch(self.app, "app_focus", self._follow_focus, init=False)
        self.call_after_refresh(self._begin)

    def on_screen_resume(self) -> None:
        """Say where this is, and go on watching."""
        self.console.show_top(self.query_one(TopBar), self.place)
        self._is_shown = True
        self._follow_focus()

    def on_screen_suspend(self) -> None:
        """Watch no more."""
        self._is_shown = False
        self._follow_focus()

    # -- the server -------------------------------------------------------------------------

    @work(exclusive=True, group="desk")
    async def _begin(self) -> None:
        try:
            await self.desk.open()
        except CoworldError as error:
            self._say_problem(error)
            return
        if self.desk.identity.note:
            step = login_step(self.desk.server)
            self.notify(f"{self.desk.identity.note}: {step}, then f5", markup=False)
        self.leagues.fill(self.desk)
        self.console.act_as(Span(*self.desk.account))
        await self._catch_up()
        from .watcher import Watcher

        self.watcher = Watcher(self.desk.reader, self._look_again)
        self._keep_up(self.watcher)
        self._follow_focus()
        if self.entries.scope is not None:
            self._tell_news(self.watcher, self.entries.scope.league.id)

    async def _catch_up(self) -> None:
        """Everything beside the lists: the leagues, who acts, and what is theirs."""
        await asyncio.gather(self.desk.leagues.refresh(), self._ask_who(), self._learn_mine())
        self.leagues.fill(self.desk)
        if self.desk.leagues.problem is not None:
            self._say_problem(self.desk.leagues.problem)

    async def _look_again(self) -> Sequence[ApiModel]:
        """Bring the list up to date, and find the leagues if they could not be had before."""
        if self.desk.leagues.problem is not None:
            await self._catch_up()
        if self.desk.leagues.problem is not None:
            raise self.desk.leagues.problem
        return await self.entries.look_again()

    def _say_problem(self, problem: CoworldError) -> None:
        self.leagues.say(problem)
        self.entries.say(problem)

    @work(exclusive=True, group="watching")
    async def _keep_up(self, watcher: Watcher) -> None:
        await asyncio.sleep(watcher.least_seconds)  # everything visible was asked for just now
        await watcher.keep_up()

    @work(exclusive=True, group="news")
    async def _tell_news(self, watcher: Watcher, league_id: str) -> None:
        await asyncio.sleep(watcher.least_seconds)
        async for news in watcher.news(league_id):
            self.notify(news.sentence, severity="warning" if news.is_bad else "information", markup=False)

    def _follow_focus(self) -> None:
        """Ask nobody while nobody can see it."""
        if self.watcher is None:
            return
        if self._is_shown and self.app.app_focus and not self._is_paused:
            self.watcher.go_on()
        else:
            self.watcher.rest()

    def action_pause(self) -> None:
        """Stop asking the server again, or go on."""
        self._is_paused = not self._is_paused
        self.entries.pause(self._is_paused)
        self._follow_focus()

    async def _begin_anew(self) -> None:
        if self.doing.is_busy:
            self.notify("the login is another one now: f5 again once this is done", markup=False)
            return
        self._stop_asking()
        self.entries.forget()
        self.leagues.forget()
        before, self.desk = self.desk, Desk(self.desk.server)
        await before.close()
        self._begin()

    async def on_unmount(self) -> None:
        """Let go of the connections."""
        self._stop_asking()
        await self.desk.close()

    def _stop_asking(self) -> None:
        """A desk that is closed must not be asked any more."""
        self.watcher = None
        for node in (self.entries, self.leagues, self.doing):
            self.workers.cancel_node(node)
        for group in ("desk", "watching", "news"):
            self.workers.cancel_group(self, group)

    async def _ask_who(self) -> None:
        await self._trying(self.desk.ask_who())
        self.console.act_as(Span(*self.desk.account))

    async def _learn_mine(self) -> None:
        await self._trying(self.desk.learn_mine())

    async def _trying(self, asking: Awaitable[None]) -> None:
        """What the lists say as well is not said twice."""
        try:
            await asking
        except CoworldError as error:
            if error.type != "unreachable":
                self.notify(str(error), severity="warning", markup=False)

    # -- what is looked at ------------------------------------------------------------------

    def on_leagues_pane_shown(self, message: LeaguesPane.Shown) -> None:
        """Show the lists of what lies beneath the cursor."""
        if message.scope is not None and self.desk.is_open:
            before, after = self.entries.scope, message.scope
            self.entries.show(self.desk, after)
            if self.watcher is not None and (before is None or before.league.id != after.league.id):
                self._tell_news(self.watcher, after.league.id)

    def on_leagues_pane_entered(self) -> None:
        """Go to the lists."""
        self.entries.table.focus()

    def on_descendant_focus(self) -> None:
        """Where there is room for one pane, the focused one has it."""
        self.set_class(self.entries.has_focus_within, "in-entries")

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self.entries.show_tab(message.tab)

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Enter on a row: what it is about."""
        message.stop()
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some keys are about a kind of row."""
        del parameters
        if not self.is_mounted:
            return True
        if action == "open":
            return self.entries.table.leads_on
        if action == "upload":
            return self.desk.is_open
        if action == "submit":
            return self.entries.scope is not None
        if action in _ON_EPISODES:
            return isinstance(self.entries.entry, EpisodeRow)
        if action in _ON_SEATS:
            return isinstance(self.entries.entry, Membership)
        if action == "download_all":
            return self.entries.tab == "episodes"
        return action != "stop" or self.doing.is_busy

    def action_open(self) -> None:
        """The division of a ladder, the episodes of a round, the replay of an episode."""
        entry = self.entries.entry
        if isinstance(entry, Round):
            self.entries.show_round(entry)
        elif isinstance(entry, EpisodeRow):
            self._fetch(entry, self._show_replay)
        elif isinstance(entry, LadderEntry):
            self.leagues.go_to(entry.id)

    def action_next_tab(self, step: int) -> None:
        """The neighbour of the tab, round the end."""
        self.entries.next_tab(step)

    def action_why(self) -> None:
        """Why the row is as it is."""
        self.entries.toggle_why()

    def action_filter(self) -> None:
        """Look for rows by words."""
        self.entries.begin_filter()

    def action_mine(self) -> None:
        """Only my rows."""
        self.entries.toggle_mine()

    def action_sort(self) -> None:
        """Another order."""
        self.entries.next_sort()

    @work(exclusive=True, group="refreshing")
    async def action_refresh(self) -> None:
        """Ask the server now, after a login as who that is; look through more for what is looked for."""
        if not self.desk.is_open or await self.desk.has_other_login():
            await self._begin_anew()
            return
        if self.entries.rows is not None:
            self.entries.rows.look_on()
        await asyncio.gather(self._catch_up(), self.entries.refresh_rows())

    def action_copy(self) -> None:
        """Copy the id of the row."""
        row_id = getattr(self.entries.entry, "id", "") or getattr(self.entries.entry, "player_id", "")
        if row_id:
            self.console.copy(row_id)

    def action_link(self) -> None:
        """Say the address of the web page that is nearest to the row, and copy it."""
        entry, scope = self.entries.entry, self.entries.scope
        version = entry.id if isinstance(entry, PolicyVersionRow) else ""
        if isinstance(entry, Membership | Submission):
            version = entry.policy_version.id
        if version:
            self._say_link(f"/policies/versions/{version}")
        elif scope is not None:
            self._say_link(f"/watch?league={scope.league.id}")

    def _say_link(self, path: str) -> None:
        link = web_link(self.desk.server, path)
        self._say(link)
        self.console.copy(link)

    # -- fetching ---------------------------------------------------------------------------

    def action_download(self) -> None:
        """Fetch the replay of the episode."""
        entry = self.entries.entry
        if isinstance(entry, EpisodeRow):
            self._fetch(entry, lambda path: self._say(f"in the library: {path}"))

    def _show_replay(self, path: Path) -> None:
        if self.app.screen is self:
            self.console.show_replays(path)
        else:  # somebody went on to something else meanwhile
            self._say(f"in the library: {path}")

    def _fetch(self, row: EpisodeRow, then: Callable[[Path], None]) -> None:
        from .errands import replay_of

        if row.replay_url:
            self.doing.do("fetching the replay", lambda tell: replay_of(self.desk, row, tell), then)
        else:
            self.notify("this episode has no replay yet", markup=False)

    def action_download_all(self) -> None:
        """Fetch all replays that the list shows."""
        from ...runs.paths import downloads_dir
        from ..dialogs import Prompt
        from .errands import replays_of

        rows = self.entries.rows
        if rows is None:
            return

        def begin(folder: str | None) -> None:
            if folder:
                place = path_of(folder)
                self.doing.do(
                    "fetching replays", lambda tell: replays_of(self.desk, rows, place, tell), self._say
                )

        count = f"{rows.row_count} episodes" + ("" if rows.entries.complete else ", and of all that follow")
        self.app.push_screen(Prompt(f"the replays of {count}", "folder", str(downloads_dir())), begin)

    def action_bundle(self) -> None:
        """Save the episode as a bundle file."""
        from ..dialogs import Prompt
        from .errands import bundle_of

        entry = self.entries.entry
        if not isinstance(entry, EpisodeRow):
            return

        def begin(path: str | None) -> None:
            if path:
                place = path_of(path)
                self.doing.do(
                    "fetching the bundle", lambda tell: bundle_of(self.desk, entry, place, tell), self._say
                )

        self.app.push_screen(Prompt("bundle", "file", f"{safe_line(entry.id, 80)}.zip"), begin)

    def action_rerun(self) -> None:
        """Play the episode's configuration here, with players of one's choice."""
        from ..launch import LaunchScreen
        from .errands import Rerun, rerun_of

        entry = self.entries.entry

        def launch(found: Rerun) -> None:
            if found.problem:
                self.notify(found.problem, severity="warning", markup=False)
            self.app.push_screen(LaunchScreen(found.package, config=found.config), self._launched)

        if isinstance(entry, EpisodeRow):
            self.doing.do("fetching the Coworld", lambda tell: rerun_of(self.desk, entry, tell), launch)

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.console.launch(launch)

    def action_logs(self) -> None:
        """Show the logs of the episode."""
        from .logs_screen import LogsScreen

        entry = self.entries.entry
        if isinstance(entry, EpisodeRow):
            self.app.push_screen(LogsScreen(self.desk, entry.id))

    def action_stop(self) -> None:
        """Stop what is under way; what has arrived of a file is kept to go on from."""
        self.doing.stop()

    def _say(self, text: str) -> None:
        self.notify(text, markup=False)

    # -- doing ------------------------------------------------------------------------------

    def action_submit(self) -> None:
        """Hand in a policy to the league."""
        from ...observatory.actions import prepare_submission
        from ..dialogs import Prompt

        scope, entry = self.entries.scope, self.entries.entry
        if scope is None:
            return
        league_id = scope.league.id

        def prepare(policy: str | None) -> None:
            if policy:
                self.doing.ask_first(
                    "submit",
                    lambda: prepare_submission(self.desk.client, policy, league_id),
                    self._act,
                    self._done,
                )

        policy = entry.label if isinstance(entry, PolicyVersionRow) else ""
        title = f"submit to {safe_line(scope.league.name or league_id, 40)}"
        self.app.push_screen(Prompt(title, "policy: NAME, NAME:vN or a version's UUID", policy), prepare)

    def action_champion(self) -> None:
        """Let a seat stand for its player."""
        from ...observatory.actions import SetChampion

        entry = self.entries.entry
        if isinstance(entry, Membership):
            self._ask_about("champion", SetChampion(entry))

    def action_retire(self) -> None:
        """Take a seat out of its league."""
        from ...observatory.actions import RetireMembership

        entry = self.entries.entry
        if isinstance(entry, Membership):
            self._ask_about("retire", RetireMembership(entry))

    def action_upload(self) -> None:
        """Upload an image or a file as a new policy version."""
        from ...observatory.policy_upload import ready_policy
        from .errands import upload
        from .upload_form import UploadForm

        def filled(policy: ImagePolicy | FilePolicy | None) -> None:
            if policy is not None:
                self.doing.ask_first(
                    "upload",
                    lambda: ready_policy(policy),
                    lambda found, tell: upload(self.desk, found, tell),
                    self._done,
                )

        self.app.push_screen(UploadForm(), filled)

    def _ask_about(self, title: str, action: Action[Any]) -> None:
        async def prepare() -> Action[Any]:
            return action

        self.doing.ask_first(title, prepare, self._act, self._done)

    async def _act(self, action: Action[Any], tell: Tell) -> object:
        del tell
        return await action.run(self.desk.client)

    def _done(self, result: object) -> None:
        said = getattr(result, "label", "") or getattr(result, "status", "") or ""
        self._say(f"done: {safe_line(str(said), 60)}" if said else "done")
        self.action_refresh()

    # -- elsewhere --------------------------------------------------------------------------

    def action_packages(self) -> None:
        """The packages of this machine."""
        self.console.show_packages()

    def action_replays(self) -> None:
        """Runs, downloads and bundles to look back at."""
        self.console.show_replays()

    def action_up(self) -> None:
        """From the episodes of a round to the rounds, from the lists to the leagues, from these back."""
        if not self.entries.has_focus_within:
            if len(self.app.screen_stack) > 1:  # q leaves the console, not a key that goes back step by step
                self.action_leave()
        elif self.entries.scope is not None and self.entries.scope.round is not None:
            self.entries.show_tab("rounds")
        else:
            self.leagues.focus_list()

    def action_leave(self) -> None:
        """Back to what lies beneath; this stays as it is."""
        self.console.leave()
