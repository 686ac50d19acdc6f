"""The game server: ``python -m game.server``, told everything by ``COGAME_*`` variables.

It plays one game, writes results, replay and events, and ends with 0. With COGAME_LOAD_REPLAY_URI (contract
0.1.64) or COGAME_REPLAY_SERVER=1 (contract 0.1.11) it shows a finished game until it is stopped.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from contextlib import suppress
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import files, web
from .match import Match, log

FAREWELL_SECONDS = 2.0


class LiveSite:
    """Which address is what while a game is played."""

    def __init__(self, match: Match) -> None:
        self.match = match

    def route(self, target: web.Target) -> Response | None:
        """Answer a plain request or refuse a websocket; None lets a websocket through."""
        if target.path in ("/player", "/client/player"):
            tokens = self.match.config["tokens"]
            slot = target.get("slot")
            if slot not in map(str, range(len(tokens))):
                return web.refuse(HTTPStatus.BAD_REQUEST, "there is no such slot")
            if not secrets.compare_digest(target.get("token").encode(), tokens[int(slot)].encode()):
                return web.refuse(HTTPStatus.FORBIDDEN, "wrong token")
            return web.page() if target.path == "/client/player" else None
        if target.path == "/client/global":
            return web.page()
        return None if target.path == "/global" else web.not_found()

    async def talk(self, connection: ServerConnection, target: web.Target) -> None:
        """Serve a websocket that was let through."""
        if target.path == "/player":
            await self.match.sit(connection, int(target.get("slot")))
        else:
            await self.match.watch(connection)


class ReplaySite:
    """Which address is what while a finished game is shown: all of it is one message."""

    def route(self, target: web.Target) -> Response | None:
        """As that of a live site."""
        if target.path not in ("/replay", "/client/replay"):
            return web.not_found()
        try:
            self._message(target)
        except (OSError, ValueError, TypeError, KeyError):
            return web.refuse(HTTPStatus.NOT_FOUND, "there is no such replay")
        return web.page() if target.path == "/client/replay" else None

    async def talk(self, connection: ServerConnection, target: web.Target) -> None:
        """Send the replay and stay until the viewer leaves."""
        await connection.send(self._message(target))
        await connection.wait_closed()

    def _message(self, target: web.Target) -> str:
        """The replay that the environment names, or, in contract 0.1.11, the query."""
        replay = json.loads(files.read(os.environ.get("COGAME_LOAD_REPLAY_URI") or target.get("uri")))
        if not isinstance(replay["frames"], list):  # no other file is shown to anybody
            raise ValueError("not a replay of this game")
        return json.dumps({**replay, "type": "replay"})


async def run() -> int:
    """Serve one game or one replay."""
    stop = asyncio.Event()  # the first process of a container gets no default handlers
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    replaying = os.environ.get("COGAME_LOAD_REPLAY_URI") or os.environ.get("COGAME_REPLAY_SERVER") == "1"
    match = None if replaying else Match(json.loads(files.read(os.environ["COGAME_CONFIG_URI"])))
    site = ReplaySite() if match is None else LiveSite(match)

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        target = web.Target(request.path)
        return web.healthy() if target.path == "/healthz" else site.route(target)

    async def handler(connection: ServerConnection) -> None:
        if connection.request is not None:
            with suppress(ConnectionClosed):
                await site.talk(connection, web.Target(connection.request.path))

    host, port = os.environ.get("COGAME_HOST", "127.0.0.1"), int(os.environ.get("COGAME_PORT", "8080"))
    quiet = logging.getLogger("quiet")  # its lines would quote requests, and those carry tokens
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    server = await serve(
        handler,
        host,
        port,
        process_request=process_request,
        ping_interval=None,
        close_timeout=FAREWELL_SECONDS,
        logger=quiet,
    )
    log(f"listening on port {next(iter(server.sockets)).getsockname()[1]}")
    stopping = asyncio.create_task(stop.wait())
    playing = asyncio.create_task(match.play() if match is not None else stop.wait())
    await asyncio.wait({stopping, playing}, return_when=asyncio.FIRST_COMPLETED)
    if match is not None and playing.done():
        playing.result()
        for variable, content in match.artifacts().items():
            if uri := os.environ.get(variable):
                files.write(uri, files.to_json(content))
        log(f"over: {match.orchard.scores}")
    server.close()  # sends what is still to be sent, then says goodbye
    await server.wait_closed()
    return 0 if match is None or playing.done() else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
