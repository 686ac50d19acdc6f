"""What programs may log that are run beside an episode or after it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from ..runner.logs import LogFile
from ..runner.together import end

LOG_LIMIT = 256 << 20
"""Bytes of both streams together."""

_LOOK_SECONDS = 0.5

T = TypeVar("T")


class LogLimitError(Exception):
    """A program wrote more than anybody wants; the message is a sentence about it."""


async def within_log_limit(work: Coroutine[Any, Any, T], logs: Sequence[LogFile]) -> T:
    """The result of ``work``, which is ended with LogLimitError when ``logs`` exceed ``LOG_LIMIT`` bytes."""
    working = asyncio.ensure_future(work)
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=_LOOK_SECONDS)
            if not working.done() and sum(log.size for log in logs) > LOG_LIMIT:
                raise LogLimitError(f"it wrote more than {LOG_LIMIT >> 20} MiB of log lines")
        return working.result()
    finally:
        await end(working)
