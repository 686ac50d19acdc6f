"""Whether declared ``source_url``s lead to public source: GitHub only, and never a reason to fail."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, unquote, urlsplit

from ..contract.text import safe_line
from ..runner.together import end, together
from ..runs.redact import Redactor

if TYPE_CHECKING:
    import httpx

GITHUB_API = "https://api.github.com"
TOKEN_VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN")

_TOTAL_SECONDS = 15.0
_STEP_SECONDS = 5.0
_ANSWER_LIMIT = 4 << 20
_AT_ONCE = 6
_DEEPEST_PATH = 16
_URL_LIMIT = 300
_DETAIL_LIMIT = 300
_HOSTS = ("github.com", "www.github.com")
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}\Z")

SourceStatus = Literal["resolved", "unresolved", "unsupported", "not_declared"]


@dataclass(frozen=True)
class SourceResult:
    """What became of one runnable's ``source_url``; every text is safe to show."""

    runnable: str
    source_url: str | None
    status: SourceStatus
    publicly_accessible: bool
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """The record in ``certification.json``, with the contract's field names."""
        return {
            "runnable": self.runnable,
            "source_url": self.source_url,
            "status": self.status,
            "publicly_accessible": self.publicly_accessible,
            "detail": self.detail,
        }


@dataclass(frozen=True)
class GitHubSource:
    """A place in a repository. ``ref`` None is its default branch."""

    owner: str
    repo: str
    ref: str | None = None
    path: tuple[str, ...] = ()

    @property
    def readings(self) -> list[GitHubSource]:
        """What the address can mean: a branch name may itself hold slashes. Likeliest first."""
        if self.ref is None or _COMMIT.match(self.ref):
            return [self]
        return [
            GitHubSource(self.owner, self.repo, "/".join((self.ref, *self.path[:taken])), self.path[taken:])
            for taken in range(len(self.path) + 1)
        ]

    @property
    def ancestors(self) -> list[GitHubSource]:
        """The folders above it, nearest first."""
        return [
            GitHubSource(self.owner, self.repo, self.ref, self.path[:depth])
            for depth in reversed(range(len(self.path)))
        ]


def github_source(url: str) -> GitHubSource | None:
    """The place a GitHub address names; None for every other address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc not in _HOSTS:
        return None
    words = [unquote(word) for word in parts.path.split("/") if word]
    if len(words) < 2:
        return None
    owner, repo = words[0], words[1].removesuffix(".git")
    if not _NAME.match(owner) or not _NAME.match(repo):
        return None
    if len(words) == 2:
        return GitHubSource(owner, repo)
    path = tuple(words[4:])
    if len(words) < 4 or words[2] not in ("tree", "blob") or len(path) > _DEEPEST_PATH:
        return None
    if any(word in (".", "..") or "/" in word for word in (words[3], *path)):
        return None
    return GitHubSource(owner, repo, words[3], path)


async def resolve_sources(
    declared: Sequence[tuple[str, str | None]], *, api: str = GITHUB_API, token: str | None = None
) -> tuple[SourceResult, ...]:
    """A result per ``(runnable, source_url)``, in order. Never raises for what the network does.

    ``token`` goes to ``api`` and to no other host: redirects are not followed. Without a network
    the first failure settles all addresses, so that being offline costs no time.
    """
    if not any(url is not None and github_source(url) for _, url in declared):
        return tuple([_without_network(runnable, url) for runnable, url in declared])
    import httpx

    headers = {
        "Accept": "application/vnd.github+json",
        "User-Agent": "coworld-tui",
        "X-GitHub-Api-Version": "2022-11-28",
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    async with httpx.AsyncClient(headers=headers, timeout=_STEP_SECONDS, follow_redirects=False) as client:
        lookup = _Lookup(client, api)
        try:
            return tuple(await together(*(lookup.result(runnable, url) for runnable, url in declared)))
        finally:
            await lookup.close()


def token_of(environment: Mapping[str, str] = os.environ) -> str | None:
    """The GitHub token this shell has, if it has one; it raises the number of questions GitHub answers."""
    return next((environment[name] for name in TOKEN_VARIABLES if environment.get(name)), None)


class _NotReadableError(Exception):
    """A place that GitHub does not show; ``str()`` says why."""


class _Lookup:
    """Asks GitHub's contents API, each folder once, all of it within one time limit."""

    def __init__(self, client: httpx.AsyncClient, api: str) -> None:
        self._client = client
        self._api = api
        self._folders: dict[GitHubSource, asyncio.Task[list[tuple[str, str]] | None]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._deadline = asyncio.get_running_loop().time() + _TOTAL_SECONDS
        self._unreachable = ""

    async def result(self, runnable: str, url: str | None) -> SourceResult:
        source = github_source(url) if url is not None else None
        if url is None or source is None:
            return _without_network(runnable, url)
        try:
            found, names = await self._first_reading(source)
            if not names:
                raise _NotReadableError("the source folder is empty")
            if not await self._has_dockerfile(found, names):
                raise _NotReadableError("there is no Dockerfile at the source path or above it")
        except _NotReadableError as error:
            return _result(runnable, url, "unresolved", str(error))
        return _result(runnable, url, "resolved", _resolved_at(found))

    async def close(self) -> None:
        """Ask no more."""
        await end(*self._folders.values())

    async def _first_reading(self, source: GitHubSource) -> tuple[GitHubSource, list[tuple[str, str]]]:
        for reading in source.readings:
            names = await self._folder(reading)
            if names is not None:
                return reading, names
        raise _NotReadableError("GitHub shows nothing public at that address (404)")

    async def _has_dockerfile(self, source: GitHubSource, names: list[tuple[str, str]]) -> bool:
        if any(map(_is_dockerfile, names)):
            return True
        for above in source.ancestors:
            if any(map(_is_dockerfile, await self._folder(above) or ())):
                return True
        return False

    async def _folder(self, place: GitHubSource) -> list[tuple[str, str]] | None:
        """``(type, name)`` of what lies there; None for 404. Raises _NotReadableError."""
        if place not in self._folders:
            self._folders[place] = asyncio.ensure_future(self._fetch(place))
        return await asyncio.shield(self._folders[place])

    async def _fetch(self, place: GitHubSource) -> list[tuple[str, str]] | None:
        import httpx

        path = "".join(f"/{quote(word, safe='')}" for word in place.path)
        url = f"{self._api}/repos/{quote(place.owner)}/{quote(place.repo)}/contents{path}"
        try:
            async with self._turn, asyncio.timeout_at(self._deadline):
                if self._unreachable:
                    raise _NotReadableError(self._unreachable)
                params = {"ref": place.ref} if place.ref is not None else {}
                async with self._client.stream("GET", url, params=params) as response:
                    if response.status_code == httpx.codes.NOT_FOUND:
                        return None
                    if response.status_code != httpx.codes.OK:
                        raise _NotReadableError(f"GitHub answered {response.status_code}")
                    body = bytearray()
                    async for chunk in response.aiter_bytes():
                        body += chunk
                        if len(body) > _ANSWER_LIMIT:
                            raise _NotReadableError("GitHub's answer is too long")
        except TimeoutError:
            raise _NotReadableError(f"GitHub gave no answer within {_TOTAL_SECONDS:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The message may repeat addresses of proxies, credentials included.
            self._unreachable = f"GitHub cannot be reached from here ({type(error).__name__})"
            raise _NotReadableError(self._unreachable) from None
        return _entries(bytes(body))


def _entries(body: bytes) -> list[tuple[str, str]]:
    try:
        listing = json.loads(body)
    except (ValueError, RecursionError):
        raise _NotReadableError("GitHub's answer is not JSON") from None
    entries = listing if isinstance(listing, list) else [listing]
    return [(str(entry.get("type")), str(entry.get("name"))) for entry in entries if isinstance(entry, dict)]


def _is_dockerfile(entry: tuple[str, str]) -> bool:
    kind, name = entry
    named = name == "Dockerfile" or name.startswith("Dockerfile.")
    return kind == "file" and named and name != "Dockerfile.dockerignore"


def _resolved_at(source: GitHubSource) -> str:
    if source.ref is None:
        return "resolved on the default branch; name a commit, so that it stays what was certified"
    if not _COMMIT.match(source.ref):
        return f"resolved at {source.ref}; name a full commit, so that it stays what was certified"
    return f"resolved at {source.ref}"


def _without_network(runnable: str, url: str | None) -> SourceResult:
    if url is None:
        return _result(runnable, None, "not_declared", "no source_url is declared")
    return _result(runnable, url, "unsupported", "only public GitHub addresses are looked up")


def _result(runnable: str, url: str | None, status: SourceStatus, detail: str) -> SourceResult:
    shown = safe_line(Redactor().text(url), _URL_LIMIT) if url is not None else None
    return SourceResult(runnable, shown, status, status == "resolved", safe_line(detail, _DETAIL_LIMIT))
