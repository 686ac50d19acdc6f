"""Serving a finished game: the whole replay in one message, then an echo of every command."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response

from coworld_tui.demo import pages, web
from coworld_tui.demo.config import SetupError, read


def load(uri: str) -> str:
    """The replay behind a URI as the message ``/replay`` sends: what was saved, plus ``type``."""
    try:
        saved = msgspec.json.decode(read(uri), type=dict[str, msgspec.Raw])
        msgspec.json.decode(saved["frames"], type=list[msgspec.Raw])
    except (msgspec.MsgspecError, KeyError) as error:
        raise SetupError(f"{uri} is not a replay of this game") from error
    return web.encode({"type": "replay", **saved})


class ReplaySite:
    """Which address is what in replay mode.

    With a URI of its own (contract 0.1.64) it serves that replay, and a ``uri`` in the query may
    only repeat it. Without one (contract 0.1.11) the query names the replay.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        if uri:
            load(uri)

    def route(self, target: web.Target) -> Response | None:
        """Answer a plain request or refuse a websocket; ``None`` lets a websocket through."""
        match target.path:
            case "/healthz":
                return web.healthy()
            case "/client/replay":
                return self._refusal(target) or web.page(pages.replay(target.socket))
            case "/replay":
                return self._refusal(target)
        return web.refuse(HTTPStatus.NOT_FOUND, "nothing here in replay mode")

    def _refusal(self, target: web.Target) -> Response | None:
        uri = target.get("uri") or self.uri
        if not uri:
            return web.refuse(HTTPStatus.BAD_REQUEST, "uri=file:///path of the replay is needed")
        try:
            if self.uri and uri != self.uri:
                raise SetupError("another replay is served here")
            load(uri)
        except SetupError as error:
            return web.refuse(HTTPStatus.NOT_FOUND, str(error))
        return None

    async def talk(self, connection: ServerConnection, target: web.Target) -> None:
        """Send the replay and echo commands until the viewer goes."""
        try:
            await connection.send(load(target.get("uri") or self.uri))
            async for message in connection:
                command = web.parse(message)
                answer = {"type": "control", "command": command}
                await connection.send(web.encode(answer) if command else web.error("not a command"))
        except ConnectionClosed:
            return
