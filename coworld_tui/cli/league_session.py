"""What the commands of ``league`` share that do something there: who acts, and asking before it is done."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from ..contract.errors import EXIT_INTERRUPTED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.measures import age
from ..observatory.cache import CachedObservatory
from ..observatory.client import Observatory
from ..observatory.identity import Identity, identity_of, login_step
from ..observatory.servers import chosen_server
from ..observatory.whoami import who
from ..runner.signals import stop_on_signals
from .output import say

_T = TypeVar("_T")

_QUESTION = "Do this? [y/N] "
_YES = ("y", "yes")


@asynccontextmanager
async def session(options: Namespace) -> AsyncIterator[tuple[Observatory, Identity]]:
    """The API of ``options.server`` (None: the usual one) and who acts there.

    Says on stderr why it is not somebody else, when there is a reason. Raises ``invalid_request`` for what
    is no server, ``credentials_invalid`` for a login that cannot be read.
    """
    server = chosen_server(options.server)
    identity = await asyncio.to_thread(identity_of, server)
    if identity.note:
        say(identity.note)
    async with Observatory(server, identity) as client:
        yield client, identity


def say_if_old(reader: CachedObservatory) -> None:
    """Say on stderr how old the oldest of what ``reader`` answered is, when not all of it is new."""
    if reader.oldest is None:
        return
    passed = age(reader.oldest)
    ago = "just now" if passed == "now" else f"{passed} ago"
    say(f"{reader.problem}; this was seen {ago}")


async def acting(client: Observatory) -> str:
    """Who acts, in words safe to show. That it cannot be asked is said, and is no reason to do nothing.

    Raises ``login_needed`` (exit code 3) when the server takes us for nobody, who can do nothing.
    """
    try:
        found = await who(client)
    except CoworldError as error:
        say(f"who acts cannot be asked: {error}")
        return client.identity.kind
    if found.kind == "anonymous":
        raise CoworldError(
            "login_needed",
            "This needs a login",
            cause=found.problem or found.note,
            next_step=login_step(client.server),
            exit_code=EXIT_MISSING,
        )
    return found.label


def confirm(lines: Iterable[str], options: Namespace) -> None:
    """Say on stderr what will happen, and return if it may: after a yes, or with ``options.yes``.

    Blocks while it asks, so that nothing else of the command goes on meanwhile. Raises ``not_confirmed``:
    exit code 2 where nobody can be asked, 130 for any other answer than yes. ctrl+c ends the command.
    """
    for line in lines:
        say(line)
    if options.yes:
        return
    if not _somebody_is_there():
        raise CoworldError(
            "not_confirmed",
            "Nothing was done: nobody can be asked here",
            cause="stdin or stderr is no terminal",
            next_step="add --yes",
            exit_code=EXIT_USAGE,
        )
    if _answer().strip().lower() not in _YES:
        raise CoworldError(
            "not_confirmed",
            "Nothing was done",
            cause="the answer was not yes",
            next_step="answer y, or add --yes",
            exit_code=EXIT_INTERRUPTED,
        )


def _somebody_is_there() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _answer() -> str:
    with _interruptible():
        sys.stderr.write(_QUESTION)
        sys.stderr.flush()
        return sys.stdin.readline()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let ctrl+c end a read from the terminal also inside ``asyncio.run``, which would wait for the read."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if _was_interrupted():
            raise KeyboardInterrupt
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _was_interrupted() -> bool:
    """Whether ctrl+c came just before, which ``asyncio.run`` makes a cancel of what would go on reading."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def to_its_end(work: Coroutine[Any, Any, _T]) -> _T:
    """Run it; signals end it in an orderly way. Raises KeyboardInterrupt when one did."""

    async def run() -> _T:
        task = asyncio.current_task()
        assert task is not None
        stop_on_signals(lambda: _stop(task))
        return await work

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
