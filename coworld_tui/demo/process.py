"""What the game and the players have in common as processes: log lines and a clean end when told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any


def log(line: str) -> None:
    """Write one line to standard output, there at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(work: Coroutine[Any, Any, int]) -> int:
    """Do the work and return its exit code, or 128 plus the signal that stopped it.

    The handlers matter in a container: the first process there ignores SIGTERM without one.
    """
    return asyncio.run(_until_stopped(work))


async def _until_stopped(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.ensure_future(work)
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        log("stopped")
        return 128 + received[0]
