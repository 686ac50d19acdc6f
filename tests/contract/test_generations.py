"""The signs of a generation, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from coworld_tui.contract.generations import generation_of, replay_filename, workspace_generation

from .builders import config_schema, edited, new_manifest, old_manifest, player, without

README = {"readme": {"type": "text", "value": "hi"}}


def neutral() -> dict[str, Any]:
    """A manifest without any sign."""
    manifest = edited(old_manifest(), "game.docs", README)
    del manifest["reporter"]
    return manifest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("apiVersion", "coworld.softmax.com/v1"),
        ("tags", ["a", "b", "c"]),
        ("players_per_user", 1),
        ("episode_timeout_minutes", 5),
        ("game.player_runtime", "platform-hosted"),
        ("game.replay_viewer", {"bundle": "viewer"}),
        ("game.achievements", []),
        ("game.log", {}),
        ("game.memory", {"protocol": "append-v1"}),
        ("game.promo", {"video_url": "https://x"}),
        ("game.task_environments", {}),
        ("game.protocols.engine_runtime", "cogweb"),
        ("player.0.resources", {}),
        ("player.0.startup", {"port": 9000}),
        ("player.0.file", "bot.zip"),
        ("player.0.repository_url", "https://x"),
        ("reporter", [{"reporter": "a/b@1"}]),
        ("reporter", [{"wasm": "a.wasm"}]),
        ("game.config_schema", config_schema(2, 4)),
    ],
)
def test_signs_of_0_1_64(path: str, value: Any) -> None:
    assert generation_of(edited(without(neutral(), "game.docs"), path, value)) == "0.1.64"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("reporter", [player("rep", type="reporter")]),
        ("variants.0.parent_id", "wide"),
        ("game.docs", {"pages": []}),
        ("game.docs", None),
        ("game.runnable.colour", "red"),
    ],
)
def test_signs_of_0_1_11(path: str, value: Any) -> None:
    assert generation_of(edited(neutral(), path, value)) == "0.1.11"


def test_nothing_decides() -> None:
    assert generation_of(neutral()) == "0.1.64"


def test_a_sign_the_other_reader_refuses_outweighs_one_it_ignores() -> None:
    old = edited(old_manifest(), "player.0.resources", {"limits": {"cpu": "1"}})
    assert generation_of(old) == "0.1.11"
    assert generation_of(edited(new_manifest(), "variants.0.parent_id", "x")) == "0.1.64"


def test_null_is_no_sign() -> None:
    assert generation_of({**old_manifest(), "tags": None, "players_per_user": None}) == "0.1.11"


@pytest.mark.parametrize(
    "raw", [{}, {"game": []}, {"game": {"config_schema": 1}, "player": 3, "reporter": [1]}]
)
def test_any_object_has_an_answer(raw: dict[str, Any]) -> None:
    assert generation_of(raw) in {"0.1.11", "0.1.64"}


def test_replay_names() -> None:
    assert (replay_filename("0.1.11"), replay_filename("0.1.64")) == ("replay.json", "replay")


@pytest.mark.parametrize(
    ("names", "generation"),
    [
        (["config.json", "replay.json", "replay.json.z"], "0.1.11"),
        (["replay.json.z"], "0.1.11"),
        (["replay", "player_status.json"], "0.1.64"),
        (["player_containers.json"], "0.1.64"),
        (["config.json", "results.json"], None),
        ([], None),
    ],
)
def test_workspaces(names: list[str], generation: str | None) -> None:
    assert workspace_generation(names) == generation
