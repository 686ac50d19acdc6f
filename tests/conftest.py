"""What every test gets: a home of its own, and a plain rule for when there is no engine.

Tests marked ``docker`` need an engine with the Paint Arena images, whose manifests lie under
``COWORLD_TUI_PEERS``. Without them they skip, saying why; with ``COWORLD_TUI_REQUIRE_ENGINE=1``
they fail instead, so that a broken engine cannot pass for a green run.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

PEER_VERSIONS = ("0.1.11", "0.1.64")
PEER_IMAGES = tuple(f"coworld-paintarena:{version}" for version in PEER_VERSIONS)

_ENGINE_SECONDS = 10


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where an engine is required, what is marked ``docker`` and cannot run here."""
    if item.get_closest_marker("docker") is not None and (missing := _missing_engine()):
        _give_up(missing)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This test's own ``COWORLD_TUI_HOME``, gone afterwards. Child processes inherit it."""
    # Not the next free number: what an earlier test left running must not pass for this one's.
    folder = Path(mkdtemp(prefix="home-", dir=tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("COWORLD_TUI_HOME", str(folder))
    monkeypatch.delenv("COWORLD_LOCAL_SECRET_URIS", raising=False)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Any]:
    """The SDK's client of the engine, for looking at what the code under test did there."""
    if missing := _missing_engine():
        _give_up(missing)
    import docker

    client = docker.from_env(timeout=60)
    yield client
    client.close()


@pytest.fixture(scope="session")
def peer_manifest() -> Callable[[str], Path]:
    """The Paint Arena manifest of ``0.1.11`` or ``0.1.64``, images filled in."""

    def find(version: str) -> Path:
        folder = os.environ.get("COWORLD_TUI_PEERS", "")
        path = Path(folder, f"paintarena-{version}", "coworld_manifest.json")
        if not folder or not path.is_file():
            _give_up(f"no Paint Arena manifest {version}: set COWORLD_TUI_PEERS to what peer-images made")
        return path

    return find


def _give_up(reason: str) -> None:
    if os.environ.get("COWORLD_TUI_REQUIRE_ENGINE") == "1":
        pytest.fail(f"COWORLD_TUI_REQUIRE_ENGINE=1, but {reason}", pytrace=False)
    pytest.skip(reason)


@cache
def _missing_engine() -> str:
    """Why tests marked ``docker`` cannot run here; empty when they can."""
    import docker
    from docker.errors import DockerException, ImageNotFound

    try:
        client = docker.from_env(timeout=_ENGINE_SECONDS)
    except DockerException as error:
        return f"no Docker engine answers: {error}"
    try:
        for image in PEER_IMAGES:
            client.images.get(image)
    except ImageNotFound:
        return f"the engine has no image {image}: peer-images makes it"
    except DockerException as error:
        return f"the Docker engine does not answer properly: {error}"
    finally:
        client.close()
    return ""
