"""A stand-in Observatory for each test, and a login for it.

Other rooms import the fixtures: ``from ..observatory.conftest import login, observatory``, for the real
client ``peer`` and ``peer_process`` as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..runner.conftest import mounted
from .logins import write_login
from .peer_client import PeerClient, PeerProcess
from .server import Observatory, serving
from .uploading import registry, small_image

__all__ = ["mounted", "registry", "small_image"]


@pytest.fixture
def observatory() -> Iterator[Observatory]:
    """A running stand-in: ``url``, ``state``, ``token_user``, ``token_player``, ``fault()``, ``requests``."""
    with serving() as running:
        yield running


@pytest.fixture
def login(observatory: Observatory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The credentials file that ``SOFTMAX_CONFIG_DIR`` points at: logged in as a user."""
    path = write_login(tmp_path / "softmax", observatory)
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(path.parent))
    return path


@pytest.fixture(scope="session")
def peer_process() -> Iterator[PeerProcess]:
    """The real client of 0.1.64, started once."""
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with the published client")
    process = PeerProcess(python)
    yield process
    process.close()


@pytest.fixture
def peer(peer_process: PeerProcess, observatory: Observatory, tmp_path: Path) -> PeerClient:
    """The real client, logged in as a user of the stand-in in a home of its own."""
    home = tmp_path / "peer"
    write_login(home / ".softmax", observatory)
    return PeerClient(peer_process, home, observatory.url)
