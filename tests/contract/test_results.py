"""Results, declared failures, player states and bundle manifests."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract import bounded
from coworld_tui.contract.bundle import parse_bundle_manifest
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.results import parse_player_failure, parse_player_status, parse_results
from coworld_tui.demo import manifest_path

from .builders import encoded, results_schema
from .test_validation import CHAIN

SHARED = Path(os.environ.get("COWORLD_TUI_SHARED") or Path(__file__).parents[3] / "shared")


@pytest.mark.parametrize(
    ("raw", "scores"),
    [
        ({"scores": [1, 2.5]}, [1.0, 2.5]),
        ({"scores": [1]}, [1.0]),
        ({"scores": [1, 2, 3, 4]}, [1.0, 2.0]),
        ({"scores": []}, []),
        ({"scores": [1, None]}, None),
        ({"scores": [True, 2]}, None),
        ({"scores": {"0": 1}}, None),
        ({"ticks": 3}, None),
    ],
)
def test_scores_are_read_tolerantly(raw: Any, scores: list[float] | None) -> None:
    results = parse_results(encoded(raw), {}, 2)
    assert results.raw == raw
    assert results.scores == scores


@pytest.mark.parametrize(
    ("data", "schema", "cause"),
    [
        (b'{"scores": ["a", 1]}', results_schema(), 'scores[0]: "a" is not of type "number"'),
        (b"{}", results_schema(), '"scores" is a required property'),
        (b"[1]", {}, "results.json is JSON, but not an object"),
        (b'{"scores": [NaN]}', results_schema(), "results.json holds NaN, which is not a JSON number"),
        (b"", {}, "results.json is empty"),
    ],
)
def test_malformed_results_are_the_games(data: bytes, schema: Any, cause: str) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_results(data, schema, 2)
    assert (caught.value.type, caught.value.owner, caught.value.exit_code) == (
        "results_malformed",
        "the game",
        1,
    )
    assert caught.value.cause == cause


def test_a_broken_results_schema_is_said_to_be_broken() -> None:
    with pytest.raises(CoworldError, match="schema is broken"):
        parse_results(b"{}", {"type": "nothing"}, 2)


def test_a_results_schema_without_end_is_the_games(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.5)
    schema = {"$defs": CHAIN, "properties": {"scores": {"items": {"$ref": "#/$defs/a0"}}}}
    with pytest.raises(CoworldError, match="schema is broken") as caught:
        parse_results(b'{"scores":[1]}', schema, 2)
    assert (caught.value.owner, "takes longer than 0.5 s" in caught.value.cause) == ("the game", True)


@pytest.mark.parametrize("version", ["demo", "0.1.11", "0.1.64"])
def test_schemas_of_real_games_need_no_child(version: str, peer_manifest: Callable[[str], Path]) -> None:
    path = manifest_path() if version == "demo" else peer_manifest(version)
    game = json.loads(path.read_bytes())["game"]
    results = {"scores": [1.5] * 100, "events": [{"tick": tick, "what": "paint"} for tick in range(200)]}
    config = {"seed": 1, "players": [{"name": "x" * 30}] * 100, "tokens": ["t" * 43] * 100}
    assert bounded.is_small(game["results_schema"], [results])
    assert bounded.is_small(game["config_schema"], [config])


def test_a_declared_player_failure() -> None:
    failure = parse_player_failure(encoded({"message": "gone", "failed_policy_index": 1}), 2)
    assert (failure.message, failure.failed_policy_index, failure.kind) == ("gone", 1, "player_error")


@pytest.mark.parametrize(
    "raw",
    [
        {"message": "", "failed_policy_index": 0},
        {"message": "x" * 2001, "failed_policy_index": 0},
        {"message": "x", "failed_policy_index": 2},
        {"message": "x", "failed_policy_index": -1},
        {"message": "x", "failed_policy_index": 0, "kind": "shrug"},
        {"message": "x", "failed_policy_index": 0, "more": 1},
        [],
    ],
)
def test_an_invalid_player_failure_breaks_the_contract(raw: Any) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_player_failure(encoded(raw), 2)
    assert (caught.value.type, caught.value.owner) == ("game_contract_violation", "the game")


def test_player_status_in_slot_order() -> None:
    players = [
        {
            "slot": 1,
            "state": "not_started",
            "exit_code": None,
            "reason": "container_created",
            "finished_at": None,
        },
        {
            "slot": 0,
            "state": "exited",
            "exit_code": 137,
            "reason": "OOMKilled",
            "finished_at": "2026-01-01T00:00:00Z",
        },
    ]
    first, second = parse_player_status(encoded({"schema_version": "1", "players": players}))
    assert (first.slot, first.state, first.exit_code, first.reason) == (0, "exited", 137, "OOMKilled")
    assert (second.slot, second.exit_code) == (1, None)


@pytest.mark.parametrize(
    "raw", [{}, {"players": [{"slot": 0}]}, {"players": [{"slot": 0, "state": "asleep"}]}, 3]
)
def test_other_player_status(raw: Any) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_player_status(encoded(raw))
    assert caught.value.type == "artifact_malformed"


def test_bundles_of_both_generations() -> None:
    old = parse_bundle_manifest(
        encoded(
            {
                "ereq_id": "e",
                "status": "success",
                "include": ["game_logs"],
                "files": {"results": "results.json", "game_logs": {"stdout": "logs/o", "stderr": "logs/e"}},
            }
        )
    )
    assert old.entries("results") == {"": "results.json"}
    assert old.entries("game_logs") == {"stdout": "logs/o", "stderr": "logs/e"}
    new = parse_bundle_manifest(
        encoded(
            {
                "episode_id": "u",
                "status": "failed",
                "player_artifact_status": "missing",
                "files": {"player_artifact": {"a1": "artifacts/a1.zip", "a2": {"available": False}}},
                "captures": [{}],
            }
        )
    )
    assert (new.ereq_id, new.episode_id, new.player_artifact_status) == (None, "u", "missing")
    assert new.entries("player_artifact") == {"a1": "artifacts/a1.zip"}
    assert new.entries("absent") == {}


def test_no_bundle_manifest() -> None:
    with pytest.raises(CoworldError) as caught:
        parse_bundle_manifest(encoded({"files": []}))
    assert (caught.value.type, caught.value.exit_code) == ("bundle_invalid", 2)


@pytest.mark.parametrize("generation", ["0.1.11", "0.1.64"])
def test_recorded_artifacts(generation: str) -> None:
    folder = SHARED / "fixtures" / f"paintarena-{generation}"
    if not folder.exists():
        pytest.skip("the shared fixtures are not here (COWORLD_TUI_SHARED)")
    scores = parse_results((folder / "results.json").read_bytes(), {}, 2).scores
    assert scores is not None
    assert len(scores) == 2
    with zipfile.ZipFile(folder / "bundle.zip") as bundle:
        manifest = parse_bundle_manifest(bundle.read("manifest.json"))
        for token in manifest.include:
            assert set(manifest.entries(token).values()) <= set(bundle.namelist())
    status = folder / "player_status.json"
    if status.exists():
        assert [player.state for player in parse_player_status(status.read_bytes())] == ["exited", "exited"]
