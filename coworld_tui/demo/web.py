"""The server both modes share: plain HTTP answers and websockets on one port, quiet about requests."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from coworld_tui.demo import pages

MESSAGE_LIMIT = 64 * 1024
CLOSE_SECONDS = 1.0

# Its lines can quote requests, and requests carry tokens.
_silent = logging.getLogger("coworld_tui.demo.websockets")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class Target:
    """A request's path and query, and the websocket address that belongs to it."""

    def __init__(self, request: Request) -> None:
        parts = urlsplit(request.path)
        self.path = parts.path
        self._query = parts.query
        self._host = request.headers.get("Host", "localhost")

    def get(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return parse_qs(self._query).get(name, [None])[0]

    @property
    def socket(self) -> str:
        """``ws://host/x?query`` for the page ``/client/x?query``."""
        address = f"ws://{self._host}{self.path.replace('/client/', '/', 1)}"
        return f"{address}?{self._query}" if self._query else address


Route = Callable[[Target], Response | None]
Talk = Callable[[ServerConnection, Target], Awaitable[None]]


async def start(host: str, port: int, route: Route, talk: Talk) -> Server:
    """Listen. ``route`` answers a request or lets it through, as a websocket, to ``talk``."""

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        try:
            return route(Target(request))
        except ValueError:
            return refuse(HTTPStatus.BAD_REQUEST, "not an address")

    async def handler(connection: ServerConnection) -> None:
        if connection.request is not None:
            await talk(connection, Target(connection.request))

    return await serve(
        handler,
        host,
        port,
        process_request=process_request,
        compression=None,
        max_size=MESSAGE_LIMIT,
        ping_interval=None,
        close_timeout=CLOSE_SECONDS,
        logger=_silent,
    )


def page(html: str) -> Response:
    """A page that may load nothing and connect only to websockets."""
    return _answer(
        HTTPStatus.OK, "text/html; charset=utf-8", html, {"Content-Security-Policy": pages.CONTENT_POLICY}
    )


def healthy() -> Response:
    """The answer to ``/healthz``."""
    return _answer(HTTPStatus.OK, "application/json", '{"ok":true}')


def refuse(status: HTTPStatus, why: str) -> Response:
    """An answer that is no page; before a websocket handshake it ends it."""
    return _answer(status, "text/plain; charset=utf-8", f"{why}\n")


def _answer(status: HTTPStatus, kind: str, body: str, extra: dict[str, str] | None = None) -> Response:
    content = body.encode()
    headers = Headers(extra or {})
    headers["Content-Type"] = kind
    headers["Content-Length"] = str(len(content))
    headers["Cache-Control"] = "no-store"
    headers["Connection"] = "close"
    return Response(status.value, status.phrase, headers, content)


def encode(message: Any) -> str:
    """JSON text, the same for the same message."""
    return msgspec.json.encode(message).decode()


def error(message: str) -> str:
    """The object that answers a message nobody understands."""
    return encode({"type": "error", "message": message})


def parse(message: str | bytes) -> dict[str, Any]:
    """A JSON object somebody sent; empty when it is anything else."""
    try:
        decoded = msgspec.json.decode(message)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
