"""A package whose roles do what they are told, and episodes to run them on."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.package import Package, parse_package
from coworld_tui.demo import manifest_path
from coworld_tui.roles.role_run import RoleRun
from tests.replay.episodes import frames, workspace_files, write_folder, write_run
from tests.rogue.launch import BARE_IMAGE

SCRIPT = Path(__file__).with_name("rogue_role.py")

Rogue = Callable[..., Package]

_NOBODY = 65_534


@pytest.fixture(scope="session")
def rogue() -> Rogue:
    """Makes a package whose grader and diagnoser do ``what``, in a container or as processes."""

    def make(what: str, *, container: bool = False, **changes: Any) -> Package:
        manifest = json.loads(manifest_path().read_bytes())
        python = ["python3", "-c", SCRIPT.read_text()] if container else [sys.executable, str(SCRIPT)]
        role: dict[str, Any] = {"id": "rogue", "name": "Rogue", "description": "Does as told."}
        role |= {"image": BARE_IMAGE, "run": [*python, what], "env": {"ROGUE_MOOD": "calm"}, **changes}
        for section in ("grader", "diagnoser"):
            manifest[section] = [{**role, "type": section}]
        return parse_package(json.dumps(manifest).encode(), "rogue", None)

    return make


async def until_it_logs(run: RoleRun) -> None:
    """Wait until the role says something: then it runs."""
    async with asyncio.timeout(30):
        while not run.log.total:  # noqa: ASYNC110 - the ring tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with an episode of five ticks."""
    return write_folder(tmp_path / "workspace", workspace_files())


@pytest.fixture
def episode_run(tmp_path: Path) -> Path:
    """A run directory of such an episode."""
    return write_run(tmp_path / "20260102T030405Z-0000000a", range(1, 6), frames())


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder of an ordinary user, which the test runs as meanwhile: no mode keeps root out."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(folder)
