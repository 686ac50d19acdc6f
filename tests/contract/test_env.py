"""Environment names of both contracts, their precedence, secrets and extra ports."""

from __future__ import annotations

import json

import pytest

from coworld_tui.contract.env import (
    extra_ports,
    game_environment,
    parse_secret_uris,
    player_environment,
    replay_environment,
    resolve_secret_uris,
    source_revision,
)
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.generations import Generation

from .builders import edited, new_manifest, package

COMMIT = "68257d7b450fb8013ed496538221cd2bd423e140"


def game(generation: Generation = "0.1.64", **fields: object) -> dict[str, str]:
    manifest = new_manifest()
    for path, value in fields.items():
        manifest = edited(manifest, f"game.runnable.{path}", value)
    loaded = package(manifest)
    return game_environment(
        package=loaded,
        declared=loaded.manifest.game.runnable.env,
        workspace="file:///coworld",
        host="0.0.0.0",
        port=8080,
        generation=generation,
        episode_id="e1",
    )


def test_the_game_gets_both_contracts() -> None:
    assert game() == {
        "MODE": "fast",
        "COGAME_HOST": "0.0.0.0",
        "COGAME_PORT": "8080",
        "COGAME_CONFIG_URI": "file:///coworld/config.json",
        "COGAME_RESULTS_URI": "file:///coworld/results.json",
        "COGAME_SAVE_REPLAY_URI": "file:///coworld/replay",
        "COGAME_SAVE_TRAJECTORY_URI": "file:///coworld/trajectory.jsonl",
        "COGAME_PLAYER_FAILURE_URI": "file:///coworld/player_failure.json",
        "COGAME_EVENTS_URI": "file:///coworld/events.json",
        "COWORLD_EPISODE_ID": "e1",
        "COWORLD_GAME_NAME": "tiles",
        "COWORLD_GAME_VERSION": "1.0",
        "COWORLD_SOURCE_REVISION": "tiles:1",
    }


def test_what_depends_on_the_game() -> None:
    assert game("0.1.11")["COGAME_SAVE_REPLAY_URI"] == "file:///coworld/replay.json"
    assert game(env={"COGAME_PORT": "1"})["COGAME_PORT"] == "8080"
    digest = "sha256:" + "a" * 64
    assert game(image=f"tiles@{digest}")["COWORLD_GAME_IMAGE_DIGEST"] == digest
    assert game(source_url=f"https://github.com/x/y/tree/{COMMIT}/z")["COWORLD_SOURCE_REVISION"] == COMMIT


def test_policy_names_and_ports() -> None:
    environment = game_environment(
        package=package(new_manifest()),
        declared={},
        workspace="file:///w/",
        host="127.0.0.1",
        port=9,
        generation="0.1.11",
        episode_id="e",
        policy_names=["A", "B"],
        local_ports={3724: 50_000},
    )
    assert environment["COGAME_CONFIG_URI"] == "file:///w/config.json"
    assert json.loads(environment["COWORLD_POLICY_NAMES"]) == ["A", "B"]
    assert environment["COWORLD_LOCAL_PORT_3724"] == "127.0.0.1:50000"
    assert json.loads(environment["COWORLD_LOCAL_PORTS_JSON"]) == {
        "3724": {"host": "127.0.0.1", "port": 50_000}
    }


def test_a_players_precedence() -> None:
    environment = player_environment(
        url="ws://g/player?slot=0",
        declared={"A": "declared", "B": "declared", "COWORLD_PLAYER_WS_URL": "declared"},
        secret={"B": "secret", "COGAMES_ENGINE_WS_URL": "secret"},
        artifact_uri="file:///coworld-artifact/policy_artifact_0.zip",
        start_url="http://g/healthz",
    )
    assert environment == {
        "A": "declared",
        "B": "secret",
        "COWORLD_PLAYER_WS_URL": "ws://g/player?slot=0",
        "COGAMES_ENGINE_WS_URL": "ws://g/player?slot=0",
        "COWORLD_PLAYER_ARTIFACT_UPLOAD_URL": "file:///coworld-artifact/policy_artifact_0.zip",
        "COWORLD_PLAYER_START_URL": "http://g/healthz",
    }
    assert set(player_environment(url="u", declared={})) == {"COWORLD_PLAYER_WS_URL", "COGAMES_ENGINE_WS_URL"}


def test_replay_mode_of_both_generations() -> None:
    environment = replay_environment(
        replay_uri="file:///r/replay", declared={"MODE": "x", "COGAME_HOST": "y"}, host="0.0.0.0", port=8080
    )
    assert environment == {
        "MODE": "x",
        "COGAME_HOST": "0.0.0.0",
        "COGAME_PORT": "8080",
        "COGAME_REPLAY_SERVER": "1",
        "COGAME_LOAD_REPLAY_URI": "file:///r/replay",
    }


@pytest.mark.parametrize(
    ("url", "revision"),
    [
        (f"https://github.com/x/y/blob/{COMMIT}", COMMIT),
        (f"https://github.com/x/y/commit/{COMMIT}/a", COMMIT),
        ("https://github.com/x/y/tree/main", "https://github.com/x/y/tree/main"),
        (f"https://github.com/x/y/tree/{COMMIT}00", f"https://github.com/x/y/tree/{COMMIT}00"),
        (None, "i:1"),
    ],
)
def test_source_revision(url: str | None, revision: str) -> None:
    assert source_revision(url, "i:1") == revision


def test_secrets_are_replaced_or_named() -> None:
    env = {"KEY": "secret://k", "PLAIN": "x"}
    assert resolve_secret_uris(env, {"secret://k": "file:///run/k"}) == {"KEY": "file:///run/k", "PLAIN": "x"}
    with pytest.raises(CoworldError) as caught:
        resolve_secret_uris(env, {})
    assert caught.value.type == "config_error"
    assert "KEY=secret://k" in caught.value.cause
    assert "COWORLD_LOCAL_SECRET_URIS" in caught.value.next_step


def test_the_host_variable_of_secrets() -> None:
    assert parse_secret_uris("") == {}
    assert parse_secret_uris('{"secret://k": "https://v/k"}') == {"secret://k": "https://v/k"}
    for text in ("{", "[]", '{"secret://k": "ftp://x"}', '{"secret://k": 1}', "\udcff"):
        with pytest.raises(CoworldError) as caught:
            parse_secret_uris(text)
        assert caught.value.type == "config_error"


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(CoworldError) as caught:
        parse_secret_uris('{"secret://k": "hunter2"}')
    assert "hunter2" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("", {}),
        ("  ", {}),
        ("3724", {3724: None}),
        ("3724:0", {3724: None}),
        ("3724:5000/tcp, 8085", {3724: 5000, 8085: None}),
        ("1,2", {1: None, 2: None}),
    ],
)
def test_extra_ports(text: str, ports: dict[int, int | None]) -> None:
    assert extra_ports({"COWORLD_LOCAL_EXTRA_PORTS": text}) == ports
    assert extra_ports({}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "1,,2",
        "1,",
        "x",
        "0",
        "65536",
        "1:65536",
        "1:",
        "1:2:3",
        "1/udp",
        "8080",
        "1,1",
        "1:5,2:5",
        "-1",
        "1:x",
        "\u0663",
    ],
)
def test_wrong_extra_ports(text: str) -> None:
    with pytest.raises(CoworldError) as caught:
        extra_ports({"COWORLD_LOCAL_EXTRA_PORTS": text})
    assert caught.value.type == "config_error"
    assert caught.value.exit_code == 2
