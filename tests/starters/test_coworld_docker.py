"""The Coworld starter by its own README: built, checked, run and certified, also by the published client."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.starters.writer import write_starter

from ..cli.command import coworld

SECONDS = 120
STEPS = 10

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def manifest(base: str, docker_engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The manifest that ``build`` made; its images go with the module."""
    folder = tmp_path_factory.mktemp("starter")
    name = write_starter("coworld", folder, f"starter-{os.getpid()}").name
    done = coworld("build", "--version", "0.1.0", cwd=folder, env={"BASE": base})
    assert done.code == 0, done.err
    yield folder / "dist" / "coworld_manifest.json"
    # An image has other workers' tags too when they built the same.
    tags = {
        tag
        for part in ("game", "player")
        for each in docker_engine.images.list(f"{name}-{part}")
        for tag in each.tags
    }
    for tag in tags:
        if tag.startswith(f"{name}-"):
            docker_engine.images.remove(tag, force=True)


def test_the_strict_reader_it_is_for_accepts_it(manifest: Path) -> None:
    done = coworld("validate", manifest, "--json")
    assert done.code == 0, done.out
    assert done.document["accepted_by"]["0.1.64"]
    assert not [each for each in done.document["findings"] if "0.1.64" in each["generations"]]


def test_it_is_certified(manifest: Path) -> None:
    done = coworld("certify", manifest, "--json")
    assert done.code == 0, done.out
    assert [step["status"] for step in done.document["steps"]] == ["pass"] * STEPS


@pytest.mark.peer
def test_the_published_client_certifies_it(manifest: Path) -> None:
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with coworld 0.1.64")
    done = subprocess.run(
        [python, "-m", "coworld", "certify", "--no-open-report", str(manifest)],
        cwd=manifest.parent,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{STEPS} steps passed" in done.stdout


def test_its_roles_run_on_an_episode(manifest: Path, tmp_path: Path) -> None:
    run = coworld("run", manifest, "--json")
    assert run.code == 0, run.err
    for role in ("grader", "diagnoser", "optimizer"):
        done = coworld("roles", "run", role, manifest, run.document["run_dir"], "--json")
        assert done.code == 0, done.out + done.err
        assert done.document["outputs"], json.dumps(done.document)
