"""What can go wrong on the way: refusals, and answers no client expects.

====================  =====================================================================
``401`` … ``503``     refused with that status
``429``               refused before it ran: may be tried again after ``retry_after``
``429-other``         refused for another reason: must not be tried again by itself
``taken``             carried out, then no answer until the client gives up
``drop``              the connection ends without an answer
``stall``             no answer until the client gives up
``slow``              half of the body, then nothing until the client gives up
``cut_body``          the connection ends in mid-body
``cut_json``          a whole answer whose JSON ends too early
``html``              a web page with status 200
``endless``           JSON that never ends
``redirect``          to the same path under another name of the host
``moved``             to the same path of the same host
====================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Status = Literal["401", "403", "404", "409", "422", "429", "429-other", "500", "503"]
Wire = Literal[
    "taken", "drop", "stall", "slow", "cut_body", "cut_json", "html", "endless", "redirect", "moved"
]
Kind = Status | Wire

DETAILS: dict[str, Any] = {
    "401": "Not authenticated",
    "403": "You can only view your own player's prompt",
    "404": "Not found",
    "409": "Experience request already completed",
    "422": [{"loc": ["query", "limit"], "msg": "Input should be less", "type": "less_than", "input": "9"}],
    "429": {"type": "api_rate_limit_exceeded", "retry_after_seconds": 60},
    "429-other": "Too many requests",
    "500": "Internal server error",
    "503": "Starting",
}


@dataclass
class Fault:
    """One kind of trouble for a path, so many times. ``path`` is relative to the API root; ``*`` is any."""

    path: str
    kind: Kind
    left: float
    retry_after: str

    def strikes(self, path: str) -> bool:
        """True, and counted, if this request is to be troubled."""
        if self.left < 1 or self.path not in ("*", path):
            return False
        self.left -= 1
        return True


async def suffer(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the fault says instead of as ``app`` would."""
    if fault.kind in DETAILS:
        await _refusal(fault)(scope, receive, send)
    elif fault.kind == "html":
        page = "<!doctype html><title>Sign in</title><p>Please sign in."
        await HTMLResponse(page)(scope, receive, send)
    elif fault.kind in ("redirect", "moved"):
        await RedirectResponse(_elsewhere(scope, fault.kind == "redirect"))(scope, receive, send)
    else:
        await _WIRE[fault.kind](app, scope, receive, send)


def _refusal(fault: Fault) -> JSONResponse:
    headers = {}
    if fault.kind in ("429", "429-other", "503"):
        headers["Retry-After"] = fault.retry_after
    if fault.kind == "429":
        headers["X-RateLimit-Outcome"] = "rejected"
    return JSONResponse({"detail": DETAILS[fault.kind]}, int(fault.kind[:3]), headers)


def _elsewhere(scope: Scope, away: bool) -> str:
    host, port = scope["server"]
    query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
    return f"http://{'localhost' if away else host}:{port}{scope['path']}{query}"


async def _drop(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    scope["state"]["transport"].abort()


async def _stall(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _gone(receive)


async def _taken(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _whole(app, scope, receive)
    await _gone(receive)


async def _slow(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _half(app, scope, receive, send)
    await _gone(receive)


async def _cut_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await _half(app, scope, receive, send)
    scope["state"]["transport"].close()


async def _half(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    start, body = await _whole(app, scope, receive)
    await send(start)
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _cut_json(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    start, body = await _whole(app, scope, receive)
    body = body[: len(body) // 2]
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


async def _endless(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    item = b'"' + b"x" * 65533 + b'",'
    body = b"[" + item
    while not scope["state"]["transport"].is_closing():
        await send({"type": "http.response.body", "body": body, "more_body": True})
        body = item


async def _whole(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


_WIRE: dict[str, Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]] = {
    "taken": _taken,
    "drop": _drop,
    "stall": _stall,
    "slow": _slow,
    "cut_body": _cut_body,
    "cut_json": _cut_json,
    "endless": _endless,
}
KINDS: tuple[Kind, ...] = (*get_args(Status), *get_args(Wire))
