"""Asking the hosted API: one connection pool, one identity, errors a person can act on (hosted.md 1.3, 2)."""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from typing import Any, NoReturn, Protocol, Self

import httpx

from .. import __version__
from ..contract.errors import CoworldError
from ..contract.fetching import USER_AGENT, url_label
from ..contract.http_body import BadBody, bounded_body
from ..contract.jsontext import MIB, VALUE_LIMIT, UnreadableJson, read_json
from ..contract.text import safe_line
from ..runs.redact import Redactor
from .identity import Identity
from .refusals import (
    bad_answer,
    is_page,
    is_refused,
    no_address,
    no_body,
    no_connection,
    refusal,
    unknown_outcome,
    unreachable,
    what_it_says,
)
from .servers import api_root, server_key

Param = str | int | bool | Sequence[str] | None
"""A filter: None is left out, booleans become ``true`` and ``false``, a sequence repeats its key."""

BODY_LIMIT = 32 * MIB
"""Largest body taken, in bytes, inflated."""

AT_ONCE = 8
"""Most requests under way at a time; the others wait for their turn."""

_REFUSAL_LIMIT = 64 * 1024
_CONNECT_SECONDS = 10.0
_WHOLE_ANSWER = 4  # times the timeout of one step
_KEEP_SECONDS = 60.0  # longer than a screen waits between two looks
_REDIRECTS = 5
_ATTEMPTS = 3
_RETRY_SECONDS = 30.0
_BACKOFF_SECONDS = 0.25
_JITTER_SECONDS = 0.25
_SECONDS = re.compile(r"[0-9]{1,9}\Z")
_GATEWAY = frozenset({502, 503, 504})
_PERHAPS_DONE = frozenset({502, 504})  # 503: it was not even begun
_ID_LIMIT = 100


@dataclass(frozen=True)
class Answer:
    """What the server said: ``data`` is JSON of any kind, not yet safe to show.

    ``next_cursor`` is that of the ``X-Next-Cursor`` header; some lists have theirs in the body (see
    ``paging``). ``request_id`` is safe to show, empty when the server gave none. ``from_cache``: it said
    so at ``fetched_at``, and could not be asked now.
    """

    data: Any
    next_cursor: str | None
    request_id: str
    fetched_at: datetime
    from_cache: bool = False


class Reader(Protocol):
    """Whoever answers reads: an ``Observatory``, or ``cache.CachedObservatory`` around one."""

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        """As ``Observatory.get``."""


class Observatory:
    """The hosted API of ``server``, asked as ``identity``, inside ``async with``.

    ``timeout`` is that of one step (seconds): an answer may take four times as long in all.
    """

    def __init__(self, server: str, identity: Identity, *, timeout: float = 30.0) -> None:
        if identity.server != server_key(server):
            raise ValueError("a token never goes to another server than its own")
        self.server = identity.server
        self.identity = identity
        self._root = api_root(server)
        self._timeout = timeout
        self._redactor = Redactor([identity.token])
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=_KEEP_SECONDS)
        try:
            self._client = httpx.AsyncClient(
                headers={
                    "User-Agent": f"{USER_AGENT}/{__version__}",
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                },
                timeout=httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_SECONDS), pool=None),
                limits=limits,
                verify=await _trust(self._root),
                event_hooks={"response": [_hold_redirect]},
            )
        except OSError:
            raise unreachable(
                self.server, "the certificates of this machine cannot be read", "check SSL_CERT_FILE"
            ) from None
        except (ImportError, ValueError):
            raise unreachable(
                self.server, "the proxy set in the environment cannot be used", "check HTTPS_PROXY"
            ) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        """Return what is at ``path`` (``/v2/leagues/...``, ids in it quoted), filtered by ``params``.

        Tried again, at most twice and within 30 seconds, when the connection broke, a gateway stood in
        for the server, or the request was refused unread for its rate. Raises ``login_needed``,
        ``not_allowed``, ``rate_limited``, ``server_error``, ``unreachable`` and ``bad_answer`` (exit
        code 3), ``not_found`` and ``conflict`` (1), ``invalid_request`` (2); what the server itself refused
        is a ``refusals.Refusal``.
        """
        return await self._in_turn(_Request("GET", self._address(path, params), self._timeout))

    async def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        params: Mapping[str, Param] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - of a step, not of the call
    ) -> Answer:
        """Have something done at ``path``, or with ``GET`` wait there for longer than ``get`` does.

        ``json`` is the body, None for none; ``timeout`` is that of one step in seconds, None for the usual
        one. Tried again only when it surely was not begun: no connection was accepted, or the request was
        refused unread for its rate. Follows no redirects. An empty answer is None.

        Raises what ``get`` raises, and ``refusals.UnknownOutcome`` (``outcome_unknown``, exit code 3) when
        the answer was lost: it may have been done.
        """
        try:
            body = None if json is None else dumps(json, allow_nan=False, ensure_ascii=False).encode()
        except ValueError:
            raise no_body(path) from None
        request = _Request(
            method, self._address(path, params), timeout or self._timeout, body, is_repeatable=False
        )
        return await self._in_turn(request)

    def _address(self, path: str, params: Mapping[str, Param] | None) -> httpx.URL:
        try:
            return httpx.URL(self._root + path, params=query_of(params))
        except (httpx.InvalidURL, UnicodeError):
            raise no_address(path) from None

    async def _in_turn(self, request: _Request) -> Answer:
        """The answer, asked for again where that does no harm."""
        loop = asyncio.get_running_loop()
        async with self._room:
            deadline = loop.time() + _RETRY_SECONDS
            attempt = 0
            while True:
                attempt += 1
                try:
                    return await self._once(request)
                except _TryAgainError as again:
                    delay = _BACKOFF_SECONDS * attempt if again.delay is None else again.delay
                    delay += random.uniform(0, _JITTER_SECONDS)
                    if attempt == _ATTEMPTS or loop.time() + delay >= deadline:
                        raise again.error from None
                await asyncio.sleep(delay)

    async def _once(self, request: _Request) -> Answer:
        whole = request.timeout * _WHOLE_ANSWER
        try:
            async with asyncio.timeout(whole):
                return await self._followed(request)
        except TimeoutError:
            late = unreachable(self.server, f"no complete answer within {whole:g} seconds")
            raise request.lost(late) from None
        except httpx.ConnectTimeout:
            raise unreachable(self.server, "no connection in time") from None
        except httpx.TimeoutException:
            raise request.lost(unreachable(self.server, "no answer in time")) from None
        except httpx.ConnectError as error:
            failed = no_connection(self.server, error)
            if not request.is_repeatable and is_refused(error):
                raise _TryAgainError(failed) from None
            raise failed from None
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            # The message of an httpx error may repeat the address and headers.
            broken = unreachable(self.server, "the connection broke")
            again = request.is_repeatable and not self._client.is_closed
            raise (_TryAgainError(broken) if again else request.lost(broken)) from None
        except httpx.HTTPError as error:
            raise request.lost(unreachable(self.server, type(error).__name__)) from None
        except RuntimeError:  # how httpx says that it was closed before this was sent
            if not self._client.is_closed:
                raise
            raise unreachable(self.server, "its connections were closed here") from None
        except BadBody as error:
            raise request.lost(bad_answer(self.server, f"the body {error}")) from None

    async def _followed(self, request: _Request) -> Answer:
        """The answer to ``request``; a get goes over redirects within this server."""
        token = self.identity.token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        usual = self._client.timeout
        timeout = httpx.Timeout(request.timeout, connect=usual.connect, pool=None)
        url = request.url
        for _ in range(_REDIRECTS + 1):
            try:
                async with self._client.stream(
                    request.method, url, content=request.body, headers=headers, timeout=timeout
                ) as response:
                    return await self._answer(response, request)
            except _RedirectError as redirect:
                if not request.is_repeatable:
                    raise bad_answer(self.server, "it sends us elsewhere instead of doing it") from None
                url = self._redirected(url, redirect.location)
        raise bad_answer(self.server, f"more than {_REDIRECTS} redirects")

    def _redirected(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            target = url.join(location)
        except (httpx.InvalidURL, ValueError):
            raise bad_answer(self.server, "it sends us to an address that cannot be read") from None
        if target.userinfo or _origin(target) != _origin(url):
            # Its answer would be taken for this server's.
            label = self._redactor.text(url_label(str(target)))
            raise bad_answer(self.server, f"it sends us to {label}")
        return target

    async def _answer(self, response: httpx.Response, request: _Request) -> Answer:
        request_id = self._redactor.text(safe_line(response.headers.get("X-Request-Id", ""), _ID_LIMIT))
        if not response.is_success:
            await self._refuse(response, request, request_id)
        body, is_cut = await bounded_body(response, BODY_LIMIT)
        if is_cut:
            large = f"the body is larger than {BODY_LIMIT // MIB} MiB"
            raise request.lost(bad_answer(self.server, large, request_id))
        try:
            is_empty = not request.is_repeatable and not body.strip()
            data = None if is_empty else await asyncio.to_thread(read_json, body, BODY_LIMIT, VALUE_LIMIT)
        except UnreadableJson as error:
            if is_page(response, body):
                raise bad_answer(self.server, "the body is a web page", request_id) from None
            reason = self._redactor.text(str(error))
            raise request.lost(bad_answer(self.server, f"the body {reason}", request_id)) from None
        return Answer(data, response.headers.get("X-Next-Cursor"), request_id, datetime.now(UTC))

    async def _refuse(self, response: httpx.Response, request: _Request, request_id: str) -> NoReturn:
        try:
            body, _ = await bounded_body(response, _REFUSAL_LIMIT)
        except BadBody:
            body = b""
        wait = response.headers.get("Retry-After", "")
        wait = wait if _SECONDS.match(wait) else ""
        path = response.url.path.removeprefix(httpx.URL(self._root).path)
        said = what_it_says(response, body, self._redactor)
        error = refusal(self.identity, response.status_code, path, said, request_id, wait)
        if response.status_code in _PERHAPS_DONE and not request.is_repeatable:
            raise request.lost(error)
        if response.status_code in _GATEWAY and request.is_repeatable:
            raise _TryAgainError(error, float(wait) if wait else None)
        if response.status_code == 429 and wait and response.headers.get("X-RateLimit-Outcome") == "rejected":
            raise _TryAgainError(error, float(wait))
        raise error


@dataclass(frozen=True)
class _Request:
    """What is asked. ``timeout`` is that of one step in seconds.

    One that is not repeatable goes out a second time only if the first surely was not begun.
    """

    method: str
    url: httpx.URL
    timeout: float
    body: bytes | None = None
    is_repeatable: bool = True

    def lost(self, error: CoworldError) -> CoworldError:
        """The error for an answer that was lost by ``error``: who reads can ask again."""
        return error if self.method == "GET" else unknown_outcome(error)


class _TryAgainError(Exception):
    """A failure that may pass; ``delay`` in seconds when the server says for how long to wait."""

    def __init__(self, error: CoworldError, delay: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.delay = delay


class _RedirectError(Exception):
    """The answer is at ``location``, perhaps."""

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


async def _hold_redirect(response: httpx.Response) -> None:
    """Httpx prepares the next request also when it is not to follow, and fails at odd addresses."""
    if response.has_redirect_location:
        raise _RedirectError(response.headers["Location"])


def query_of(params: Mapping[str, Param] | None) -> httpx.QueryParams:
    """The query that is sent for ``params``."""
    return httpx.QueryParams({key: value for key, value in (params or {}).items() if value is not None})


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def _trust(address: str) -> ssl.SSLContext:
    if address.startswith("https:"):
        return await asyncio.to_thread(httpx.create_ssl_context)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is quick to make
