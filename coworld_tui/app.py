"""The console: screens over the runner, and the episodes of this session."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen
from textual.worker import WorkerError

from .contract.errors import EXIT_INTERRUPTED
from .contract.text import safe_line
from .keys import PLACE, Key, of_scope
from .paced_app import PacedApp
from .replay.lenses.spans import Span, fit
from .runner.signals import stop_on_signals
from .screens.bindings import bindings
from .screens.console import ConsoleScreen, Work
from .styles.themes import THEMES
from .widgets.bars import KeyBar, TopBar

if TYPE_CHECKING:
    from pathlib import Path

    from .contract.package import Package
    from .roles.certification import Certification
    from .runner.batch import Batch
    from .runner.episode import Episode
    from .runner.outcome import Outcome
    from .screens.launch import Launch
    from .screens.live import LiveScreen

STOP, LET_FINISH = "stop", "finish"
MOST_COPIED = 100_000
"""Characters that are sent to the clipboard: terminals drop longer ones. The file has everything."""
_SHOWN_OF_COPIED, _LOOKED_AT = 30, 1_000
_LAST_WORDS_SECONDS = 3.0


@dataclass
class Session:
    """One launch: its batch, the task that runs it, and its screen."""

    launch: Launch
    batch: Batch
    task: asyncio.Task[list[Outcome]]
    screen: LiveScreen

    @property
    def running(self) -> int:
        """How many of its episodes have not ended."""
        return sum(episode.outcome is None for episode in self.batch.episodes)


class CoworldApp(PacedApp[str]):
    """Opens on the packages, on a launch, a certification, a replay or the leagues of a server (``league``).

    ``folders`` hold downloads and bundles, beside those of the settings; nothing inflates to more than
    ``max_inflated`` bytes.

    Its return value says what to do with episodes that still run: ``stop`` or ``finish``.
    """

    CSS_PATH = "styles/app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings("everywhere")
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-normal"), (150, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-short"), (34, "-tall")]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = True
    TITLE = "coworld-tui"

    def __init__(
        self,
        opened: tuple[str, ...] = (),
        first: Launch | None = None,
        *,
        certification: Certification | None = None,
        replay: Path | None = None,
        replays: bool = False,
        league: str = "",
        folders: tuple[Path, ...] = (),
        max_inflated: int | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.sessions: list[Session] = []
        self.works: dict[asyncio.Task[object], Work] = {}
        self.engine = Span("○ docker", "muted")
        self.account = Span("")
        self._opened = opened
        self._first = first
        self._certification = certification
        self._replay = replay
        self._replays = replays or replay is not None
        self._league = league
        self._folders = folders
        self._max_inflated = max_inflated
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_default_screen(self) -> ConsoleScreen:
        """The ground all else stands on: the packages, or what one came for."""
        if self._league:
            from .screens.league.screen import LeagueScreen

            return LeagueScreen(self._league)
        if self._replays:
            from .screens.replay import ReplayScreen

            return ReplayScreen(self._replay, self._folders, self._max_inflated)
        from .screens.manifest import ManifestScreen

        return ManifestScreen(self._opened)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names our styles use, for Textual's own themes."""
        return {name: THEMES[0].variables[name] for name in ("ground", "bar", "selected", "line", "muted")}

    def on_mount(self) -> None:
        """Everything that reads or asks comes after the first paint."""
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        # What is there by now stays: keep the collector from walking all of it while somebody types.
        gc.freeze()
        stop_on_signals(self._terminated)
        self._apply_settings()
        if self._first is not None:
            self.launch(self._first)
        if self._certification is not None:
            self.begin(self._certification)
            self._show_certification(self._certification)
        self.run_worker(self._look_for_engine(), group="engine")

    def _apply_settings(self) -> None:
        from .runs.settings import read_settings

        try:
            settings = read_settings()
        except (OSError, ValueError) as error:
            self.notify(f"settings ignored: {error}", severity="warning", markup=False)
            return
        keys = settings.get("keys")
        if isinstance(keys, dict):
            self.set_keymap({str(name): str(key) for name, key in keys.items()})
            for bar in self.screen.query(KeyBar):
                bar.update_keys()
        theme = settings.get("theme")
        if isinstance(theme, str) and theme in self.available_themes:
            self.theme = theme

    async def _look_for_engine(self) -> None:
        # It is a lot to import: not before the replay that somebody waits for, nor in the way of keys.
        await self._first_frame()
        await asyncio.to_thread(import_module, f"{__package__}.runner.reaper")
        from .contract.errors import CoworldError
        from .runner.docker_engine import connect
        from .runner.reaper import reap

        try:
            engine = await connect()
            self.engine = Span("● docker" + (" (remote)" if engine.is_remote else ""), "good")
        except CoworldError as error:
            self.engine = Span(
                "✗ docker not permitted" if error.type == "engine_not_permitted" else "✗ no docker", "warning"
            )
        self._refresh_top()
        await reap()

    async def _first_frame(self) -> None:
        """Wait until a replay that is being opened is on the screen, or cannot be opened."""
        opening = [worker for worker in self.workers if worker.group == "opening"]
        if opening:
            with contextlib.suppress(WorkerError):
                await self.workers.wait_for_complete(opening)
            painted = asyncio.Event()
            self.call_after_refresh(painted.set)
            await painted.wait()

    # -- launching --------------------------------------------------------------------------

    def launch(self, launch: Launch) -> None:
        """Start a launch and show it."""
        from .runner.batch import Batch, episodes_of
        from .screens.live import LiveScreen

        episodes = tuple(episodes_of(launch.plans, launch.options))
        batch = Batch(episodes, launch.jobs, on_end=self._ended)
        session = Session(launch, batch, asyncio.create_task(batch.run()), LiveScreen(episodes))
        self.sessions.append(session)
        self._show(session)

    @work(exclusive=True, group="launching")
    async def launch_again(self, package: Package) -> None:
        """The last launch of this package once more; without one, its certification fixture."""
        from .contract.errors import CoworldError
        from .contract.request import plan_episode
        from .runner.launch import LaunchOptions
        from .screens.launch import Launch

        for session in reversed(self.sessions):
            if session.launch.plans[0].package.source == package.source:
                self.launch(session.launch)
                return
        try:
            plan = await asyncio.to_thread(plan_episode, package)
        except CoworldError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        backend = LaunchOptions(
            backend="process" if package.builtin else "docker", command=f"coworld-tui run {package.source}"
        )
        self.launch(Launch((plan,), backend, 1))

    def begin(self, work: Work) -> None:
        """Start something that goes on when its screen is left, and ends with the console."""
        task = asyncio.create_task(work.run())
        self.works[task] = work
        task.add_done_callback(self._work_ended)
        self._refresh_top()

    def is_working(self, work: Work) -> bool:
        """Whether something that was begun has not ended."""
        return work in self.works.values()

    def _work_ended(self, task: asyncio.Task[object]) -> None:
        work = self.works.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            from .runs.redact import Redactor
            from .runs.trace import note_trace

            note_trace(f"{type(work).__name__} in the console", error, Redactor())
        if self.is_running:
            self._refresh_top()
            if error is not None:
                self.notify(safe_line(str(error), 300), severity="error", markup=False)

    async def stop_works(self) -> None:
        """End what was begun, and wait for its cleaning up."""
        running = dict(self.works)
        for each in running.values():
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def certify(self, package: Package) -> None:
        """Certify a package and show how that goes; one that still runs is shown again."""
        from .roles.certification import Certification, CertifyOptions

        running = (work for work in self.works.values() if isinstance(work, Certification))
        certification = next((work for work in running if work.package.source == package.source), None)
        if certification is None:
            certification = Certification(
                package, CertifyOptions(backend="process" if package.builtin else "docker")
            )
            self.begin(certification)
        self._show_certification(certification)

    def _show_certification(self, certification: Certification) -> None:
        from .screens.certify import CertifyScreen

        self.push_screen(CertifyScreen(certification))

    def show_live(self) -> None:
        """The latest session, running ones first."""
        if not self.sessions:
            self.notify("nothing was launched yet: r runs the package", markup=False)
            return
        self._show(
            max(self.sessions, key=lambda session: (session.running > 0, self.sessions.index(session)))
        )

    def leave(self) -> None:
        """Back to the screen beneath; the packages are the ground and stay."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.exit(STOP)

    def show_replays(self, path: Path | None = None) -> None:
        """Open a replay; without one, the list of what there is."""
        from .screens.replay import ReplayScreen

        self.push_screen(ReplayScreen(path, self._folders, self._max_inflated))

    def show_league(self) -> None:
        """Go to the leagues, as they were left."""
        from .observatory.servers import chosen_server
        from .screens.league.screen import LeagueScreen

        self._go_to(LeagueScreen, lambda: LeagueScreen(chosen_server()))

    def show_packages(self) -> None:
        """Go to the packages, as they were left."""
        from .screens.manifest import ManifestScreen

        self._go_to(ManifestScreen, lambda: ManifestScreen(self._opened))

    def _go_to(self, kind: type[ConsoleScreen], make: Callable[[], ConsoleScreen]) -> None:
        """Leave what lies over a ground that is open; open it over the present one otherwise."""
        name = kind.SCOPE
        if any(isinstance(screen, kind) for screen in self.screen_stack):
            while not isinstance(self.screen, kind):
                self.pop_screen()
            return
        if not self.is_screen_installed(name):
            self.install_screen(make(), name)
        self.push_screen(name)

    async def hand_over(self, command: Sequence[str]) -> None:
        """Give the terminal to a program; ctrl+c in it is meant for it."""
        loop = asyncio.get_running_loop()
        meant_for_it = (signal.SIGINT, signal.SIGQUIT)
        for number in meant_for_it:
            loop.add_signal_handler(number, lambda: None)  # not ignored, which the program would inherit
        try:
            await super().hand_over(command)
        finally:
            for number in meant_for_it:
                loop.remove_signal_handler(number)
            stop_on_signals(self._terminated)

    def copy(self, text: str) -> None:
        """Send text to the terminal's clipboard, which may not take it, and keep it in a file."""
        from .runs.directory import replacing
        from .runs.paths import state_dir

        self.copy_to_clipboard(text[:MOST_COPIED])
        place = state_dir() / "copied.txt"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(place, 0o600) as file:
                file.write(text.encode("utf-8", "replace"))
        except OSError:
            where = ""
        else:
            where = f"; also in {place}"
        self.notify(f"sent to the terminal's clipboard: {_beginning(text)}{where}", markup=False)

    @property
    def running(self) -> int:
        """How many episodes and other works of this session have not ended."""
        return sum(session.running for session in self.sessions) + len(self.works)

    def _show(self, session: Session) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.install_live(session)
        self.push_screen(session.screen)

    def install_live(self, session: Session) -> None:
        """Keep a live screen across visits: popping an installed screen does not remove it."""
        name = f"live-{self.sessions.index(session)}"
        if not self.is_screen_installed(name):
            self.install_screen(session.screen, name)

    def _ended(self, episode: Episode, outcome: Outcome) -> None:
        if not self.is_running or self._is_shown(episode):
            return
        scores = " : ".join(f"{score:g}" for score in outcome.scores or ()) or "no scores"
        self.notify(f"{episode.title}: {outcome.status}, {scores}", markup=False)

    def _is_shown(self, episode: Episode) -> bool:
        from .screens.live import LiveScreen

        return isinstance(self.screen, LiveScreen) and self.screen.episode is episode

    # -- the top bar ------------------------------------------------------------------------

    def show_top(self, bar: TopBar, place: str) -> None:
        """Fill a screen's top bar."""
        bar.show_state(place, self.engine, self.running, self.account)

    def act_as(self, account: Span) -> None:
        """Say in the top bar who acts on the server."""
        self.account = account
        self._refresh_top()

    def _refresh_top(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                self.show_top(screen.query_one(TopBar), screen.place)

    # -- keys -------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every key that works here, by name."""
        for node, _, keys in self._parts(screen):
            for key in keys:
                # Several keys of one entry differ in what they do: that is no command.
                if key.id != "palette" and PLACE not in key.action:
                    run = partial(self.run_action, key.action, node)
                    yield SystemCommand(f"{key.title}  ({key.label})", key.help, run)
        for theme in THEMES:
            yield SystemCommand(
                f"theme: {theme.name}", "change the colours", partial(setattr, self, "theme", theme.name)
            )

    def action_help(self) -> None:
        """The keys that work here, those of the pane that has focus first."""
        from .screens.dialogs import help_table

        self.push_screen(help_table([(scope, keys) for _, scope, keys in self._parts(self.screen)]))

    def _parts(self, screen: Screen[Any]) -> list[tuple[DOMNode, str, list[Key]]]:
        """What has keys of its own, the nearest to the focus first: its scope, and those that work now."""
        near = screen.focused if screen.focused is not None else screen
        scopes = [(node, getattr(node, "SCOPE", "")) for node in near.ancestors_with_self]
        parts = [(node, scope, _working(node, scope)) for node, scope in scopes if scope]
        return [*parts, (self, "everywhere", list(of_scope("everywhere")))]

    def action_next_theme(self) -> None:
        """The next of our themes."""
        names = [theme.name for theme in THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]

    async def action_quit(self) -> None:
        """Leave; with episodes running, ask what to do with them."""
        if not self.running:
            self.exit(STOP)
            return
        from .screens.dialogs import Question

        answers = [("s", STOP, "stop, keep what was recorded, and leave")]
        if not self.works:
            answers.append(("f", LET_FINISH, "leave the console and finish them in the plain terminal"))
        one, many = ("Something is", "things") if self.works else ("An episode is", "episodes")
        said = one if self.running == 1 else f"{self.running} {many} are"
        self.push_screen(Question("quit", f"{said} running.", answers), self._quit)

    def _quit(self, answer: str | None) -> None:
        if answer:
            self.exit(answer)

    def _terminated(self) -> None:
        self.run_worker(self._stop_everything(), exclusive=True, group="terminated")

    async def _stop_everything(self) -> None:
        """End all episodes, then the console; a terminal that is gone or stalled cannot hold that up."""
        for session in self.sessions:
            session.batch.cancel()
        await asyncio.gather(*(session.task for session in self.sessions), self.stop_works())
        last_resort = threading.Timer(_LAST_WORDS_SECONDS, os._exit, (EXIT_INTERRUPTED,))
        last_resort.daemon = True
        last_resort.start()
        self.exit(STOP, return_code=EXIT_INTERRUPTED)


def _beginning(text: str) -> str:
    """A text in a few cells of one line, for people to know it by."""
    line = safe_line(" ".join(text[:_LOOKED_AT].split()))
    return fit(line, _SHOWN_OF_COPIED).rstrip() or "nothing"


def _working(node: DOMNode, scope: str) -> list[Key]:
    """The keys of a scope that its screen or pane would obey now."""
    actions = ((key, key.action.partition("(")[0]) for key in of_scope(scope))
    return [key for key, action in actions if node.check_action(action, ()) is not False]
