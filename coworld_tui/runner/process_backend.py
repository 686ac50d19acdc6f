"""Games and players as plain local processes, each the leader of its own process group."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
from pathlib import Path

import psutil

from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..runs.directory import write_json
from ..runs.owner import is_running
from .backend import LOOPBACK, PartExit, PartSpec
from .logs import LogFile

PROCESSES_FILE = "processes.json"
_CHUNK = 64 << 10
_GRACE_SECONDS = 2.0
_DRAIN_SECONDS = 1.0


class ProcessPart:
    """One local process and everything it started in its group."""

    def __init__(self, spec: PartSpec, stdout: LogFile, stderr: LogFile, register: Registry) -> None:
        self.spec = spec
        self.exit: PartExit | None = None
        self._logs = (stdout, stderr)
        self._registry = register
        self._process: asyncio.subprocess.Process | None = None
        self._end: asyncio.Task[PartExit] | None = None

    async def start(self) -> None:
        argv = self.spec.argv
        program = shutil.which(argv[0], path=self.spec.env.get("PATH") or os.environ.get("PATH"))
        if program is None:
            raise CoworldError(
                "command_missing",
                f"there is no program {Path(argv[0]).name!r}",
                cause=f"the {self._who()} is to be started with it and it is not on the PATH",
                next_step="give the command with its full path",
                slot=self.spec.slot,
                exit_code=EXIT_USAGE,
            )
        try:
            self._process = await asyncio.create_subprocess_exec(
                program,
                *argv[1:],
                env={**os.environ, **self.spec.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise CoworldError(
                "command_failed",
                f"the {self._who()} could not be started",
                cause=error.strerror or str(error),
                next_step="run the command by hand",
                slot=self.spec.slot,
                exit_code=EXIT_USAGE,
            ) from error
        self._registry.add(self._process.pid)
        self._end = asyncio.create_task(self._run_to_end(self._process))

    async def address(self) -> tuple[str, int]:
        assert self.spec.port is not None
        return self.spec.env.get("COGAME_HOST", LOOPBACK), self.spec.port

    async def wait(self) -> PartExit:
        assert self._end is not None, "wait() before start()"
        return await asyncio.shield(self._end)

    async def remove(self) -> None:
        if self._process is None or self._end is None:
            return
        if not self._end.done():
            signal_group(self._process.pid, signal.SIGTERM)
            await asyncio.wait({self._end}, timeout=_GRACE_SECONDS)
        signal_group(self._process.pid, signal.SIGKILL)
        await asyncio.wait({self._end})
        self._registry.discard(self._process.pid)

    def _who(self) -> str:
        return self.spec.role if self.spec.slot is None else f"player in slot {self.spec.slot}"

    async def _run_to_end(self, process: asyncio.subprocess.Process) -> PartExit:
        assert process.stdout is not None
        assert process.stderr is not None
        pumps = asyncio.gather(_pump(process.stdout, self._logs[0]), _pump(process.stderr, self._logs[1]))
        code = await process.wait()
        # A grandchild may keep the pipe open for ever; what the process itself wrote is there by now.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pumps, _DRAIN_SECONDS)
        name = f"killed by {signal.Signals(-code).name}" if code < 0 else ""
        self.exit = PartExit(code, name)
        return self.exit


class Registry:
    """The pids a run started, on disk, so that a later start can end what a crash left behind."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / PROCESSES_FILE
        self._started: dict[int, float] = {}

    def add(self, pid: int) -> None:
        """Note a process that was just started."""
        with contextlib.suppress(psutil.Error):
            self._started[pid] = psutil.Process(pid).create_time()
            self._write()

    def discard(self, pid: int) -> None:
        """Forget a process that is gone."""
        if self._started.pop(pid, None) is not None:
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            write_json(self._path, [{"pid": pid, "started": start} for pid, start in self._started.items()])


def reap_processes(directory: Path) -> int:
    """Kill the groups of processes that a dead run left running; returns how many there were."""
    try:
        left = json.loads((directory / PROCESSES_FILE).read_bytes())
        entries = [(int(entry["pid"]), float(entry["started"])) for entry in left]
    except (OSError, ValueError, TypeError, KeyError):
        return 0
    running = [pid for pid, started in entries if is_running(pid, started)]
    for pid in running:
        signal_group(pid, signal.SIGKILL)
    return len(running)


class ProcessBackend:
    """Runs parts as local commands. ``directory`` is the run's own, for the registry of pids."""

    name = "process"

    def __init__(self, directory: Path) -> None:
        self._registry = Registry(directory)

    async def prepare(self, images: frozenset[str]) -> None:
        """Nothing to check: commands are looked up when they start."""

    async def create(self, spec: PartSpec, stdout: LogFile, stderr: LogFile) -> ProcessPart:
        if not spec.argv:
            who = "game" if spec.slot is None else f"player in slot {spec.slot}"
            option = "--game-cmd" if spec.slot is None else f"--slot {spec.slot}=cmd="
            raise CoworldError(
                "command_missing",
                f"the manifest gives no command for the {who}",
                cause="its image knows the command, and local processes have no image",
                next_step=f"give {option}'COMMAND', or use --backend docker",
                slot=spec.slot,
                exit_code=EXIT_MISSING,
            )
        return ProcessPart(spec, stdout, stderr, self._registry)

    async def close(self) -> None:
        """Nothing is held."""


def free_port(host: str, wanted: int = 0) -> int:
    """A port that was free a moment ago. CoworldError (``port_taken``) when ``wanted`` is not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise port_taken(wanted, error.strerror or str(error)) from error
        return int(probe.getsockname()[1])


def port_taken(port: int, cause: str) -> CoworldError:
    """The error for a host port that somebody else has."""
    return CoworldError(
        "port_taken",
        f"port {port} is taken",
        cause=cause,
        next_step="choose another --port, or leave it out for a free one",
        exit_code=EXIT_USAGE,
    )


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that ``pid`` leads; nothing happens when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


async def _pump(source: asyncio.StreamReader, log: LogFile) -> None:
    while data := await source.read(_CHUNK):
        log.feed(data)
