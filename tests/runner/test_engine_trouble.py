"""An engine that is not there, does not answer, answers nonsense, or may not be asked."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.request import plan_episode
from coworld_tui.runner import docker_engine
from coworld_tui.runner.docker_engine import connect
from coworld_tui.runner.doctor import examine
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runner.reaper import reap

from ..rogue.launch import rogue_package
from .ending import check_error, play, play_until


class Server:
    """A unix socket that accepts and answers each request with the same bytes, or never."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.path = path
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._answer:
                connection.recv(65_536)
                connection.sendall(self._answer)
                connection.close()

    def close(self) -> None:
        """Stop answering."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            connection.close()


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An engine that accepts connections and never says a word."""
    server = Server(tmp_path / "silent.sock", b"")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{server.path}")
    yield server.path
    server.close()


def container_episode() -> Episode:
    """An episode that needs an engine."""
    return Episode(plan_episode(rogue_package()), LaunchOptions(backend="docker"))


@pytest.mark.parametrize(
    "host", ["unix:///no/such/docker.sock", "tcp://127.0.0.1:1", "unix://{file}", "nonsense"]
)
async def test_no_engine(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DOCKER_HOST", host.format(file=tmp_path / "file"))
    outcome = await play(container_episode())
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == ("engine_unavailable", "the engine")
    assert outcome.exit_code == 3
    assert "coworld-tui doctor" in outcome.error.next_step
    assert outcome.recorded == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nboom",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"SSH-2.0-OpenSSH\r\n",
    ],
    ids=["500", "list", "text", "no HTTP"],
)
async def test_something_else_listens(answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(tmp_path / "other.sock", answer)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{server.path}")
    with pytest.raises(CoworldError) as caught:
        await connect()
    server.close()
    check_error(caught.value)
    assert caught.value.owner == "the engine"


async def test_an_engine_that_hangs_is_given_up(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "CONNECT_SECONDS", 0.2)
    outcome = await play(container_episode())
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("engine_unavailable", 3)


async def test_waiting_for_an_engine_that_hangs_can_be_cancelled(silent: Path) -> None:
    episode = container_episode()
    running = await play_until(episode, "phase", phase="preparing")
    episode.cancel()
    async with asyncio.timeout(docker_engine.CONNECT_SECONDS / 2):
        outcome = await running
    assert outcome.status == "cancelled"


HANGING = """
import asyncio, sys
from coworld_tui.runner.docker_engine import connect

async def main():
    try:
        await asyncio.wait_for(connect(), 0.1)
    except TimeoutError:
        print("gave up")

asyncio.run(main())
"""


def test_an_engine_that_hangs_does_not_keep_the_program(silent: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGING],
        capture_output=True,
        text=True,
        timeout=docker_engine.CONNECT_SECONDS - 1,
    )
    assert (done.stdout, done.stderr) == ("gave up\n", "")


FORBIDDEN = """
import asyncio, json, os
import docker, docker.utils
from coworld_tui.contract.errors import CoworldError
from coworld_tui.runner.docker_engine import connect

async def main():
    os.seteuid(65534)
    try:
        await connect()
    except CoworldError as error:
        print(json.dumps(error.as_dict()))

asyncio.run(main())
"""


def test_an_engine_that_may_not_be_asked(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become a user who may not open a socket")
    server = Server(tmp_path / "docker.sock", b"")
    server.path.chmod(0o600)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.stat().st_mode & 0o777 == 0o700:
            folder.chmod(0o711)
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN],
        env={**os.environ, "DOCKER_HOST": f"unix://{server.path}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    server.close()
    error = json.loads(done.stdout)
    assert (error["type"], error["owner"], error["exit_code"]) == ("engine_not_permitted", "the engine", 3)
    assert "group docker" in error["next_step"]


async def test_an_engine_is_looked_for_again_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
    with pytest.raises(CoworldError, match="No such file"):
        await connect()
    server = Server(tmp_path / "docker.sock", b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nboom")
    with pytest.raises(CoworldError, match="Oops"):
        await connect()
    server.close()


async def test_the_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
    checks = {check.id: check for check in await examine(rogue_package())}
    assert (checks["engine"].status, checks["disk"].status) == ("missing", "ok")
    assert checks["engine"].next_step


async def test_reaping_without_an_engine_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/docker.sock")
    assert (await reap()).containers == 0
