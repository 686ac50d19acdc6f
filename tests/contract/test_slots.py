"""Slot counts and rosters by both generations' rules."""

from __future__ import annotations

from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.manifest import Manifest
from coworld_tui.contract.slots import SLOT_LIMIT, roster, slot_count, token_bounds

from .builders import Json, config_schema, edited, named, new_manifest, old_manifest, player, without


def read(manifest: Json) -> Manifest:
    return Manifest.model_validate(manifest)


def test_bounds() -> None:
    assert token_bounds(config_schema(2, 4)) == (2, 4)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("required", []),
        ("required", "tokens"),
        ("properties", None),
        ("properties.tokens", None),
        ("properties.tokens.type", "object"),
        ("properties.tokens.items", {"type": "integer"}),
        ("properties.tokens.items", True),
        ("properties.tokens.minItems", None),
        ("properties.tokens.minItems", True),
        ("properties.tokens.maxItems", 2.0),
        ("properties.tokens.minItems", 9),
        ("properties.tokens.minItems", -1),
    ],
)
def test_wrong_tokens(path: str, value: Any) -> None:
    with pytest.raises(CoworldError) as caught:
        token_bounds(edited(config_schema(2, 4), path, value))
    assert (caught.value.type, caught.value.exit_code) == ("config_error", 2)
    assert "game.config_schema" in caught.value.cause


@pytest.mark.parametrize(
    ("game_config", "is_fixture", "count"),
    [
        ({}, True, 2),
        ({"players": named("A", "B", "C")}, False, 3),
        ({"players": named("A", "B", "C"), "num_agents": 2}, False, 3),
        ({"num_agents": 4}, False, 4),
        ({"num_agents": 4}, True, 2),
        ({"players": named("A", "B")}, True, 2),
    ],
)
def test_counts_of_0_1_64(game_config: Json, is_fixture: bool, count: int) -> None:
    assert slot_count(read(new_manifest()), game_config, is_fixture=is_fixture) == count


@pytest.mark.parametrize(
    ("game_config", "is_fixture"),
    [
        ({}, False),
        ({"num_agents": 0}, False),
        ({"num_agents": True}, False),
        ({"num_agents": 5}, False),
        ({"players": []}, False),
        ({"players": named("A")}, False),
        ({"players": named("A", "B", "C")}, True),
        ({"num_agents": 10**200}, False),
    ],
)
def test_counts_0_1_64_refuses(game_config: Json, is_fixture: bool) -> None:
    with pytest.raises(CoworldError) as caught:
        slot_count(read(new_manifest()), game_config, is_fixture=is_fixture)
    assert caught.value.type == "config_error"
    assert len(caught.value.cause) < 200


def test_0_1_11_counts_tokens_only() -> None:
    manifest = read(old_manifest())
    assert slot_count(manifest, {"players": named("A", "B", "C")}, is_fixture=False) == 2
    assert slot_count(manifest, {"num_agents": 7}, is_fixture=False) == 2
    short = read(edited(old_manifest(), "certification.players", [{"player_id": "ann"}]))
    with pytest.raises(CoworldError, match="certification"):
        slot_count(short, {}, is_fixture=True)


def test_a_schema_cannot_ask_for_a_crowd() -> None:
    crowd = read(edited(new_manifest(), "game.config_schema", config_schema(1, 10**9)))
    with pytest.raises(CoworldError, match="Too many slots"):
        slot_count(crowd, {"num_agents": SLOT_LIMIT + 1}, is_fixture=False)


def test_roster_starts_over() -> None:
    manifest = read(new_manifest())
    assert [entry.id for entry in roster(manifest, 5)] == ["ann", "bob", "ann", "bob", "ann"]
    assert [entry.id for entry in roster(manifest, 1)] == ["ann"]
    assert roster(read(without(new_manifest(), "certification")), 3) == []


@pytest.mark.parametrize(
    "manifest",
    [
        edited(new_manifest(), "player", [player("ann"), player("ann"), player("bob")]),
        edited(new_manifest(), "certification.players", [{"player_id": "zoe"}]),
    ],
    ids=["duplicate", "unknown"],
)
def test_references_are_resolved_when_needed(manifest: Json) -> None:
    loaded = read(manifest)
    with pytest.raises(CoworldError) as caught:
        roster(loaded, 2)
    assert caught.value.type == "manifest_invalid"
