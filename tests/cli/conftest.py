"""Packages that play in a moment or for long, and one finished run to look at."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.demo import manifest_path

from .command import Done, Running, coworld

Write = Callable[..., Path]


def write_package(folder: Path, **game_config: Any) -> Path:
    """The bundled game as a package of its own for two players, run as local processes."""
    manifest = json.loads(manifest_path().read_bytes())
    manifest["certification"]["game_config"].update(
        {"max_ticks": 12, "tick_rate": 240, "players": [{"name": "Ada"}, {"name": "Bo"}], **game_config}
    )
    manifest["certification"]["players"] = manifest["certification"]["players"][:2]
    for part in (manifest["game"]["runnable"], *manifest["player"]):
        part["run"][0] = sys.executable
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "coworld_manifest.json"
    path.write_text(json.dumps(manifest))
    return path


@pytest.fixture(scope="session")
def moment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose episode takes a moment."""
    return write_package(tmp_path_factory.mktemp("moment"))


@pytest.fixture(scope="session")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose episode outlasts any test."""
    return write_package(tmp_path_factory.mktemp("endless"), max_ticks=10_000, tick_rate=20)


@pytest.fixture(scope="session")
def played(moment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """One passed episode, ``--json``; its run directory stays for the whole session."""
    home = tmp_path_factory.mktemp("played")
    env = {**os.environ, "COWORLD_TUI_HOME": str(home)}
    yield coworld("run", moment, "--backend", "process", "--json", env=env)


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts commands that end with the test."""
    started: list[Running] = []

    def starting(*arguments: str | Path, **settings: Any) -> Running:
        started.append(Running(*arguments, **settings))
        return started[-1]

    yield starting
    for running in started:
        running.close()
