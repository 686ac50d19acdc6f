"""Texts from real servers, some of which mean no good."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract import web_text
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.web_text import FetchLimits, fetch_text, raw_address

from .web_server import Answer, answer, redirect, serving

MARKDOWN = answer(b"# Rules\n", "Content-Type: text/markdown")
HURRIED = FetchLimits(step_seconds=0.3, total_seconds=0.6)


async def failure(url: str, **options: Any) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        await fetch_text(url, **options)
    assert caught.value.next_step
    return caught.value


async def fetched(answers: dict[str, Answer], path: str = "/", **options: Any) -> web_text.WebText:
    async with serving(answers) as web:
        return await fetch_text(web.url(path), allow_private=True, **options)


async def failed(answers: dict[str, Answer], path: str = "/", **options: Any) -> CoworldError:
    async with serving(answers) as web:
        return await failure(web.url(path), allow_private=True, **options)


async def test_a_text() -> None:
    async with serving({"/r.md": MARKDOWN}) as web:
        text = await fetch_text(web.url("/r.md?x=1#part"), allow_private=True)
        assert text == web_text.WebText("# Rules\n", is_html=False, is_truncated=False)
        head = web.requests[0]
        assert head.startswith("GET /r.md?x=1 HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{web.port}\r\n" in head


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0", "2130706433"])
async def test_this_machine_is_refused_unless_allowed(host: str) -> None:
    async with serving({"/": MARKDOWN}) as web:
        error = await failure(web.url("/", host))
        assert (error.type, error.exit_code) == ("document_refused", 2)
        assert "private" in error.title
        assert web.requests == []
        assert (await fetch_text(web.url("/", host), allow_private=True)).text == "# Rules\n"


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.com/x", "javascript:alert(1)", "readme.md", "", "http://"),
        *("http://[::1", "http://a:99999/", "http://a b/", "https://\x1b[31m/", "http://" + "a" * 80_000),
    ],
)
async def test_what_is_no_web_address(url: str) -> None:
    error = await failure(url)
    assert error.exit_code in (2, 3)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 500


async def test_credentials_are_neither_sent_nor_shown() -> None:
    answers: dict[str, Answer] = {
        "/end": MARKDOWN,
        "/missing": answer(b"no", status="404 Not Found"),
    }
    async with serving(answers) as web:
        answers["/next"] = redirect(web.url("/end", "bob:hidden@127.0.0.1"), "Set-Cookie: s=hidden")
        url = web.url("/next", "ann:hidden@127.0.0.1")
        assert (await fetch_text(url, allow_private=True)).text == "# Rules\n"
        error = await failure(web.url("/missing?key=hidden", "ann:hidden@127.0.0.1"), allow_private=True)
        assert len(web.requests) == 3
        assert not any(word in head for head in web.requests[:2] for word in ("hidden", "Authoriz", "Cookie"))
    assert "answered 404" in error.cause
    assert "hidden" not in str(error)


async def test_redirects_are_followed_a_few_times() -> None:
    answers: dict[str, Answer] = {f"/{step}": redirect(f"{step + 1}") for step in range(6)}
    answers["/6"] = MARKDOWN
    assert (await fetched(answers, "/1")).text == "# Rules\n"
    assert "more than 5 redirects" in (await failed(answers, "/0")).cause


@pytest.mark.parametrize("target", ["file:///etc/passwd", "data:text/plain,x", "ftp://127.0.0.1/"])
async def test_redirects_to_what_is_no_web_address(target: str) -> None:
    assert (await failed({"/": redirect(target)})).type == "document_refused"


async def test_every_hop_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 plays the internet here, everything else of loopback this machine."""
    monkeypatch.setattr(web_text, "is_public", lambda address: address == "127.0.0.1")
    async with serving({"/": MARKDOWN}, "127.0.0.2") as inside, serving({"/": b""}) as outside:
        outside.answers["/"] = redirect(inside.url("/"))
        error = await failure(outside.url("/"))
        assert error.type == "document_refused"
        assert len(outside.requests) == 1
        assert inside.requests == []
        assert (await fetch_text(outside.url("/"), allow_private=True)).text == "# Rules\n"


async def test_a_name_is_looked_up_once_and_connected_to_as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers with an inner address the second time gains nothing."""
    lookups: list[str] = []

    def lookup(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with serving({"/": MARKDOWN}) as web:
        monkeypatch.setattr(web_text, "is_public", lambda address: address == "127.0.0.1")
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", _in_loop(lookup))
        assert (await fetch_text(web.url("/", "docs.example"))).text == "# Rules\n"
        assert lookups == ["docs.example"]
        assert f"Host: docs.example:{web.port}\r\n" in web.requests[0]


def _in_loop(lookup: Any) -> Any:
    async def getaddrinfo(host: str, port: int, **options: Any) -> Any:
        # Numbers, as asyncio itself asks for when it connects, are not the name server's business.
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        return lookup(host, port, **options)

    return getaddrinfo


async def test_one_private_address_of_a_name_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in ("93.184.216.34", "10.0.0.1")
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", _in_loop(lookup))
    assert (await failure("http://docs.example/")).type == "document_refused"


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (at, port)) for at in ("127.0.0.3", "127.0.0.1")]

    async with serving({"/": MARKDOWN}) as web:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", _in_loop(lookup))
        text = await fetch_text(web.url("/", "docs.example"), allow_private=True)
    assert text.text == "# Rules\n"


async def test_a_huge_body_is_cut_and_not_read_to_its_end() -> None:
    sent = 0

    async def huge(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(1_000):
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent += 100_000

    text = await fetched({"/": huge})
    assert text.is_truncated
    assert len(text.text) == FetchLimits().size
    assert sent < 50_000_000


async def test_a_body_of_just_the_limit_is_whole() -> None:
    text = await fetched({"/": answer(b"x" * 100)}, limits=FetchLimits(size=100))
    assert (len(text.text), text.is_truncated) == (100, False)
    assert (await fetched({"/": answer(b"x" * 101)}, limits=FetchLimits(size=100))).is_truncated


async def test_gzip_and_a_gzip_bomb() -> None:
    small = answer(gzip.compress(b"# Rules\n", mtime=0), "Content-Encoding: gzip")
    bomb = answer(gzip.compress(b"a" * 100_000_000, 6), "Content-Encoding: gzip")
    assert (await fetched({"/": small})).text == "# Rules\n"
    tracemalloc.start()
    text = await fetched({"/": bomb})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert text.is_truncated
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "body",
    [
        answer(gzip.compress(b"words", mtime=0)[:-9], "Content-Encoding: gzip"),
        answer(b"words", "Content-Encoding: gzip"),
        answer(b"words", "Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut",
        b"nothing like HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
        answer(b"", status="500 Oh no"),
        answer(b"", status="302 Found"),
    ],
)
async def test_answers_that_are_no_use(body: bytes) -> None:
    error = await failed({"/": body}, limits=HURRIED)
    assert (error.type, error.exit_code, error.owner) == ("document_unavailable", 3, "the network")


async def test_binary() -> None:
    error = await failed({"/": answer(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "Content-Type: text/plain")})
    assert error.type == "document_refused"
    assert "is not text" in error.cause


async def test_servers_that_never_finish() -> None:
    forever = asyncio.Event()

    async def silent(_: asyncio.StreamWriter) -> None:
        await forever.wait()

    async def dripping(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    impatient, hurried = FetchLimits(step_seconds=0.3), FetchLimits(total_seconds=0.6)
    assert "no answer within 0.3 seconds" in (await failed({"/": silent}, limits=impatient)).cause
    assert "no complete answer within 0.6" in (await failed({"/": dripping}, limits=hurried)).cause


async def test_nobody_there() -> None:
    async with serving({}) as web:
        url = web.url("/")
    assert (await failure(url, allow_private=True)).type == "document_unavailable"
    assert "no such host" in (await failure(f"http://{'a' * 70}.invalid/")).cause


def self_signed(tmp_path: Path) -> tuple[Path, Path]:
    """A key and a certificate for ``localhost`` that nobody trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x"
    extra = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    return key, certificate


async def test_the_certificate_must_be_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    async with serving({"/": MARKDOWN}, tls=tls) as web:
        error = await failure(web.url("/", "localhost"), allow_private=True)
        assert "ConnectError" in error.cause
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert (await fetch_text(web.url("/", "localhost"), allow_private=True)).text == "# Rules\n"
        assert "ConnectError" in (await failure(web.url("/"), allow_private=True)).cause


@pytest.mark.parametrize(
    ("url", "raw"),
    [
        (
            "https://github.com/ann/tiles/blob/main/docs/a%20b.md?plain=1#top",
            "https://raw.githubusercontent.com/ann/tiles/main/docs/a%20b.md",
        ),
        ("http://www.GitHub.com/a/b/raw/v1/x", "https://raw.githubusercontent.com/a/b/v1/x"),
        ("https://github.com/a/b/tree/main/docs", None),
        ("https://github.com/a/b/blob/main", None),
        ("https://github.com/a//blob/main/x", None),
        ("https://github.com.evil.example/a/b/blob/main/x", None),
        ("http://[::1", None),
    ],
)
def test_pages_of_files_on_github(url: str, raw: str | None) -> None:
    assert raw_address(url) == (raw or url)
