"""Certification with local processes: every step's way to fail, what depends on it, and the record."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package, UnusableManifestError
from coworld_tui.contract.request import EpisodePlan, plan_episode
from coworld_tui.roles import log_limit
from coworld_tui.roles.certification import CertifyOptions, certify_unusable
from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.roles.steps import ORDER

from ..processes import started_for
from ..rogue.launch import GAME, PLAYER, rogue_package
from .certifying import (
    certification_of,
    certified,
    commissioner,
    doing_first,
    failure,
    manifest,
    package_of,
    playing,
    statuses,
)

NEVER_HEALTHY = "import signal\nsignal.pause()"
NO_REPLAY = "os.environ.pop('COGAME_SAVE_REPLAY_URI', None)"
FLOODING_REPLAY_SERVER = "while replaying: sys.stderr.write('look at me\\n' * 10_000)"
NO_REPLAY_SERVER = "replaying and sys.exit(3)"


def run_manifest(outcome: CertificationOutcome) -> dict[str, Any]:
    """What the run directory says of itself."""
    assert outcome.run_dir is not None
    document: dict[str, Any] = json.loads((outcome.run_dir / "run_manifest.json").read_bytes())
    return document


async def test_a_sound_package_passes_every_step_and_leaves_its_record(tmp_path: Path, home: Path) -> None:
    output = tmp_path / "out"
    outcome = await certified(manifest(), output_dir=output)
    assert set(statuses(outcome).values()) == {"pass"}
    assert (outcome.ok, outcome.exit_code) == (True, 0)
    assert outcome.run_dir is not None
    assert outcome.report == outcome.run_dir / "artifacts" / "certification_report.html"
    record = json.loads((outcome.run_dir / "artifacts" / "certification.json").read_bytes())
    assert record == outcome.as_dict()
    for name in ("certification.json", "certification_report.html"):
        assert (output / name).read_bytes() == (outcome.run_dir / "artifacts" / name).read_bytes()
    assert json.loads((output / "results.json").read_bytes())["scores"]
    described = run_manifest(outcome)
    assert (described["kind"], described["status"]) == ("certification", "passed")
    for name in ("certification", "certification_report"):
        assert (outcome.run_dir / described["artifact_paths"][name]).is_file()
    assert not started_for(home)


async def test_the_report_holds_no_token(tmp_path: Path) -> None:
    outcome = await certified(manifest())
    assert outcome.run_dir is not None
    tokens = json.loads((outcome.run_dir / "workspace" / "config.json").read_bytes())["tokens"]
    written = b"".join(path.read_bytes() for path in (outcome.run_dir / "artifacts").glob("certification*.*"))
    assert len(tokens) == 2
    assert not [token for token in tokens if token.encode() in written]


async def test_the_steps_are_live_and_told_in_their_order() -> None:
    certification = certification_of(package_of(manifest()))
    seen: list[tuple[str, ...]] = []

    async def watch() -> None:
        while True:
            await certification.changed.wait()
            certification.changed.clear()
            seen.append(tuple(step.status for step in certification.steps))

    watching = asyncio.create_task(watch())
    assert {step.status for step in certification.steps} == {"waiting"}
    outcome = await certification.run()
    watching.cancel()
    smoke = ORDER.index("smoke-episode")
    assert any(states[smoke] == "running" and states[smoke + 1] == "waiting" for states in seen)
    assert certification.episode is not None
    assert certification.episode.outcome is not None
    assert outcome.run_id == certification.episode.run_id
    assert certification.state("smoke-episode").seconds > certification.state("replay-present").seconds


def without_tags(document: dict[str, Any]) -> None:
    del document["tags"]


def unknown_key(document: dict[str, Any]) -> None:
    document["colour"] = "red"


def bad_variant(document: dict[str, Any]) -> None:
    document["variants"][0]["game_config"]["max_ticks"] = "many"


def unhealthy(document: dict[str, Any]) -> None:
    document["game"]["runnable"]["run"] = doing_first(NEVER_HEALTHY)


def crashing_player(document: dict[str, Any]) -> None:
    document["player"][0]["run"] = [sys.executable, "-c", "import sys; sys.exit('no')"]


def broken_results_schema(document: dict[str, Any]) -> None:
    document["game"]["results_schema"] = {"type": "object", "required": ["medals"]}


def no_replay(document: dict[str, Any]) -> None:
    document["game"]["runnable"]["run"] = doing_first(NO_REPLAY)


def no_replay_server(document: dict[str, Any]) -> None:
    document["game"]["runnable"]["run"] = doing_first(NO_REPLAY_SERVER)


def unseated_player(document: dict[str, Any]) -> None:
    document["player"].append({**document["player"][0], "id": "spare"})


def empty_component(document: dict[str, Any]) -> None:
    document["reporter"] = [{"wasm": "no/such.wasm", "id": "r", "attributes": {}}]


@pytest.mark.parametrize(
    ("spoil", "step", "reason"),
    [
        (without_tags, "matriculate", "manifest_invalid"),
        (unknown_key, "matriculate", "manifest_invalid"),
        (bad_variant, "matriculate", "manifest_invalid"),
        (unhealthy, "smoke-episode", "game_unhealthy"),
        (crashing_player, "smoke-episode", "player_error"),
        (broken_results_schema, "results-conform", "results_malformed"),
        (no_replay, "replay-present", "replay_missing"),
        (no_replay_server, "replay-loadable", "replay_unloadable"),
        (unseated_player, "players-run", "players_missing"),
        (empty_component, "supporting-roles", "reporter_failed"),
    ],
)
async def test_what_is_broken_fails_at_its_step(spoil: Any, step: str, reason: str) -> None:
    document = manifest()
    spoil(document)
    outcome = await certified(document, timeout_seconds=3.0 if spoil is unhealthy else 20.0)
    assert failure(outcome) == (step, reason)
    assert outcome.failed is not None
    assert outcome.failed.feedback
    described = run_manifest(outcome)
    assert described["status"] == "failed"
    assert described["result_summary"]["certification"]["failed_step"] == step


async def test_a_slow_schema_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning the episode checks its configuration, which may take seconds."""
    planned_in: list[threading.Thread] = []

    def plan(package: Package) -> EpisodePlan:
        planned_in.append(threading.current_thread())
        return plan_episode(package)

    monkeypatch.setattr("coworld_tui.roles.certification.plan_episode", plan)
    assert (await certified(manifest())).ok
    assert planned_in
    assert threading.main_thread() not in planned_in


async def test_a_replay_server_that_logs_without_end_is_ended(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_limit, "LOG_LIMIT", 1 << 20)
    document = manifest()
    document["game"]["runnable"]["run"] = doing_first(FLOODING_REPLAY_SERVER)
    outcome = await certified(document)
    assert failure(outcome) == ("replay-loadable", "replay_unloadable")
    assert outcome.failed is not None
    assert "more than 1 MiB of log lines" in (outcome.failed.feedback or "")
    assert outcome.run_dir is not None
    assert (outcome.run_dir / "artifacts" / "certification" / "replay.stderr.log").stat().st_size > 1 << 20
    assert not started_for(home)


async def test_a_secret_on_the_command_line_stays_out_of_the_record() -> None:
    document = manifest()
    for broken in (False, True):  # with a run of the episode's, and with one of its own
        if broken:
            unknown_key(document)
        outcome = await certified(document, command="coworld-tui certify x --api?token=hunter2hunter2")
        assert run_manifest(outcome)["command"].endswith("token=[redacted]")
        assert outcome.run_dir is not None
        for path in outcome.run_dir.rglob("*"):
            assert not path.is_file() or b"hunter2" not in path.read_bytes(), path


async def test_a_broken_fixture_also_fails_its_own_step_when_it_goes_on() -> None:
    document = manifest()
    bad_variant(document)
    outcome = await certified(document, keep_going=True)
    failed = {step.id: step.failure_reason for step in outcome.steps if step.status == "fail"}
    assert failed == {"matriculate": "manifest_invalid", "fixture-conforms": "fixture_invalid"}
    assert "max_ticks" in (outcome.steps[3].feedback or "")
    assert statuses(outcome)["smoke-episode"] == "skipped"
    assert statuses(outcome)["supporting-roles"] == "pass"


async def test_keeping_going_takes_every_step_that_does_not_need_the_failed_one() -> None:
    document = manifest()
    without_tags(document)
    broken_results_schema(document)
    no_replay(document)
    outcome = await certified(document, keep_going=True)
    states = statuses(outcome)
    assert {step for step, status in states.items() if status == "fail"} == {
        "matriculate",
        "results-conform",
        "replay-present",
    }
    assert {step for step, status in states.items() if status == "skipped"} == {"replay-loadable"}
    assert outcome.exit_code == 1


async def test_a_failed_episode_leaves_only_what_does_not_need_it() -> None:
    document = manifest()
    unhealthy(document)
    document["commissioner"] = [commissioner("good")]
    states = statuses(await certified(document, keep_going=True, timeout_seconds=6.0))
    assert [step for step, status in states.items() if status == "pass"] == [
        "matriculate",
        "source-resolves",
        "images-reachable",
        "fixture-conforms",
        "supporting-roles",
    ]


def rogue(*arguments: str) -> dict[str, Any]:
    """The rogue game, which answers no Ping, as local processes."""
    document = rogue_package().raw
    document["game"]["runnable"]["run"] = [sys.executable, str(GAME), "--players", "2", *arguments]
    document["player"][0]["run"] = [sys.executable, str(PLAYER)]
    return document


async def test_a_game_that_answers_no_ping_breaks_the_contract() -> None:
    outcome = await certified(rogue("--hold"))
    assert failure(outcome) == ("smoke-episode", "game_contract_violation")
    assert outcome.failed is not None
    assert "Pong" in (outcome.failed.feedback or "")


async def test_0_1_11_asks_no_ping_but_wants_a_missing_replay_refused() -> None:
    document = rogue()
    without_tags(document)
    outcome = await certified(document, generation="0.1.11")
    assert failure(outcome) == ("replay-loadable", "replay_unloadable")
    assert outcome.failed is not None
    assert "not there" in (outcome.failed.feedback or "")


async def test_results_that_say_tokens_keep_them_to_themselves() -> None:
    document = rogue("--results", "tokens")
    without_tags(document)
    document["game"]["results_schema"] = {"properties": {"said": {"maxItems": 1}}}
    outcome = await certified(document, generation="0.1.11")
    assert failure(outcome) == ("results-conform", "results_malformed")
    assert outcome.failed is not None
    assert "[redacted]" in (outcome.failed.feedback or "")


@pytest.mark.parametrize("moment", ["before", "playing", "by its episode"])
async def test_stopping_it_leaves_nothing_behind(moment: str, home: Path) -> None:
    document = manifest()
    document["certification"]["game_config"].update(max_ticks=10_000, tick_rate=20)
    document["commissioner"] = [commissioner("quiet")]
    certification = certification_of(package_of(document))
    if moment == "before":
        certification.cancel()
        outcome = await certification.run()
        assert outcome.run_dir is None
    else:
        running = asyncio.create_task(certification.run())
        await playing(certification)
        assert certification.episode is not None
        (certification if moment == "playing" else certification.episode).cancel()
        outcome = await running
        assert run_manifest(outcome)["status"] == "cancelled"
    assert (outcome.status, outcome.ok, outcome.exit_code) == ("cancelled", False, 130)
    assert "running" not in statuses(outcome).values()
    assert "fail" not in statuses(outcome).values()
    assert not started_for(home)


async def test_an_output_folder_in_use_is_refused_before_anything_starts(tmp_path: Path, home: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    with pytest.raises(CoworldError) as caught:
        await certified(manifest(), output_dir=tmp_path)
    assert (caught.value.type, caught.value.exit_code) == ("workspace_not_empty", 2)
    assert not (home / "runs").exists()


async def test_a_manifest_nobody_can_work_with_is_reported_as_not_matriculated() -> None:
    document = manifest()
    del document["game"]["runnable"]
    with pytest.raises(UnusableManifestError) as caught:
        package_of(document)
    outcome = await certify_unusable(caught.value, CertifyOptions())
    assert failure(outcome) == ("matriculate", "manifest_invalid")
    assert "runnable" in (outcome.failed.feedback or "" if outcome.failed else "")
    assert run_manifest(outcome)["kind"] == "certification"
