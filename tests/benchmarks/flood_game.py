"""A game that sends 2 000 frames of 2 KB a second to its global viewer for a while, then ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

FRAMES_PER_SECOND = 2_000
BYTES = 2_000
_BURST_SECONDS = 0.005
_WIDTH, _HEIGHT = 24, 14


async def main(seconds: float) -> None:
    """Serve until the flood is over, then write how many frames went out as the score."""
    done = asyncio.Event()
    sent = 0

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path == "/global":
            return None
        status = HTTPStatus.FORBIDDEN if path == "/player" else HTTPStatus.OK
        return connection.respond(status, "")

    async def flood(connection: ServerConnection) -> None:
        nonlocal sent
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < seconds:
            while sent < elapsed * FRAMES_PER_SECOND:
                await connection.send(_frame(sent))
                sent += 1
            await asyncio.sleep(_BURST_SECONDS)
        done.set()

    host, port = os.environ["COGAME_HOST"], int(os.environ["COGAME_PORT"])
    async with serve(flood, host, port, process_request=answer, compression=None, ping_interval=None):
        await done.wait()
        results = Path(urlsplit(os.environ["COGAME_RESULTS_URI"]).path)
        results.write_text(json.dumps({"scores": [sent]}))


def _frame(tick: int) -> str:
    owners = [(at + tick // 20) % 3 - 1 for at in range(_WIDTH * _HEIGHT)]
    frame = {"tick": tick, "width": _WIDTH, "height": _HEIGHT, "tile_owners": owners, "scores": [tick]}
    text = json.dumps(frame, separators=(",", ":"))
    return text[:-1] + ',"padding":"' + "x" * (BYTES - len(text) - 13) + '"}'


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
