"""Roles in real containers: cut off, limited, cleared away; and those of the published example."""

from __future__ import annotations

import asyncio
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from coworld_tui.contract.package import read_package
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.roles.role_run import RoleName, RoleOptions, RoleOutcome, RoleRun
from coworld_tui.roles.role_views import view_output
from tests.replay.episodes import recorded_episode

from .conftest import Rogue

pytestmark = pytest.mark.docker


def containers(engine: Any, role: str) -> list[Any]:
    """The containers of a role, running or not."""
    found: list[Any] = engine.containers.list(all=True, filters={"name": f"coworld-role-{role}"})
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
    async with asyncio.timeout(30):
        while not run.log.total:  # noqa: ASYNC110 - the ring tells nobody
            await asyncio.sleep(0.01)
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
