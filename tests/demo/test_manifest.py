"""The manifest against the code it describes and against the published client that must accept it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from coworld_tui.demo import manifest_path
from coworld_tui.demo.config import Config
from coworld_tui.demo.policies import POLICIES
from coworld_tui.demo.rules import new_game, results, step

MANIFEST: dict[str, Any] = json.loads(manifest_path().read_text())
SCHEMA = MANIFEST["game"]["config_schema"]
CONFIGS = {
    "certification": MANIFEST["certification"]["game_config"],
    **{variant["id"]: variant["game_config"] for variant in MANIFEST["variants"]},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_satisfy_the_schema_and_the_game(name: str) -> None:
    tokens = [f"token-{slot}" for slot in range(len(CONFIGS[name]["players"]))]
    content = {**CONFIGS[name], "tokens": tokens}
    jsonschema_rs.validate(SCHEMA, content)
    config = msgspec.convert(content, Config)
    public = json.loads(msgspec.json.encode(config.public()))
    assert {"tokens": tokens, **public} == content
    assert config.names == [entry["name"] for entry in content["players"]]


def test_defaults_and_bounds_are_those_of_the_game() -> None:
    smallest = {"tokens": ["a", "b"]}
    config = msgspec.convert(smallest, Config)
    declared = {key: field["default"] for key, field in SCHEMA["properties"].items() if "default" in field}
    assert declared == {key: getattr(config, key) for key in declared}
    refused: list[dict[str, Any]] = [{**smallest, "other": 1}, {"tokens": ["a"]}, {"tokens": ["a"] * 5}, {}]
    for key, field in SCHEMA["properties"].items():
        for bound, past in (("minimum", -1), ("maximum", 1)):
            if bound in field:
                msgspec.convert({**smallest, key: field[bound]}, Config)
                refused.append({**smallest, key: field[bound] + past})
    for content in refused:
        assert not jsonschema_rs.is_valid(SCHEMA, content)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(content, Config)


def test_results_satisfy_the_schema() -> None:
    state, events = new_game(24, 14, 3, 1), []
    for move in ["right", "right", "down", "left", "left", "left"]:
        state, happened = step(state, [move] * 3)
        events += happened
    outcome = results(state, events)
    jsonschema_rs.validate(MANIFEST["game"]["results_schema"], outcome)
    assert set(outcome) == set(MANIFEST["game"]["results_schema"]["properties"])


def test_every_policy_is_a_player_and_has_a_seat_in_the_fixture() -> None:
    players = {player["id"]: player["run"][-1] for player in MANIFEST["player"]}
    assert players == {name: name for name in POLICIES}
    # The published certifier fails a package whose fixture leaves a declared player out.
    assert [seat["player_id"] for seat in MANIFEST["certification"]["players"]] == list(players)


@pytest.mark.peer
def test_the_published_client_accepts_it_strictly() -> None:
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with coworld 0.1.64")
    check = (
        "import sys; from pathlib import Path; from coworld.certifier import load_coworld_package as load;"
        "load(Path(sys.argv[1]), require_certification_tags=True)"
    )
    done = subprocess.run(
        [python, "-c", check, str(manifest_path())], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
