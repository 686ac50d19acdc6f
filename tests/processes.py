"""What runs on this machine, as everybody on it can see."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import psutil


def command_lines() -> Iterator[str]:
    """What every process was started with; some end while one looks."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            yield " ".join(process.cmdline())


def inheritors(name: str, value: str) -> list[psutil.Process]:
    """The living processes, but for this one, in whose environment a name has this value."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            inherits = process.pid != os.getpid() and process.environ().get(name) == value
            if inherits and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def started_for(home: Path) -> list[psutil.Process]:
    """All that the commands of the test with this home have started, however far from their parents."""
    return inheritors("COWORLD_TUI_HOME", str(home))


def end_what_this_test_started() -> None:
    """Kill what a command that was killed has left; nobody else would before the next start."""
    for process in started_for(Path(os.environ["COWORLD_TUI_HOME"])):
        with contextlib.suppress(psutil.Error):
            process.kill()
