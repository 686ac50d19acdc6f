"""The starter's supporting roles, each on a real episode or a real question."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import zipfile
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from .written import SECONDS, module

IDS = [f"00000000-0000-4000-8000-{number:012}" for number in range(20)]
MEMBERS = IDS[10:13]


@pytest.fixture(scope="module")
def bundle(played: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URI of the episode as a bundle."""
    path = tmp_path_factory.mktemp("bundle") / "episode.zip"
    workspace = Path(played["workspace"])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "manifest.json", json.dumps({"files": {"results": "results.json", "replay": "replay"}})
        )
        for name in ("results.json", "replay"):
            archive.write(workspace / name, name)
    return path.as_uri()


def test_the_grader_writes_a_score(project: Path, bundle: str, tmp_path: Path) -> None:
    output = tmp_path / "grade.json"
    module(project, "game.roles.grader", COGAME_EPISODE_BUNDLE_URI=bundle, COGAME_GRADE_URI=output.as_uri())
    grade = json.loads(output.read_bytes())
    assert 0 < grade["score"] <= 1
    assert grade["grader_id"] == "suspense"


@pytest.mark.parametrize(("target", "slots"), [("Sprinter", {1}), ("1", {1}), ("somebody", {0, 1})])
def test_the_diagnoser_looks_at_its_target(
    target: str, slots: set[int], project: Path, bundle: str, tmp_path: Path
) -> None:
    found = _diagnose(project, bundle, tmp_path / "diagnosis.zip", target)
    assert found
    assert {each["slot"] for each in found} <= slots
    assert any(each["finding"] == "apples_per_delivery" and each["slot"] == 1 for each in found)


def test_the_optimizer_counts_what_was_found(project: Path, bundle: str, tmp_path: Path) -> None:
    diagnoses = [tmp_path / f"{number}.zip" for number in range(2)]
    advice = {each["advice"] for path in diagnoses for each in _diagnose(project, bundle, path, "Sprinter")}
    output = tmp_path / "plan.json"
    module(
        project,
        "game.roles.optimizer",
        COWORLD_MANIFEST_URI=(project / "coworld_manifest.json").as_uri(),
        COGAME_OPTIMIZER_ID="advice-counter",
        COGAME_DIAGNOSER_OUTPUT_URIS=",".join([*(path.as_uri() for path in diagnoses), bundle]),
        COGAME_OPTIMIZER_OUTPUT_URI=output.as_uri(),
    )
    plan = json.loads(output.read_bytes())
    assert plan["coworld_name"] == "apples"
    assert plan["input_counts"] == {"reports": 0, "grader_outputs": 0, "diagnoser_outputs": 3}
    assert sorted(plan["recommendations"]) == sorted(f"{text} (found 2 times)" for text in advice)


async def test_the_commissioner_plays_a_round(project: Path) -> None:
    scheduled, complete = await _round(project)
    pairs = [tuple(episode["policy_version_ids"]) for episode in scheduled["episodes"]]
    assert sorted(pairs) == sorted(
        pair for one, other in combinations(MEMBERS, 2) for pair in ((one, other), (other, one))
    )
    (result,) = complete["results"]
    assert [each["policy_version_id"] for each in result["rankings"]] == MEMBERS[::-1]
    assert [each["rank"] for each in result["rankings"]] == [1, 2, 3]


@pytest.mark.peer
@pytest.mark.parametrize("version", ["0.1.11", "0.1.64"])
def test_both_published_clients_understand_the_commissioner(version: str, project: Path) -> None:
    variable = f"COWORLD_PEER_{version.rpartition('.')[2]}"
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} does not name a Python with coworld {version}")
    read = "import json, sys; from coworld.commissioner import ScheduleEpisodes, RoundComplete as Complete; "
    read += "one, other = json.load(sys.stdin); print(len(ScheduleEpisodes.model_validate(one).episodes), "
    read += "[each.rank for each in Complete.model_validate(other).results[0].rankings])"
    done = subprocess.run(
        [python, "-c", read], input=json.dumps(asyncio.run(_round(project))), capture_output=True, text=True
    )
    assert done.stdout.split() == ["6", "[1,", "2,", "3]"], done.stderr


def _diagnose(project: Path, bundle: str, output: Path, target: str) -> list[dict[str, Any]]:
    """Run the diagnoser; its findings."""
    module(
        project,
        "game.roles.diagnoser",
        COGAME_EPISODE_BUNDLE_URI=bundle,
        COGAME_TARGET_POLICY_URI=target,
        COGAME_DIAGNOSIS_URI=output.as_uri(),
    )
    with zipfile.ZipFile(output) as diagnosis:
        about = json.loads(diagnosis.read("manifest.json"))
        assert diagnosis.read(about["render"]).startswith(b"# Diagnosis")
        findings: list[dict[str, Any]] = json.loads(diagnosis.read(about["findings"]))
    return findings


async def _round(project: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the commissioner through a round of three in which the first episode fails; what it sent."""
    start = {
        "type": "round_start",
        "round_id": IDS[0],
        "round_number": 1,
        "league": {"id": IDS[1], "commissioner_key": "container"},
        "divisions": [{"id": IDS[2], "name": "Only", "level": 1, "type": "competition"}],
        "memberships": [
            {"id": IDS[3 + at], "league_id": IDS[1], "division_id": IDS[2], "policy_version_id": policy}
            for at, policy in enumerate(MEMBERS)
        ],
        "recent_results": [],
        "variants": [{"id": "default", "name": "Orchard", "game_config": {}}],
        "state": None,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "game.roles.commissioner",
        cwd=project,
        env={**os.environ, "COGAME_HOST": "127.0.0.1", "COGAME_PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            port = int((await process.stdout.readline()).split()[-1])
            async with connect(f"ws://127.0.0.1:{port}/round", proxy=None) as socket:
                await socket.send(json.dumps(start))
                scheduled = json.loads(await socket.recv())
                first, *others = scheduled["episodes"]
                accepted = [episode["request_id"] for episode in scheduled["episodes"]]
                failed = {"type": "episode_failed", "request_id": first["request_id"], "error": "it crashed"}
                await socket.send(json.dumps({"type": "episodes_accepted", "request_ids": accepted}))
                await socket.send(json.dumps(failed))
                for episode in others:
                    scores = [
                        {"policy_version_id": policy, "score": float(MEMBERS.index(policy))}
                        for policy in episode["policy_version_ids"]
                    ]
                    result = {"type": "episode_result", "request_id": episode["request_id"], "scores": scores}
                    await socket.send(json.dumps(result))
                complete = json.loads(await socket.recv())
    finally:
        process.kill()
        await process.wait()
    assert (scheduled["type"], complete["type"]) == ("schedule_episodes", "round_complete")
    return scheduled, complete
