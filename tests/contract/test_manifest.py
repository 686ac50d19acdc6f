"""The tolerant manifest: both generations, historic shapes, and what it does not know."""

from __future__ import annotations

from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.manifest import (
    ContainerReporter,
    Manifest,
    ReporterReference,
    WasmReporter,
    declared_fields,
    same_meaning,
    unknown_keys,
)

from .builders import Json, edited, new_manifest, old_manifest, package, without


def read(manifest: Json) -> Manifest:
    return Manifest.model_validate(manifest)


@pytest.mark.parametrize("manifest", [old_manifest(), new_manifest()], ids=["0.1.11", "0.1.64"])
def test_both_generations_load_without_unknown_keys(manifest: Json) -> None:
    loaded = package(manifest)
    assert loaded.unknown_keys == []
    assert loaded.label == "tiles 1.0"
    assert declared_fields(loaded.manifest) == manifest


def test_reporters_are_a_union_by_shape() -> None:
    wasm = {"wasm": "a.wasm", "id": "r", "attributes": {"purpose": "p"}}
    assert isinstance(read(old_manifest()).reporter[0], ContainerReporter)
    assert isinstance(read(new_manifest()).reporter[0], ReporterReference)
    assert isinstance(read({**new_manifest(), "reporter": [wasm]}).reporter[0], WasmReporter)


def test_unknown_keys_at_every_depth() -> None:
    manifest = edited(new_manifest(), "game.runnable.colour", "red")
    manifest["mood"] = {"of": "today"}
    manifest["player"][1]["x y"] = 1
    manifest["game"]["protocols"]["player"]["lang"] = "en"
    manifest["game"]["task_environments"] = {"box": {"image": "i", "tint": 1}}
    manifest["reporter"][0]["since"] = 1
    manifest["player"][0]["resources"] = {"requests": {"cpu": "1", "tpu": 1}}
    manifest["game"]["runnable"]["env"]["ANY"] = "no model here"
    assert set(unknown_keys(read(manifest))) == {
        "mood",
        "game.runnable.colour",
        'player[1]["x y"]',
        "game.protocols.player.lang",
        "game.task_environments.box.tint",
        "reporter[0].since",
        "player[0].resources.requests.tpu",
    }


@pytest.mark.parametrize(
    "key", ["model_config", "model_dump", "__class__", "api_version", "schema_", "global_"]
)
def test_keys_named_like_attributes_are_only_unknown(key: str) -> None:
    loaded = package({**new_manifest(), key: "x"})
    assert loaded.unknown_keys == [key]
    assert loaded.manifest.api_version is None
    assert declared_fields(loaded.manifest) == new_manifest()


@pytest.mark.parametrize(
    "path",
    [
        "game.version",
        "game.description",
        "game.owner",
        "game.config_schema",
        "game.results_schema",
        "game.protocols",
        "game.protocols.global",
        "player",
        "player.0.name",
        "player.0.description",
        "player.0.type",
        "variants",
        "variants.0.name",
        "certification",
        "certification.players",
    ],
)
def test_what_only_an_upload_needs_may_be_missing(path: str) -> None:
    assert package(without(old_manifest(), path)).name == "tiles"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("tags", None),
        ("apiVersion", "coworld.softmax.com/v9"),
        ("players_per_user", None),
        ("game.docs", None),
        ("game.docs", {"pages": []}),
        ("game.replay_viewer", None),
        ("player.0.resources", None),
        ("player.0.startup", None),
        ("player.0.source_url", None),
    ],
)
def test_historic_and_future_values_load(path: str, value: Any) -> None:
    assert package(edited(new_manifest(), path, value)).name == "tiles"


def test_markdown_protocols_become_text_documents() -> None:
    player = read(edited(old_manifest(), "game.protocols.player", "# moves")).game.protocols.player
    assert player is not None
    assert (player.type, player.value) == ("text", "# moves")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("game.name", "game.name"),
        ("game.runnable", "game.runnable"),
        ("game.runnable.image", "game.runnable.image"),
        ("player.0.id", "player[0].id"),
        ("reporter.0.id", "reporter[0].id"),
        ("variants.0.game_config", "variants[0].game_config"),
    ],
)
def test_what_running_needs_may_not(path: str, place: str) -> None:
    with pytest.raises(CoworldError) as caught:
        package(without(old_manifest(), path))
    assert caught.value.type == "manifest_invalid"
    assert caught.value.cause == f"{place}: Field required"


def test_same_meaning_fills_in_defaults() -> None:
    plain = new_manifest()
    spelled = {**plain, "apiVersion": "coworld.softmax.com/v1", "grader": [], "players_per_user": None}
    spelled["game"] = {**plain["game"], "player_runtime": "platform-hosted", "achievements": None}
    assert same_meaning(read(plain), read(spelled))
    assert same_meaning(read(plain), read({**plain, "mood": "good"}))
    assert not same_meaning(read(plain), read(edited(plain, "game.runnable.image", "other:1")))


def test_declared_fields_drop_what_strict_readers_refuse() -> None:
    manifest = {**edited(new_manifest(), "game.runnable.colour", "red"), "tags": None}
    assert declared_fields(read(manifest)) == without(new_manifest(), "tags")
