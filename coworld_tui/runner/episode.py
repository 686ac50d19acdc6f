"""One episode from plan to artifacts: the state machine that everything else serves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from ..contract.errors import CoworldError
from ..contract.request import EpisodePlan, Seat
from ..contract.results import Results
from ..contract.text import safe_line
from ..runs.directory import RunDirectory, new_run_id
from ..runs.redact import Redactor
from . import blame
from .backend import Part, PartExit
from .collect import RESULTS_MISSING, declared_failure, find_replay, read_results
from .events import EventLog
from .launch import Identity, LaunchOptions, browser_links, warms_up
from .logs import LogRing
from .outcome import Outcome
from .phases import LABELS, Phase, PhaseClock
from .probes import Probes
from .recorder import Recorder
from .replay_check import check_replay
from .run_files import GAME_LOGS, RunFiles, player_log
from .stage import Stage
from .together import ENDING_SECONDS, end, together
from .viewer import Viewer, ViewerRefusedError
from .warmup import until_ready

T = TypeVar("T")

FIRST_FRAME_SECONDS = 10.0
_DRAIN_SECONDS, _LONGEST_DRAIN_SECONDS = 0.2, 10.0
_DISK_CHECK_SECONDS = 0.5


class Episode:
    """Runs one plan. Everything a screen shows of it is an attribute here; ``run()`` never raises.

    ``clock`` is the current phase, ``rings`` the logs by source (``game``, ``player 0``, ...),
    ``recorder`` and ``events`` exist once the run directory does, ``exits`` is how players ended,
    ``links`` the browser pages once the game is healthy. ``game_over`` is set when the game has
    ended well and everything it wrote is there. ``drawn`` is for the screen: it counts there the
    frames it showed.
    """

    def __init__(self, plan: EpisodePlan, options: LaunchOptions) -> None:
        self.plan = plan
        self.options = options
        self.run_id = new_run_id()
        self.clock = PhaseClock()
        self.exits: dict[int, PartExit | None] = {}
        self.links: dict[str, str] = {}
        self.game_over = asyncio.Event()
        self.drawn = 0
        self.outcome: Outcome | None = None
        self.results_error: CoworldError | None = None
        self._identity = Identity.new(len(plan.seats))
        self._redactor = Redactor([*self._identity.tokens, *options.secret_env.values()])
        self.rings = {"game": LogRing(self._redactor)}
        self.rings.update({f"player {seat.slot}": LogRing(self._redactor) for seat in plan.seats})
        self._files: RunFiles | None = None
        self._stage: Stage | None = None
        self._game: Part | None = None
        self._players: dict[int, Part] = {}
        self._viewer: Viewer | None = None
        self._watchers: list[asyncio.Task[None]] = []
        self._trouble: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False
        self._results: Results | None = None

    @property
    def title(self) -> str:
        """``paintarena · certification``, safe to show."""
        return f"{safe_line(self.plan.package.name, 60)} · {safe_line(self.plan.variant_id, 40)}"

    @property
    def phase(self) -> Phase:
        """What it is doing now."""
        return self.clock.phase

    @property
    def events(self) -> EventLog | None:
        """What happened so far."""
        return self._files.events if self._files is not None else None

    @property
    def recorder(self) -> Recorder | None:
        """The frames so far."""
        return self._files.recorder if self._files is not None else None

    @property
    def workspace(self) -> Path | None:
        """What the game sees, once it exists."""
        return self._files.workspace if self._files is not None else None

    def cancel(self) -> None:
        """Stop the episode; ``run()`` then cleans up and returns an outcome ``cancelled``."""
        if self._cancelled or self.phase.is_final:
            return
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> Outcome:
        """Play the episode to its end, whatever that is, and leave nothing running behind."""
        self.clock = PhaseClock()
        self._task = asyncio.create_task(self._play_through())
        if self._cancelled:
            self._task.cancel()
        final, error = Phase.PASSED, None
        try:
            await self._task
        except CoworldError as problem:
            final, error = Phase.FAILED, problem
        except asyncio.CancelledError:
            self._task.cancel()
            await asyncio.wait({self._task})
            final = Phase.CANCELLED
        except OSError as problem:
            final, error = Phase.FAILED, blame.disk_error(problem)
        except Exception as problem:
            final, error = Phase.FAILED, blame.internal_error(problem, self.run_id, self._redactor)
        ending = asyncio.ensure_future(self._finish(final, error))
        while not ending.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({ending})
        try:
            return ending.result()
        except Exception as problem:
            bug = blame.internal_error(problem, self.run_id, self._redactor)
            self.clock.enter(Phase.FAILED)
            self.outcome = self._outcome(None, bug)
            return self.outcome

    async def _play_through(self) -> None:
        await self._prepare()
        await self._warm_up()
        probes = await self._start_game()
        if self.options.kind == "episode":
            self._enter(Phase.PROBING)
            checks = probes.routes(self._identity.tokens[0], pong=self.options.require_pong)
            await self._while_game_lives(checks)
        self._watch_frames(probes.ws)
        await self._start_players()
        self._enter(Phase.FIRST_FRAME)
        await self._first_frame()
        self._enter(Phase.PLAYING)
        await self._play()
        self._enter(Phase.COLLECTING)
        await self._collect()
        # A declared viewer shows the replay itself; the game need not (local.md section 3.6).
        if self.options.verify_replay and self.plan.package.manifest.game.replay_viewer is None:
            self._enter(Phase.VERIFYING_REPLAY)
            await self._verify_replay()

    # -- preparing and starting -------------------------------------------------------------

    async def _prepare(self) -> None:
        directory = await asyncio.to_thread(RunDirectory.create, self.run_id, self.options.output_dir)
        self._trouble = asyncio.get_running_loop().create_future()
        try:
            self._files = RunFiles(directory, self._redactor)
        except OSError:
            directory.discard()
            raise
        self._files.begin(self.plan, self.options, self._identity)
        self._files.open_logs(self.rings)
        self._emit("phase", LABELS[Phase.PREPARING], phase=Phase.PREPARING.value)
        self._watchers.append(asyncio.create_task(self._watch_disk(self._files)))
        self._stage = Stage(self.plan, self.options, self._identity, directory)
        await self._stage.prepare()

    async def _start_game(self) -> Probes:
        stage, files = self._opened()
        self._enter(Phase.STARTING_GAME)
        self._game = await stage.create_game(*map(files.log, GAME_LOGS))
        await self._game.start()
        host, port = await self._while_game_lives(stage.game_address(self._game))
        self._enter(Phase.WAITING_HEALTH)
        probes = Probes(host, port)
        await self._while_game_lives(
            together(probes.healthy(), self._create_players()),
            blame.never_healthy(self.options.timeout_seconds),
        )
        self.links = browser_links(self._identity, f"http://{host}:{port}")
        return probes

    async def _warm_up(self) -> None:
        seats = [seat for seat in self.plan.seats if warms_up(seat, self.options)]
        if seats:
            self._enter(Phase.WARMING_UP)
            await together(*map(self._warm_up_player, seats))

    async def _warm_up_player(self, seat: Seat) -> None:
        await self._create_player(seat)
        part = self._players[seat.slot]
        await self._start_player(seat.slot, part)
        assert seat.startup is not None
        if not await until_ready(part, seat.startup, seat.slot):
            _, files = self._opened()
            raise self._player_crash() or blame.player_left(seat.slot, files.logs)
        self._emit("ready", f"player {seat.slot} is ready", slot=seat.slot)

    async def _create_players(self) -> None:
        seats = [seat for seat in self.plan.seats if seat.kind != "human" and seat.slot not in self._players]
        await together(*map(self._create_player, seats))

    async def _create_player(self, seat: Seat) -> None:
        stage, files = self._opened()
        self._players[seat.slot] = await stage.create_player(seat, files.log(player_log(seat.slot)))

    async def _start_players(self) -> None:
        self._enter(Phase.STARTING_PLAYERS)
        waiting = ((slot, part) for slot, part in self._players.items() if slot not in self.exits)
        works = (self._start_player(slot, part) for slot, part in waiting)
        starting = asyncio.create_task(together(*works))
        try:
            happened = await self._game_or(starting, self.options.timeout_seconds)
            if starting.done():
                starting.result()
        finally:
            await end(starting)
        # A game that is over before the last player is up is judged by its exit code and results.
        if not happened:
            raise blame.phase_too_long(LABELS[self.phase])

    async def _start_player(self, slot: int, part: Part) -> None:
        await part.start()
        self.exits[slot] = None
        self._watchers.append(asyncio.create_task(self._watch_player(slot, part)))

    # -- playing ----------------------------------------------------------------------------

    def _watch_frames(self, base: str) -> None:
        _, files = self._opened()
        game = self._running_game()
        self._viewer = Viewer(f"{base}/global", files.recorder, lambda: game.exit is None)
        self._watchers.append(asyncio.create_task(self._watch_viewer(self._viewer)))

    async def _watch_viewer(self, viewer: Viewer) -> None:
        try:
            await viewer.run()
        except ViewerRefusedError as problem:
            if self.options.kind == "play":
                self._emit("viewer", f"no frames: {problem}")
            elif not await self._game_is_ending():
                self._raise(self._player_crash() or blame.no_frames(str(problem)))
        except Exception as problem:
            self._raise(problem)

    async def _first_frame(self) -> None:
        if self._viewer is None or self.options.kind == "play":
            return
        limit = min(self.options.timeout_seconds, FIRST_FRAME_SECONDS)
        waiting = asyncio.create_task(self._viewer.first_frame.wait())
        try:
            happened = await self._game_or(waiting, limit)
        finally:
            waiting.cancel()
        # A game that is over already is judged by its exit code and results, not by the socket.
        if not happened:
            raise self._player_crash() or blame.no_frames(f"nothing came within {limit:g} s")

    async def _play(self) -> None:
        if not await self._game_or(None, self.options.timeout_seconds):
            raise blame.never_ended(self.options.timeout_seconds)
        ended = await self._running_game().wait()
        self._emit("exit", f"game exited with {ended.code}", code=ended.code, reason=ended.reason)
        if ended.code != 0:
            raise self._game_failure(ended, "while it played")
        self.game_over.set()

    async def _collect(self) -> None:
        limit = self.options.player_exit_seconds
        late = await self._players_still_running(limit)
        _, files = self._opened()
        try:
            self._results = await asyncio.to_thread(read_results, files.workspace, self.plan)
        except CoworldError as error:
            # The game may say whose fault it is; with results it has nothing to excuse.
            declared = declared_failure(files.workspace, len(self.plan.seats))
            if error.type == RESULTS_MISSING and declared:
                raise declared from None
            if self.options.require_results:
                raise
            self.results_error = blame.redacted(error, self._redactor)
        if crash := self._player_crash():
            raise crash
        if late:
            raise blame.player_stayed(late[0], limit)

    async def _players_still_running(self, limit: float) -> list[int]:
        started = {slot: self._players[slot] for slot in self.exits}
        waits = {slot: asyncio.ensure_future(part.wait()) for slot, part in started.items()}
        if waits:
            await asyncio.wait(waits.values(), timeout=limit)
        for wait in waits.values():
            wait.cancel()
        self._note_exits()
        return [slot for slot in waits if self.exits[slot] is None]

    async def _verify_replay(self) -> None:
        stage, files = self._opened()
        replay = find_replay(files.workspace, self.plan)
        if replay is None:
            raise blame.no_replay()
        stdout, stderr = map(files.log, GAME_LOGS)
        await check_replay(stage, replay, stdout, stderr, self.options.timeout_seconds)

    # -- waiting ----------------------------------------------------------------------------

    async def _while_game_lives(self, work: Coroutine[Any, Any, T], late: CoworldError | None = None) -> T:
        """``work``, unless the game ends, something breaks, or the phase takes too long."""
        task = asyncio.ensure_future(work)
        try:
            happened = await self._game_or(task, self.options.timeout_seconds)
            if task.done() and not (_broke_off(task) and await self._game_is_ending()):
                return task.result()
        finally:
            await end(task)
        if not happened:
            raise late or blame.phase_too_long(LABELS[self.phase])
        raise self._game_failure(await self._running_game().wait(), "before its players were started")

    async def _game_is_ending(self) -> bool:
        """Whether the game is about to be seen dead: what broke off then is not what went wrong."""
        exiting = asyncio.ensure_future(self._running_game().wait())
        await asyncio.wait({exiting}, timeout=ENDING_SECONDS)
        await end(exiting)
        return self._running_game().exit is not None

    async def _game_or(self, task: asyncio.Future[Any] | None, limit: float) -> bool:
        """Wait for the game's end or ``task``; False when ``limit`` seconds pass. Raises trouble."""
        assert self._trouble is not None
        game = asyncio.ensure_future(self._running_game().wait())
        waited: set[asyncio.Future[Any]] = {game, self._trouble}
        try:
            done, _ = await asyncio.wait(
                waited | ({task} if task is not None else set()),
                timeout=limit,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            game.cancel()
        if self._trouble.done():
            self._trouble.result()
        return bool(done)

    async def _watch_player(self, slot: int, part: Part) -> None:
        ended = await part.wait()
        self.exits[slot] = ended
        self._emit(
            "exit", f"player {slot} exited with {ended.code}", slot=slot, code=ended.code, reason=ended.reason
        )
        # A crash in play is the game's to handle; before the first tick nobody would ever play.
        frames = self.recorder
        has_begun = frames is not None and frames.count > 0 and frames.last_tick != 0
        waiting = self.phase in (Phase.STARTING_PLAYERS, Phase.FIRST_FRAME, Phase.PLAYING)
        if ended.code != 0 and waiting and not has_begun and self.options.kind == "episode":
            self._raise(self._player_crash())

    async def _watch_disk(self, files: RunFiles) -> None:
        """Writers keep a failure to themselves so that reading goes on; here it ends the episode."""
        while (error := files.write_error()) is None:  # noqa: ASYNC110 - set by threads without a loop
            await asyncio.sleep(_DISK_CHECK_SECONDS)
        self._raise(blame.disk_error(error))

    def _raise(self, error: BaseException | None) -> None:
        if error is not None and self._trouble is not None and not self._trouble.done():
            self._trouble.set_exception(error)

    def _game_failure(self, ended: PartExit, when: str) -> CoworldError:
        _, files = self._opened()
        return (
            declared_failure(files.workspace, len(self.plan.seats))
            or self._wrong_platform("game")
            or blame.game_ended(ended, when, self.rings["game"], files.logs / "game.stderr.log")
        )

    def _player_crash(self) -> CoworldError | None:
        _, files = self._opened()
        self._note_exits()
        crash = blame.player_crash(self.exits, self.rings, files.logs)
        if crash is None:
            return None
        return self._wrong_platform(f"player {crash.slot}", crash.slot) or crash

    def _wrong_platform(self, source: str, slot: int | None = None) -> CoworldError | None:
        """The better explanation when a program could not be executed; elsewhere the engine emulates it."""
        stage, _ = self._opened()
        return stage.foreign_platform(slot) if blame.says_exec_format(self.rings[source]) else None

    # -- the end ----------------------------------------------------------------------------

    async def _finish(self, final: Phase, error: CoworldError | None) -> Outcome:
        if error is not None:
            error = blame.redacted(error, self._redactor)
        if final is not Phase.PASSED:
            self._emit("stopping", "cancelled" if error is None else str(error))
        self._note_exits()
        exits = dict(self.exits)  # as the players ended by themselves, not as they are ended now
        await self._clear_stage()
        replay: Path | None = None
        if self._files is not None:
            await self._files.close_streams()
            if error is None and (failed_write := self._files.write_error()) is not None:
                final, error = Phase.FAILED, blame.disk_error(failed_write)
            replay = await asyncio.to_thread(self._files.settle, self.plan, exits)
        self.clock.enter(final)
        self.outcome = self._outcome(replay, error)
        self._emit("end", final.value, error=error.as_dict() if error is not None else None)
        if self._files is not None:
            self._files.finish(self.outcome)
        return self.outcome

    async def _clear_stage(self) -> None:
        """Remove all parts, let the watchers see their ends, stop the rest."""
        if self._stage is not None:
            await self._stage.clear()
        await self._drain()
        await end(*self._watchers)
        if self._trouble is not None and self._trouble.done():
            self._trouble.exception()

    async def _drain(self) -> None:
        """Take what is still on its way from parts that are gone, as long as more of it comes."""
        watching = set(self._watchers[1:])
        frames = self.recorder
        deadline = monotonic() + _LONGEST_DRAIN_SECONDS
        while watching and frames is not None and monotonic() < deadline:
            before = frames.count, frames.written
            _, watching = await asyncio.wait(watching, timeout=_DRAIN_SECONDS)
            if (frames.count, frames.written) == before:
                return

    def _outcome(self, replay: Path | None, error: CoworldError | None) -> Outcome:
        files, recorder = self._files, self.recorder
        recorded = recorder.count if recorder is not None else 0
        return Outcome(
            run_id=self.run_id,
            run_dir=str(files.directory.path) if files is not None else "",
            status=self.phase.value,
            workspace=str(files.workspace) if files is not None else "",
            slots=tuple(seat.name for seat in self.plan.seats),
            scores=self._results.scores if self._results is not None else None,
            results=self._redactor.foreign(self._results.raw) if self._results is not None else None,
            replay=str(replay) if replay is not None else None,
            recording=str(recorder.path) if recorder is not None and recorded else None,
            recorded=recorded,
            distinct_ticks=recorder.distinct_ticks if recorder is not None else 0,
            not_drawn=max(0, recorded - self.drawn),
            phases={phase.value: seconds for phase, seconds in self.clock.durations.items()},
            seconds=self.clock.total(),
            error=error,
        )

    # -- small things -----------------------------------------------------------------------

    def _note_exits(self) -> None:
        for slot, part in self._players.items():
            if slot in self.exits:
                self.exits[slot] = part.exit

    def _opened(self) -> tuple[Stage, RunFiles]:
        assert self._stage is not None
        assert self._files is not None
        return self._stage, self._files

    def _running_game(self) -> Part:
        assert self._game is not None
        return self._game

    def _enter(self, phase: Phase) -> None:
        left = self.phase
        seconds = self.clock.enter(phase)
        self._emit("phase", LABELS[phase], phase=phase.value, left=left.value, seconds=round(seconds, 3))

    def _emit(self, kind: str, message: str, **data: Any) -> None:
        if self._files is not None:
            self._files.events.emit(kind, message, **data)


def _broke_off(work: asyncio.Future[Any]) -> bool:
    """Whether it failed in a way that is also what it looks like when the game dies meanwhile.

    That is a probe without an answer, or an engine that finds no port of a container.
    """
    error = work.exception()
    return isinstance(error, CoworldError) and error.type in ("game_contract_violation", "engine_refused")
