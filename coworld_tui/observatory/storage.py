"""Asking for files: of the API with our token, at addresses it names without it (hosted.md 3.9 and 9.10).

Addresses in answers are outside text. They lead to public hosts only, unless the server itself is on this
machine or its network, and every host is connected to at the address that was checked.
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from .. import __version__
from ..contract.addresses import is_public, resolved
from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.fetching import USER_AGENT, url_label
from .client import Observatory, Param, query_of
from .refusals import no_address, unreachable
from .servers import api_root

_CONNECT_SECONDS = 10.0
_STEP_SECONDS = 60.0
_KEEP_SECONDS = 30.0
_REDIRECTS = 5
_UNREADABLE = "?"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")


@dataclass(frozen=True)
class ApiFile:
    """A file that our server hands out itself, at a path like ``/v2/episode-requests/…/artifacts/logs``."""

    path: str
    params: Mapping[str, Param] = field(default_factory=dict)


Source = ApiFile | str
"""What to download: a file of the API, or an address that an answer of the API named."""


def suffix_of(source: Source) -> str:
    """``.z`` or ``.gz`` when the name says that the file is compressed, else an empty text."""
    if isinstance(source, ApiFile):
        return ""
    path = _parts(source)[1]
    return next((suffix for suffix in (".z", ".gz") if path.endswith(suffix)), "")


def key_of(source: Source) -> str:
    """What tells a file from others, however its address is signed; safe to keep."""
    return source.path if isinstance(source, ApiFile) else url_label(source)


def is_loopback(server: str) -> bool:
    """Whether a server runs on this machine, as its address says."""
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Storage:
    """Connections to the server and to whatever hosts its files lie on, inside ``async with``.

    At most ``at_once`` to each host; proxies of the environment are used as everywhere.
    """

    def __init__(self, client: Observatory, at_once: int) -> None:
        self.server = client.server
        self.identity = client.identity
        self._root = httpx.URL(api_root(client.server))
        self._at_once = at_once
        self._transports: dict[tuple[str, str, int | None], httpx.AsyncHTTPTransport] = {}
        self._looking: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def aclose(self) -> None:
        """Let go of all connections."""
        for task in self._looking.values():
            task.cancel()
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    def local_path(self, source: Source) -> Path | None:
        """The file on this machine that a source names; None when it is on a server.

        Raises ``address_refused``: only a server on this machine may name such files.
        """
        if isinstance(source, ApiFile):
            return None
        scheme, path = _parts(source)
        if scheme not in ("", "file"):
            return None
        if not is_loopback(self.server):
            raise _refused(
                "the address of a file on this machine", "only a server on this machine may give such"
            )
        return Path(unquote(path) if scheme else source)

    @asynccontextmanager
    async def opened(self, source: Source, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer of whoever has the file, over a few redirects, its body not yet read.

        Our token goes to the API only. Errors of httpx and OSError as they come, ``address_refused``.
        """
        url = self._url(source)
        for _ in range(_REDIRECTS + 1):
            is_api = isinstance(source, ApiFile) and self._is_api(url)
            async with self._answer(url, headers, is_api) as response:
                if not response.has_redirect_location:
                    yield response
                    return
                url = _address(response.headers["Location"], url)
        raise _refused(url_label(str(url)), f"more than {_REDIRECTS} redirects")

    def _is_api(self, url: httpx.URL) -> bool:
        return _origin(url) == _origin(self._root) and url.path.startswith(f"{self._root.path}/")

    def _url(self, source: Source) -> httpx.URL:
        if isinstance(source, ApiFile):
            try:
                return httpx.URL(str(self._root) + source.path, params=query_of(source.params) or None)
            except (httpx.InvalidURL, UnicodeError):
                raise no_address(source.path) from None
        scheme, path = _parts(source)
        if scheme == _UNREADABLE:
            raise _refused("an address in the answer", "it cannot be read")
        if scheme != "s3":
            return _address(source)
        bucket = urlsplit(source).netloc
        if not _BUCKET.match(bucket):
            raise _refused(url_label(source), "no bucket has such a name")
        return _address(f"https://{bucket}.s3.amazonaws.com/{path.lstrip('/')}")

    @asynccontextmanager
    async def _answer(
        self, url: httpx.URL, headers: Mapping[str, str], is_api: bool
    ) -> AsyncIterator[httpx.Response]:
        is_known = _origin(url) == _origin(self._root)
        sent = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": f"{USER_AGENT}/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **headers,
        }
        if is_api and self.identity.token:
            sent["Authorization"] = f"Bearer {self.identity.token}"
        proxy = _proxy_for(url)
        hosts = [url.host] if is_known or proxy else await self._checked(url)
        if proxy and not is_known and _is_number(url.host) and not is_public(url.host):
            await self._require_private(url)
        transport = await self._transport(url, proxy)
        timeout = httpx.Timeout(_STEP_SECONDS, connect=_CONNECT_SECONDS, pool=None)
        extensions = {"sni_hostname": url.raw_host.decode("ascii"), "timeout": timeout.as_dict()}
        for host in hosts:
            request = httpx.Request("GET", url.copy_with(host=host), headers=sent, extensions=extensions)
            try:
                response = await transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if host == hosts[-1]:
                    raise
                continue
            response.request = request
            response.extensions["is_api"] = is_api
            try:
                yield response
            finally:
                await response.aclose()
            return

    async def _checked(self, url: httpx.URL) -> list[str]:
        """The addresses of a host, which must be public ones."""
        found = await self._resolved(url)
        if not all(is_public(address) for address in found):
            await self._require_private(url)
        return found

    async def _require_private(self, url: httpx.URL) -> None:
        """Raise unless the server itself is on this machine or its network."""
        if all(is_public(address) for address in await self._resolved(self._root)):
            raise _refused(url_label(str(url)), "it is on this machine or its network, the server is not")

    async def _resolved(self, url: httpx.URL) -> list[str]:
        """Looked up once for all downloads."""
        key = (url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))
        task = self._looking.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._looking[key] = asyncio.create_task(resolved(*key))
        try:
            found = await asyncio.shield(task)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise unreachable(
                url_label(str(url)), "there is no such host", "check the network, then try again"
            )
        return found

    async def _transport(self, url: httpx.URL, proxy: str) -> httpx.AsyncHTTPTransport:
        origin = _origin(url)
        if origin not in self._transports:
            limits = httpx.Limits(max_connections=self._at_once, keepalive_expiry=_KEEP_SECONDS)
            try:
                trust = await _trust(url)
            except OSError:
                reason = "the certificates of this machine cannot be read"
                raise unreachable(self.server, reason, "check SSL_CERT_FILE") from None
            try:
                made = httpx.AsyncHTTPTransport(
                    verify=trust, trust_env=False, limits=limits, proxy=proxy or None
                )
            except (ImportError, ValueError):
                reason = "the proxy set in the environment cannot be used"
                raise unreachable(self.server, reason, "check HTTPS_PROXY") from None
            self._transports.setdefault(origin, made)
        return self._transports[origin]


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """A web address without credentials and fragment."""
    try:
        url = httpx.URL(text) if base is None else base.join(text)
        url = url.copy_with(username=None, password=None, fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise _refused("an address in the answer", "it cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _refused(url_label(text), "files are downloaded from http, https and s3 addresses")
    return url


def _parts(address: str) -> tuple[str, str]:
    """Scheme and path; an address that cannot be read has neither, and is no file either."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return _UNREADABLE, ""
    return parts.scheme, parts.path


def _refused(shown: str, cause: str) -> CoworldError:
    return CoworldError(
        "address_refused",
        "The server names an address that is not asked",
        cause=f"{shown}: {cause}",
        owner="the server",
        next_step="report it to those who run the server",
        exit_code=EXIT_FAILED,
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _proxy_for(url: httpx.URL) -> str:
    """The proxy that the environment sets for a host; empty for none."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all", "")
    if not proxy or proxy_bypass(url.host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


async def _trust(url: httpx.URL) -> ssl.SSLContext:
    if url.scheme == "https":
        named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return await asyncio.to_thread(_certificates, *named)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is quick to make


@functools.cache
def _certificates(*_: str | None) -> ssl.SSLContext:
    """Made once for what the environment names: it takes longer than many a download."""
    return httpx.create_ssl_context()
