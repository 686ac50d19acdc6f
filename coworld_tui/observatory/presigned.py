"""Sending bytes to an address that the server signed for them. Our token never goes there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx

from .. import __version__
from ..contract.errors import EXIT_FAILED, EXIT_MISSING, CoworldError
from ..contract.fetching import USER_AGENT, url_label
from ..contract.jsontext import MIB
from .named_hosts import NamedHosts, address_refused

_ATTEMPTS = 3
_BACKOFF_SECONDS = 0.5
_TIMEOUT = httpx.Timeout(600.0, connect=30.0)
_SENT_WHOLE = (200, 201, 204)
_CHUNK = MIB // 4


async def put(server: str, address: str, content: bytes, on_sent: Callable[[int], None]) -> None:
    """PUT ``content`` to ``address``, which an answer of ``server`` named; follows no redirects.

    A connection that breaks is no reason to give up at once. ``on_sent`` hears how many bytes went out.
    Raises ``upload_refused`` and ``address_refused`` (exit code 1), ``upload_unreachable`` (3), and what
    ``NamedHosts`` raises.
    """
    _require_usable(server, address)
    headers = {
        "User-Agent": f"{USER_AGENT}/{__version__}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(content)),
    }
    async with httpx.AsyncClient(timeout=_TIMEOUT, transport=NamedHosts(server, 1)) as client:
        attempt = 0
        while True:
            attempt += 1
            try:
                # What is said beside the status is not read: it may have no end.
                async with client.stream(
                    "PUT", address, content=_pieces(content, on_sent), headers=headers
                ) as response:
                    status = response.status_code
            except httpx.HTTPError as error:
                # The message of an httpx error may repeat the address, its signature included.
                if attempt == _ATTEMPTS or not isinstance(error, httpx.TransportError):
                    raise _failed(address, type(error).__name__, is_refused=False) from None
            else:
                if status in _SENT_WHOLE:
                    return
                if status < 500 or attempt == _ATTEMPTS:
                    raise _failed(address, f"it answered {status}", is_refused=True)
            await asyncio.sleep(_BACKOFF_SECONDS * attempt)


async def _pieces(content: bytes, on_sent: Callable[[int], None]) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _CHUNK):
        yield content[start : start + _CHUNK]
        on_sent(min(start + _CHUNK, len(content)))


def _require_usable(server: str, address: str) -> None:
    """What is asked over https is not to have us send over http, and nobody is to log us in."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL()
    schemes = ("https",) if server.startswith("https:") else ("http", "https")
    if url.scheme not in schemes or not url.host or url.userinfo:
        cause = f"files are sent over {' or '.join(schemes)}, and without a name and password in the address"
        raise address_refused(url_label(address), cause)


def _failed(address: str, reason: str, *, is_refused: bool) -> CoworldError:
    return CoworldError(
        "upload_refused" if is_refused else "upload_unreachable",
        "The storage did not take the file" if is_refused else "The file could not be sent",
        cause=f"{url_label(address)}: {reason}",
        owner="the server" if is_refused else "the network",
        next_step="run the same command again: it is given a new address",
        exit_code=EXIT_FAILED if is_refused else EXIT_MISSING,
    )
