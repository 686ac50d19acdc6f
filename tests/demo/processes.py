"""Real processes on loopback: the bundled game, its players, and a way to wait for what they say."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

WAIT_SECONDS = 15


class Process:
    """A child of the test: its log line by line, and its exit code."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def says(self, words: str) -> str:
        """The next line that contains the words."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            while line := (await self.process.stdout.readline()).decode():
                self.lines.append(line)
                if words in line:
                    return line.strip()
        raise AssertionError(f"never said {words!r}: {self.lines}")

    async def ends(self) -> int:
        """The exit code, once it has ended and said everything."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_SECONDS):
            self.lines += (await self.process.stdout.read()).decode().splitlines(keepends=True)
            return await self.process.wait()

    def terminate(self) -> None:
        """Ask it to end, as ``docker stop`` does."""
        self.process.send_signal(signal.SIGTERM)


class Game(Process):
    """A running game server and its workspace."""

    def __init__(self, process: asyncio.subprocess.Process, workspace: Path) -> None:
        super().__init__(process)
        self.workspace = workspace
        self.address = ""

    def url(self, path: str) -> str:
        """The websocket URL of a path."""
        return f"ws://{self.address}{path}"

    def socket(self, path: str) -> connect:
        """Connect to a path, without a limit on message size."""
        return connect(self.url(path), proxy=None, max_size=None)

    def seat(self, slot: int) -> connect:
        """Connect as the player of a slot."""
        return self.socket(f"/player?slot={slot}&token=secret-{slot}")

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body of a plain request."""
        host, port = self.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.address}\r\n\r\n".encode())
        async with asyncio.timeout(WAIT_SECONDS):
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
        return int(head.split()[1]), body

    def artifact(self, name: str) -> Any:
        """What the game wrote under a name."""
        return json.loads((self.workspace / name).read_bytes())


class Launcher:
    """Starts processes that end with the test."""

    def __init__(self, root: Path, stack: AsyncExitStack) -> None:
        self.root = root
        self.stack = stack
        self.started = 0

    async def process(self, module: str, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        """Start ``python -m coworld_tui.demo.<module>``."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"coworld_tui.demo.{module}",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **env},
        )
        self.stack.push_async_callback(end, process)
        return process

    async def game(self, slots: int = 2, *, env: dict[str, str] | None = None, **config: Any) -> Game:
        """Start a game that listens; ``config`` goes over short defaults. With ``env``, in replay mode."""
        self.started += 1
        workspace = self.root / f"game-{self.started}"
        workspace.mkdir()
        content = {
            "tokens": [f"secret-{slot}" for slot in range(slots)],
            "players": [{"name": f"P{slot}"} for slot in range(slots)],
            "max_ticks": 20,
            "tick_rate": 240,
            "seed": 7,
            **config,
        }
        (workspace / "config.json").write_text(json.dumps(content))
        uri = workspace.as_uri()
        variables = env or {
            "COGAME_CONFIG_URI": f"{uri}/config.json",
            "COGAME_RESULTS_URI": f"{uri}/results.json",
            "COGAME_SAVE_REPLAY_URI": f"{uri}/replay",
            "COGAME_EVENTS_URI": f"{uri}/events.json",
            "COGAME_PLAYER_FAILURE_URI": f"{uri}/player_failure.json",
        }
        process = await self.process("game", COGAME_HOST="127.0.0.1", COGAME_PORT="0", **variables)
        game = Game(process, workspace)
        game.address = urlsplit((await game.says("listening on")).split()[-1]).netloc
        return game

    async def player(self, game: Game, slot: int, policy: str) -> Process:
        """Start a bundled player in a slot."""
        url = game.url(f"/player?slot={slot}&token=secret-{slot}")
        return Process(await self.process("player", "--policy", policy, COWORLD_PLAYER_WS_URL=url))


async def end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing behind when a test fails."""
    if process.returncode is None:
        process.kill()
    await process.wait()


async def hear(socket: ClientConnection) -> Any:
    """The next message of a connection, decoded."""
    async with asyncio.timeout(WAIT_SECONDS):
        return json.loads(await socket.recv())
