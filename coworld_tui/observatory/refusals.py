"""What it means when the hosted API does not answer as asked, and what to do then (hosted.md 2.1)."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx

from ..contract.errors import EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import UnreadableJson, read_json
from ..contract.text import safe_line
from ..runs.redact import Redactor
from .identity import Identity, login_step
from .servers import DEFAULT_SERVER

_SAID_LIMIT = 400  # as the real client cuts it
_TEXT_LIMIT = 8_000
_PATH_LIMIT = 200
_FIELDS = 5


class Refusal(CoworldError):  # noqa: N818 - what it is
    """An answer that is an error: ``status`` is its HTTP status.

    ``retry_after`` is for how many seconds the server wants to be left alone, None when it does not say.
    """

    status: int = 0
    retry_after: float | None = None


class UnknownOutcome(CoworldError):  # noqa: N818 - what it is
    """What was sent may have been done or not: the connection or the server failed before it was said."""


def refusal(
    identity: Identity, status: int, path: str, said: str, request_id: str, wait: str = ""
) -> Refusal:
    """The error for an answer with ``status``. ``said`` and ``request_id`` are safe to show."""
    kind, title, next_step, exit_code = _meaning(identity, status, wait)
    cause = f"{safe_line(path, _PATH_LIMIT)} answered {status}"
    error = Refusal(
        kind,
        title,
        cause=_with_id(f"{cause}: {said}" if said else cause, request_id),
        owner="the server" if kind in ("server_error", "bad_answer") else "you",
        next_step=next_step,
        exit_code=exit_code,
    )
    error.status = status
    error.retry_after = float(wait) if wait else None
    return error


def unknown_outcome(error: CoworldError) -> UnknownOutcome:
    """The error for something sent whose answer was lost by ``error``."""
    return UnknownOutcome(
        "outcome_unknown",
        "It is not known whether the server did this",
        cause=error.cause,
        owner=error.owner,
        next_step="look whether it is there before trying again",
        exit_code=EXIT_MISSING,
    )


def _meaning(identity: Identity, status: int, wait: str) -> tuple[str, str, str, int]:
    """Type, title, next step and exit code."""
    match status:
        case 401 if identity.kind == "anonymous":
            return "login_needed", "This needs a login", login_step(identity.server), EXIT_MISSING
        case 401:
            title = f"The login of this {identity.kind} is not accepted (any more)"
            return "login_needed", title, login_step(identity.server), EXIT_MISSING
        case 403:
            step = "look at who you act as: `softmax status`, `softmax player list`"
            return "not_allowed", f"This is not allowed to this {identity.kind}", step, EXIT_MISSING
        case 404:
            step = "check the id; private things are only shown to those they belong to"
            return "not_found", "The server has no such thing, or hides it from you", step, EXIT_FAILED
        case 410:
            return "not_found", "This is gone", "start again without the cursor", EXIT_FAILED
        case 409:
            step = "look at the present state, then try again"
            return "conflict", "Something has changed on the server in the meantime", step, EXIT_FAILED
        case 429:
            step = f"wait {wait or 'some'} seconds, then try again"
            return "rate_limited", "The server wants fewer requests", step, EXIT_MISSING
        case _ if status >= 500:
            step = "try again later; if it stays so, report the request id"
            return "server_error", "The server failed", step, EXIT_MISSING
        case _ if status >= 400:
            return "invalid_request", "The server refuses the request", "correct what it names", EXIT_USAGE
    return "bad_answer", "The server answers something else", _CHECK_SERVER, EXIT_MISSING


_CHECK_SERVER = f"check --server: it is an API's address like {DEFAULT_SERVER}"


def bad_answer(server: str, reason: str, request_id: str = "") -> CoworldError:
    """The error for an answer that makes no sense. ``reason`` must be safe to show."""
    return CoworldError(
        "bad_answer",
        "The server answers something else",
        cause=_with_id(f"{server}: {reason}", request_id),
        owner="the server",
        next_step=_CHECK_SERVER,
        exit_code=EXIT_MISSING,
    )


def unreachable(server: str, reason: str, next_step: str = "") -> CoworldError:
    """The error for no answer at all."""
    return CoworldError(
        "unreachable",
        "The server cannot be reached",
        cause=f"{server}: {reason}",
        owner="the network",
        next_step=next_step or "check the network and --server, then try again",
        exit_code=EXIT_MISSING,
    )


def no_connection(server: str, error: httpx.ConnectError) -> CoworldError:
    """The error for a connection that was not made. Nothing has been sent then, and no token."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = f"its certificate is not valid: {safe_line(cause.verify_message, _SAID_LIMIT)}"
            step = "check the name of the server, the clock of this machine and the network you are in"
            return unreachable(server, reason, step)
        if isinstance(cause, ssl.SSLError):
            return unreachable(server, "it does not speak TLS", "check whether --server is http or https")
        if isinstance(cause, socket.gaierror):
            return unreachable(server, "there is no such host")
    return unreachable(server, "nothing answers there")


def is_refused(error: httpx.ConnectError) -> bool:
    """Whether somebody was there who took no connection: a server that is just being started again."""
    return any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error))


def no_address(path: str) -> CoworldError:
    """The error for an id or a filter that cannot be sent."""
    return CoworldError(
        "invalid_request",
        "This cannot be asked for",
        cause=f"{safe_line(path, _PATH_LIMIT)} is no address",
        next_step="check the id and the filters",
        exit_code=EXIT_USAGE,
    )


def no_body(path: str) -> CoworldError:
    """The error for what JSON has no form for: half of a character, or a number that is none."""
    return CoworldError(
        "invalid_request",
        "This cannot be sent",
        cause=f"what is meant for {safe_line(path, _PATH_LIMIT)} is not all text and numbers",
        next_step="check what was given for characters that are broken",
        exit_code=EXIT_USAGE,
    )


def is_page(response: httpx.Response, body: bytes) -> bool:
    """Whether an answer is a web page."""
    kind = response.headers.get("Content-Type", "").lower()
    return "html" in kind or body.lstrip()[:1] == b"<"


def what_it_says(response: httpx.Response, body: bytes, redactor: Redactor) -> str:
    """The reason that the body of a refusal gives, safe to show; empty without one."""
    if is_page(response, body):
        return ""
    try:
        value = read_json(body)
    except UnreadableJson:
        text = body.decode(errors="replace")
    else:
        text = _reason(value)
    plain = safe_line(text.strip(), _TEXT_LIMIT)
    return safe_line(redactor.text(plain), _SAID_LIMIT)


def _reason(value: Any) -> str:
    """FastAPI's ``detail``: a text, an object with a ``message``, or a list of fields and what they lack."""
    detail = value.get("detail") if isinstance(value, dict) else value
    if isinstance(detail, dict) and isinstance(detail.get("message"), str):
        detail = detail["message"]
    if isinstance(detail, list):
        detail = "; ".join(_field(item) for item in detail[:_FIELDS])
    if detail is None or isinstance(detail, str):
        return detail or ""
    return json.dumps(detail)


def _field(item: Any) -> str:
    """``query.limit: Input should be ...``; what was given is not repeated."""
    if not isinstance(item, dict) or not isinstance(item.get("msg"), str):
        return json.dumps(item)
    place = item.get("loc")
    where = ".".join(str(step) for step in place) if isinstance(place, list) else ""
    return f"{where}: {item['msg']}" if where else str(item["msg"])


def _with_id(cause: str, request_id: str) -> str:
    return f"{cause} (request id {request_id})" if request_id else cause


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
