"""The one client of the game's global viewer: everything it sends goes to the recorder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake

from ..contract.text import safe_line
from .recorder import Recorder

OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_QUEUED_FRAMES = 4  # before a frame is read; one may have 50 MB
_FIRST_RETRY_SECONDS = 0.05
_LONGEST_RETRY_SECONDS = 1.0


class ViewerRefusedError(Exception):
    """The game refused or dropped the viewer before any frame; ``str()`` says how."""


class _DirectConnect(connect):
    """A connection to the game and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(url: str, max_size: int | None = None) -> ClientConnection:
    """Connect as the contract wants: frames of any size, no pings, no compression, no proxy, no redirects.

    ``max_size`` in bytes is for those whose messages do have a limit.
    """
    return await _DirectConnect(
        url,
        max_size=max_size,
        max_queue=_QUEUED_FRAMES,
        ping_interval=None,
        compression=None,
        proxy=None,
        open_timeout=OPEN_SECONDS,
        close_timeout=_CLOSE_SECONDS,
    )


class Viewer:
    """Watches ``url`` until ``stop()``; reconnects as long as ``game_lives()``.

    A connection that ends after a frame, cleanly or not, is the normal end of a game. One that
    cannot be opened before the first frame raises ViewerRefusedError. Sends nothing.
    """

    def __init__(self, url: str, recorder: Recorder, game_lives: Callable[[], bool]) -> None:
        self._url = url
        self._recorder = recorder
        self._game_lives = game_lives
        self.first_frame = asyncio.Event()

    async def run(self) -> None:
        """Receive until the game is over."""
        retry = _FIRST_RETRY_SECONDS
        while self._game_lives():
            received = self._recorder.count
            try:
                await self._receive()
            except ConnectionClosedOK:
                problem = "the game closed the global viewer"
            except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError) as error:
                problem = safe_line(str(error) or type(error).__name__, 200)
            if not self.first_frame.is_set():
                raise ViewerRefusedError(problem)
            retry = _FIRST_RETRY_SECONDS if self._recorder.count > received else retry * 2
            await asyncio.sleep(min(retry, _LONGEST_RETRY_SECONDS))

    async def _receive(self) -> NoReturn:
        socket = await open_socket(self._url)
        try:
            while True:
                message = await socket.recv()
                if message:
                    self._recorder.append(message)
                    self.first_frame.set()
                    await self._recorder.room()
        finally:
            await socket.close()
