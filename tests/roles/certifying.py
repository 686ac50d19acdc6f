"""Packages to certify: the bundled game played in a moment by local processes, whole or broken on purpose."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from coworld_tui.contract.package import Package, parse_package
from coworld_tui.demo import manifest_path
from coworld_tui.roles.certification import Certification, CertifyOptions
from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.roles.steps import ORDER

from ..runner.ending import until

COMMISSIONER = Path(__file__).with_name("commissioner.py")
TIMEOUT_SECONDS = 20.0

_WRAPPED = """
import os, runpy, sys
replaying = "COGAME_LOAD_REPLAY_URI" in os.environ
{before}
runpy.run_module("coworld_tui.demo.game", run_name="__main__", alter_sys=True)
"""


def manifest() -> dict[str, Any]:
    """The bundled game for two players, twelve ticks, its commands fit for local processes."""
    document: dict[str, Any] = json.loads(manifest_path().read_bytes())
    fixture = document["certification"]
    fixture["game_config"].update(
        {"max_ticks": 12, "tick_rate": 240, "players": [{"name": "Ada"}, {"name": "Bo"}]}
    )
    fixture["players"] = fixture["players"][:2]
    seated = {player["player_id"] for player in fixture["players"]}
    document["player"] = [player for player in document["player"] if player["id"] in seated]
    for part in (document["game"]["runnable"], *document["player"]):
        part["run"][0] = sys.executable
    return document


def doing_first(before: str) -> list[str]:
    """The command of a game that runs the statements ``before`` and is the bundled one then."""
    return [sys.executable, "-c", _WRAPPED.format(before=before)]


def commissioner(how: str) -> dict[str, Any]:
    """A commissioner that behaves as ``how`` says; see commissioner.py."""
    return {
        "id": f"commissioner-{how}",
        "name": "Commissioner",
        "type": "commissioner",
        "description": "Answers, or not.",
        "image": "coworld-absent:1",
        "run": [sys.executable, str(COMMISSIONER), how],
    }


def package_of(document: dict[str, Any], folder: Path | None = None) -> Package:
    """The package of a manifest."""
    return parse_package(json.dumps(document).encode(), "test", folder)


def certification_of(package: Package, **options: Any) -> Certification:
    """A certification with local processes unless the options say otherwise."""
    defaults = {"backend": "process", "timeout_seconds": TIMEOUT_SECONDS}
    return Certification(package, CertifyOptions(**{**defaults, **options}))


async def certified(document: dict[str, Any], **options: Any) -> CertificationOutcome:
    """The outcome for a manifest."""
    return await certification_of(package_of(document), **options).run()


def statuses(outcome: CertificationOutcome) -> dict[str, str]:
    """The status of each step, in order."""
    assert tuple(step.id for step in outcome.steps) == ORDER
    return {step.id: step.status for step in outcome.steps}


def failure(outcome: CertificationOutcome) -> tuple[str, str | None]:
    """The first failed step and its reason; the steps before it passed and those after it were skipped."""
    assert outcome.failed is not None
    at = ORDER.index(outcome.failed.id)
    assert {step.status for step in outcome.steps[:at]} <= {"pass"}
    assert {step.status for step in outcome.steps[at + 1 :]} <= {"skipped"}
    assert (outcome.ok, outcome.exit_code) == (False, 1)
    return outcome.failed.id, outcome.failed.failure_reason


async def playing(certification: Certification) -> None:
    """Wait until the smoke episode plays."""
    while certification.episode is None:
        assert certification.outcome is None
        await certification.changed.wait()
        certification.changed.clear()
    await until(certification.episode, "phase", phase="playing")
