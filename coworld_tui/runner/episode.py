"""One episode from plan to artifacts: the state machine that everything else serves."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.request import EpisodePlan, Seat
from ..contract.text import safe_line
from ..runs.directory import RunDirectory, new_run_id, write_json
from ..runs.paths import log_file
from ..runs.redact import Redactor
from .backend import Part, PartExit
from .collect import (
    declared_failure,
    find_replay,
    gather_player_artifact,
    read_results,
    write_player_status,
)
from .events import EventLog
from .launch import Identity, LaunchOptions
from .logs import LogFile, LogRing
from .outcome import Outcome
from .phases import LABELS, Phase, PhaseClock
from .probes import Probes
from .recorder import Recorder
from .stage import Stage
from .viewer import Viewer, ViewerRefused

T = TypeVar("T")

FIRST_FRAME_SECONDS = 10.0
_VIEWER_DRAIN_SECONDS = 2.0
_DISK_CHECK_SECONDS = 0.5
_CAUSE_LOG_LINES = 3


class Episode:
    """Runs one plan. Everything a screen shows of it is an attribute here; ``run()`` never raises.

    ``clock`` is the current phase, ``rings`` the logs by source (``game``, ``player 0``, ...),
    ``recorder`` the frames once the run directory exists, ``exits`` how players ended, ``links``
    the browser pages once the game is healthy. ``drawn`` is for the screen to count frames it showed.
    """

    def __init__(self, plan: EpisodePlan, options: LaunchOptions) -> None:
        self.plan = plan
        self.options = options
        self.run_id = new_run_id()
        self.identity = Identity.new(len(plan.seats))
        self.redactor = Redactor([*self.identity.tokens, *options.secret_env.values()])
        self.clock = PhaseClock()
        self.rings: dict[str, LogRing] = {"game": LogRing(self.redactor)}
        self.rings.update({f"player {seat.slot}": LogRing(self.redactor) for seat in plan.seats})
        self.recorder: Recorder | None = None
        self.events: EventLog | None = None
        self.exits: dict[int, PartExit | None] = {}
        self.links: dict[str, str] = {}
        self.drawn = 0
        self.outcome: Outcome | None = None
        self._run: RunDirectory | None = None
        self._logs: list[LogFile] = []
        self._stage: Stage | None = None
        self._game: Part | None = None
        self._players: dict[int, Part] = {}
        self._watchers: list[asyncio.Task[Any]] = []
        self._viewer: Viewer | None = None
        self._trouble: asyncio.Future[Any] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False
        self._results: Any = None
        self._replay: Path | None = None

    @property
    def title(self) -> str:
        """``paintarena · certification``, safe to show."""
        return f"{safe_line(self.plan.package.name, 60)} · {safe_line(self.plan.variant_id, 40)}"

    @property
    def phase(self) -> Phase:
        """What it is doing now."""
        return self.clock.phase

    @property
    def viewer_connected(self) -> bool:
        """Whether the global viewer's socket is open."""
        return self._viewer is not None and self._viewer.connected

    def cancel(self) -> None:
        """Stop the episode; ``run()`` then cleans up and returns an outcome ``cancelled``."""
        if self._cancelled or self.outcome is not None:
            return
        self._cancelled = True
        if self._task is not None and not self.phase.is_final:
            self._task.cancel()

    async def run(self) -> Outcome:
        """Play the episode to its end, whatever that is, and leave nothing running behind."""
        self._task = asyncio.create_task(self._play_through())
        final, error = Phase.PASSED, None
        try:
            if self._cancelled:
                self._task.cancel()
            await self._task
        except CoworldError as problem:
            final, error = Phase.FAILED, problem
        except asyncio.CancelledError:
            final = Phase.CANCELLED
            self._task.cancel()
        except Exception as problem:  # a bug of ours: the trace goes to the log file, not to the person
            final, error = Phase.FAILED, self._internal_error(problem)
        ending = asyncio.ensure_future(self._finish(final, error))
        while not ending.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(ending)
        return ending.result()

    async def _play_through(self) -> None:
        await self._prepare()
        probes = await self._start_game()
        try:
            if self.options.kind == "episode":
                self._enter(Phase.PROBING)
                token = self.identity.tokens[0] if self.identity.tokens else None
                await self._while_game_lives(probes.routes(token))
            self._watch_frames(probes)
            await self._start_players()
            self._enter(Phase.FIRST_FRAME)
            await self._first_frame()
        finally:
            await probes.close()
        self._enter(Phase.PLAYING)
        await self._play()
        self._enter(Phase.COLLECTING)
        await self._collect()
        if self.options.verify_replay:
            self._enter(Phase.VERIFYING_REPLAY)
            await self._verify_replay()

    # -- preparing and starting -------------------------------------------------------------

    async def _prepare(self) -> None:
        run = await asyncio.to_thread(RunDirectory.create, self.run_id, self.options.output_dir)
        self._run = run
        self._trouble = asyncio.get_running_loop().create_future()
        self.events = EventLog(run.logs / "events.jsonl", self.redactor)
        self.recorder = Recorder(run.artifacts)
        run.begin(
            kind=self.options.kind,
            command=self.redactor.text(self.options.command),
            provider=self.options.backend,
            operation=f"{self.plan.package.name}:{self.plan.variant_id}",
            inputs={
                "manifest": self.plan.package.source,
                "version": self.plan.package.version,
                "slots": [seat.name for seat in self.plan.seats],
                "seed": self.plan.game_config.get("seed"),
            },
        )
        write_json(run.inputs / "coworld_manifest.json", self.plan.package.raw)
        write_json(run.inputs / "episode_request.json", self.plan.request())
        config = {**self.plan.game_config, "tokens": list(self.identity.tokens)}
        write_json(run.workspace / "config.json", config)
        self._emit("phase", LABELS[Phase.PREPARING], phase=Phase.PREPARING.value)
        self._watchers.append(asyncio.create_task(self._watch_disk()))
        self._stage = Stage(self.plan, self.options, self.identity, run)
        await self._stage.prepare()

    async def _start_game(self) -> Probes:
        assert self._stage is not None
        self._enter(Phase.STARTING_GAME)
        stdout, stderr = self._log("game.stdout.log", "game"), self._log("game.stderr.log", "game")
        self._game = await self._stage.create_game(stdout, stderr)
        await self._game.start()
        host, port = await self._while_game_lives(self._stage.game_address(self._game))
        self._enter(Phase.WAITING_HEALTH)
        probes = Probes(host, port)
        late = CoworldError(
            "game_unhealthy",
            "the game never became healthy",
            cause=f"/healthz gave no 200 within {self.options.timeout_seconds:g} s",
            owner="the game",
            next_step="read logs/game.stderr.log; does it listen on COGAME_HOST and COGAME_PORT?",
        )
        await self._while_game_lives(asyncio.gather(probes.healthy(), self._create_players()), late)
        self._note_links(f"http://{host}:{port}")
        return probes

    async def _create_players(self) -> None:
        seats = [seat for seat in self.plan.seats if seat.kind != "human"]
        parts = await asyncio.gather(*(self._create_player(seat) for seat in seats))
        self._players = {seat.slot: part for seat, part in zip(seats, parts, strict=True)}

    async def _create_player(self, seat: Seat) -> Part:
        assert self._stage is not None
        log = self._log(f"policy_agent_{seat.slot}.log", f"player {seat.slot}")
        return await self._stage.create_player(seat, log)

    async def _start_players(self) -> None:
        self._enter(Phase.STARTING_PLAYERS)
        await self._while_game_lives(
            asyncio.gather(*(self._start_player(slot, part) for slot, part in self._players.items()))
        )

    async def _start_player(self, slot: int, part: Part) -> None:
        await part.start()
        self.exits[slot] = None
        self._watchers.append(asyncio.create_task(self._watch_player(slot, part)))

    def _note_links(self, base: str) -> None:
        for seat in self.plan.seats:
            label = f"player {seat.slot}"
            self.links[label] = f"{base}/client/player?slot={seat.slot}&token={self.identity.tokens[seat.slot]}"
        self.links["global"] = f"{base}/client/global"
        self.links["admin"] = f"{base}/client/admin"

    # -- playing ----------------------------------------------------------------------------

    def _watch_frames(self, probes: Probes) -> None:
        assert self.recorder is not None
        game = self._game
        assert game is not None
        self._viewer = Viewer(f"{probes.ws}/global", self.recorder, lambda: game.exit is None)
        task = asyncio.create_task(self._viewer.run())
        task.add_done_callback(self._viewer_ended)
        self._watchers.append(task)

    def _viewer_ended(self, task: asyncio.Task[None]) -> None:
        problem = None if task.cancelled() else task.exception()
        if isinstance(problem, ViewerRefused):
            if self.options.kind == "episode" and self._game is not None and self._game.exit is None:
                self._raise(_no_frames(str(problem)))
            else:
                self._emit("viewer", f"no frames: {problem}")
        elif problem is not None:
            self._raise(problem)

    async def _first_frame(self) -> None:
        assert self._viewer is not None
        if self.options.kind == "play":
            return
        limit = min(self.options.timeout_seconds, FIRST_FRAME_SECONDS)
        waiting = asyncio.create_task(self._viewer.first_frame.wait())
        try:
            done = await self._game_or(waiting, limit)
        finally:
            waiting.cancel()
        # A game that is over already is judged by its exit code and results, not by the socket.
        if not done and not self._viewer.first_frame.is_set():
            raise self._player_crash() or _no_frames(f"nothing came within {limit:g} s")

    async def _play(self) -> None:
        assert self._game is not None
        if not await self._game_or(None, self.options.timeout_seconds):
            raise CoworldError(
                "episode_timeout",
                "the game did not end in time",
                cause=f"it still ran after {self.options.timeout_seconds:g} s",
                owner="the game",
                next_step="raise --timeout-seconds, or give the game fewer ticks",
            )
        ended = await self._game.wait()
        self._emit("exit", f"game exited with {ended.code}", code=ended.code, reason=ended.reason)
        if ended.code != 0:
            raise self._game_failure(ended, "while it played")

    async def _collect(self) -> None:
        assert self._run is not None
        limit = self.options.player_exit_seconds
        late = await self._players_still_running(limit)
        self._results = read_results(self._run.workspace, self.plan)
        if crash := self._player_crash():
            raise crash
        if late:
            slot = late[0]
            raise CoworldError(
                "episode_inconclusive",
                f"the player in slot {slot} did not exit",
                cause=f"it still ran {limit:g} s after the game had ended",
                owner=f"slot {slot}",
                next_step="a player must exit after its final message or when the socket closes",
                slot=slot,
            )

    async def _players_still_running(self, limit: float) -> list[int]:
        waits = {slot: asyncio.ensure_future(part.wait()) for slot, part in self._players.items()}
        if waits:
            await asyncio.wait(waits.values(), timeout=limit)
        late = [slot for slot, wait in waits.items() if not wait.done()]
        for slot in late:
            waits[slot].cancel()
        for slot, part in self._players.items():
            self.exits[slot] = part.exit
        return late

    async def _verify_replay(self) -> None:
        assert self._run is not None
        assert self._stage is not None
        replay = find_replay(self._run.workspace, self.plan)
        if replay is None:
            raise CoworldError(
                "replay_missing",
                "the game wrote no replay",
                owner="the game",
                next_step="the game must write to COGAME_SAVE_REPLAY_URI before it exits",
            )
        part, uri = await self._stage.create_replay_server(
            replay, self._log("game.stdout.log", "game"), self._log("game.stderr.log", "game")
        )
        await part.start()
        probes = Probes(*await part.address())
        try:
            async with asyncio.timeout(self.options.timeout_seconds):
                await probes.healthy()
                await probes.replay(uri)
        except TimeoutError as error:
            raise CoworldError(
                "replay_unloadable",
                "the replay server never became healthy",
                owner="the game",
                next_step="read logs/game.stderr.log",
            ) from error
        except CoworldError as error:
            raise CoworldError(
                "replay_unloadable",
                "the game cannot load its own replay",
                cause=error.cause,
                owner="the game",
                next_step=error.next_step,
            ) from error
        finally:
            await probes.close()

    # -- waiting ----------------------------------------------------------------------------

    async def _while_game_lives(self, work: Awaitable[T], late: CoworldError | None = None) -> T:
        """``work``, unless the game ends, something breaks, or the phase takes too long."""
        task = asyncio.ensure_future(work)
        try:
            ended = await self._game_or(task, self.options.timeout_seconds)
            if task.done():
                return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})
        if not ended:
            raise late or CoworldError(
                "game_unhealthy",
                f"the phase {LABELS[self.phase]!r} took too long",
                owner="the game",
                next_step="raise --timeout-seconds",
            )
        assert self._game is not None
        raise self._game_failure(await self._game.wait(), "before the players were started")

    async def _game_or(self, task: asyncio.Future[Any] | None, limit: float) -> bool:
        """Wait for the game's end or ``task``; False when ``limit`` seconds pass. Raises trouble."""
        assert self._game is not None
        assert self._trouble is not None
        game = asyncio.ensure_future(self._game.wait())
        try:
            waited = {game, self._trouble} | ({task} if task is not None else set())
            done, _ = await asyncio.wait(waited, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            game.cancel()
        if self._trouble.done():
            self._trouble.result()
        return bool(done)

    async def _watch_player(self, slot: int, part: Part) -> None:
        ended = await part.wait()
        self.exits[slot] = ended
        self._emit("exit", f"player {slot} exited with {ended.code}", slot=slot, code=ended.code, reason=ended.reason)
        before_play = self.recorder is None or not self.recorder.last_tick
        if ended.code != 0 and before_play and self.phase in (Phase.FIRST_FRAME, Phase.PLAYING):
            crash = self._player_crash()
            if crash is not None and self.options.kind == "episode":
                self._raise(crash)

    async def _watch_disk(self) -> None:
        """A full disk shows in writers that must not raise; here it ends the episode."""
        assert self.events is not None
        assert self.recorder is not None
        while True:
            await asyncio.sleep(_DISK_CHECK_SECONDS)
            if error := self._write_error():
                self._raise(_disk_error(error))
                return

    def _write_error(self) -> OSError | None:
        errors = [self.events and self.events.write_error, self.recorder and self.recorder.error]
        errors += [log.write_error for log in self._logs]
        return next((error for error in errors if error is not None), None)

    def _raise(self, error: BaseException) -> None:
        if self._trouble is not None and not self._trouble.done():
            self._trouble.set_exception(error)

    # -- blame ------------------------------------------------------------------------------

    def _game_failure(self, ended: PartExit, when: str) -> CoworldError:
        assert self._run is not None
        declared = declared_failure(self._run.workspace, len(self.plan.seats))
        if declared is not None:
            return declared
        foreign = self._stage.foreign_platform() if self._stage is not None else None
        if foreign is not None:
            return foreign
        how = f"it exited with {ended.code}" + (f" ({ended.reason})" if ended.reason else "")
        if "address already in use" in " ".join(self.rings["game"].tail(_CAUSE_LOG_LINES)).lower():
            how += ": its port was taken meanwhile"
        return CoworldError(
            "game_unhealthy",
            f"the game ended {when}",
            cause=how + self._last_words("game"),
            owner="the game",
            next_step=f"read {self._log_path('game.stderr.log')}",
        )

    def _player_crash(self) -> CoworldError | None:
        for slot, ended in sorted(self.exits.items()):
            if ended is not None and ended.code != 0:
                how = f"exit code {ended.code}" + (f" ({ended.reason})" if ended.reason else "")
                return CoworldError(
                    "player_error",
                    f"the player in slot {slot} crashed",
                    cause=how + self._last_words(f"player {slot}"),
                    owner=f"slot {slot}",
                    next_step=f"read {self._log_path(f'policy_agent_{slot}.log')}",
                    slot=slot,
                )
        return None

    def _last_words(self, source: str) -> str:
        lines = [line[12:].strip() for line in self.rings[source].tail(_CAUSE_LOG_LINES)]
        last = next((line for line in reversed(lines) if line), "")
        return f"; last log line: {safe_line(last, 300)}" if last else ""

    def _log_path(self, name: str) -> str:
        return str(self._run.workspace / "logs" / name) if self._run is not None else name

    def _internal_error(self, error: Exception) -> CoworldError:
        if isinstance(error, OSError):
            return _disk_error(error)
        trace = self.redactor.text("".join(traceback.format_exception(error)))
        with contextlib.suppress(OSError):
            log_file().parent.mkdir(parents=True, exist_ok=True)
            with log_file().open("a", encoding="utf-8") as stream:
                stream.write(f"{self.run_id}\n{trace}\n")
        return CoworldError(
            "platform_error",
            "the runner itself failed",
            cause=safe_line(self.redactor.text(f"{type(error).__name__}: {error}"), 300),
            owner="coworld-tui",
            next_step=f"report it with {log_file()}",
        )

    # -- the end ----------------------------------------------------------------------------

    async def _finish(self, final: Phase, error: CoworldError | None) -> Outcome:
        if final is not Phase.PASSED:
            self._emit("stopping", "cancelled" if error is None else str(error))
        for slot, part in self._players.items():
            self.exits[slot] = part.exit
        drain = [task for task in self._watchers if not task.done()]
        if self._stage is not None:
            await self._stage.clear()
        if drain:
            await asyncio.wait(drain, timeout=0 if final is Phase.CANCELLED else _VIEWER_DRAIN_SECONDS / 10)
        for task in drain:
            task.cancel()
        if drain:
            await asyncio.wait(drain)
        if self.recorder is not None:
            await self.recorder.close()
        for log in self._logs:
            log.close()
        if (write_error := self._write_error()) is not None and error is None:
            final, error = Phase.FAILED, _disk_error(write_error)
        if error is not None:
            error = self._redacted(error)
        self.clock.enter(final)
        with contextlib.suppress(OSError):
            self._leave_artifacts()
        self.outcome = self._outcome(error)
        self._emit("end", final.value, error=error.as_dict() if error is not None else None)
        with contextlib.suppress(OSError):
            self._write_outcome(self.outcome)
        if self.events is not None:
            self.events.close()
        return self.outcome

    def _leave_artifacts(self) -> None:
        if self._run is None:
            return
        workspace = self._run.workspace
        if self._stage is not None:
            for seat in self.plan.seats:
                gather_player_artifact(self._stage.artifact_folder(seat.slot), workspace, seat.slot)
        if self.exits:
            write_player_status(workspace, self.exits)
        self._replay = find_replay(workspace, self.plan)
        workspace.chmod(0o755)

    def _outcome(self, error: CoworldError | None) -> Outcome:
        run, recorder = self._run, self.recorder
        recorded = recorder.count if recorder is not None else 0
        return Outcome(
            run_id=self.run_id,
            run_dir=str(run.path) if run is not None else "",
            status=self.phase.value,
            workspace=str(run.workspace) if run is not None else "",
            slots=tuple(seat.name for seat in self.plan.seats),
            scores=self._results.scores if self._results is not None else None,
            results=self._results.raw if self._results is not None else None,
            replay=str(self._replay) if self._replay is not None else None,
            recording=str(recorder.path) if recorder is not None and recorded else None,
            recorded=recorded,
            distinct_ticks=recorder.distinct_ticks if recorder is not None else 0,
            not_drawn=max(0, recorded - self.drawn),
            phases={phase.value: seconds for phase, seconds in self.clock.durations.items()},
            seconds=self.clock.total(),
            error=error,
        )

    def _write_outcome(self, outcome: Outcome) -> None:
        run = self._run
        if run is None or self.events is None:
            return
        result: dict[str, Any] = {
            "scores": outcome.scores,
            "slots": list(outcome.slots),
            "seconds": round(outcome.seconds, 3),
            "phases": outcome.as_dict()["phases"],
            "frames": outcome.as_dict()["frames"],
        }
        if outcome.error is not None:
            result["error"] = str(outcome.error)
            result["problem"] = outcome.error.as_dict()
        artifacts = {"events": "logs/events.jsonl"}
        if outcome.recording:
            artifacts["frames"] = run.relative(Path(outcome.recording))
        for name in ("results.json", "config.json"):
            if (run.workspace / name).is_file():
                artifacts[name.removesuffix(".json")] = f"workspace/{name}"
        if self._replay is not None:
            artifacts["replay"] = f"workspace/{self._replay.name}"
        run.finish(
            status=outcome.status,
            result=self.redactor.value(result),
            artifacts=artifacts,
            event_count=self.events.count,
        )

    def _redacted(self, error: CoworldError) -> CoworldError:
        return CoworldError(
            error.type,
            self.redactor.text(error.title),
            cause=self.redactor.text(error.cause),
            owner=error.owner,
            next_step=self.redactor.text(error.next_step),
            slot=error.slot,
            exit_code=error.exit_code,
        )

    # -- small things -----------------------------------------------------------------------

    def _enter(self, phase: Phase) -> None:
        left = self.phase
        seconds = self.clock.enter(phase)
        self._emit("phase", LABELS[phase], phase=phase.value, left=left.value, seconds=round(seconds, 3))

    def _emit(self, kind: str, message: str, **data: Any) -> None:
        if self.events is not None:
            self.events.emit(kind, message, **data)

    def _log(self, name: str, ring: str) -> LogFile:
        assert self._run is not None
        log = LogFile(self._run.workspace / "logs" / name, self.rings[ring])
        self._logs.append(log)
        return log


def _no_frames(how: str) -> CoworldError:
    return CoworldError(
        "game_contract_violation",
        "the global viewer delivered no frame",
        cause=how,
        owner="the game",
        next_step="the game must send a message on /global as soon as a viewer connects",
    )


def _disk_error(error: OSError) -> CoworldError:
    return CoworldError(
        "disk_full" if error.errno == 28 else "disk_error",
        "the disk is full" if error.errno == 28 else "writing to disk failed",
        cause=f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else ""),
        owner="you",
        next_step="free some space, or move the runs with COWORLD_TUI_HOME; what was recorded is kept",
        exit_code=EXIT_MISSING,
    )
