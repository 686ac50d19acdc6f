"""Rules that need more than one field: tokens, game configs, rosters, ids (local.md 1.4, 1.5, 1.9).

They read any JSON, so that a manifest with one wrong field still hears about its configs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..generations import Generation
from ..text import safe_line
from .refusal import Place, Refusal, as_object, entries
from .schema_worker import schema_answer

TOKEN_LIMIT = 100_000
"""Most tokens a config is checked with."""

_SCHEMA: Place = ("game", "config_schema")
_TOKENS: Place = (*_SCHEMA, "properties", "tokens")
_ROSTER: Place = ("certification", "players")
_FIXTURE: Place = ("certification", "game_config")
_NAME_LIMIT = 60


def config_refusals(raw: dict[str, Any]) -> list[Refusal]:
    """Return what the generations refuse in the parts of ``raw`` that have the right types."""
    schema = as_object(raw.get("game")).get("config_schema")
    refusals = [*_references(raw), *_variant_rules(raw)]
    if isinstance(schema, dict):
        refusals += [
            *_token_rules(schema),
            *_name_rules(schema),
            *_slot_rules(schema, raw),
            *_configs_under(schema, raw),
        ]
    return refusals


def _both(place: Place, message: str) -> Iterator[Refusal]:
    yield Refusal(place, message, "0.1.11")
    yield Refusal(place, message, "0.1.64")


def _references(raw: dict[str, Any]) -> Iterator[Refusal]:
    ids: set[str] = set()
    for index, player_id in _texts(raw.get("player"), "id"):
        if player_id in ids:
            yield from _both(("player", index, "id"), _taken(player_id))
        ids.add(player_id)
    for slot, player_id in _texts(as_object(raw.get("certification")).get("players"), "player_id"):
        if player_id not in ids:
            yield from _both(
                (*_ROSTER, slot, "player_id"), f"name a declared player: there is no {_quoted(player_id)}"
            )


def _variant_rules(raw: dict[str, Any]) -> Iterator[Refusal]:
    ids: set[str] = set()
    for index, variant_id in _texts(raw.get("variants"), "id"):
        if variant_id in ids:
            yield Refusal(("variants", index, "id"), _taken(variant_id), "0.1.64")
        ids.add(variant_id)
    for index, parent_id in _texts(raw.get("variants"), "parent_id"):
        if parent_id not in ids:
            message = f"name another variant: there is no {_quoted(parent_id)}"
            yield Refusal(("variants", index, "parent_id"), message, "0.1.11")


def _token_rules(schema: dict[str, Any]) -> Iterator[Refusal]:
    required, properties = schema.get("required"), schema.get("properties")
    if not isinstance(required, list) or "tokens" not in required:
        yield from _both((*_SCHEMA, "required"), "list tokens: every slot gets one")
    tokens = properties.get("tokens") if isinstance(properties, dict) else None
    if not isinstance(tokens, dict):
        yield from _both(_TOKENS, "declare it: an array of strings with minItems and maxItems")
        return
    if tokens.get("type") != "array":
        yield from _both((*_TOKENS, "type"), "make it array")
    if as_object(tokens.get("items")).get("type") != "string":
        yield from _both((*_TOKENS, "items", "type"), "make it string")
    least, most = tokens.get("minItems"), tokens.get("maxItems")
    if not isinstance(least, int) or not isinstance(most, int):
        yield from _both(_TOKENS, "give it minItems and maxItems, both whole numbers")
        return
    if least != most:
        yield Refusal(_TOKENS, "make minItems and maxItems equal", "0.1.11")
    if least > most:
        yield Refusal(_TOKENS, "make minItems no greater than maxItems", "0.1.64")


def _name_rules(schema: dict[str, Any]) -> Iterator[Refusal]:
    properties = as_object(schema.get("properties"))
    if "player_names" in properties:
        yield Refusal(
            (*_SCHEMA, "properties", "player_names"), "remove it: names belong in players[].name", "0.1.64"
        )
    if "name" in as_object(as_object(as_object(properties.get("slots")).get("items")).get("properties")):
        yield Refusal(
            (*_SCHEMA, "properties", "slots", "items", "properties", "name"),
            "remove it: names belong in players[].name",
            "0.1.64",
        )


def _configs_under(schema: dict[str, Any], raw: dict[str, Any]) -> Iterator[Refusal]:
    """Check every authored config with the number of tokens that each generation gives it."""
    configs = dict(_configs(raw))
    for place, config in configs.items():
        if "tokens" in config:
            yield from _both((*place, "tokens"), "remove it: the runner adds the tokens")
    checks: dict[tuple[Place, int], list[Generation]] = {}
    for place, generation, count in _counts(schema, raw, configs):
        if count > TOKEN_LIMIT:
            yield Refusal(place, f"ask for at most {TOKEN_LIMIT} slots: more are not checked", generation)
        else:
            checks.setdefault((place, count), []).append(generation)
    answer = schema_answer(
        {
            "schema": schema,
            "checks": [{"config": configs[place], "tokens": count} for place, count in checks],
        }
    )
    for problem in answer["schema"]:
        yield from _both((*_SCHEMA, *problem["path"]), f"mend the schema: {problem['message']}")
    for ((place, _), generations), problems in zip(checks.items(), answer["checks"], strict=False):
        for problem in problems:
            message = f"make it fit game.config_schema: {problem['message']}"
            for generation in generations:
                yield Refusal((*place, *problem["path"]), message, generation)


def _configs(raw: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for index, variant in entries(raw.get("variants")):
        if isinstance(variant.get("game_config"), dict):
            yield ("variants", index, "game_config"), variant["game_config"]
    config = as_object(raw.get("certification")).get("game_config")
    if isinstance(config, dict):
        yield _FIXTURE, config


def _counts(
    schema: dict[str, Any], raw: dict[str, Any], configs: dict[Place, dict[str, Any]]
) -> Iterator[tuple[Place, Generation, int]]:
    """How many tokens each generation gives each config; nothing without bounds."""
    bounds = _bounds(schema)
    if bounds is None:
        return
    least, most = bounds
    roster = as_object(raw.get("certification")).get("players")
    seats = len(roster) if isinstance(roster, list) else least
    for place, config in configs.items():
        yield place, "0.1.11", least
        if place == _FIXTURE:
            yield place, "0.1.64", seats
        else:
            _, asked = _asked(config)
            yield place, "0.1.64", least if asked is None or not least <= asked <= most else asked


def _slot_rules(schema: dict[str, Any], raw: dict[str, Any]) -> Iterator[Refusal]:
    """Whether the configs ask for as many slots as the roster and the bounds allow."""
    bounds = _bounds(schema)
    if bounds is None:
        return
    least, most = bounds
    roster = as_object(raw.get("certification")).get("players")
    if isinstance(roster, list) and least == most and len(roster) != least:
        yield Refusal(_ROSTER, f"list {least} players: tokens asks for so many", "0.1.11")
    for place, config in _configs(raw):
        key, asked = _asked(config)
        if place != _FIXTURE:
            if asked is not None and not least <= asked <= most:
                allowed = str(least) if least == most else f"{least} to {most}"
                yield Refusal((*place, key), f"ask for {allowed} slots, as tokens allows", "0.1.64")
        elif isinstance(roster, list) and key == "players" and asked != len(roster):
            message = f"list {len(roster)} players, as certification.players does"
            yield Refusal((*place, key), message, "0.1.64")


def _bounds(schema: dict[str, Any]) -> tuple[int, int] | None:
    tokens = as_object(as_object(schema.get("properties")).get("tokens"))
    least, most = tokens.get("minItems"), tokens.get("maxItems")
    return (least, most) if isinstance(least, int) and isinstance(most, int) else None


def _asked(config: dict[str, Any]) -> tuple[str, int | None]:
    """The number of slots that 0.1.64 reads from a config, and the key that says it."""
    players, agents = config.get("players"), config.get("num_agents")
    if isinstance(players, list):
        return "players", len(players)
    if isinstance(agents, int) and agents > 0:
        return "num_agents", agents
    return "", None


def _texts(value: Any, key: str) -> Iterator[tuple[int, str]]:
    """The entries of a list that have a text under ``key``: their places and texts."""
    for index, entry in entries(value):
        if isinstance(entry.get(key), str):
            yield index, entry[key]


def _taken(name: str) -> str:
    return f"give it an id of its own: {_quoted(name)} is taken"


def _quoted(name: str) -> str:
    return json.dumps(safe_line(name, _NAME_LIMIT), ensure_ascii=False)
