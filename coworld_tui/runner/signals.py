"""Stopping in an orderly way. Imports nothing heavy: the console needs it before its first paint."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Let SIGINT, SIGTERM and SIGHUP call ``stop`` in the running loop.

    Those that were ignored from the start stay so: ``nohup`` and ``&`` mean it.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop)
