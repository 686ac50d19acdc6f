"""The starter's game server against what the outside may do to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from .written import replay_of

WAIT_SECONDS = 30
TOKENS = ["secret-0", "s\u00e9cret-1"]


class Game:
    """A running server, its port and the folder it writes to."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, port: int) -> None:
        self.process = process
        self.folder = folder
        self.address = f"127.0.0.1:{port}"

    async def get(self, path: str) -> int:
        """The status of a plain request."""
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{self.address}{path}")).status_code

    def socket(self, path: str) -> connect:
        """A websocket to connect to."""
        return connect(f"ws://{self.address}{path}", proxy=None, max_size=None)

    def seat(self, slot: int) -> connect:
        """The websocket of a player."""
        return self.socket(f"/player?slot={slot}&token={TOKENS[slot]}")

    async def ends(self) -> int:
        """The exit code."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.process.wait()

    def artifact(self, name: str) -> Any:
        """What it wrote."""
        return json.loads((self.folder / name).read_bytes())


Serve = Callable[..., Awaitable[Game]]


@pytest.fixture
async def serve(project: Path, tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts a server with a config, or with variables of its own, that ends with the test."""
    async with AsyncExitStack() as stack:

        async def start(env: dict[str, str] | None = None, **config: Any) -> Game:
            (tmp_path / "config.json").write_text(json.dumps({"tokens": TOKENS, "tick_rate": 240, **config}))
            artifacts = ("config", "results", "save_replay", "player_failure")
            variables = {
                f"COGAME_{name.upper()}_URI": (tmp_path / f"{name}.json").as_uri() for name in artifacts
            }
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "game.server",
                cwd=project,
                env={**os.environ, "COGAME_PORT": "0", **(variables if env is None else env)},
                stdout=asyncio.subprocess.PIPE,
            )
            stack.push_async_callback(_end, process)
            assert process.stdout is not None
            async with asyncio.timeout(WAIT_SECONDS):
                line = (await process.stdout.readline()).decode()
            return Game(process, tmp_path, int(line.split()[-1]))

        yield start


async def test_only_its_own_token_opens_a_seat(serve: Serve) -> None:
    game = await serve()
    for query, status in {
        "slot=0&token=secret-0": HTTPStatus.OK,
        "slot=0&token=bad": HTTPStatus.FORBIDDEN,
        "slot=0&token=": HTTPStatus.FORBIDDEN,
        "slot=1&token=secret-0": HTTPStatus.FORBIDDEN,
        "slot=2&token=secret-0": HTTPStatus.BAD_REQUEST,
        "slot=-1&token=secret-0": HTTPStatus.BAD_REQUEST,
        "slot=%D9%A0&token=secret-0": HTTPStatus.BAD_REQUEST,
        "slot=0&token=%FF": HTTPStatus.FORBIDDEN,
        "token=secret-0": HTTPStatus.BAD_REQUEST,
    }.items():
        assert await game.get(f"/client/player?{query}") == status, query
        if status != HTTPStatus.OK:
            with pytest.raises(InvalidStatus) as caught:
                async with game.socket(f"/player?{query}"):
                    pass
            assert caught.value.response.status_code == status, query


async def test_a_player_that_never_answers_and_one_that_answers_nonsense_cost_a_moment(serve: Serve) -> None:
    game = await serve(max_ticks=60)
    nonsense: list[str | bytes] = [
        "",
        "[",
        "null",
        "[]",
        "1",
        '{"move":7}',
        '{"tick":{}}',
        "[" * 20_000,
        b"\xff\x00",
        "{}",
    ]
    async with game.seat(0) as silent, game.seat(1) as talker, game.socket("/global") as viewer:
        await viewer.send("what is this?")
        for message in nonsense:
            await talker.send(message)
        async with asyncio.timeout(WAIT_SECONDS):
            heard, last, shown = await asyncio.gather(_hear(silent), _answer(talker, "left"), _hear(viewer))
    assert (last["type"], last["done"]) == ("final", True)
    assert heard[-1] == {**last, "slot": 0}
    assert shown[-1]["done"]
    assert await game.ends() == 0
    results = game.artifact("results.json")
    assert results["ticks"] == 60
    frame = game.artifact("save_replay.json")["frames"][-1]
    assert frame["positions"][0] == frame["barns"][0], "who does not answer stands still"
    assert frame["positions"][1] != frame["barns"][1]


async def test_without_players_it_plays_on_and_says_who_was_missing(serve: Serve) -> None:
    game = await serve(max_ticks=3, player_connect_timeout_seconds=0)
    assert await game.ends() == 0
    assert game.artifact("results.json")["scores"] == [0, 0]
    failure = game.artifact("player_failure.json")
    assert (failure["failed_policy_index"], failure["kind"]) == (1, "player_error")


async def test_a_second_connection_takes_the_seat_over(serve: Serve) -> None:
    game = await serve(max_ticks=5)
    async with game.seat(0) as first, game.seat(0) as second:
        async with asyncio.timeout(WAIT_SECONDS):
            await first.wait_closed()
        async with game.seat(1) as other, asyncio.timeout(WAIT_SECONDS):
            await asyncio.gather(_answer(second, "stay"), _answer(other, "stay"))
    assert await game.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_when_told_to(number: signal.Signals, serve: Serve) -> None:
    game = await serve()
    async with game.socket("/global") as viewer:
        await viewer.recv()
        game.process.send_signal(number)
        assert await game.ends() == 1
    assert not (game.folder / "results.json").exists()


@pytest.mark.parametrize("generation", ["0.1.11", "0.1.64"])
async def test_it_shows_a_replay_and_no_other_file(
    generation: str, serve: Serve, played: dict[str, Any]
) -> None:
    uri = Path(played["replay"]).as_uri()
    is_old = generation == "0.1.11"
    game = await serve({"COGAME_REPLAY_SERVER": "1"} if is_old else {"COGAME_LOAD_REPLAY_URI": uri})
    query = f"?uri={uri}" if is_old else ""
    assert await game.get("/healthz") == HTTPStatus.OK
    assert await game.get(f"/client/replay{query}") == HTTPStatus.OK
    assert await game.get("/global") == HTTPStatus.NOT_FOUND
    async with game.socket(f"/replay{query}") as socket:
        shown = json.loads(await socket.recv())
    assert shown == {**replay_of(played), "type": "replay"}
    if is_old:
        config = (game.folder / "config.json").as_uri()
        for wrong in ("", f"?uri={config}", f"?uri={uri}x", "?uri=/etc/passwd", "?uri=file://there/replay"):
            with pytest.raises(InvalidStatus) as caught:
                async with game.socket(f"/replay{wrong}"):
                    pass
            assert caught.value.response.status_code == HTTPStatus.NOT_FOUND
    game.process.terminate()
    assert await game.ends() == 0


async def _answer(socket: ClientConnection, move: str) -> Any:
    """Make the same move until the game is over; its last message."""
    async for text in socket:
        seen = json.loads(text)
        if seen["type"] == "final":
            return seen
        await socket.send(json.dumps({"move": move, "tick": seen["tick"]}))
    return None


async def _hear(socket: ClientConnection) -> list[Any]:
    """All that is said until the connection ends."""
    return [json.loads(text) async for text in socket]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
