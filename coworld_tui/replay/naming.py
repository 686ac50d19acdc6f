"""What a document says of its episode by the names of its keys: the game, who played, what they scored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..contract.text import safe_line

FRAME_KEYS = frozenset(
    {"frames", "states", "steps", "snapshots", "ticks", "turns", "history", "observations", "replay"}
)
"""Names that the list of frames goes by."""

CONFIG_KEYS = ("config", "configuration", "game_config")
PLAYER_KEYS = ("player_names", "names", "players", "agents", "TeamNames", "team_names", "teams")
SCORE_KEYS = ("scores", "rewards")

_GAME_KEYS = ("game", "game_name", "game_id", "environment", "env_name", "coworld_name", "name", "title")
_ABOUT_KEYS = ("config", "info", "meta", "metadata", "match", "game", "results")
_RESULT_KEYS = ("results", "result")
_NAME_KEYS = ("label", "name", "policy_name")
_MOST_PLAYERS = 256
_NAME_LIMIT = 60


def game_in(document: Mapping[str, Any]) -> str:
    """The game's name, from the document or from ``info`` and the like in it; or nothing."""
    for part in (document, *_objects(document, _ABOUT_KEYS)):
        for key in _GAME_KEYS:
            name = part.get(key)
            if isinstance(name, Mapping):
                name = name.get("name")
            if isinstance(name, str) and name:
                return safe_line(name, _NAME_LIMIT)
    return ""


def players_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Player names by slot: from the config in the document, from itself, or from any object in it."""
    parts = (*_objects(document, CONFIG_KEYS), document, *_objects(document, document))
    found = (names_of(part.get(key)) for part in parts for key in PLAYER_KEYS)
    return next(filter(None, found), ())


def scores_in(document: Mapping[str, Any]) -> tuple[float, ...]:
    """Scores by slot, from the results in the document or from itself."""
    parts = (*_objects(document, _RESULT_KEYS), document)
    found = (scores_of(part.get(key)) for part in parts for key in SCORE_KEYS)
    return next(filter(None, found), ())


def names_of(value: Any) -> tuple[str, ...]:
    """Player names by slot from a list of names or of objects that have one; empty for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not 0 < len(value) <= _MOST_PLAYERS:
        return ()
    names = []
    for entry in value:
        if isinstance(entry, Mapping):
            entry = next((entry[key] for key in _NAME_KEYS if entry.get(key)), None)
        if not isinstance(entry, str):
            return ()
        names.append(safe_line(entry, _NAME_LIMIT))
    return tuple(names)


def scores_of(value: Any) -> tuple[float, ...]:
    """Scores by slot from a list of numbers; empty for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > _MOST_PLAYERS:
        return ()
    numbers = [as_number(entry) for entry in value]
    return tuple(number for number in numbers if number is not None) if None not in numbers else ()


def as_number(value: Any) -> float | None:
    """A finite float, or None for anything that is no number or none a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _objects(document: Mapping[str, Any], keys: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    return (part for key in keys if isinstance(part := document.get(key), Mapping))
