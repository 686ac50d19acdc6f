"""``build`` as people start it."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..runner.projects import image_name, write_project
from .command import Running, coworld


@pytest.fixture
def image(docker_engine: Any) -> Iterator[str]:
    """A name for images of this test."""
    with image_name(docker_engine) as name:
        yield name


@pytest.mark.docker
def test_one_object_on_stdout_and_the_steps_on_stderr(tmp_path: Path, image: str) -> None:
    project = write_project(tmp_path, image)
    done = coworld("build", "--version", "2.0", "--project", project, "--output", "out/m.json", "--json")
    assert done.code == 0, done.err
    document = done.document
    assert document["ok"]
    assert document["manifest"] == str(project / "out" / "m.json")
    assert document["images"]["the-game"].startswith(f"{image}:coworld-")
    assert document["version"] == json.loads((project / "out" / "m.json").read_bytes())["game"]["version"]
    assert "the-game  step 2/2  COPY . /app" in done.err
    plain = coworld("build", "--version", "2.0", cwd=project)
    assert plain.out == f"{project / 'dist' / 'coworld_manifest.json'}\n"


@pytest.mark.docker
def test_a_failed_build_exits_1_and_writes_nothing(tmp_path: Path, image: str) -> None:
    project = write_project(tmp_path, image, "RUN exit 9\n")
    done = coworld("build", "--version", "1", "--project", project, "--json")
    assert done.code == 1
    assert done.document["error"]["type"] == "build_failed"
    assert "the image of service the-game could not be built" in done.err
    assert not (project / "dist").exists()


@pytest.mark.docker
def test_ctrl_c_ends_a_build_with_130(tmp_path: Path, image: str, start: Callable[..., Running]) -> None:
    project = write_project(tmp_path, image, "RUN sleep 600\n")
    running = start("build", "--version", "1", "--project", project)
    running.says("step 2/2")
    running.signal(signal.SIGINT)
    assert running.ends().code == 130


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--template", "none.json"], "there is no manifest template none.json"),
        (["--compose", "none.yaml"], "there is no compose file none.yaml"),
        (["--template", "compose.yaml"], "not a Coworld manifest"),
        (["--output", "compose.yaml"], "one of the files the build reads"),
        (["--project", "nowhere"], "there is no manifest template"),
    ],
)
def test_wrong_files_are_usage_errors(tmp_path: Path, arguments: list[str], says: str) -> None:
    project = write_project(tmp_path, "game:1")
    done = coworld("build", "--version", "1", *arguments, "--json", cwd=project)
    assert done.code == 2
    assert says in done.err
    assert not done.document["ok"]


def test_no_engine_exits_3(tmp_path: Path) -> None:
    project = write_project(tmp_path, "game:1")
    env = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = coworld("build", "--version", "1", "--project", project, "--json", env=env)
    assert done.code == 3
    assert done.document["error"]["type"] == "engine_unavailable"
