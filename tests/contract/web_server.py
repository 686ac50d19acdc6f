"""Real HTTP servers on loopback that answer as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(target: str, *headers: str) -> bytes:
    """A response that sends the client elsewhere."""
    return answer(b"", f"Location: {target}", *headers, status="302 Found")


class WebServer:
    """``requests`` are the heads of the requests so far, ``url`` the address of a path."""

    def __init__(self, answers: dict[str, Answer], scheme: str) -> None:
        self.answers = answers
        self.requests: list[str] = []
        self.host = ""
        self.port = 0
        self._scheme = scheme

    def url(self, path: str, host: str | None = None) -> str:
        """The address of ``path``, under another name of the host if given."""
        return f"{self._scheme}://{host or self.host}:{self.port}{path}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            found = self.answers[head.split()[1].partition("?")[0]]
            if isinstance(found, bytes):
                writer.write(found)
            else:
                await found(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has heard enough
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def serving(
    answers: dict[str, Answer], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[WebServer]:
    """A server for the time of the context; what it is still answering is cut off."""
    web = WebServer(answers, "https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(web.handle(reader, writer)))

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    web.host, web.port = server.sockets[0].getsockname()[:2]
    try:
        yield web
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
