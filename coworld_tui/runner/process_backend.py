"""Games and players as plain local processes, each the leader of its own process group."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..runs.owner import Owner
from .backend import LOOPBACK, PartExit, PartSpec
from .logs import LogFile

RUN_VARIABLE = "COWORLD_TUI_RUN"
OWNER_VARIABLE = "COWORLD_TUI_OWNER"
_CHUNK = 64 << 10
_GRACE_SECONDS = 2.0
_DRAIN_SECONDS = 1.0
_PORTS_REMEMBERED = 256
_SELDOM_USED = (20_000, 32_768)
"""Ports below those that Linux and others hand out for connections and to whoever asks for any."""
_TRIES = 50
_handed_out: deque[int] = deque(maxlen=_PORTS_REMEMBERED)


class ProcessPart:
    """One local process and everything it started.

    It ends as a container does: when its first process has ended, the rest of its group is
    killed. What left the group carries the run's mark and is found when the backend closes.
    """

    def __init__(self, spec: PartSpec, stdout: LogFile, stderr: LogFile, marks: Mapping[str, str]) -> None:
        self.spec = spec
        self.exit: PartExit | None = None
        self._logs = (stdout, stderr)
        self._marks = marks
        self._process: asyncio.subprocess.Process | None = None
        self._end: asyncio.Task[PartExit] | None = None

    async def start(self) -> None:
        argv = self.spec.argv
        program = shutil.which(argv[0], path=self.spec.env.get("PATH") or os.environ.get("PATH"))
        if program is None:
            raise CoworldError(
                "command_missing",
                f"there is no program {safe_line(Path(argv[0]).name, 100)!r}",
                cause=f"the {_who(self.spec)} is to be started with it and it is not on the PATH",
                next_step="give the command with its full path",
                slot=self.spec.slot,
                exit_code=EXIT_USAGE,
            )
        outputs = [_Output(log) for log in dict.fromkeys(self._logs)]
        try:
            self._process = await asyncio.create_subprocess_exec(
                program,
                *argv[1:],
                env={**os.environ, **self.spec.env, **self._marks},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=outputs[0].write_end,
                stderr=outputs[-1].write_end,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a null byte in an argument or a variable
            raise CoworldError(
                "command_failed",
                f"the {_who(self.spec)} could not be started",
                cause=safe_line(getattr(error, "strerror", None) or str(error), 200),
                next_step="run the command by hand",
                slot=self.spec.slot,
                exit_code=EXIT_USAGE,
            ) from error
        finally:
            for output in outputs:
                output.hand_over(self._process is not None)
        self._end = asyncio.create_task(self._run_to_end(self._process, outputs))

    async def address(self) -> tuple[str, int]:
        assert self.spec.port is not None
        return self.spec.env.get("COGAME_HOST", LOOPBACK), self.spec.port

    async def wait(self) -> PartExit:
        assert self._end is not None, "wait() before start()"
        return await asyncio.shield(self._end)

    async def remove(self) -> None:
        if self._process is None or self._end is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._end.done():
                _signal_group(self._process.pid, number)
                await asyncio.wait({self._end}, timeout=_GRACE_SECONDS)

    async def _run_to_end(self, process: asyncio.subprocess.Process, outputs: Sequence[_Output]) -> PartExit:
        pumping = asyncio.gather(*(output.pump() for output in outputs))
        code = await process.wait()
        _signal_group(process.pid, signal.SIGKILL)
        # What left the group may hold the pipes for ever; what the group wrote is there by now.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pumping, _DRAIN_SECONDS)
        name = f"killed by {signal.Signals(-code).name}" if code < 0 else ""
        self.exit = PartExit(code, name)
        return self.exit


class _Output:
    """A pipe from a process to a log.

    Our own: with asyncio's the end of a process is not seen while anybody else holds its pipes.
    """

    def __init__(self, log: LogFile) -> None:
        self._log = log
        reading, self.write_end = os.pipe()
        self._reading = os.fdopen(reading, "rb", buffering=0)

    def hand_over(self, has_started: bool) -> None:
        """The process has its end of the pipe, so let go of ours; without a process, of both."""
        os.close(self.write_end)
        if not has_started:
            self._reading.close()

    async def pump(self) -> None:
        """Feed the log until nobody can write any more."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._reading
        )
        try:
            while data := await reader.read(_CHUNK):
                self._log.feed(data)
        finally:
            transport.close()


class ProcessBackend:
    """Runs parts as local commands that all carry the run's mark and its owner's in their environment."""

    name = "process"

    def __init__(self, run_id: str) -> None:
        self._marks = {RUN_VARIABLE: run_id, OWNER_VARIABLE: str(Owner.current())}
        self._used = False

    async def prepare(self, images: frozenset[str]) -> None:
        """Nothing to check: commands are looked up when they start."""

    async def create(self, spec: PartSpec, stdout: LogFile, stderr: LogFile) -> ProcessPart:
        if not spec.argv:
            option = "--game-cmd" if spec.slot is None else f"--slot {spec.slot}=cmd="
            raise CoworldError(
                "command_missing",
                f"the manifest gives no command for the {_who(spec)}",
                cause="its image knows the command, and local processes have no image",
                next_step=f"give {option}'COMMAND', or use --backend docker",
                slot=spec.slot,
                exit_code=EXIT_MISSING,
            )
        self._used = True
        return ProcessPart(spec, stdout, stderr, self._marks)

    async def close(self) -> None:
        """Kill what the parts left behind."""
        if self._used:
            run_id = self._marks[RUN_VARIABLE]
            await asyncio.to_thread(kill_marked, lambda marks: marks.get(RUN_VARIABLE) == run_id)


def kill_orphans() -> int:
    """Kill the processes of runs whose owner is dead; returns how many there were."""

    def is_orphan(marks: Mapping[str, str]) -> bool:
        owner = Owner.parse(marks.get(OWNER_VARIABLE, ""))
        return owner is not None and owner.is_dead()

    return kill_marked(is_orphan)


def kill_marked(is_wanted: Callable[[Mapping[str, str]], bool]) -> int:
    """Kill every process of ours whose environment is wanted; returns how many there were."""
    killed = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and is_wanted(process.environ()):
                process.kill()
                killed += 1
    return killed


def free_port(host: str, wanted: int = 0) -> int:
    """A port that was free a moment ago. CoworldError (``port_taken``) when ``wanted`` is not.

    Without ``wanted`` it is none of those lately handed out, for whoever got one may not listen yet; and if
    that can be, none of those that systems hand out themselves, for which others on this machine race.
    """
    for _ in range(0 if wanted else _TRIES):
        port = random.randrange(*_SELDOM_USED)
        if port not in _handed_out:
            with contextlib.suppress(OSError):
                _handed_out.append(_bound(host, port))
                return port
    while True:
        try:
            port = _bound(host, wanted)
        except OSError as error:
            raise port_taken(wanted, error.strerror or str(error)) from error
        if wanted or port not in _handed_out:
            _handed_out.append(port)
            return port


def _bound(host: str, port: int) -> int:
    """The port, when it could be bound; 0 asks for any. OSError when it could not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        return int(probe.getsockname()[1])


def port_taken(port: int, cause: str) -> CoworldError:
    """The error for a host port that somebody else has, or that this user may not have."""
    return CoworldError(
        "port_taken",
        f"port {port} cannot be had" if "ermission" in cause else f"port {port} is taken",
        cause=cause,
        next_step="choose another --port, or leave it out for a free one",
        exit_code=EXIT_USAGE,
    )


def _who(spec: PartSpec) -> str:
    return spec.role if spec.slot is None else f"player in slot {spec.slot}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that ``pid`` leads; nothing happens when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
