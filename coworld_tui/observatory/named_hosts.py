"""Connecting to hosts that answers of the hosted side name: for files, uploads and image pushes.

Addresses in answers are outside text. They lead to public hosts only, unless the server itself is on this
machine or its network, and every host is connected to at the address that was checked.
"""

from __future__ import annotations

import asyncio
import functools
import os
import ssl
from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import httpx

from ..contract.addresses import is_public, resolved
from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.fetching import url_label
from .refusals import unreachable
from .servers import api_root

_KEEP_SECONDS = 30.0
LAST_PORT = 65535

Origin = tuple[str, str, int | None]


class NamedHosts(httpx.AsyncBaseTransport):
    """Connections to ``server`` and to whatever hosts it names, at most ``at_once`` to each.

    Proxies of the environment are used as everywhere. Raises errors of httpx, ``address_refused`` (exit
    code 1) for a host that may not be named, and ``unreachable`` (3) for a machine that is set up wrong.
    """

    def __init__(self, server: str, at_once: int) -> None:
        self._server = server
        self._root = httpx.URL(api_root(server))
        self._at_once = at_once
        self._transports: dict[Origin, httpx.AsyncHTTPTransport] = {}
        self._looking: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def aclose(self) -> None:
        """Let go of all connections."""
        for task in self._looking.values():
            task.cancel()
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the first address of the host that can be connected to, its body not yet read."""
        url = request.url
        if url.port is not None and not 0 < url.port <= LAST_PORT:
            raise address_refused(url_label(str(url)), "there is no such port")
        is_known = origin_of(url) == origin_of(self._root)
        proxy = _proxy_for(url)
        hosts = [url.host] if is_known or proxy else await self._checked(url)
        if proxy and not is_known and _is_number(url.host) and not is_public(url.host):
            await self._require_private(url)
        transport = await self._transport(url, proxy)
        extensions = {**request.extensions, "sni_hostname": url.raw_host.decode("ascii")}
        for host in hosts[:-1]:
            try:
                return await transport.handle_async_request(_at(host, request, extensions))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await transport.handle_async_request(_at(hosts[-1], request, extensions))

    async def _checked(self, url: httpx.URL) -> list[str]:
        """The addresses of a host, which must be public ones."""
        found = await self._resolved(url)
        if not all(is_public(address) for address in found):
            await self._require_private(url)
        return found

    async def _require_private(self, url: httpx.URL) -> None:
        """Raise unless the server itself is on this machine or its network."""
        if all(is_public(address) for address in await self._resolved(self._root)):
            raise address_refused(
                url_label(str(url)), "it is on this machine or its network, the server is not"
            )

    async def _resolved(self, url: httpx.URL) -> list[str]:
        """Looked up once for all."""
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
        origin = origin_of(url)
        if origin not in self._transports:
            limits = httpx.Limits(max_connections=self._at_once, keepalive_expiry=_KEEP_SECONDS)
            try:
                trust = await _trust(url)
            except OSError:
                reason = "the certificates of this machine cannot be read"
                raise unreachable(self._server, reason, "check SSL_CERT_FILE") from None
            try:
                made = httpx.AsyncHTTPTransport(
                    verify=trust, trust_env=False, limits=limits, proxy=proxy or None
                )
            except (ImportError, ValueError):
                reason = "the proxy set in the environment cannot be used"
                raise unreachable(self._server, reason, "check HTTPS_PROXY") from None
            self._transports.setdefault(origin, made)
        return self._transports[origin]


def origin_of(url: httpx.URL) -> Origin:
    """What a token may be for: scheme, host and port."""
    return url.scheme, url.host, url.port


def address_refused(shown: str, cause: str) -> CoworldError:
    """The error for an address of an answer that is not asked and not sent to. ``shown`` is safe to show."""
    return CoworldError(
        "address_refused",
        "The server names an address that is not used",
        cause=f"{shown}: {cause}",
        owner="the server",
        next_step="check --server; if it stays so, report it to those who run the server",
        exit_code=EXIT_FAILED,
    )


def _at(host: str, request: httpx.Request, extensions: dict[str, object]) -> httpx.Request:
    """The request at an address of its host; its headers name the host still."""
    url = request.url.copy_with(host=host)
    return httpx.Request(
        request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
    )


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
