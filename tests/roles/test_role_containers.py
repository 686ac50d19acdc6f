"""Roles in real containers: cut off, limited, cleared away; and those of the published example."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from coworld_tui.contract.package import read_package
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.roles import role_run
from coworld_tui.roles.role_run import RoleName, RoleOptions, RoleOutcome, RoleRun
from coworld_tui.roles.role_views import view_output
from coworld_tui.runner.docker_engine import LABEL_OWNER
from coworld_tui.runs.owner import Owner
from coworld_tui.runs.paths import cache_dir
from tests.replay.episodes import recorded_episode

from .conftest import Rogue, until_it_logs

pytestmark = pytest.mark.docker


def containers(engine: Any, role: str) -> list[Any]:
    """The containers of a role that this process started, running or not."""
    mine = {"name": f"coworld-role-{role}", "label": f"{LABEL_OWNER}={Owner.current()}"}
    found: list[Any] = engine.containers.list(ignore_removed=True, all=True, filters=mine)
    return found


async def test_a_container_is_cut_off(rogue: Rogue, workspace: Path, docker_engine: Any) -> None:
    outcome = await RoleRun(rogue("look", container=True), workspace, RoleOptions("grader")).run()
    assert outcome.status == "passed", outcome.error
    seen = json.loads(Path(outcome.outputs[0].path).read_bytes())
    assert seen["may_write"] is False
    assert seen["network"] != "reached"
    assert seen["interfaces"] == ["lo"]
    assert seen["env"]["COGAME_GRADE_URI"].startswith("file:///coworld-role/output/")
    assert not containers(docker_engine, "grader")


async def test_containers_never_outlive_their_run(rogue: Rogue, workspace: Path, docker_engine: Any) -> None:
    run = RoleRun(rogue("endless", container=True), workspace, RoleOptions("diagnoser"))
    running = asyncio.create_task(run.run())
    await until_it_logs(run)
    (container,) = containers(docker_engine, "diagnoser")
    limits = container.attrs["HostConfig"]
    assert (limits["Memory"], limits["NanoCpus"], limits["PidsLimit"]) == (1 << 30, 10**9, 512)
    assert limits["NetworkMode"] == "none"
    run.cancel()
    assert (await running).status == "cancelled"
    late = RoleRun(rogue("endless", container=True), workspace, RoleOptions("diagnoser", timeout_seconds=1.0))
    outcome = await late.run()
    assert outcome.error is not None
    assert outcome.error.type == "role_timeout"
    assert not containers(docker_engine, "diagnoser")


async def test_nothing_of_a_container_lies_here_while_it_runs(
    rogue: Rogue, workspace: Path, docker_engine: Any
) -> None:
    """Its files are another user's: ours are copies, which we may read and remove."""
    run = RoleRun(rogue("private", container=True), workspace, RoleOptions("grader"))
    running = asyncio.create_task(run.run())
    await until_it_logs(run)
    (container,) = containers(docker_engine, "grader")
    assert [(mount["Destination"], mount["RW"]) for mount in container.attrs["Mounts"]] == [
        ("/coworld-role/input", False)
    ]
    (room,) = (cache_dir() / "roles").iterdir()
    assert not list((room / "output").iterdir())
    container.kill("SIGUSR1")
    outcome = await running
    assert outcome.status == "passed", outcome.error
    assert outcome.folder is not None
    assert sorted(Path(each.path).relative_to(outcome.folder).as_posix() for each in outcome.outputs) == [
        "grade.json",
        "own/notes.md",
    ]
    for path in outcome.folder.rglob("*"):
        assert path.stat().st_uid == os.getuid()
        assert path.stat().st_mode & 0o400
    assert not room.exists()


async def test_an_image_with_a_user_of_its_own(rogue: Rogue, workspace: Path) -> None:
    before = os.umask(0o077)
    try:
        outcome = await RoleRun(rogue("nobody", container=True), workspace, RoleOptions("grader")).run()
    finally:
        os.umask(before)
    assert outcome.status == "passed", outcome.error


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("large", "role_output_refused", "1024 MiB"),
        ("deep", "role_output_refused", "a/b/c/d/e/f/g/h/i lies too deep"),
        ("links", "role_output_refused", "passwd is a link or no file"),
        ("impostor", "role_output_refused", "role.json/x is a name of ours"),
        ("leave", "role_output_missing", "grade.json"),
    ],
)
async def test_bad_outputs_of_a_container(
    rogue: Rogue, workspace: Path, docker_engine: Any, what: str, kind: str, words: str
) -> None:
    outcome = await RoleRun(rogue(what, container=True), workspace, RoleOptions("grader")).run()
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == (kind, "the grader")
    assert words in outcome.error.cause
    assert outcome.folder is not None
    assert json.loads((outcome.folder / "role.json").read_bytes()) == outcome.as_dict()
    assert not containers(docker_engine, "grader")
    assert not list((cache_dir() / "roles").iterdir())


async def test_a_container_that_fills_the_disk(
    rogue: Rogue, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped while it runs, by what the engine counts."""
    monkeypatch.setattr(role_run, "_SCRATCH_LIMIT", 1 << 30)
    outcome = await RoleRun(rogue("huge", container=True), workspace, RoleOptions("grader")).run()
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.title) == ("role_output_refused", "the grader wrote too much")
    assert not outcome.outputs


async def test_memory_runs_out(rogue: Rogue, workspace: Path) -> None:
    limits = {"requests": {}, "limits": {"memory": "64Mi"}}
    hungry = ["python3", "-c", "x = bytearray(1 << 29)"]
    package = rogue("grade", container=True, resources=limits, run=hungry)
    outcome = await RoleRun(package, workspace, RoleOptions("grader")).run()
    assert outcome.error is not None
    assert (outcome.error.type, "out of memory" in outcome.error.title) == ("role_failed", True)


async def test_a_missing_image(rogue: Rogue, workspace: Path) -> None:
    package = rogue("grade", image="coworld-tui-test/none-such:1")
    outcome = await RoleRun(package, workspace, RoleOptions("grader")).run()
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code, outcome.folder) == ("image_unreachable", 3, None)


async def peer_role(manifest: Path, source: Path, role: RoleName, role_id: str | None = None) -> RoleOutcome:
    options = RoleOptions(role, role_id, target="policy://x")
    outcome = await RoleRun(read_package(manifest), source, options).run()
    assert outcome.status == "passed", outcome.error
    return outcome


def shown(outcome: RoleOutcome) -> str:
    (output,) = outcome.outputs
    model = view_output(output).lines
    return text_of(model.lines(0, model.row_count))


@pytest.mark.parametrize("form", ["workspace", "bundle.zip"])
async def test_grader_and_diagnoser(peer_manifest: Callable[[str], Path], form: str) -> None:
    """The real ones, compared with what they wrote of this episode before."""
    folder = recorded_episode("0.1.64")
    source = folder if form == "workspace" else folder / form
    outcome = await peer_role(peer_manifest("0.1.64"), source, "grader")
    expected = json.loads((folder / "supporting/grade.json").read_bytes())
    assert json.loads(Path(outcome.outputs[0].path).read_bytes()) == expected
    assert outcome.outputs[0].kind == "score"
    assert f"score  {expected['score']}" in shown(outcome)
    outcome = await peer_role(peer_manifest("0.1.64"), source, "diagnoser")
    with (
        zipfile.ZipFile(outcome.outputs[0].path) as ours,
        zipfile.ZipFile(folder / "supporting/diagnosis.zip") as theirs,
    ):
        assert {name: ours.read(name) for name in ours.namelist()} == {
            name: theirs.read(name) for name in theirs.namelist()
        }
    view = view_output(outcome.outputs[0])
    assert ("winner_slot", "1") in view.findings
    assert "Paint Arena Policy Diagnosis" in shown(outcome)


async def test_reporters(peer_manifest: Callable[[str], Path]) -> None:
    folder = recorded_episode("0.1.11")
    outcome = await peer_role(peer_manifest("0.1.11"), folder / "bundle.zip", "reporter")
    with zipfile.ZipFile(outcome.outputs[0].path) as report:
        assert set(report.namelist()) == {"summary.md", "stats.json", "render.txt"}
    assert "Sweep Painter 2" in shown(outcome)
    outcome = await peer_role(
        peer_manifest("0.1.11"), folder, "reporter", "paint-arena-parquet-stats-reporter"
    )
    assert outcome.outputs[0].kind == "parquet"
    stats = pq.read_table(outcome.outputs[0].path)
    assert stats.equals(pq.read_table(folder / "supporting/stats.parquet"))


async def test_the_optimizer_reads_what_others_wrote(
    peer_manifest: Callable[[str], Path], episode_run: Path
) -> None:
    """Of a run whose grader and diagnoser have passed, it counts one output of each."""
    manifest = peer_manifest("0.1.64")
    shutil.rmtree(episode_run / "workspace")
    shutil.copytree(recorded_episode("0.1.64"), episode_run / "workspace")
    for role in ("grader", "diagnoser"):
        await peer_role(manifest, episode_run, role)
    outcome = await peer_role(manifest, episode_run, "optimizer")
    plan = json.loads(Path(outcome.outputs[0].path).read_bytes())
    assert plan["coworld_name"] == "paintarena"
    assert plan["input_counts"] == {"reports": 0, "grader_outputs": 1, "diagnoser_outputs": 1}
    bare = await peer_role(peer_manifest("0.1.11"), recorded_episode("0.1.11"), "optimizer")
    expected = json.loads((recorded_episode("0.1.11") / "supporting/optimizer.json").read_bytes())
    assert json.loads(Path(bare.outputs[0].path).read_bytes()) == expected
