"""Answers that no framework gives: bombs, echoes of the token, wrong certificates; and connections."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import AT_ONCE, Answer, Observatory
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.refusals import no_connection, what_it_says
from coworld_tui.runs.redact import Redactor

TOKEN = "usr_0123456789abcdef"

Answering = Callable[[], Awaitable[bytes]]


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """An HTTP answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """A server that says the same to everybody, and counts."""

    def __init__(self, answer: bytes | Answering) -> None:
        self.url = ""
        self.connections = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(self._answer if isinstance(self._answer, bytes) else await self._answer())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def wire(answer: bytes | Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A ``Wire`` on loopback, for the time of the context."""
    made = Wire(answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", ssl=tls)
    made.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    try:
        yield made
    finally:
        server.close()


async def ask(url: str, times: int = 1) -> list[Answer]:
    """The answers of a server to as many questions at once."""
    async with Observatory(url, Identity(url, "user", token=TOKEN), timeout=5) as client:
        return await asyncio.gather(*(client.get("/v2/leagues") for _ in range(times)))


async def refused(url: str) -> CoworldError:
    """The error that asking ends in."""
    with pytest.raises(CoworldError) as caught:
        await ask(url)
    assert TOKEN not in str(caught.value.as_dict())
    return caught.value


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}])
async def test_connections_are_used_again(headers: Mapping[str, str]) -> None:
    body = b"[" + b" " * 100_000 + b"]"
    async with wire(reply(gzip.compress(body) if headers else body, **headers)) as server:
        async with Observatory(server.url, Identity(server.url, "user", token=TOKEN)) as client:
            for _ in range(5):
                assert (await client.get("/v2/leagues")).data == []
        assert server.connections == 1


async def test_only_some_requests_are_under_way_at_once() -> None:
    under_way = most = 0
    full = asyncio.Event()

    async def answer() -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if under_way == AT_ONCE:
            full.set()
        await full.wait()
        under_way -= 1
        return reply(b"[]")

    async with wire(answer) as server:
        assert len(await ask(server.url, 5 * AT_ONCE)) == 5 * AT_ONCE
        assert server.connections == AT_ONCE
    assert most == AT_ONCE


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (gzip.compress(b" " * (40 << 20)), {"Content_Encoding": "gzip"}, "larger than 32 MiB"),
        (gzip.compress(b"[]")[:-4], {"Content_Encoding": "gzip"}, "the body is not complete"),
        (b"[]", {"Content_Encoding": "gzip"}, "the body is damaged"),
        (b"[]", {"Content_Encoding": "gzip, gzip"}, "the body is encoded as gzip, gzip"),
        (b"", {}, "the body is empty"),
        (b"\xff", {}, "is not UTF-8 text"),
        (b"[" * 100_000, {}, "nested too deeply"),
        (b"[" + b"0," * 1_000_001 + b"0]", {}, "more than 1000000 values"),
        (b"{'a': 1}", {}, "is not JSON"),
        (b'{"%s": 1, "%s": 1}' % (TOKEN.encode(), TOKEN.encode()), {}, "twice in one object"),
        (b"  <p>Sign in", {}, "is a web page"),
    ],
    ids=["bomb", "cut", "damaged", "twice", "empty", "latin", "deep", "many", "words", "echo", "page"],
)
async def test_bodies_that_are_no_answer(body: bytes, headers: Mapping[str, str], reason: str) -> None:
    async with wire(reply(body, X_Request_Id=f"req\x1b[2J{TOKEN}", **headers)) as server:
        error = await refused(server.url)
    assert (error.type, error.exit_code) == ("bad_answer", 3)
    assert reason in error.cause
    assert "\x1b" not in error.cause


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://softmax.example/x?token=abc", "it sends us to https://softmax.example/x"),
        (f"//softmax.example/{TOKEN}", "it sends us to http://softmax.example/[redacted]"),
        ("http://me:pw@127.0.0.1/x", "it sends us to http://127.0.0.1/x"),
        ("http://[::1", "it sends us to an address that cannot be read"),
        ("javascript:alert(1)", "it sends us to "),
    ],
)
async def test_nobody_follows_the_server_elsewhere(location: str, reason: str) -> None:
    async with wire(reply(b"", "307 Temporary Redirect", Location=location)) as server:
        error = await refused(server.url)
        assert server.connections == 1
    assert error.type == "bad_answer"
    assert reason in error.cause
    assert "token=" not in error.cause


async def test_what_the_server_says_is_bounded_and_masked() -> None:
    said = f"\x1b[31mno {TOKEN[:8]}\x1b[m{TOKEN[8:]} \u202e" + "x" * 9_000
    body = json.dumps({"detail": {"message": said}}).encode()
    async with wire(reply(body, "403 Forbidden", X_Request_Id="r" * 9_000)) as server:
        error = await refused(server.url)
    assert "no [redacted]" in error.cause
    assert error.cause.isprintable()
    assert len(error.cause) < 600


async def test_statuses_that_mean_nothing() -> None:
    for status, kind in [("204 No Content", "bad_answer"), ("304 Not Modified", "bad_answer")]:
        async with wire(f"HTTP/1.1 {status}\r\n\r\n".encode()) as server:
            assert (await refused(server.url)).type == kind
    for status, kind in [
        ("418 Teapot", "invalid_request"),
        ("410 Gone", "not_found"),
        ("599 x", "server_error"),
    ]:
        async with wire(reply(b'"x"', status)) as server:
            assert (await refused(server.url)).type == kind


async def test_what_is_no_http() -> None:
    async with wire(b"SSH-2.0-OpenSSH\r\n\r\n") as server:
        assert (await refused(server.url)).type == "unreachable"


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The certificate of a server that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate for this test")
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_a_wrong_certificate(self_signed: ssl.SSLContext) -> None:
    asked = False

    async def answer() -> bytes:
        nonlocal asked
        asked = True
        return reply(b"[]")

    async with wire(answer, self_signed) as server:
        error = await refused(server.url)
    assert (error.type, error.exit_code) == ("unreachable", 3)
    assert "its certificate is not valid: self" in error.cause
    assert "clock" in error.next_step
    assert not asked


async def test_nobody_there_or_no_tls() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = await refused(f"http://127.0.0.1:{bound.getsockname()[1]}/api")
        assert "nothing answers there" in error.cause

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", "400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        assert "does not speak TLS" in (await refused(f"https://127.0.0.1:{port}/api")).cause


def test_a_host_that_does_not_exist() -> None:
    error = httpx.ConnectError("")
    error.__cause__ = OSError("all connection attempts failed")
    error.__cause__.__context__ = socket.gaierror("")
    assert "there is no such host" in no_connection("http://nowhere", error).cause


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ALL_PROXY", "gopher://127.0.0.1:1", "proxy set in the environment"),
        ("SSL_CERT_FILE", "/nowhere.pem", "certificates of this machine"),
    ],
)
async def test_settings_of_this_machine_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    error = await refused("https://127.0.0.1:1/api")
    assert error.type == "unreachable"
    assert reason in error.cause


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(detail=_JSON | st.lists(st.fixed_dictionaries({"loc": _JSON, "msg": st.text()}), min_size=1))
def test_any_reason_is_safe_to_show(detail: Any) -> None:
    for body in (
        json.dumps({"detail": detail}).encode(),
        json.dumps(detail).encode(),
        repr(detail).encode("utf-8", "replace"),
    ):
        said = what_it_says(httpx.Response(400), body, Redactor([TOKEN]))
        assert len(said) <= 400
        assert said.isprintable() or not said
