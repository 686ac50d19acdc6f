"""The starters as somebody who just wrote them has them."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from coworld_tui.starters.writer import write_starter

from ..rogue.launch import BARE_IMAGE
from ..runner.conftest import built_image
from .written import QUICK, played_episode


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Coworld starter, with a manifest whose parts run as local processes."""
    folder = tmp_path_factory.mktemp("starter") / "apples"
    write_starter("coworld", folder)
    manifest = json.loads((folder / "coworld_manifest_template.json").read_bytes())
    manifest["game"]["version"] = "0.1.0"
    manifest["certification"]["game_config"] |= QUICK
    for part in (manifest["game"]["runnable"], *manifest["player"]):
        part["run"][0] = sys.executable
    (folder / "coworld_manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture(scope="session")
def played(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``run --json`` says of one episode of it, its replay verified."""
    return played_episode(project, tmp_path_factory.mktemp("played"))


@pytest.fixture(scope="session")
def base(docker_engine: Any) -> Iterator[str]:
    """An image to build on without a network: Python and this machine's websockets, nothing compiled."""
    package = Path(websockets.__file__).parent
    files = {
        f"websockets/{path.relative_to(package)}": path.read_bytes()
        for path in package.rglob("*")
        if path.suffix in {".py", ".typed"}
    }
    lines = (f"FROM {BARE_IMAGE}", "COPY websockets /opt/packages/websockets", "ENV PYTHONPATH=/opt/packages")
    files["Dockerfile"] = "\n".join(lines).encode()
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(built_image(docker_engine, files))
