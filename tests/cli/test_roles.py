"""``roles``: the list, a run of one, and how it can be interrupted."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.demo import manifest_path
from tests.replay.episodes import workspace_files, write_folder

from ..processes import started_for
from .command import Running, coworld, manifests_of, until

SCRIPT = Path(__file__).parents[1] / "roles" / "rogue_role.py"


def package(folder: Path, what: str) -> Path:
    """A package whose grader does ``what``, and whose reporter is the platform's."""
    manifest: dict[str, Any] = json.loads(manifest_path().read_bytes())
    manifest["grader"] = [
        {
            "id": "rogue",
            "type": "grader",
            "name": "Rogue",
            "description": "Does as told.",
            "image": "coworld-tui-test/none-such:1",
            "run": [sys.executable, str(SCRIPT), what],
        }
    ]
    manifest["reporter"] = [{"reporter": "metta/summary@1"}, {"reporter": "\x1b[31mred"}]
    path = folder / f"{what}.json"
    path.write_text(json.dumps(manifest))
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "workspace", workspace_files())


def test_list(tmp_path: Path) -> None:
    manifest = package(tmp_path, "grade")
    done = coworld("roles", "list", manifest, "--json")
    assert done.code == 0
    rows = {row["id"]: row for row in done.document["roles"]}
    assert done.document["roles"][0]["section"] == "game"
    assert (rows["rogue"]["kind"], rows["rogue"]["can_run"]) == ("container", True)
    assert (rows["metta/summary@1"]["kind"], rows["metta/summary@1"]["can_run"]) == ("hosted", False)
    shown = coworld("roles", "list", manifest)
    assert "▸ grader" in shown.out
    assert "hosted" in shown.out
    assert "\x1b" not in shown.out
    assert coworld("roles", "list", "demo").code == 0


def test_run(tmp_path: Path, workspace: Path) -> None:
    arguments = ("roles", "run", "grader", package(tmp_path, "grade"), workspace, "--backend", "process")
    done = coworld(*arguments, "--json")
    assert done.code == 0
    document = done.document
    assert (document["role"], document["id"], document["status"]) == ("grader", "rogue", "passed")
    ((path, kind),) = [(output["path"], output["kind"]) for output in document["outputs"]]
    assert kind == "score"
    assert json.loads(Path(path).read_bytes())["score"] == 0.5
    place = tmp_path / "here"
    shown = coworld(*arguments, "--output-dir", place)
    assert "score  0.5" in shown.out
    assert "passed" in shown.err
    assert {entry.name for entry in place.iterdir()} == {
        "grade.json",
        "role.json",
        "role.stdout.log",
        "role.stderr.log",
    }


@pytest.mark.parametrize(
    ("what", "role", "extra", "code", "kind"),
    [
        ("fail", "grader", [], 1, "role_failed"),
        ("nothing", "grader", [], 1, "role_output_missing"),
        ("endless", "grader", ["--timeout-seconds", "0.5"], 1, "role_timeout"),
        ("grade", "grader", ["--id", "nobody"], 2, "role_missing"),
        ("grade", "reporter", [], 2, "role_hosted"),
        ("grade", "diagnoser", [], 2, "role_missing"),
    ],
)
def test_failures(
    tmp_path: Path, workspace: Path, what: str, role: str, extra: list[str], code: int, kind: str
) -> None:
    manifest = package(tmp_path, what)
    done = coworld("roles", "run", role, manifest, workspace, "--backend", "process", "--json", *extra)
    assert (done.code, done.document["status"], done.document["error"]["type"]) == (code, "failed", kind)
    assert "next" in done.err
    assert "\x1b" not in done.err


def test_no_episode(tmp_path: Path) -> None:
    manifest = package(tmp_path, "grade")
    for source in (tmp_path / "gone", tmp_path):
        assert coworld("roles", "run", "grader", manifest, source, "--backend", "process").code == 2


def test_interrupting(tmp_path: Path, workspace: Path, home: Path, start: Callable[..., Running]) -> None:
    manifest = package(tmp_path, "endless")
    running = start("roles", "run", "grader", manifest, workspace, "--backend", "process", "--json")
    logs = home / "runs"
    until(lambda: any(log.stat().st_size for log in logs.glob("*/artifacts/roles/*/role.stdout.log")))
    running.signal(signal.SIGINT)
    done = running.ends()
    assert (done.code, done.document["status"]) == (130, "cancelled")
    assert [manifest["status"] for manifest in manifests_of(home)] == ["cancelled"]
    assert not started_for(home)
