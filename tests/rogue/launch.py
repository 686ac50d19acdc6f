"""Episodes of the rogue game and its rogue players, as local processes or in bare containers."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from coworld_tui.contract.package import Package, parse_package
from coworld_tui.contract.request import SlotFill, plan_episode
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions

GAME = Path(__file__).with_name("game.py")
PLAYER = Path(__file__).with_name("player.py")
BARE_IMAGE = "python-base:bookworm"
TIMEOUT_SECONDS = 20.0
PLAYER_EXIT_SECONDS = 5.0


def rogue_package(
    *,
    slots: int = 2,
    image: str = BARE_IMAGE,
    game: str = "",
    player: str = "",
    config: dict[str, Any] | None = None,
    resources: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    startup: dict[str, Any] | None = None,
) -> Package:
    """A package whose containers run the rogue scripts of an image that has them at ``/rogue``."""
    limits = {"resources": resources} if resources else {}
    manifest = {
        "tags": ["rogue", "test", "local"],
        "game": {
            "name": "rogue",
            "version": "1.0.0",
            "description": "Misbehaves on request.",
            "owner": "tests",
            "runnable": {
                "type": "game",
                "image": image,
                "run": ["python3", "/rogue/game.py", *shlex.split(game)],
                "env": env or {},
                **limits,
            },
            "config_schema": {
                "type": "object",
                "required": ["tokens"],
                "properties": {
                    "tokens": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": slots,
                        "maxItems": slots,
                    }
                },
            },
            "results_schema": {
                "type": "object",
                "required": ["scores"],
                "properties": {"scores": {"type": "array", "items": {"type": "number"}}},
            },
            "protocols": {
                "player": {"type": "text", "value": "none"},
                "global": {"type": "text", "value": "none"},
            },
            "docs": {"readme": {"type": "text", "value": "none"}},
        },
        "player": [
            {
                "id": "rogue",
                "name": "Rogue",
                "type": "player",
                "description": "Misbehaves on request.",
                "image": image,
                "run": ["python3", "/rogue/player.py", *shlex.split(player)],
                **limits,
                **({"startup": startup} if startup else {}),
            }
        ],
        "variants": [{"id": "only", "name": "Only", "description": "The same.", "game_config": config or {}}],
        "certification": {"game_config": config or {}, "players": [{"player_id": "rogue"}] * slots},
    }
    return parse_package(json.dumps(manifest).encode(), "rogue", None)


def game_command(arguments: str = "") -> tuple[str, ...]:
    """The rogue game as a local process."""
    return (sys.executable, str(GAME), *shlex.split(arguments))


def player_fill(slot: int, arguments: str = "") -> SlotFill:
    """The rogue player as a local process in ``slot``."""
    return SlotFill(slot, "cmd", shlex.join([sys.executable, str(PLAYER), *shlex.split(arguments)]))


def local_episode(game: str = "", players: Sequence[str] = ("", ""), **options: Any) -> Episode:
    """An episode all of whose parts are local processes; ``options`` are the launch options.

    The game waits for its players unless ``game`` says otherwise.
    """
    package = rogue_package(slots=len(players))
    fills = [player_fill(slot, arguments) for slot, arguments in enumerate(players)]
    launch = LaunchOptions(
        backend="process",
        timeout_seconds=TIMEOUT_SECONDS,
        player_exit_seconds=PLAYER_EXIT_SECONDS,
        game_command=game_command(f"--players {len(players)} {game}"),
    )
    return Episode(plan_episode(package, fills=fills), replace(launch, **options))
