"""The contract checks between a healthy game and its players (local.md section 3.2, steps 7 to 10)."""

from __future__ import annotations

import asyncio
import contextlib
import re
from http import HTTPStatus
from time import monotonic
from typing import NoReturn
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .together import end
from .viewer import open_socket

_SHORTEST_POLL_SECONDS, _LONGEST_POLL_SECONDS = 0.02, 0.15
_HEALTH_REQUEST_SECONDS = 1.0
_ROUTE_SECONDS = 5.0
_SILENCE_SECONDS = 2.0
_BAD_TOKEN = "bad"
_PING = b"coworld-tui"
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: |\r?\n)")


class Probes:
    """Asks one game's HTTP and websocket routes. ``host`` and ``port`` as seen from this machine."""

    def __init__(self, host: str, port: int) -> None:
        self.ws = f"ws://{host}:{port}"
        self._host = host
        self._port = port

    async def healthy(self, path: str = "/healthz") -> None:
        """Poll ``path`` until it answers 200. Never gives up: the caller sets the limit.

        A tenth of the wait so far passes between two polls, so that a slow start is not slowed
        down by them, nor a quick one noticed late.
        """
        began = monotonic()
        while True:
            try:
                if await self._status(path, _HEALTH_REQUEST_SECONDS) == HTTPStatus.OK:
                    return
            except OSError:
                pass  # not up yet
            wait = (monotonic() - began) / 10
            await asyncio.sleep(min(max(wait, _SHORTEST_POLL_SECONDS), _LONGEST_POLL_SECONDS))

    async def routes(self, token: str | None, *, pong: bool = False) -> None:
        """Client pages answer and a bad token is refused; the checks run side by side.

        ``token`` is slot 0's, None when no slot has one; ``pong`` also asks /global for a Pong, as
        certification does. Raises CoworldError
        (``game_contract_violation``) naming the first route that broke the contract.
        """
        checks = [self._page("/client/global")]
        if token is not None:
            checks.append(self._page(f"/client/player?slot=0&token={token}"))
            checks.append(self._bad_token_refused())
        if pong:
            checks.append(self._answers_ping())
        outcomes = await asyncio.gather(*checks, return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def check_replay(self, uri: str) -> None:
        """A replay server becomes healthy, its page answers, its socket sends a message (section 3.6)."""
        await self.healthy()
        query = f"uri={quote(uri, safe='')}"
        await self._page(f"/client/replay?{query}", redirects_allowed=True)
        try:
            socket = await open_socket(f"{self.ws}/replay?{query}")
            async with socket, asyncio.timeout(_ROUTE_SECONDS * 2):
                if await socket.recv():
                    return
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
            _violated("/replay", f"sent no replay: {safe_line(str(error) or type(error).__name__, 200)}")
        _violated("/replay", "sent an empty message")

    async def missing_replay_refused(self, uri: str) -> None:
        """A replay that is not there is refused: HTTP 400 or 404, or the connection ends (section 3.6)."""
        route = "/replay"
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                async with await open_socket(f"{self.ws}{route}?uri={quote(uri, safe='')}") as socket:
                    await socket.recv()
        except TimeoutError:  # itself an OSError
            _violated(route, "accepted a replay that is not there: the connection stayed open")
        except InvalidStatus as error:
            if error.response.status_code in (400, 404):
                return
            _violated(
                route,
                f"answered {error.response.status_code} to a replay that is not there; 400 or 404 is due",
            )
        except (OSError, InvalidHandshake, ConnectionClosed):
            return
        _violated(route, "accepted a replay that is not there: it sent a message")

    async def _page(self, path: str, *, redirects_allowed: bool = False) -> None:
        route = path.partition("?")[0]
        try:
            status = await self._status(path, _ROUTE_SECONDS)
        except OSError as error:
            _violated(route, f"did not answer: {safe_line(str(error) or type(error).__name__, 200)}")
        if not 200 <= status < (400 if redirects_allowed else 300):
            _violated(route, f"answered {status}")

    async def _status(self, path: str, seconds: float) -> int:
        """The status of an answer. OSError when there is none in time.

        The body is not read: it may have no end.
        Two lines of HTTP instead of a client library: what those load at import is not for a core
        that starts in milliseconds.
        """
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            try:
                host = f"{self._host}:{self._port}"
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                line = await reader.readline()
            except ValueError as error:  # a line longer than any status
                raise ConnectionError("the answer is not HTTP") from error
            finally:
                writer.close()
        status = _STATUS.match(line)
        if status is None:
            raise ConnectionError("the answer is not HTTP" if line else "the connection was closed")
        return int(status[1])

    async def _answers_ping(self) -> None:
        """/global answers a Ping within two seconds, whatever it sends meanwhile."""
        route = "/global"
        try:
            async with asyncio.timeout(_ROUTE_SECONDS):
                socket = await open_socket(f"{self.ws}{route}")
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
            _violated(route, f"refused a viewer: {safe_line(str(error) or type(error).__name__, 200)}")
        async with socket:
            draining = asyncio.ensure_future(_drain(socket))
            try:
                async with asyncio.timeout(_SILENCE_SECONDS):
                    await (await socket.ping(_PING))
            except (OSError, ConnectionClosed, TimeoutError):
                _violated(route, f"did not answer a Ping with a Pong within {_SILENCE_SECONDS:g} s")
            finally:
                await end(draining)

    async def _bad_token_refused(self) -> None:
        route = "/player"
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                socket = await open_socket(f"{self.ws}{route}?slot=0&token={_BAD_TOKEN}")
                async with socket:
                    await socket.recv()
        except TimeoutError:  # itself an OSError
            _violated(route, "accepted a bad token: the connection stayed open")
        except InvalidStatus as error:
            if error.response.status_code in (401, 403):
                return
            _violated(route, f"answered {error.response.status_code} to a bad token; 401 or 403 is due")
        except (OSError, InvalidHandshake, ConnectionClosed):
            return
        _violated(route, "accepted a bad token: it sent a message")


async def _drain(socket: ClientConnection) -> None:
    """Frames that nobody takes would keep the Pong behind them from being read."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.recv()


def _violated(route: str, how: str) -> NoReturn:
    raise CoworldError(
        "game_contract_violation",
        f"the game broke the contract at {route}",
        cause=how,
        owner="the game",
        next_step="look at the game's log; the route is described in the manifest's protocols",
    )
