"""An ASGI application on a loopback port, on a thread of its own, for the time of a context."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

_START_SECONDS = 10


@contextlib.contextmanager
def loopback() -> Iterator[tuple[socket.socket, str]]:
    """A listening socket on a free port, and its ``http://127.0.0.1:port``."""
    # asyncio sends small writes at once only on a socket that says it is TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def answering(app: ASGIApp, listener: socket.socket, *beside: Coroutine[Any, Any, None]) -> Iterator[None]:
    """Serve ``app``; the tasks ``beside`` run on the same loop.

    ``scope["state"]["transport"]`` is the connection, for who wants to break it.
    """
    server = _Server(app, beside)
    # A daemon: a program that ends in a hurry does not wait for its demonstration.
    thread = threading.Thread(
        target=asyncio.run, args=[server.serve([listener])], name="observatory", daemon=True
    )
    thread.start()
    if not server.answers.wait(_START_SECONDS):
        raise RuntimeError("the stand-in does not start")
    try:
        yield
    finally:
        # Python freezes daemons before it clears up what is left: nobody would answer then.
        if not sys.is_finalizing():
            server.stop()
            thread.join()


class _Server(uvicorn.Server):
    """Rests until it is told to stop, where uvicorn looks ten times a second, and stops at once."""

    def __init__(self, app: ASGIApp, beside: Sequence[Coroutine[Any, Any, None]]) -> None:
        super().__init__(
            uvicorn.Config(
                self._answer,
                http="h11",
                interface="asgi3",
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="error",
            )
        )
        self._app = app
        self._beside = beside
        self._tasks: list[asyncio.Task[None]] = []
        self.answers = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event

    async def main_loop(self) -> None:
        """Answer until told otherwise."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._tasks = [asyncio.create_task(task) for task in self._beside]
        self.answers.set()
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Who still waits for an answer is cut off."""
        for server in self.servers:
            server.close()
        for protocol in list(self.server_state.connections):
            protocol.transport.abort()
        await asyncio.sleep(0)  # they learn that they are lost: whose answer is lost is not blamed for it
        tasks = [*self._tasks, *self.server_state.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or be cancelled in silence: uvicorn would write a traceback."""
        transports = (protocol.transport for protocol in self.server_state.connections)
        scope["state"]["transport"] = next(
            (each for each in transports if each.get_extra_info("peername") == scope["client"]), None
        )
        with contextlib.suppress(asyncio.CancelledError):
            await self._app(scope, receive, send)

    def stop(self) -> None:
        """From the thread that started it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
