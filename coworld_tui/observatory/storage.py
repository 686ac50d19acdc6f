"""Asking for files: of the API with our token, at addresses it names without it (hosted.md 3.9 and 9.10).

Where an address may lead, ``named_hosts`` decides.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from .. import __version__
from ..contract.fetching import USER_AGENT, url_label
from .client import Observatory, Param, query_of
from .named_hosts import NamedHosts, address_refused, origin_of
from .refusals import no_address
from .servers import api_root

_CONNECT_SECONDS = 10.0
_STEP_SECONDS = 60.0
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
    """Asks the server and whatever hosts its files lie on, at most ``at_once`` requests to each."""

    def __init__(self, client: Observatory, at_once: int) -> None:
        self.server = client.server
        self.identity = client.identity
        self._root = httpx.URL(api_root(client.server))
        self._hosts = NamedHosts(client.server, at_once)

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._hosts.aclose()

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
            raise address_refused(
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
        raise address_refused(url_label(str(url)), f"more than {_REDIRECTS} redirects")

    def _is_api(self, url: httpx.URL) -> bool:
        return origin_of(url) == origin_of(self._root) and url.path.startswith(f"{self._root.path}/")

    def _url(self, source: Source) -> httpx.URL:
        if isinstance(source, ApiFile):
            try:
                return httpx.URL(str(self._root) + source.path, params=query_of(source.params) or None)
            except (httpx.InvalidURL, UnicodeError):
                raise no_address(source.path) from None
        scheme, path = _parts(source)
        if scheme == _UNREADABLE:
            raise address_refused("an address in the answer", "it cannot be read")
        if scheme != "s3":
            return _address(source)
        bucket = urlsplit(source).netloc
        if not _BUCKET.match(bucket):
            raise address_refused(url_label(source), "no bucket has such a name")
        return _address(f"https://{bucket}.s3.amazonaws.com/{path.lstrip('/')}")

    @asynccontextmanager
    async def _answer(
        self, url: httpx.URL, headers: Mapping[str, str], is_api: bool
    ) -> AsyncIterator[httpx.Response]:
        sent = {
            "User-Agent": f"{USER_AGENT}/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **headers,
        }
        if is_api and self.identity.token:
            sent["Authorization"] = f"Bearer {self.identity.token}"
        timeout = httpx.Timeout(_STEP_SECONDS, connect=_CONNECT_SECONDS, pool=None)
        request = httpx.Request("GET", url, headers=sent, extensions={"timeout": timeout.as_dict()})
        response = await self._hosts.handle_async_request(request)
        response.request = request
        response.extensions["is_api"] = is_api
        try:
            yield response
        finally:
            await response.aclose()


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """A web address without credentials and fragment."""
    try:
        url = httpx.URL(text) if base is None else base.join(text)
        url = url.copy_with(username=None, password=None, fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise address_refused("an address in the answer", "it cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise address_refused(url_label(text), "files are downloaded from http, https and s3 addresses")
    return url


def _parts(address: str) -> tuple[str, str]:
    """Scheme and path; an address that cannot be read has neither, and is no file either."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return _UNREADABLE, ""
    return parts.scheme, parts.path
