"""A stand-in for the Observatory: a real HTTP server on loopback, answering from a state the test holds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .faults import Fault, Kind, suffer
from .people import TOKEN_PLAYER, TOKEN_USER
from .routes import ROUTES, Read
from .state import ANONYMOUS, Caller, State
from .wire import Asked, Refused
from .world import made_up

ROOT = "/api/observatory"

Endpoint = Callable[[Request], Awaitable[JSONResponse]]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. ``path`` is relative to the API root."""

    method: str
    path: str
    query: QueryParams
    headers: Mapping[str, str]


@dataclass
class Observatory:
    """A running stand-in. ``url`` is what ``--server`` takes."""

    url: str
    state: State = field(default_factory=made_up)
    requests: list[Seen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: frozenset[str] = frozenset()
    """Members that no object of an answer has, however deep: what an older server does not send."""
    token_user: str = TOKEN_USER
    token_player: str = TOKEN_PLAYER

    def fault(self, path: str, kind: Kind, times: float = 1, *, retry_after: str = "0") -> None:
        """Trouble the next ``times`` requests of a path, ``*`` for any; ``math.inf`` is for good."""
        self.faults.append(Fault(path, kind, times, retry_after))

    def asked(self, path: str) -> list[Seen]:
        """The requests of one path so far."""
        return [request for request in self.requests if request.path == path]


class _Protocol(H11Protocol):
    """Lets a fault end the connection: the transport rides along in the scope."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Application:
    """Records every request, then answers it or has it suffer a fault."""

    def __init__(self, observatory: Observatory) -> None:
        self._observatory = observatory
        self._numbers = count(1)
        routes = [Route(ROOT + read.path, self._endpoint(read), methods=["GET"]) for read in ROUTES]
        self._routes = Starlette(routes=routes)
        self._routes.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(ROOT)
        query = QueryParams(scope["query_string"])
        self._observatory.requests.append(Seen(scope["method"], path, query, Headers(scope=scope)))
        request_id = f"req_{next(self._numbers)}".encode()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        for fault in self._observatory.faults:
            if fault.strikes(path):
                await suffer(fault, self._routes, scope, receive, named)
                return
        await self._routes(scope, receive, named)

    def _endpoint(self, read: Read) -> Endpoint:
        async def endpoint(request: Request) -> JSONResponse:
            caller = self._caller(request)
            state = self._observatory.state
            try:
                if caller is ANONYMOUS and not read.open:
                    raise Refused(401, "Not authenticated")
                reply = read.answer(Asked(state, caller, request.path_params, request.query_params))
            except Refused as refused:
                return JSONResponse({"detail": refused.detail}, refused.status)
            body = _without(reply.body, self._observatory.left_out)
            return JSONResponse(body, headers=dict(reply.headers))

        return endpoint

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._observatory.state.tokens.get(token, ANONYMOUS) if scheme == "Bearer" else ANONYMOUS


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(member, names) for key, member in value.items() if key not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def serving() -> Iterator[Observatory]:
    """A stand-in with a world of its own, for the time of the context."""
    # asyncio sends small writes at once only on a socket that says it is TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        observatory = Observatory(f"http://127.0.0.1:{listener.getsockname()[1]}/api")
        answering = _Answering(_Application(observatory), listener)
        thread = threading.Thread(target=asyncio.run, args=[answering.until_stopped()], name="observatory")
        thread.start()
        try:
            yield observatory
        finally:
            answering.stop()
            thread.join()


class _Answering:
    """uvicorn's HTTP on a loop of its own. ``uvicorn.Server`` looks ten times a second whether to stop."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, log_level="error")
        self._listener = listener
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._stopped: asyncio.Event

    async def until_stopped(self) -> None:
        """Answer until told otherwise; who still waits for an answer is cut off."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        connections = ServerState()
        server = await self._loop.create_server(
            lambda: _Protocol(self._config, connections, {}), sock=self._listener
        )
        self._started.set()
        await self._stopped.wait()
        server.close()
        for protocol in list(connections.connections):
            protocol.transport.abort()
        await asyncio.gather(*connections.tasks, return_exceptions=True)

    def stop(self) -> None:
        """From the test's thread."""
        self._started.wait(10)
        self._loop.call_soon_threadsafe(self._stopped.set)
