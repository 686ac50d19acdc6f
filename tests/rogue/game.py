"""A Coworld game that breaks the contract in whatever way its arguments ask for.

Only the standard library: it runs as a local process and in a bare container alike. Without
arguments it behaves: health, pages, one frame a tick, results, exit 0.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qs, unquote, urlsplit

_ACCEPT_SALT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY, _CLOSE, _PING = 0x1, 0x2, 0x8, 0x9
_ANSWER = 1024
_MIB = 1 << 20
_FLOOD_WRITE = 64 << 10
_PLANTED = ("replay.json.z", "player_status.json", "policy_artifact_0.zip", "logs/policy_agent_0.log")

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def parse(arguments: list[str]) -> argparse.Namespace:
    """The ways to misbehave."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--health", choices=["ok", "never", "error", "endless", "babble"], default="ok")
    parser.add_argument("--pages", choices=["ok", "missing", "redirect"], default="ok")
    parser.add_argument(
        "--bad-token", choices=["refuse", "close", "drop", "message", "silent", "error"], default="refuse"
    )
    parser.add_argument(
        "--frames",
        choices=["json", "text", "array", "binary", "nan", "empty", "huge", "none", "refused", "closed"],
        default="json",
    )
    parser.add_argument("--count", type=int, default=5, help="how many frames, one a tick")
    parser.add_argument("--size", type=int, default=0, help="pad each frame to at least this many bytes")
    parser.add_argument(
        "--paced", action="store_true", help="tell players each tick; the next when the last was seen"
    )
    parser.add_argument("--drop-after", type=int, default=0, help="cut the viewer off once after so many")
    parser.add_argument("--players", type=int, default=0, help="play once so many have joined")
    parser.add_argument("--hold", action="store_true", help="play nothing until it is signalled")
    parser.add_argument(
        "--exit", default="played:0", help="WHEN:CODE; start healthy probed watched played never"
    )
    parser.add_argument(
        "--results",
        choices=["good", "none", "wrong", "broken", "nan", "link", "directory", "tokens"],
        default="good",
    )
    parser.add_argument("--replay", choices=["good", "none"], default="good")
    parser.add_argument("--replay-mode", choices=["ok", "exits", "silent", "missing"], default="ok")
    parser.add_argument("--failure", default="", help="what to write to player_failure.json")
    parser.add_argument("--log", choices=["none", "lines", "endless", "escapes", "tokens"], default="none")
    parser.add_argument("--log-bytes", type=int, default=4 * _MIB)
    parser.add_argument("--say", default="", help="a last line on stderr")
    parser.add_argument("--plant", default="", help="put a link to this file where the runner will write")
    parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--grandchild", choices=["group", "session"], help="leave one that holds the pipes")
    return parser.parse_args(arguments)


class RogueGame:
    """One episode, or one replay server."""

    def __init__(self, how: argparse.Namespace) -> None:
        self.how = how
        self.config = (
            json.loads(_path("COGAME_CONFIG_URI").read_text()) if "COGAME_CONFIG_URI" in os.environ else {}
        )
        self.tokens: list[str] = self.config.get("tokens", [])
        self.replaying = "COGAME_LOAD_REPLAY_URI" in os.environ
        self.viewers: list[asyncio.StreamWriter] = []
        self.joined: dict[int, asyncio.StreamWriter] = {}
        self.watched = asyncio.Event()
        self.heard = asyncio.Event()
        self.ready = asyncio.Event()
        self.dropped = False
        self.sent = 0

    def leaves(self, moment: str) -> None:
        """Exit now if this is the moment it was told."""
        when, _, code = self.how.exit.partition(":")
        if when == moment:
            if self.how.failure:
                _path("COGAME_PLAYER_FAILURE_URI").write_text(self.how.failure)
            _say(sys.stderr, self.how.say or f"leaving: {moment}")
            os._exit(int(code))

    async def serve(self) -> None:
        """Listen and play."""
        self.leaves("start")
        if self.replaying and self.how.replay_mode == "exits":
            sys.exit(3)
        self.misbehave_at_start()
        host, port = os.environ["COGAME_HOST"], int(os.environ["COGAME_PORT"])
        server = await asyncio.start_server(self.answer, host, port, limit=_MIB)
        _say(sys.stdout, f"listening on {host}:{port}")
        async with server:
            if not self.replaying:
                await self.play()
            await asyncio.Event().wait()

    def misbehave_at_start(self) -> None:
        """What has nothing to do with the network."""
        if self.how.stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self.how.plant:
            self.plant(Path(self.how.plant))
        if self.how.grandchild:
            subprocess.Popen(
                [sys.executable, "-c", "import signal; signal.pause()"],
                start_new_session=self.how.grandchild == "session",
            )
        _LOGS[self.how.log](self)

    def plant(self, target: Path) -> None:
        """Links to a file outside, wherever a careless runner would write through them."""
        workspace = _path("COGAME_CONFIG_URI").parent
        for name in _PLANTED:
            with contextlib.suppress(FileExistsError):
                (workspace / name).symlink_to(target)
        aside = workspace / "logs-aside"
        with contextlib.suppress(OSError):
            (workspace / "logs").rename(aside)
            (workspace / "logs").symlink_to(target.parent, target_is_directory=True)

    # -- routes -----------------------------------------------------------------------------

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a plain request or a websocket."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            url = urlsplit(head.split(" ", 2)[1])
            lines = (line.partition(": ") for line in head.split("\r\n")[1:])
            headers = {name.lower(): value for name, _, value in lines}
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if "sec-websocket-key" in headers:
                key = headers["sec-websocket-key"]
                await self.socket(url.path, query, key, (reader, writer))
            else:
                await self.page(url.path, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def page(self, path: str, writer: asyncio.StreamWriter) -> None:
        """Health and client pages."""
        if path == "/healthz":
            if self.how.health == "never":
                await asyncio.Event().wait()
            if self.how.health == "babble":
                writer.write(b"SSH-2.0-rogue " + b"x" * _MIB)
                return
            if self.how.health == "endless":
                writer.write(b"HTTP/1.1 503 Busy\r\n\r\n")
                while True:
                    writer.write(b"x" * _FLOOD_WRITE)
                    await writer.drain()
            await _reply(writer, 503 if self.how.health == "error" else 200)
            self.leaves("healthy")
        elif self.how.pages == "redirect":
            await _reply(writer, 307, "Location: /elsewhere\r\n")
        else:
            await _reply(writer, 404 if self.how.pages == "missing" else 200)

    async def socket(self, path: str, query: dict[str, str], key: str, connection: Connection) -> None:
        """The websocket routes."""
        if path == "/player":
            await self.player(int(query["slot"]), query.get("token", ""), key, connection)
        elif path == "/global":
            await self.viewer(key, connection)
        elif path == "/replay" and self.how.replay_mode != "missing":
            await _accept(key, connection)
            if self.how.replay_mode == "ok":
                await _send(connection[1], _frame(b'{"type":"replay"}', _TEXT))
            await connection[0].read()
        else:
            await _reply(connection[1], 404)

    async def player(self, slot: int, token: str, key: str, connection: Connection) -> None:
        """A player joins, or somebody tries with a bad token."""
        reader, writer = connection
        if slot < len(self.tokens) and token == self.tokens[slot]:
            await _accept(key, connection)
            await _send(writer, _frame(b'{"type":"observation"}', _TEXT))
            self.joined[slot] = writer
            self.begin_when_complete()
            await reader.read()
            return
        way = self.how.bad_token
        if way in ("refuse", "error"):
            await _reply(writer, 403 if way == "refuse" else 500)
        elif way != "drop":
            await _accept(key, connection)
            if way == "message":
                await _send(writer, _frame(b'{"type":"observation"}', _TEXT))
            if way == "close":
                await _send(writer, _frame(struct.pack(">H", 1008), _CLOSE))
            else:
                await reader.read()
        self.leaves("probed")

    async def viewer(self, key: str, connection: Connection) -> None:
        """Somebody watches."""
        if self.how.frames == "refused":
            await _reply(connection[1], 403)
            return
        await _accept(key, connection)
        self.leaves("watched")
        if self.how.frames == "closed":
            await _send(connection[1], _frame(struct.pack(">H", 1000), _CLOSE))
            return
        self.viewers = [connection[1]]
        self.watched.set()
        self.begin_when_complete()
        while await connection[0].read(_ANSWER):
            self.heard.set()

    def begin_when_complete(self) -> None:
        """Everybody who is waited for is here."""
        if self.watched.is_set() and len(self.joined) >= self.how.players:
            self.ready.set()

    # -- playing ----------------------------------------------------------------------------

    async def play(self) -> None:
        """Send the frames, write what is to be written, leave."""
        await self.ready.wait()
        for frame in self.frames():
            await self.show(frame)
            if self.how.paced:
                await self.tell_players()
                await self.seen()
        if self.how.hold:
            await asyncio.Event().wait()
        self.write()
        for writer in [*self.viewers, *self.joined.values()]:
            with contextlib.suppress(ConnectionError):
                await _send(writer, _frame(struct.pack(">H", 1000), _CLOSE))
        self.leaves("played")

    async def show(self, frame: bytes) -> None:
        """Send one frame to whoever watches; after a cut, once somebody watches again."""
        if self.how.drop_after and self.sent == self.how.drop_after and not self.dropped:
            self.dropped = True
            self.watched.clear()
            self.viewers.pop().transport.abort()
        await self.watched.wait()
        self.sent += 1
        await _send(self.viewers[0], frame)

    async def seen(self) -> None:
        """Wait until whoever watches has come as far: a Ping is answered in its turn."""
        self.heard.clear()
        await _send(self.viewers[0], _frame(b"", _PING))
        await self.heard.wait()

    async def tell_players(self) -> None:
        """Send the tick to the players who are still there."""
        for writer in self.joined.values():
            with contextlib.suppress(ConnectionError):
                await _send(writer, _frame(b'{"type":"observation","tick":%d}' % self.sent, _TEXT))

    def frames(self) -> Iterator[bytes]:
        """The frames of the episode, on the wire."""
        kind = self.how.frames
        if kind == "none":
            return
        for tick in range(self.how.count):
            state = {"type": "state", "tick": tick, "scores": [tick, 1]}
            if self.how.size:
                state["padding"] = "x" * self.how.size
            if kind == "huge":
                state["padding"] = "x" * (50 * _MIB)
            text = json.dumps(state).encode()
            payloads = {
                "text": f"tick {tick} \x1b[31m[bold]\n".encode(),
                "array": json.dumps([tick, [tick]]).encode(),
                "binary": bytes(range(256)),
                "nan": b'{"tick": %d, "scores": [NaN, Infinity, -Infinity, 1e999]}' % tick,
                "empty": b"",
            }
            if kind == "empty":
                yield _frame(text, _TEXT)
            yield _frame(payloads.get(kind, text), _BINARY if kind == "binary" else _TEXT)

    def write(self) -> None:
        """Results, replay and a declared failure, as told."""
        results = _path("COGAME_RESULTS_URI")
        good = json.dumps({"scores": list(range(len(self.tokens))), "ticks": self.sent})
        outside = results.parent / "elsewhere.json"
        match self.how.results:
            case "good":
                results.write_text(good)
            case "wrong":
                results.write_text('{"scores": "many"}')
            case "broken":
                results.write_text('{"scores": [1, ')
            case "nan":
                results.write_text('{"scores": [NaN, 1], "ticks": 1}')
            case "tokens":
                results.write_text(json.dumps({"scores": [1, 2], "ticks": 1, "said": self.tokens}))
            case "link":
                outside.write_text(good)
                results.symlink_to(outside)
            case "directory":
                results.mkdir()
        if self.how.replay == "good":
            _path("COGAME_SAVE_REPLAY_URI").write_text(json.dumps({"config": self.config, "frames": []}))
        if self.how.failure:
            _path("COGAME_PLAYER_FAILURE_URI").write_text(self.how.failure)


def _say_lines(game: RogueGame) -> None:
    line = b"a line of the log\n"
    sys.stdout.buffer.write(line * (game.how.log_bytes // len(line)))


def _say_endless(game: RogueGame) -> None:
    sys.stdout.buffer.write(b"x" * game.how.log_bytes)


def _say_escapes(_: RogueGame) -> None:
    sys.stdout.buffer.write(b"\x1b[2J\x1b]0;owned\x07\x1b]52;c;aGk=\x07[bold]x[/]\r\x00\xff\xfe\n" * 100)


def _say_tokens(game: RogueGame) -> None:
    for token in game.tokens:
        _say(sys.stderr, f"GET /player?slot=0&token={token} 101\njoined with {token}")


_LOGS = {
    "none": lambda _: None,
    "lines": _say_lines,
    "endless": _say_endless,
    "escapes": _say_escapes,
    "tokens": _say_tokens,
}


def _say(stream: TextIO, text: str) -> None:
    stream.write(f"{text}\n")
    stream.flush()


def _path(variable: str) -> Path:
    return Path(unquote(urlsplit(os.environ[variable]).path))


def _frame(payload: bytes, opcode: int) -> bytes:
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", 0x80 | opcode, size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", 0x80 | opcode, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, 127, size)
    return head + payload


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def _reply(writer: asyncio.StreamWriter, status: int, headers: str = "") -> None:
    await _send(writer, f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\n{headers}\r\n".encode())


async def _accept(key: str, connection: Connection) -> None:
    proof = base64.b64encode(hashlib.sha1(key.encode() + _ACCEPT_SALT).digest()).decode()
    await _send(
        connection[1],
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {proof}\r\n\r\n".encode(),
    )


async def _main() -> None:
    await RogueGame(parse(sys.argv[1:])).serve()


if __name__ == "__main__":
    asyncio.run(_main())
