"""Several things at once that stand or fall together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

ENDING_SECONDS = 0.75
"""From a connection that broke off to the exit code of the program that died."""


async def together(*works: Coroutine[Any, Any, T]) -> list[T]:
    """The results, in order. The first failure ends the others and is raised as it is.

    Unlike ``asyncio.gather`` nothing goes on in the background afterwards: a part that is still
    being started when the episode is cleared away would outlive it.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await end(*tasks)


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, wait until they are over, and take note of their errors, which nobody else will."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def unhurried(work: Coroutine[Any, Any, T]) -> T:
    """``work`` to its end, however often we are cancelled meanwhile: for removing what was started."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()
