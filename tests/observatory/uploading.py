"""What tests of uploads share: a registry beside the stand-in, a small image in the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.league_demo.routes_uploads import Uploads
from coworld_tui.observatory.client import Observatory as Client
from coworld_tui.observatory.identity import identity_of
from coworld_tui.observatory.uploading import UploadProgress

from .images import layer, loaded
from .registry import Registry, registry_in
from .server import Observatory

LAYERS = [layer("a", 2_000_000), layer("b"), layer("c", 50_000)]


def quiet(progress: UploadProgress) -> None:
    """Nobody listens."""


@pytest.fixture
def registry(observatory: Observatory, tmp_path: Path) -> Iterator[Registry]:
    """A registry that the stand-in sends pushes to."""
    with registry_in(tmp_path / "registry") as running:
        running.attach(observatory)
        yield running


@pytest.fixture(scope="module")
def small_image(docker_engine: Any) -> Iterator[str]:
    """An image of three small layers in the engine."""
    with loaded(docker_engine, LAYERS) as ref:
        yield ref


@asynccontextmanager
async def signed_in(observatory: Observatory, login: Path) -> AsyncIterator[Client]:
    """Our client, logged in by the credentials at ``login``."""
    assert login.is_file()
    async with Client(observatory.url, identity_of(observatory.url)) as client:
        yield client


def uploads_of(observatory: Observatory) -> Uploads:
    """What the stand-in was given."""
    return observatory.state.part(Uploads)


def bodies(observatory: Observatory) -> list[tuple[str, Any]]:
    """Path and body of all that was posted, in order."""
    return [(seen.path, seen.json) for seen in observatory.requests if seen.method == "POST"]
