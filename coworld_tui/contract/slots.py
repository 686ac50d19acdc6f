"""How many slots an episode has and who sits in them by default (local.md 1.9 and 2.1)."""

from __future__ import annotations

import json
from typing import Any

from .errors import CoworldError
from .generations import manifest_generation
from .manifest import Manifest, RoleRunnable
from .problems import config_error, listed, manifest_invalid

SLOT_LIMIT = 1_000
"""Most slots a local episode may have; a schema can ask for any number, a machine cannot seat it."""

_SCHEMA = "game.config_schema"


def token_bounds(config_schema: dict[str, Any]) -> tuple[int, int]:
    """Return the least and the greatest number of tokens, which is the number of slots.

    Raises ``config_error`` when the schema does not declare ``tokens`` as the contract
    demands: required, an array of strings, with whole numbers for ``minItems`` and ``maxItems``.
    """
    required = config_schema.get("required")
    if not isinstance(required, list) or "tokens" not in required:
        raise _tokens_error(f"{_SCHEMA}.required does not list tokens")
    properties = config_schema.get("properties")
    tokens = properties.get("tokens") if isinstance(properties, dict) else None
    if not isinstance(tokens, dict) or tokens.get("type") != "array":
        raise _tokens_error(f"{_SCHEMA}.properties.tokens is not of type array")
    items = tokens.get("items")
    if not isinstance(items, dict) or items.get("type") != "string":
        raise _tokens_error(f"{_SCHEMA}.properties.tokens.items is not of type string")
    least, greatest = tokens.get("minItems"), tokens.get("maxItems")
    if type(least) is not int or type(greatest) is not int:
        raise _tokens_error(f"{_SCHEMA}.properties.tokens needs whole numbers as minItems and maxItems")
    if not 0 <= least <= greatest:
        raise _tokens_error(
            f"{_SCHEMA}.properties.tokens has minItems {_number(least)} and maxItems {_number(greatest)}"
        )
    return least, greatest


def slot_count(manifest: Manifest, game_config: dict[str, Any], *, is_fixture: bool) -> int:
    """Return how many slots an episode with ``game_config`` has.

    0.1.11 takes the fixed number of tokens. 0.1.64 takes the length of ``game_config.players``,
    else the certification roster for the fixture, else ``num_agents``, else the fixed number.
    ``is_fixture`` says that ``game_config`` is the certification one. Raises ``config_error``
    when no rule gives a number or the number is outside the schema's bounds.
    """
    least, greatest = token_bounds(manifest.game.config_schema)
    certified = len(manifest.certification.players) if is_fixture and manifest.certification else 0
    players = game_config.get("players")
    agents = game_config.get("num_agents")
    if manifest_generation(manifest) == "0.1.11" and least == greatest:
        count, origin = least, "tokens"
    elif isinstance(players, list):
        count, origin = len(players), "game_config.players"
    elif certified:
        count, origin = certified, "certification.players"
    elif type(agents) is int and agents > 0:
        count, origin = agents, "game_config.num_agents"
    elif least == greatest:
        count, origin = least, "tokens"
    else:
        raise config_error(
            "The number of slots is not known",
            f"tokens allow {_number(least)} to {_number(greatest)}; game_config lists no players",
            "list the players in game_config.players",
        )
    if certified and certified != count:
        raise config_error(
            "The certification roster does not fit its game_config",
            f"certification.players has {certified} entries, {origin} asks for {_number(count)}",
            "give certification.players one entry per slot",
        )
    require_slots_allowed(manifest, count, origin)
    return count


def require_slots_allowed(manifest: Manifest, count: int, origin: str) -> None:
    """Raise ``config_error`` unless the config schema and this machine allow ``count`` slots.

    ``origin`` is the place that asks for that number.
    """
    least, greatest = token_bounds(manifest.game.config_schema)
    if not max(1, least) <= count <= greatest:
        raise config_error(
            f"{_number(count)} slots are not allowed",
            f"{origin} asks for {_number(count)}, tokens allow {_number(least)} to {_number(greatest)}",
        )
    if count > SLOT_LIMIT:
        raise config_error(
            "Too many slots for one machine",
            f"{origin} asks for {_number(count)}, a local episode has at most {SLOT_LIMIT}",
        )


def declared_players(manifest: Manifest) -> dict[str, RoleRunnable]:
    """Return the declared players by id; ``manifest_invalid`` when an id repeats."""
    players: dict[str, RoleRunnable] = {}
    for player in manifest.player:
        if player.id in players:
            raise manifest_invalid(
                "Two players have the same id",
                listed([f"player id {json.dumps(player.id)}"]),
                "rename one of them",
            )
        players[player.id] = player
    return players


def roster(manifest: Manifest, count: int) -> list[RoleRunnable]:
    """Return the certification players for ``count`` slots, starting over when there are fewer.

    Empty when the manifest has no roster. Raises ``manifest_invalid`` for a ``player_id``
    that no declared player has and for declared ids that repeat.
    """
    players = declared_players(manifest)
    certified = manifest.certification.players if manifest.certification else []
    unknown = [entry.player_id for entry in certified if entry.player_id not in players]
    if unknown:
        raise manifest_invalid(
            "The certification roster names players that do not exist",
            listed([f"player_id {json.dumps(player_id)}" for player_id in unknown]),
            "declare them under player or correct certification.players",
        )
    if not certified:
        return []
    return [players[certified[slot % len(certified)].player_id] for slot in range(count)]


def _tokens_error(cause: str) -> CoworldError:
    return config_error(
        "The config schema does not say how many slots there are",
        cause,
        "declare tokens as a required array of strings with minItems and maxItems",
    )


def _number(value: int) -> str:
    return (
        f"{value:,}".replace(",", " ")
        if abs(value) < 10**12
        else f"a number of {len(str(abs(value)))} digits"
    )
