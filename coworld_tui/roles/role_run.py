"""One supporting role run on one episode: in a container without network, or as a local process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal, ParamSpec, TypeVar

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, CoworldError
from ..contract.package import Package
from ..contract.text import safe_line
from ..replay.bundling import BundlingStoppedError
from ..replay.episode_files import EpisodeFiles, open_episode
from ..runner import blame
from ..runner.backend import Backend, Mount, Part, PartExit, PartSpec
from ..runner.docker_backend import DockerBackend, DockerPart
from ..runner.launch import BackendName
from ..runner.logs import LogFile, LogRing
from ..runner.process_backend import ProcessBackend
from ..runner.together import end
from ..runs.directory import new_run_id, write_json
from ..runs.redact import Redactor
from . import log_limit
from .listing import RoleEntry, find_role
from .role_folder import RoleFolder, earlier_outputs
from .role_inputs import prepare_inputs, role_environment
from .role_outputs import OUTPUT_LIMIT, RoleOutput, check_outputs, collect, outputs_in, size_of
from .role_room import clear_room, make_room

RoleName = Literal["reporter", "grader", "diagnoser", "optimizer"]
DEFAULT_TIMEOUT_SECONDS = 300.0

_CONTAINER_INPUT = "/coworld-role/input"
_CONTAINER_OUTPUT = "/coworld-role/output"
_SCRATCH_LIMIT = 4 * OUTPUT_LIMIT  # what a container writes anywhere, as its engine counts while it runs
_WATCH_SECONDS = 0.5
_LOGS = ("role.stdout.log", "role.stderr.log")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class RoleOptions:
    """Which role to run, and how. ``id`` None: the first of its section that can be run.

    ``target`` is the policy a diagnoser looks at, free text. ``output_dir`` must be new or empty.
    """

    role: RoleName
    id: str | None = None
    target: str = ""
    backend: BackendName = "docker"
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    output_dir: Path | None = None
    command: str = ""


@dataclass(frozen=True)
class RoleOutcome:
    """How a role ended. ``folder`` holds its outputs and logs; None when it was never started."""

    role: str
    id: str
    status: Literal["passed", "failed", "cancelled"]
    outputs: tuple[RoleOutput, ...] = ()
    error: CoworldError | None = None
    seconds: float = 0.0
    folder: Path | None = None

    @property
    def exit_code(self) -> int:
        """The process exit code that goes with it."""
        if self.status == "cancelled":
            return EXIT_INTERRUPTED
        if self.status == "passed":
            return EXIT_DONE
        return self.error.exit_code if self.error is not None else EXIT_FAILED

    def as_dict(self) -> dict[str, Any]:
        """The ``--json`` object, which is also ``role.json`` beside the outputs."""
        return {
            "role": self.role,
            "id": self.id,
            "status": self.status,
            "outputs": [output.as_dict() for output in self.outputs],
            "error": self.error.as_dict() if self.error is not None else None,
            "seconds": round(self.seconds, 3),
            "folder": str(self.folder) if self.folder is not None else None,
        }


@dataclass
class _Work:
    """What a run has made so far and must clear away."""

    room: Path | None = None
    episode: EpisodeFiles | None = None
    backend: Backend | None = None
    part: Part | None = None
    folder: RoleFolder | None = None
    logs: list[LogFile] = field(default_factory=list)


class RoleRun:
    """Runs one role once. ``log`` has its latest lines while it runs."""

    def __init__(self, package: Package, source: Path, options: RoleOptions) -> None:
        self.package = package
        self.source = source
        self.options = options
        self.log = LogRing(Redactor())
        self.outcome: RoleOutcome | None = None
        self._id = options.id or ""
        self._began = monotonic()
        self._work = _Work()
        self._stopped = threading.Event()
        self._task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        """Stop the role; ``run()`` then clears away and returns an outcome ``cancelled``."""
        if self._stopped.is_set() or self.outcome is not None:
            return
        self._stopped.set()
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> RoleOutcome:
        """Run the role to its end, whatever that is, and leave nothing running behind. Never raises."""
        self._began = monotonic()
        self._task = asyncio.create_task(self._through())
        if self._stopped.is_set():
            self._task.cancel()
        status: Literal["passed", "failed", "cancelled"] = "passed"
        error: CoworldError | None = None
        try:
            await self._task
        except CoworldError as problem:
            status, error = "failed", problem
        except (asyncio.CancelledError, BundlingStoppedError):
            self._stopped.set()
            self._task.cancel()
            await asyncio.wait({self._task})
            status = "cancelled"
        except OSError as problem:
            status, error = "failed", blame.disk_error(problem)
        except Exception as problem:
            status, error = "failed", blame.internal_error(problem, self.options.role, Redactor())
        ending = asyncio.ensure_future(self._finish(status, error))
        while not ending.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({ending})
        return ending.result()

    async def _through(self) -> None:
        options, work = self.options, self._work
        entry = find_role(self.package, options.role, options.id)
        self._id = safe_line(entry.id, 80)
        _check_backend(entry, options.backend)
        work.episode = await self._in_thread(open_episode, self.source)
        work.room = await self._in_thread(make_room)
        earlier = earlier_outputs(work.episode) if options.role == "optimizer" else ()
        inputs = await self._in_thread(
            prepare_inputs,
            self.package,
            work.episode,
            work.room / "input",
            earlier,
            self._stopped.is_set,
        )
        work.backend = await self._open_backend(entry)
        work.folder = await self._in_thread(
            RoleFolder.create,
            self.package,
            work.episode,
            entry,
            options.output_dir,
            options.backend,
            options.command,
        )
        work.logs = [LogFile(work.folder.path / name, self.log) for name in _LOGS]
        spec = _spec(entry, options, work.room, inputs)
        work.part = await work.backend.create(spec, *work.logs)
        await work.part.start()
        ended = await self._until_end(work.part, work.room)
        if ended.code != 0:
            raise self._went_wrong(ended)

    async def _open_backend(self, entry: RoleEntry) -> Backend:
        if self.options.backend == "process":
            return ProcessBackend(new_run_id())
        # A name of its own: closing removes all that carries it, and an episode may have several roles.
        backend = await DockerBackend.open(new_run_id())
        self._work.backend = backend
        await backend.prepare(frozenset({entry.image or ""}))
        return backend

    async def _until_end(self, part: Part, room: Path) -> PartExit:
        ending = asyncio.ensure_future(part.wait())
        watching = asyncio.create_task(self._watch(part, room))
        try:
            await asyncio.wait(
                {ending, watching},
                timeout=self.options.timeout_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if ending.done():
                return ending.result()
            if watching.done():
                watching.result()
        except CoworldError as error:
            raise self._too_much(error.cause) if error.type == "artifact_too_large" else error from None
        finally:
            await end(ending, watching)
        raise self._error(
            "role_timeout",
            f"the {self.options.role} did not end within {self.options.timeout_seconds:g} s",
            next_step="give it more with --timeout-seconds, or read role.stderr.log",
        )

    async def _watch(self, part: Part, room: Path) -> None:
        """End, with an error, when the role writes more than anybody wants."""
        pause = _WATCH_SECONDS
        while True:
            await asyncio.sleep(pause)
            began = monotonic()
            with contextlib.suppress(OSError):  # a process may have removed it
                await asyncio.to_thread(os.utime, room)  # in use, for whoever clears old rooms away
            if excess := await self._excess(part, room / "output"):
                raise self._too_much(excess)
            pause = max(_WATCH_SECONDS, monotonic() - began)

    async def _excess(self, part: Part, output: Path) -> str:
        """What the role has too much of by now; empty when nothing.

        What a container writes is with its engine until its end. The engine counts all of it, files that
        are no outputs too, so that more is let pass; the limit of outputs holds when they are fetched.
        """
        if sum(log.size for log in self._work.logs) > log_limit.LOG_LIMIT:
            return f"more than {log_limit.LOG_LIMIT >> 20} MiB of log lines"
        if not isinstance(part, DockerPart):
            is_too_much = await asyncio.to_thread(size_of, output) > OUTPUT_LIMIT
            return f"more than {OUTPUT_LIMIT >> 20} MiB of outputs, or too many files" if is_too_much else ""
        try:
            written = await part.written()
        except CoworldError:  # an engine too busy to count; the time is limited as well
            return ""
        return f"more than {_SCRATCH_LIMIT >> 20} MiB of files" if written > _SCRATCH_LIMIT else ""

    def _went_wrong(self, ended: PartExit) -> CoworldError:
        last = blame.last_line(self.log)
        reason = f" ({ended.reason})" if ended.reason else ""
        return self._error(
            "role_failed",
            f"the {self.options.role} ended with exit code {ended.code}{reason}",
            f"last log line: {last}" if last else "it logged nothing",
        )

    def _too_much(self, cause: str) -> CoworldError:
        return self._error("role_output_refused", f"the {self.options.role} wrote too much", cause)

    def _error(
        self,
        kind: str,
        title: str,
        cause: str = "",
        next_step: str = "read role.stderr.log beside its outputs",
    ) -> CoworldError:
        return CoworldError(kind, title, cause=cause, owner=f"the {self.options.role}", next_step=next_step)

    async def _finish(
        self, status: Literal["passed", "failed", "cancelled"], error: CoworldError | None
    ) -> RoleOutcome:
        """Clear everything away, and take what the role wrote, whatever became of it."""
        work, role = self._work, self.options.role
        if work.part is not None:
            await work.part.remove()
        if work.backend is not None:
            await work.backend.close()
        for log in work.logs:
            log.close()
        outputs: tuple[RoleOutput, ...] = ()
        if work.folder is not None and work.room is not None:
            ended = work.part.exit if work.part is not None else None
            left_out = ended.left_out if ended is not None else ()
            refused = await asyncio.to_thread(collect, role, work.room / "output", work.folder.path, left_out)
            if status == "passed":
                error = refused or await asyncio.to_thread(check_outputs, role, work.folder.path)
                status = "failed" if error is not None else "passed"
            outputs = await asyncio.to_thread(outputs_in, work.folder.path)
        folder = work.folder.path if work.folder is not None else None
        self.outcome = RoleOutcome(role, self._id, status, outputs, error, monotonic() - self._began, folder)
        await asyncio.to_thread(self._put_away, self.outcome)
        return self.outcome

    def _put_away(self, outcome: RoleOutcome) -> None:
        work = self._work
        if work.room is not None:
            clear_room(work.room)
        if work.episode is not None:
            work.episode.close()
        if work.folder is not None:
            with contextlib.suppress(OSError):
                write_json(work.folder.path / "role.json", outcome.as_dict())
            with contextlib.suppress(OSError):
                work.folder.finish(outcome.status, outcome.as_dict())

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Blocking work off the loop. When it is cancelled, it is told so and waited for."""
        call: Coroutine[Any, Any, T] = asyncio.to_thread(function, *args, **kwargs)
        task = asyncio.ensure_future(call)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._stopped.set()
            await asyncio.wait({task})
            raise


def _check_backend(entry: RoleEntry, backend: BackendName) -> None:
    label = f"the {entry.section} {safe_line(entry.id, 80)}"
    if backend == "process" and not entry.argv:
        raise CoworldError(
            "command_missing",
            f"the manifest gives no command for {label}",
            cause="its image knows the command, and local processes have no image",
            next_step="use --backend docker, or give it `run` in the manifest",
            exit_code=EXIT_USAGE,
        )
    if backend == "docker" and not entry.image:
        raise CoworldError(
            "image_missing",
            f"the manifest gives no image for {label}",
            next_step="use --backend process, or give it `image` in the manifest",
            exit_code=EXIT_USAGE,
        )


def _spec(entry: RoleEntry, options: RoleOptions, room: Path, inputs: dict[str, list[str]]) -> PartSpec:
    is_process = options.backend == "process"
    reading, writing = room / "input", room / "output"
    input_uri = reading.as_uri() if is_process else f"file://{_CONTAINER_INPUT}"
    output_uri = writing.as_uri() if is_process else f"file://{_CONTAINER_OUTPUT}"
    return PartSpec(
        role=entry.section,
        name=f"coworld-role-{entry.section}-{secrets.token_hex(8)}",
        image=None if is_process else entry.image,
        argv=entry.argv,
        env=role_environment(entry, inputs, input_uri, output_uri, options.target),
        mounts=()
        if is_process
        else (
            Mount(reading, _CONTAINER_INPUT, read_only=True),
            Mount(writing, _CONTAINER_OUTPUT, is_copied=True, limit=OUTPUT_LIMIT),
        ),
        resources=entry.resources,
        has_network=False,
    )
