"""Sending frames at the reader's own pace: whoever is slow misses frames, nobody waits for them."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed


class Latest:
    """The newest frame of a stream. Readers that fall behind continue with the newest."""

    def __init__(self) -> None:
        self.frame = ""
        self.ended = False
        self._number = 0
        self._changed = asyncio.Event()

    def publish(self, frame: str, *, last: bool = False) -> None:
        """Replace the frame; after the ``last`` one connections are closed as soon as they have it."""
        self.frame, self.ended = frame, last
        self._number += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def send_to(self, connection: ServerConnection) -> None:
        """Send the current frame, if any, and every newer one until the last or until the reader goes."""
        sent = 0
        try:
            while True:
                while self._number == sent:
                    await self._changed.wait()
                sent = self._number
                last = self.ended
                await connection.send(self.frame)
                if last:
                    await connection.close()
                    return
        except ConnectionClosed:
            return
