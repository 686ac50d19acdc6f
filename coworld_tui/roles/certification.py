"""Certification: ten steps, those that can side by side, told in their order (local.md section 4)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..contract.checking import Verdict, check_raw
from ..contract.errors import CoworldError
from ..contract.generations import Generation, generation_of
from ..contract.package import Package, UnusableManifestError
from ..contract.request import plan_episode
from ..contract.text import safe_line
from ..runner import blame
from ..runner.episode import Episode
from ..runner.launch import PLAYER_EXIT_SECONDS, BackendName, LaunchOptions
from ..runner.together import end, unhurried
from ..runs.directory import new_run_id, require_fresh
from ..runs.paths import cache_dir
from ..runs.redact import Redactor
from . import steps_episode, steps_package
from .certification_files import write_files
from .certification_outcome import CertificationOutcome
from .sources import resolve_sources, token_of
from .steps import ORDER, STEPS, Step, StepState, failure_of
from .steps_roles import supporting_roles

DEFAULT_TIMEOUT_SECONDS = 60.0
_NAME_LIMIT, _SOURCE_LIMIT = 100, 300
_PLAYER_EXIT_SECONDS: dict[Generation, float] = {"0.1.11": 10.0, "0.1.64": PLAYER_EXIT_SECONDS}
_NOT_THE_PACKAGE = steps_package.ENGINE_TYPES | {"disk_full", "disk_error"}


@dataclass(frozen=True)
class CertifyOptions:
    """How to certify. ``generation`` None is the manifest's own.

    ``keep_going`` runs, after a failed step, those that do not need it. ``timeout_seconds`` is per
    phase. ``command`` is kept in the run manifest. ``output_dir`` must be new or empty.
    """

    generation: Generation | None = None
    keep_going: bool = False
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    backend: BackendName = "docker"
    output_dir: Path | None = None
    command: str = ""


class Certification:
    """Takes one package through all steps. Everything a screen shows of it is an attribute here.

    ``steps`` are live and in the contract's order. ``episode`` is the smoke episode once there is
    one. ``changed`` is set at every change; who looks clears it. A step that runs beside an
    earlier one counts only when all earlier ones passed, unless the options say to keep going.
    """

    def __init__(self, package: Package, options: CertifyOptions) -> None:
        self.package = package
        self.options = options
        self.generation: Generation = options.generation or package.generation
        self.steps = [StepState(step) for step in STEPS]
        self.episode: Episode | None = None
        self.changed = asyncio.Event()
        self.outcome: CertificationOutcome | None = None
        self._over = {step.id: asyncio.Event() for step in STEPS}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._replay: asyncio.Task[str] | None = None
        self._verdict: Verdict | None = None
        self._error: CoworldError | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False
        self._aside = Path()

    def state(self, step_id: str) -> StepState:
        """The step with that id."""
        return self.steps[ORDER.index(step_id)]

    def cancel(self) -> None:
        """Stop; ``run()`` then clears away what it started and returns."""
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> CertificationOutcome:
        """Take the steps and write the report.

        Raises CoworldError for an output folder in use (exit 2) and a home that cannot be written (3).
        """
        if self.options.output_dir is not None:
            await asyncio.to_thread(require_fresh, self.options.output_dir)
        try:
            self._aside = await asyncio.to_thread(_new_folder)
        except OSError as error:
            raise blame.disk_error(error) from error
        self._task = asyncio.create_task(self._all_steps())
        if self._cancelled:
            self._task.cancel()
        try:
            await asyncio.wait({self._task})
        except asyncio.CancelledError:
            self.cancel()
        return await unhurried(self._finish())

    async def _all_steps(self) -> None:
        for step in STEPS:
            self._running[step.id] = asyncio.create_task(self._take(step))
        try:
            await asyncio.wait(self._running.values())
        finally:
            early = [self._replay] if self._replay is not None else []
            await unhurried(end(*self._running.values(), *early))

    async def _take(self, step: Step) -> None:
        """One step from waiting to its end."""
        state = self.state(step.id)
        try:
            for earlier in step.needs or (() if step.id == ORDER[0] else ORDER[:1]):
                await self._over[earlier].wait()
            blocking = [need for need in step.needs if self.state(need).status != "pass"]
            if blocking:
                state.skip(f"needs {blocking[0]}")
                return
            state.begin()
            self.changed.set()
            state.end("pass", await _WORK[step.id](self))
        except CoworldError as error:
            self._failed(state, error)
        except asyncio.CancelledError:
            failed = self._stopped_by(step.id)
            if not self._cancelled and failed is None:
                self.cancel()  # whoever shows the episode stopped it
            state.skip("certification was stopped" if self._cancelled else f"{failed} failed")
            raise
        except OSError as error:
            self._failed(state, blame.disk_error(error))
        except Exception as error:
            self._failed(state, blame.internal_error(error, f"certify {step.id}", Redactor()))
        finally:
            self._over[step.id].set()
            self.changed.set()

    def _failed(self, state: StepState, error: CoworldError) -> None:
        reason, feedback = failure_of(state.step, error)
        state.end("fail", feedback, reason)
        if error.type in _NOT_THE_PACKAGE:
            self._error = error
        if not self.options.keep_going:
            self._stop_after(state.id)

    def _stop_after(self, failed: str) -> None:
        """What comes after the failed step ends and does not count; what comes before goes on."""
        for step_id in ORDER[ORDER.index(failed) + 1 :]:
            state = self.state(step_id)
            if state.is_over:
                state.skip(f"{failed} failed")
            else:
                self._running[step_id].cancel()

    def _stopped_by(self, step_id: str) -> str | None:
        """The failed step that ends this one; none does when the options say to keep going."""
        earlier = self.steps[: ORDER.index(step_id)]
        failed = (state.id for state in earlier if state.status == "fail")
        return None if self.options.keep_going else next(failed, None)

    # -- the steps ----------------------------------------------------------------------------

    async def _matriculate(self) -> str:
        self._verdict = await asyncio.to_thread(check_raw, self.package.raw)
        return steps_package.matriculate(self._verdict, self.package.manifest, self.generation)

    async def _source_resolves(self) -> str:
        declared = steps_package.declared_sources(self.package.manifest)
        results = await resolve_sources(declared, token=token_of())
        self.state("source-resolves").source_url_results = results
        return steps_package.sources_feedback(results)

    async def _images_reachable(self) -> str:
        if self.options.backend == "process":
            return "local processes need no images; none was looked for"
        return await steps_package.images_reachable(self.package.manifest)

    async def _fixture_conforms(self) -> str:
        assert self._verdict is not None
        return steps_package.fixture_conforms(self._verdict, self.package.manifest, self.generation)

    async def _smoke_episode(self) -> str:
        launch = LaunchOptions(
            backend=self.options.backend,
            timeout_seconds=self.options.timeout_seconds,
            player_exit_seconds=_PLAYER_EXIT_SECONDS[self.generation],
            require_pong=self.generation == "0.1.64",
            require_results=False,
            output_dir=self.options.output_dir,
            command=self.options.command,
        )
        plan = await asyncio.to_thread(plan_episode, self.package)
        self.episode = Episode(plan, launch)
        self._replay = asyncio.create_task(
            steps_episode.replay_loadable(self.episode, self.generation, self._aside)
        )
        self.changed.set()
        played = await steps_episode.at_end(self.episode)
        return steps_episode.episode_feedback(self.episode, played)

    async def _results_conform(self) -> str:
        return steps_episode.results_conform(self._smoke())

    async def _replay_present(self) -> str:
        return steps_episode.replay_present(self._smoke())

    async def _replay_loadable(self) -> str:
        assert self._replay is not None
        return await self._replay

    async def _players_run(self) -> str:
        return steps_episode.players_run(self._smoke(), self.generation)

    async def _supporting_roles(self) -> str:
        return await supporting_roles(
            self.package, self.generation, self.options.backend, self.options.timeout_seconds, self._aside
        )

    def _smoke(self) -> Episode:
        assert self.episode is not None
        return self.episode

    # -- the end ------------------------------------------------------------------------------

    async def _finish(self) -> CertificationOutcome:
        if self._task is not None:
            await asyncio.wait({self._task})
        for state in self.steps:
            if not state.is_over:
                state.skip("certification was stopped")
        played = self.episode.outcome if self.episode is not None else None
        has_run = played is not None and bool(played.run_dir)
        outcome = CertificationOutcome(
            package={
                "name": safe_line(self.package.name, _NAME_LIMIT),
                "version": safe_line(self.package.version, _NAME_LIMIT),
                "source": safe_line(self.package.source, _SOURCE_LIMIT),
            },
            generation=self.generation,
            steps=tuple(self.steps),
            cancelled=self._cancelled,
            run_id=played.run_id if played is not None and has_run else new_run_id(),
            run_dir=Path(played.run_dir) if played is not None and has_run else None,
            episode=played,
            error=self._error,
            finished_at=datetime.now(UTC),
            log_richness=steps_package.log_richness(self.package.manifest),
        )
        try:
            outcome = await _written(outcome, self.options, self._aside)
        finally:
            await asyncio.to_thread(shutil.rmtree, self._aside, ignore_errors=True)
        self.outcome = outcome
        self.changed.set()
        return outcome


def _new_folder() -> Path:
    """A folder for what is written before the run has one; in our home, which engines can mount."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="certification-", dir=cache_dir()))


async def certify_unusable(refused: UnusableManifestError, options: CertifyOptions) -> CertificationOutcome:
    """The outcome for a manifest with which no other step can be taken. Raises as ``Certification.run``."""
    if options.output_dir is not None:
        await asyncio.to_thread(require_fresh, options.output_dir)
    generation = options.generation or generation_of(refused.raw)
    steps = [StepState(step) for step in STEPS]
    reason, feedback = failure_of(steps[0].step, refused)
    steps[0].end("fail", feedback, reason)
    for state in steps[1:]:
        state.skip("the manifest cannot be worked with")
    outcome = CertificationOutcome(
        package={"name": "", "version": "", "source": refused.source},
        generation=generation,
        steps=tuple(steps),
        cancelled=False,
        run_id=new_run_id(),
        run_dir=None,
        episode=None,
        error=None,
        finished_at=datetime.now(UTC),
    )
    return await _written(outcome, options, None)


async def _written(
    outcome: CertificationOutcome, options: CertifyOptions, aside: Path | None
) -> CertificationOutcome:
    try:
        return await asyncio.to_thread(write_files, outcome, options, aside)
    except CoworldError as error:
        return outcome.with_error(error)
    except OSError as error:
        return outcome.with_error(blame.disk_error(error))


_WORK: dict[str, Callable[[Certification], Awaitable[str]]] = {
    "matriculate": Certification._matriculate,
    "source-resolves": Certification._source_resolves,
    "images-reachable": Certification._images_reachable,
    "fixture-conforms": Certification._fixture_conforms,
    "smoke-episode": Certification._smoke_episode,
    "results-conform": Certification._results_conform,
    "replay-present": Certification._replay_present,
    "replay-loadable": Certification._replay_loadable,
    "players-run": Certification._players_run,
    "supporting-roles": Certification._supporting_roles,
}
