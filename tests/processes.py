"""What runs on this machine, as everybody on it can see."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psutil


def command_lines() -> Iterator[str]:
    """What every process was started with; some end while one looks."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            yield " ".join(process.cmdline())
