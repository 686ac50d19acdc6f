"""What is wrong with a game configuration somebody writes: the schema's rules and the number of slots."""

from __future__ import annotations

from typing import Any

from .errors import CoworldError
from .manifest import Manifest
from .slots import SLOT_LIMIT, slot_count, token_bounds
from .validation import SchemaProblem, schema_problems


def config_problems(manifest: Manifest, game_config: dict[str, Any], limit: int = 20) -> list[SchemaProblem]:
    """Return where ``game_config`` does not fit the config schema, placeholders put in for the tokens.

    A configuration whose number of slots is only known once somebody plays is no problem here.
    Work as for ``schema_problems``: call it off the event loop.
    """
    if "tokens" in game_config:
        return [SchemaProblem("tokens", "are made by the runner; remove them")]
    tokens = [f"token-{slot}" for slot in range(_placeholders(manifest, game_config))]
    return schema_problems(manifest.game.config_schema, {**game_config, "tokens": tokens}, limit)


def slots_problem(manifest: Manifest, game_config: dict[str, Any]) -> str:
    """Return why an episode with ``game_config`` could not be seated, empty when it can."""
    try:
        slot_count(manifest, game_config, is_fixture=False)
    except CoworldError as error:
        return str(error)
    return ""


def _placeholders(manifest: Manifest, game_config: dict[str, Any]) -> int:
    try:
        return slot_count(manifest, game_config, is_fixture=False)
    except CoworldError:
        pass
    asked = game_config.get("players")
    count = len(asked) if isinstance(asked, list) else game_config.get("num_agents")
    if type(count) is int and 0 < count <= SLOT_LIMIT:
        return count
    try:
        least, _ = token_bounds(manifest.game.config_schema)
    except CoworldError:
        return 0
    return min(least, SLOT_LIMIT)
