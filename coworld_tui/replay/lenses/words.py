"""What games call things: words that keys are searched for. They are hints, never more."""

from __future__ import annotations

from collections.abc import Sequence

from ...contract.text import safe_line

BOARD_WORDS = ("tile", "board", "grid", "cell", "map", "owner", "field", "maze", "world", "layout", "terrain")
TRAIL_WORDS = ("trail", "visited", "history")
PIECE_WORDS = ("position", "piece", "player", "agent", "unit", "cog", "snake", "head", "location")
PLACE_WORDS = ("position", "pos", "location", "xy", "cell", "coord", "coords")
NAME_WORDS = ("player_names", "names", "policy_names", "players", "agents", "snakes", "teams")
SCORE_WORDS = ("scores", "score", "points", "rewards", "players", "agents", "teams")

_NAME_LIMIT = 24


def speaks_of(key: str, words: Sequence[str]) -> bool:
    """Whether one of ``words`` occurs in a key."""
    lowered = key.lower()
    return any(word in lowered for word in words)


def plain_name(key: str) -> str:
    """A key as a name to show."""
    return safe_line(key, _NAME_LIMIT)
