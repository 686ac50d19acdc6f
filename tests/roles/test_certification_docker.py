"""Certification in a real engine: the published games, and the published certifier on the same manifests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.package import read_package
from coworld_tui.roles.certification import Certification, CertifyOptions
from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.runner.docker_engine import LABEL_OWNER, LABEL_ROLE, LABEL_RUN
from coworld_tui.runs.owner import Owner

from .certifying import COMMISSIONER, failure, playing, statuses
from .peer_certifier import as_published, published

pytestmark = pytest.mark.docker

ROLES = ("player", "commissioner", "grader", "diagnoser", "optimizer")
ABSENT = "127.0.0.1:1/coworld/absent:1"
NOBODY = {"id": "nobody", "name": "Nobody", "type": "grader", "description": "Absent.", "image": ABSENT}


def offline(path: Path) -> dict[str, Any]:
    """The published game with few ticks, without sources and without the commissioner its image lacks."""
    document: dict[str, Any] = json.loads(path.read_bytes())
    document["commissioner"] = []
    for part in (document["game"]["runnable"], *(role for name in ROLES for role in document.get(name, ()))):
        part.pop("source_url", None)
    document["certification"]["game_config"]["max_ticks"] = 20
    return document


def answering(document: dict[str, Any], how: str) -> dict[str, Any]:
    """A commissioner of ours in the game's image, which has what it needs."""
    return {
        "id": "answering",
        "name": "Commissioner",
        "type": "commissioner",
        "description": "Answers, or not.",
        "image": document["game"]["runnable"]["image"],
        "run": ["python", "-c", COMMISSIONER.read_text(), how],
    }


async def certified(path: Path, **options: Any) -> CertificationOutcome:
    """Ours, in containers."""
    return await Certification(read_package(path), CertifyOptions(**options)).run()


def leftovers(engine: Any) -> list[str]:
    """Containers of roles that only certification starts, of this process."""
    mine = {"label": [LABEL_ROLE, f"{LABEL_OWNER}={Owner.current()}"]}
    found = engine.containers.list(ignore_removed=True, all=True, filters=mine)
    return [part.name for part in found if part.labels[LABEL_ROLE] in ("replay", "commissioner")]


async def test_the_published_0_1_11_game_is_certified(
    tmp_path: Path, peer_manifest: Callable[[str], Path], docker_engine: Any
) -> None:
    path = tmp_path / "coworld_manifest.json"
    path.write_text(json.dumps(offline(peer_manifest("0.1.11"))))
    outcome = await certified(path)
    assert set(statuses(outcome).values()) == {"pass"}
    assert outcome.generation == "0.1.11"
    assert outcome.run_dir is not None
    assert (outcome.run_dir / "workspace" / "replay.json.z").is_file()
    assert (outcome.run_dir / "artifacts" / "certification" / "replay.stderr.log").stat().st_size > 0
    assert not leftovers(docker_engine)


def sound(document: dict[str, Any]) -> None:
    document["commissioner"] = [answering(document, "good")]


def no_commissioner_in_its_image(document: dict[str, Any]) -> None:
    document["commissioner"] = [{**answering(document, "good"), "run": []}]


def absent_image(document: dict[str, Any]) -> None:
    document["grader"].append(NOBODY)


def broken_results_schema(document: dict[str, Any]) -> None:
    document["game"]["results_schema"]["required"].append("medals")


def game_that_leaves(document: dict[str, Any]) -> None:
    document["game"]["runnable"]["run"] = ["python", "-c", "raise SystemExit('not today')"]


def no_tags(document: dict[str, Any]) -> None:
    del document["tags"]


def unseated_player(document: dict[str, Any]) -> None:
    document["player"].append({**document["player"][0], "id": "spare"})


@pytest.mark.peer
@pytest.mark.parametrize(
    ("change", "failed"),
    [
        (sound, None),
        (no_tags, ("matriculate", "manifest_invalid")),
        (absent_image, ("images-reachable", "image_unreachable")),
        (game_that_leaves, ("smoke-episode", "game_unhealthy")),
        (broken_results_schema, ("results-conform", "results_malformed")),
        (unseated_player, ("players-run", "players_missing")),
        (no_commissioner_in_its_image, ("supporting-roles", "commissioner_protocol_failed")),
    ],
)
async def test_the_published_certifier_says_the_same(
    change: Callable[[dict[str, Any]], None],
    failed: tuple[str, str] | None,
    tmp_path: Path,
    peer_manifest: Callable[[str], Path],
    docker_engine: Any,
) -> None:
    document = offline(peer_manifest("0.1.64"))
    change(document)
    path = tmp_path / "coworld_manifest.json"
    path.write_text(json.dumps(document))
    ours, theirs = await asyncio.gather(certified(path), published(path))
    assert as_published(ours) == theirs
    if failed is None:
        assert ours.ok
        assert "schedule_rounds_response" in (ours.steps[-1].feedback or "")
    else:
        assert failure(ours) == failed
    assert not leftovers(docker_engine)


async def test_keeping_going_past_an_absent_image(
    tmp_path: Path, peer_manifest: Callable[[str], Path]
) -> None:
    document = offline(peer_manifest("0.1.64"))
    absent_image(document)
    path = tmp_path / "coworld_manifest.json"
    path.write_text(json.dumps(document))
    outcome = await certified(path, keep_going=True)
    states = statuses(outcome)
    assert states["images-reachable"] == "fail"
    assert states["fixture-conforms"] == "pass"
    assert {states[step] for step in list(states)[4:]} == {"skipped"}
    assert "absent" in (outcome.failed.feedback or "" if outcome.failed else "")


async def test_stopped_it_removes_the_episode_and_the_commissioner(
    tmp_path: Path, peer_manifest: Callable[[str], Path], docker_engine: Any
) -> None:
    document = offline(peer_manifest("0.1.64"))
    document["certification"]["game_config"].update(max_ticks=10_000, tick_rate=20)
    document["commissioner"] = [answering(document, "quiet")]
    path = tmp_path / "coworld_manifest.json"
    path.write_text(json.dumps(document))
    certification = Certification(read_package(path), CertifyOptions())
    running = asyncio.create_task(certification.run())
    await playing(certification)
    assert any("commissioner" in name for name in leftovers(docker_engine))
    certification.cancel()
    outcome = await running
    assert (outcome.status, outcome.exit_code) == ("cancelled", 130)
    assert not leftovers(docker_engine)
    assert certification.episode is not None
    mine = {"label": f"{LABEL_RUN}={certification.episode.run_id}"}
    assert not docker_engine.containers.list(ignore_removed=True, all=True, filters=mine)
