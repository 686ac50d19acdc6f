"""``certify`` as people start it: what it prints, its exit codes, and being interrupted."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ..processes import started_for
from ..roles.certifying import manifest
from .command import Running, coworld, manifests_of

STEPS = [
    "matriculate",
    "source-resolves",
    "images-reachable",
    "fixture-conforms",
    "smoke-episode",
    "results-conform",
    "replay-present",
    "replay-loadable",
    "players-run",
    "supporting-roles",
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that passes every step in a moment."""
    path = tmp_path_factory.mktemp("sound") / "coworld_manifest.json"
    path.write_text(json.dumps(manifest()))
    return path


def test_one_object_on_stdout_and_nothing_else(sound: Path, home: Path) -> None:
    done = coworld("certify", sound, "--backend", "process", "--json")
    assert (done.code, done.err) == (0, "")
    document = done.document
    assert document["ok"] is True
    assert [step["id"] for step in document["steps"]] == STEPS
    assert {step["kind"] for step in document["steps"]} == {"auto"}
    assert all(step["seconds"] >= 0 for step in document["steps"])
    assert Path(document["report"]).read_text().startswith("<!doctype html>")
    assert Path(document["run_dir"]).parent == home / "runs"
    (run,) = manifests_of(home)
    assert run["command"] == shlex.join(
        ["coworld-tui", "certify", str(sound), "--backend", "process", "--json"]
    )


def test_a_line_a_step_in_their_order(sound: Path, tmp_path: Path) -> None:
    done = coworld("certify", sound, "--backend", "process", "--output-dir", tmp_path / "out")
    assert done.code == 0
    assert [line.split()[1] for line in done.err.splitlines()[1:]] == STEPS
    assert done.out.startswith("certification passed: 10 of 10 steps passed\nreport  ")
    assert (tmp_path / "out" / "certification_report.html").is_file()


def test_a_failed_step_is_exit_1(tmp_path: Path) -> None:
    document = manifest()
    document["game"]["results_schema"] = {"required": ["medals"]}
    path = tmp_path / "coworld_manifest.json"
    path.write_text(json.dumps(document))
    done = coworld("certify", path, "--backend", "process", "--keep-going", "--json")
    states = {step["id"]: step for step in done.document["steps"]}
    assert done.code == 1
    assert states["results-conform"]["failure_reason"] == "results_malformed"
    assert "medals" in states["results-conform"]["feedback"]
    assert states["supporting-roles"]["status"] == "pass"


def test_a_manifest_that_lacks_its_game_is_a_failed_certification(tmp_path: Path) -> None:
    (tmp_path / "coworld_manifest.json").write_text('{"game": {"name": "x"}}')
    done = coworld("certify", tmp_path, "--json")
    assert done.code == 1
    assert done.document["steps"][0]["failure_reason"] == "manifest_invalid"
    assert {step["status"] for step in done.document["steps"][1:]} == {"skipped"}


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"name": "x"}', "\0"])
def test_no_manifest_at_all_is_exit_2(text: str | None, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "coworld_manifest.json"
    if text is not None:
        path.write_text(text)
    done = coworld("certify", path, "--json")
    assert (done.code, done.document["ok"]) == (2, False)
    assert done.document["error"]["next_step"]
    assert not manifests_of(home)


def test_an_output_folder_in_use_is_exit_2(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = coworld("certify", sound, "--backend", "process", "--output-dir", tmp_path, "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "workspace_not_empty")


def test_a_home_that_cannot_be_written_is_exit_3(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = coworld("certify", sound, env={"COWORLD_TUI_HOME": str(tmp_path / "file" / "home")})
    assert done.code == 3
    assert "writing to disk failed" in done.err
    assert "COWORLD_TUI_HOME" in done.err


def test_without_an_engine_it_is_exit_3(sound: Path) -> None:
    done = coworld("certify", sound, "--json", env={"DOCKER_HOST": "unix:///nowhere/docker.sock"})
    assert (done.code, done.document["error"]["type"]) == (3, "engine_unavailable")
    failed = [step for step in done.document["steps"] if step["status"] == "fail"]
    assert [(step["id"], step["failure_reason"]) for step in failed] == [
        ("images-reachable", "image_unreachable")
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing(
    number: signal.Signals, endless: Path, start: Callable[..., Running], home: Path
) -> None:
    running = start("certify", endless, "--backend", "process", "--display", "plain")
    running.says("fixture-conforms")
    running.signal(number)
    done = running.ends()
    assert done.code == 130
    assert "certification cancelled" in done.out
    assert not started_for(home)
