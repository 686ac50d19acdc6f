"""Downloading one text that a manifest points to: public hosts only, bounded in size and time.

Every hop is looked up, checked and connected to at the address that was checked. No cookies,
credentials, proxies or settings of this machine are used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from .addresses import is_public, resolved
from .errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from .fetching import USER_AGENT, url_label
from .http_body import BadBody, bounded_body
from .jsontext import MIB
from .text_bytes import NotText, decoded

if TYPE_CHECKING:
    import httpx

_RAW_HOST = "raw.githubusercontent.com"
_GITHUB = frozenset({"github.com", "www.github.com"})
_ACCEPT = "text/markdown, text/plain;q=0.9, text/*;q=0.8, */*;q=0.1"


@dataclass(frozen=True)
class FetchLimits:
    """How much of a text is taken (bytes, decoded), for how long (seconds), over how many redirects."""

    size: int = 2 * MIB
    step_seconds: float = 10.0
    total_seconds: float = 30.0
    redirects: int = 5


@dataclass(frozen=True)
class WebText:
    """A text from the web. ``is_truncated`` when there was more than the limit."""

    text: str
    is_html: bool
    is_truncated: bool


async def fetch_text(url: str, *, allow_private: bool = False, limits: FetchLimits | None = None) -> WebText:
    """Return the text at ``url``, its first ``limits.size`` bytes when it is longer.

    A page of a file on GitHub stands for the file. Raises ``document_refused`` (exit code 2) for
    what is no web address, leads to a private host without ``allow_private`` or is not text, and
    ``document_unavailable`` (3) when no server answers with it.
    """
    import httpx

    limits = limits or FetchLimits()
    label = url_label(url)
    try:
        async with asyncio.timeout(limits.total_seconds):
            return await _fetched(_address(raw_address(url)), allow_private, limits)
    except TimeoutError:
        raise _unavailable(label, f"no complete answer within {limits.total_seconds:g} seconds") from None
    except httpx.TimeoutException:
        raise _unavailable(label, f"no answer within {limits.step_seconds:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # The message of an httpx error may repeat the address, query included.
        raise _unavailable(label, type(error).__name__) from None


def raw_address(url: str) -> str:
    """Return the address of the file itself when ``url`` is the page of a file on GitHub, else ``url``."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return url
    steps = parts.path.split("/")
    if host not in _GITHUB or len(steps) < 6 or steps[3] not in ("blob", "raw") or not all(steps[1:]):
        return url
    return urlunsplit(("https", _RAW_HOST, "/".join((*steps[:3], *steps[4:])), "", ""))


async def _fetched(url: httpx.URL, allow_private: bool, limits: FetchLimits) -> WebText:
    for _ in range(limits.redirects + 1):
        async with _answer(url, allow_private, limits) as answer:
            label = url_label(str(url))
            if answer.has_redirect_location:
                url = _address(answer.headers["Location"], url)
                continue
            if answer.status_code != 200:
                raise _unavailable(label, f"the server answered {answer.status_code}")
            body, is_truncated = await _body(answer, label, limits.size)
            try:
                text, is_html = decoded(body, answer.headers.get("Content-Type", ""))
            except NotText as error:
                raise _refused("That is not a text", f"{label} {error}", "open it in a browser") from None
            return WebText(text, is_html, is_truncated)
    raise _unavailable(url_label(str(url)), f"more than {limits.redirects} redirects")


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """A web address without credentials and fragment, ``text`` taken from ``base`` where it is relative."""
    import httpx

    try:
        url = httpx.URL(text) if base is None else base.join(text)
        url = url.copy_with(username=None, password=None, fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise _no_address("the address cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _no_address(url_label(str(url)))
    return url


@asynccontextmanager
async def _answer(url: httpx.URL, allow_private: bool, limits: FetchLimits) -> AsyncIterator[httpx.Response]:
    """The answer of the host of ``url``, asked at an address that was checked before."""
    import httpx

    label = url_label(str(url))
    addresses = await _addresses(url, allow_private, label)
    headers = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    extensions = {
        "sni_hostname": url.raw_host.decode("ascii"),
        "timeout": httpx.Timeout(limits.step_seconds).as_dict(),
    }
    # A client would add cookies, credentials from files of this machine and its proxies.
    async with httpx.AsyncHTTPTransport(verify=await _trust(url), trust_env=False) as transport:
        for address in addresses:
            request = httpx.Request(
                "GET", url.copy_with(host=address), headers=headers, extensions=extensions
            )
            try:
                response = await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if address == addresses[-1]:
                    raise
                continue
            try:
                yield response
            finally:
                await response.aclose()
            return


async def _addresses(url: httpx.URL, allow_private: bool, label: str) -> list[str]:
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        addresses = await resolved(url.raw_host.decode("ascii"), port)
    except (OSError, UnicodeError):
        raise _unavailable(label, "there is no such host") from None
    if not addresses:
        raise _unavailable(label, "there is no such host")
    if not allow_private and not all(is_public(address) for address in addresses):
        raise _refused(
            "The address leads to a private network",
            f"{label} is on this machine or its network, where a document from outside has no business",
            "open it in a browser; who trusts the manifest sets `private` under `documents` in the settings",
        )
    return addresses


async def _trust(url: httpx.URL) -> ssl.SSLContext:
    import httpx

    if url.scheme == "https":
        return await asyncio.to_thread(httpx.create_ssl_context)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is quick to make


async def _body(answer: httpx.Response, label: str, limit: int) -> tuple[bytes, bool]:
    try:
        return await bounded_body(answer, limit)
    except BadBody as error:
        raise _unavailable(label, f"the body {error}") from None


def _no_address(shown: str) -> CoworldError:
    return _refused("That is not a web address", shown, "documents are text or http(s) addresses")


def _refused(title: str, cause: str, next_step: str) -> CoworldError:
    return CoworldError("document_refused", title, cause=cause, next_step=next_step, exit_code=EXIT_USAGE)


def _unavailable(label: str, reason: str) -> CoworldError:
    return CoworldError(
        "document_unavailable",
        "The document could not be downloaded",
        cause=f"{label}: {reason}",
        owner="the network",
        next_step="check the address and the network, then try again",
        exit_code=EXIT_MISSING,
    )
