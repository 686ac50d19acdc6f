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
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

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
    server = _Server(app, listener, beside)
    # A daemon: a program that ends in a hurry does not wait for its demonstration.
    thread = threading.Thread(
        target=asyncio.run, args=[server.until_stopped()], name="observatory", daemon=True
    )
    thread.start()
    server.started.wait(_START_SECONDS)
    try:
        yield
    finally:
        # Python freezes daemons before it clears up what is left: nobody would answer then.
        if not sys.is_finalizing():
            server.stop()
            thread.join()


class _Protocol(H11Protocol):
    """The transport rides along in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Server:
    """uvicorn's HTTP on a loop of its own. ``uvicorn.Server`` looks ten times a second whether to stop."""

    def __init__(
        self, app: ASGIApp, listener: socket.socket, beside: Sequence[Coroutine[Any, Any, None]]
    ) -> None:
        self._app = app
        self._config = uvicorn.Config(
            self._cut_off, interface="asgi3", lifespan="off", ws="none", log_config=None, log_level="error"
        )
        self._listener = listener
        self._beside = beside
        self.started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event

    async def until_stopped(self) -> None:
        """Answer until told otherwise; who still waits for an answer is cut off."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        connections = ServerState()
        server = await self._loop.create_server(
            lambda: _Protocol(self._config, connections, {}), sock=self._listener
        )
        beside = [asyncio.create_task(task) for task in self._beside]
        self.started.set()
        await self._stopped.wait()
        server.close()
        for protocol in list(connections.connections):
            protocol.transport.abort()
        for task in (*beside, *connections.tasks):
            task.cancel()
        await asyncio.gather(*beside, *connections.tasks, return_exceptions=True)

    async def _cut_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or be cancelled in silence: uvicorn would write a traceback."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._app(scope, receive, send)

    def stop(self) -> None:
        """From the thread that started it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
