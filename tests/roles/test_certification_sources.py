"""Looking up sources at a server that stands for GitHub's contents API."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.roles import sources
from coworld_tui.roles.sources import GitHubSource, github_source, resolve_sources, token_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILE = {"type": "file", "name": "main.py"}
DOCKERFILE = {"type": "file", "name": "Dockerfile"}
REPOSITORY = "https://github.com/owner/repo"


class GitHub:
    """Answers ``(ref, path)`` with a folder's entries, a number as that status, bytes as they are."""

    def __init__(self, places: dict[tuple[str | None, str], object]) -> None:
        self.places = places
        self.asked: list[str] = []
        self.headers: list[str] = []
        self.base = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.headers.append(head)
                target = urlsplit(head.split(" ")[1])
                self.asked.append(unquote(target.path))
                path = unquote(target.path).partition("/contents")[2].strip("/")
                ref = parse_qs(target.query).get("ref", [None])[0]
                found = self.places.get((ref, path), 404)
                status = found if isinstance(found, int) else 200
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                moved = f"Location: {self.base}/elsewhere\r\n" if status == 301 else ""
                writer.write(f"HTTP/1.1 {status} So\r\n{moved}Content-Length: {len(body)}\r\n\r\n".encode())
                writer.write(body)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def github(places: dict[tuple[str | None, str], object]) -> AsyncIterator[GitHub]:
    """Such a server on loopback."""
    answers = GitHub(places)
    server = await asyncio.start_server(answers.answer, "127.0.0.1", 0)
    answers.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield answers
    server.close()


async def status_of(url: str | None, places: dict[tuple[str | None, str], object]) -> tuple[str, str]:
    """Status and detail of one address."""
    async with github(places) as server:
        (result,) = await resolve_sources([("game.runnable", url)], api=server.base)
    assert result.publicly_accessible == (result.status == "resolved")
    return result.status, result.detail


@pytest.mark.parametrize(
    ("url", "places", "status", "said"),
    [
        (None, {}, "not_declared", "no source_url"),
        ("https://gitlab.com/owner/repo", {}, "unsupported", "GitHub"),
        (REPOSITORY, {(None, ""): [DOCKERFILE]}, "resolved", "default branch"),
        (f"{REPOSITORY}/tree/{COMMIT}/game", {(COMMIT, "game"): [DOCKERFILE]}, "resolved", COMMIT),
        (f"{REPOSITORY}/tree/main/game", {("main", "game"): [DOCKERFILE]}, "resolved", "full commit"),
        (f"{REPOSITORY}/tree/a/b/game", {("a/b", "game"): [DOCKERFILE]}, "resolved", "at a/b"),
        (
            f"{REPOSITORY}/tree/{COMMIT}/a/b",
            {(COMMIT, "a/b"): [FILE], (COMMIT, "a"): [FILE], (COMMIT, ""): [DOCKERFILE]},
            "resolved",
            COMMIT,
        ),
        (
            f"{REPOSITORY}/blob/{COMMIT}/a/Dockerfile.game",
            {(COMMIT, "a/Dockerfile.game"): {"type": "file", "name": "Dockerfile.game"}},
            "resolved",
            COMMIT,
        ),
        (f"{REPOSITORY}/tree/{COMMIT}/a", {(COMMIT, "a"): [FILE]}, "unresolved", "no Dockerfile"),
        (f"{REPOSITORY}/tree/{COMMIT}/a", {(COMMIT, "a"): []}, "unresolved", "empty"),
        (f"{REPOSITORY}/tree/{COMMIT}/a", {}, "unresolved", "404"),
        (REPOSITORY, {(None, ""): 403}, "unresolved", "403"),
        (REPOSITORY, {(None, ""): 301}, "unresolved", "301"),
        (REPOSITORY, {(None, ""): b"<html>"}, "unresolved", "not JSON"),
        (REPOSITORY, {(None, ""): b"[" + b" " * (5 << 20)}, "unresolved", "too long"),
    ],
)
async def test_what_becomes_of_an_address(
    url: str | None, places: dict[tuple[str | None, str], object], status: str, said: str
) -> None:
    found, detail = await status_of(url, places)
    assert (found, said in detail) == (status, True), detail


async def test_the_token_goes_to_the_api_and_stays_out_of_what_is_told() -> None:
    async with github({(None, ""): 301}) as server:
        results = await resolve_sources(
            [("game.runnable", REPOSITORY)], api=server.base, token="ghp_0123456789"
        )
    assert len(server.headers) == 1
    assert "Authorization: Bearer ghp_0123456789" in server.headers[0]
    assert "/elsewhere" not in server.asked
    assert "ghp_0123456789" not in str([result.as_dict() for result in results])


async def test_a_folder_that_several_runnables_share_is_asked_for_once() -> None:
    async with github({(None, ""): [DOCKERFILE]}) as server:
        results = await resolve_sources([(f"player[{n}]", REPOSITORY) for n in range(5)], api=server.base)
    assert [result.runnable for result in results] == [f"player[{n}]" for n in range(5)]
    assert {result.status for result in results} == {"resolved"}
    assert len(server.asked) == 1


async def test_without_a_network_everything_is_unresolved_at_once() -> None:
    declared = [(f"player[{n}]", f"{REPOSITORY}/tree/main/{n}") for n in range(20)]
    results = await resolve_sources(declared, api="http://127.0.0.1:1")
    assert {result.status for result in results} == {"unresolved"}
    assert all("cannot be reached" in result.detail for result in results)


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_TOTAL_SECONDS", 0.3)
    release = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    (result,) = await resolve_sources([("game.runnable", REPOSITORY)], api=base)
    release.set()
    server.close()
    assert (result.status, "no answer" in result.detail) == ("unresolved", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@github.com/owner/repo",
        "https://github.com.evil.example/owner/repo",
        "https://github.com/owner",
        "https://github.com/../repo",
        "https://github.com/owner/repo/tree/main/../../secret",
        "https://github.com/owner/repo/tree/main/%2e%2e/secret",
        "https://github.com/owner/repo/tree/main/a%2fb",
        "https://github.com/owner/repo/issues/1",
        "https://[github.com/owner/repo",
        "file:///etc/passwd",
        "https://github.com/owner/repo/tree/main/" + "a/" * 100,
    ],
)
async def test_addresses_that_are_not_looked_up(url: str) -> None:
    (result,) = await resolve_sources([("game.runnable", url)], api="http://127.0.0.1:1")
    assert result.status == "unsupported"
    assert "secret@" not in (result.source_url or "")


@given(st.text(max_size=200) | st.text(max_size=80).map(lambda text: f"https://github.com/{text}"))
def test_any_text_is_an_address_or_none(text: str) -> None:
    source = github_source(text)
    assert source is None or isinstance(source, GitHubSource)


def test_the_token_is_the_shells() -> None:
    assert token_of({"GH_TOKEN": "two"}) == "two"
    assert token_of({"GITHUB_TOKEN": "one", "GH_TOKEN": "two"}) == "one"
    assert token_of({"GITHUB_TOKEN": ""}) is None
