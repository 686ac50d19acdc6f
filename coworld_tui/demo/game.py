"""The game server: ``python -m coworld_tui.demo.game``, configured by the ``COGAME_*`` variables alone.

With ``COGAME_LOAD_REPLAY_URI`` or ``COGAME_REPLAY_SERVER=1`` it serves a finished game instead.
Exit codes: 0 the game was played, 1 artifacts could not be saved, 2 it could not start, 130 or 143
it was interrupted or terminated.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import suppress
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection
from websockets.http11 import Response

from coworld_tui.demo import pages, replay, web
from coworld_tui.demo.config import Config, Settings, SetupError, load_config
from coworld_tui.demo.match import Match
from coworld_tui.demo.process import log, run

SHUTDOWN_SECONDS = 2.0


class GameSite:
    """Which address is what while a game is played."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.match = Match(config)

    def route(self, target: web.Target) -> Response | None:
        """Answer a plain request or refuse a websocket; ``None`` lets a websocket through."""
        match target.path:
            case "/healthz":
                return web.healthy()
            case "/player":
                return self._refusal(target)
            case "/client/player":
                refusal = self._refusal(target)
                return refusal or web.page(pages.player(target.socket, self.config.names[seat_of(target)]))
            case "/client/global":
                return web.page(pages.watch(target.socket))
            case "/client/admin":
                return web.page(pages.admin(target.socket))
            case "/global" | "/admin":
                return None
        return web.refuse(HTTPStatus.NOT_FOUND, "nothing here")

    def _refusal(self, target: web.Target) -> Response | None:
        slot, token = seat_of(target), target.get("token")
        if slot < 0 or token is None:
            return web.refuse(HTTPStatus.BAD_REQUEST, "slot (a number) and token are needed")
        tokens = self.config.tokens
        if slot >= len(tokens) or not secrets.compare_digest(token.encode(), tokens[slot].encode()):
            return web.refuse(HTTPStatus.FORBIDDEN, "wrong slot or token")
        return None

    async def talk(self, connection: ServerConnection, target: web.Target) -> None:
        """Serve a websocket that was let through."""
        match target.path:
            case "/player":
                await self.match.sit(connection, seat_of(target))
            case "/global":
                await self.match.watch(connection)
            case "/admin":
                await self.match.administer(connection)


def seat_of(target: web.Target) -> int:
    """The slot a request names; -1 when it names none."""
    slot = target.get("slot") or ""
    return int(slot) if slot.isascii() and slot.isdecimal() and len(slot) < 4 else -1


async def play(settings: Settings) -> int:
    """Serve one game, save its artifacts and send everybody home."""
    site = GameSite(load_config(settings.config_uri))
    server = await _listen(settings, site.route, site.talk)
    try:
        await site.match.play()
        site.match.save(settings)
        await site.match.farewell()
        return 0
    finally:
        await _close(server)


async def show(settings: Settings) -> int:
    """Serve a replay until terminated."""
    site = replay.ReplaySite(settings.load_replay_uri)
    server = await _listen(settings, site.route, site.talk)
    try:
        await server.serve_forever()
        return 0
    finally:
        await _close(server)


async def _listen(settings: Settings, route: web.Route, talk: web.Talk) -> Server:
    try:
        server = await web.start(settings.host, settings.port, route, talk)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise SetupError(f"cannot listen on {where}: {error.strerror}") from error
    port = next(iter(server.sockets)).getsockname()[1]
    log(f"listening on http://{settings.host}:{port}")
    return server


async def _close(server: Server) -> None:
    server.close()
    # A connection that never answers must not keep the process.
    with suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await server.wait_closed()


def main() -> int:
    """Run the game the environment describes."""
    try:
        settings = Settings.from_environment()
        replaying = settings.replay_server or settings.load_replay_uri
        return run(show(settings) if replaying else play(settings))
    except SetupError as error:
        sys.stderr.write(f"enclosure: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
