"""The player starter: its own test passes, and it ends as it should whatever the game does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from coworld_tui.starters.writer import write_starter

from ..runner.conftest import built_image

WAIT_SECONDS = 30


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a player starter."""
    folder = tmp_path_factory.mktemp("starter") / "my bot"
    write_starter("player", folder)
    return folder


def test_its_own_test_passes(player: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_player.py"],
        cwd=player,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_it_says_what_is_missing(player: Path) -> None:
    done = subprocess.run(
        [sys.executable, "player.py"],
        cwd=player,
        env={key: value for key, value in os.environ.items() if key != "COWORLD_PLAYER_WS_URL"},
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("COWORLD_PLAYER_WS_URL is not set")


@pytest.mark.parametrize("goodbye", [1000, 1001, 1012, None])
async def test_it_ends_with_0_when_the_game_leaves(goodbye: int | None, player: Path) -> None:
    async def leave(connection: ServerConnection) -> None:
        if goodbye is None:
            connection.transport.abort()
        else:
            await connection.close(goodbye)

    async with serve(leave, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        code, log = await _play(player, f"ws://127.0.0.1:{port}/player?slot=0&token=secret-0")
    assert code == 0, log


async def test_a_game_that_cannot_be_joined_costs_no_token(player: Path) -> None:
    code, log = await _play(player, "ws://127.0.0.1:1/player?slot=0&token=secret-0")
    assert code == 1
    assert log.startswith("cannot join the game")
    assert "secret" not in log


@pytest.mark.docker
def test_its_image_starts_it(player: Path, base: str, docker_engine: Any) -> None:
    files = {path.name: path.read_bytes() for path in player.iterdir() if path.is_file()}
    files["Dockerfile"] = files["Dockerfile"].replace(b"python:3.12-slim", base.encode())
    with built_image(docker_engine, files) as tag:
        container = docker_engine.containers.create(tag, network_disabled=True)
        try:
            container.start()
            code = container.wait(timeout=WAIT_SECONDS)["StatusCode"]
            log = container.logs().decode()
        finally:
            container.remove(force=True)
    assert (code, log.split()[0]) == (1, "COWORLD_PLAYER_WS_URL"), log


async def _play(folder: Path, url: str) -> tuple[int | None, str]:
    """Run the player against an address; its exit code and its log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "player.py",
        cwd=folder,
        env={**os.environ, "COWORLD_PLAYER_WS_URL": url},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            _, log = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, log.decode()
