"""Who started something: enough to tell a living owner from a dead one, across reboots and machines."""

from __future__ import annotations

import os
import platform
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_START_TOLERANCE_SECONDS = 0.05
_START_FIELD = 19  # of /proc/<pid>/stat, counted after the name; proc(5) calls it starttime


@dataclass(frozen=True)
class Owner:
    """A process on one boot of one machine.

    ``machine`` tells process namespaces apart: containers of one host share its boot but cannot
    see each other's processes. ``started`` is in seconds since the boot where the system counts
    that way, because the wall clock may be set while the process runs, else since the epoch.
    """

    machine: str
    boot: str
    pid: int
    started: float

    @classmethod
    def current(cls) -> Owner:
        """This very process."""
        import psutil  # wherever it is needed: it takes 10 ms, and readers of runs rarely ask

        return cls(_machine(), _boot(), os.getpid(), round(_started(psutil.Process()), 2))

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """Read what ``str()`` wrote; None for anything else."""
        parts = text.split("/")
        try:
            machine, boot, pid, started = parts
            return cls(machine, boot, int(pid), float(started))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.machine}/{self.boot}/{self.pid}/{self.started:.2f}"

    def is_dead(self) -> bool:
        """True only when this machine can tell: same machine, and another boot or no such process."""
        if self.machine != _machine():
            return False
        if self.boot != _boot():
            return True
        return not is_running(self.pid, self.started)


def is_running(pid: int, started: float) -> bool:
    """Whether process ``pid`` lives and is the one that started then, not a later one of that number."""
    import psutil

    try:
        process = psutil.Process(pid)
        return (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(_started(process) - started) <= _START_TOLERANCE_SECONDS
        )
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _started(process: psutil.Process) -> float:
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return process.create_time()
    return int(stat.rpartition(")")[2].split()[_START_FIELD]) / os.sysconf("SC_CLK_TCK")


def _machine() -> str:
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return _machine_id()
    return f"{_machine_id()}-{namespace}"


def _machine_id() -> str:
    for source in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(source).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text:
            return text[:32]
    return f"{uuid.getnode():012x}-{platform.node() or os.name}".replace("/", "-")


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"{psutil.boot_time():.0f}"
