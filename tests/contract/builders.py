"""Small manifests of both generations, as their authors would write them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from coworld_tui.contract.package import Package, parse_package

Json = dict[str, Any]


def config_schema(least: int = 2, greatest: int | None = None) -> Json:
    """A config schema with tokens, optional players, a seed and a board width."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["tokens"],
        "properties": {
            "tokens": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": least,
                "maxItems": least if greatest is None else greatest,
            },
            "players": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}},
                },
            },
            "num_agents": {"type": "integer"},
            "seed": {"type": ["integer", "boolean"]},
            "width": {"type": "integer", "minimum": 1},
        },
    }


def results_schema() -> Json:
    """Results with one number per slot."""
    return {
        "type": "object",
        "required": ["scores"],
        "properties": {"scores": {"type": "array", "items": {"type": "number"}}},
    }


def player(player_id: str, **fields: Any) -> Json:
    """A declared player with its own image, command and environment."""
    return {
        "id": player_id,
        "type": "player",
        "name": player_id.title(),
        "description": "plays",
        "image": f"{player_id}:1",
        "run": ["python", f"{player_id}.py"],
        "env": {"WHO": player_id},
        **fields,
    }


def named(*names: str) -> list[Json]:
    """``game_config.players`` with these names."""
    return [{"name": name} for name in names]


def old_manifest() -> Json:
    """A manifest only 0.1.11 was written for: a container reporter, no readme."""
    return {
        "game": {
            "name": "tiles",
            "version": "1.0",
            "description": "a game",
            "owner": "someone",
            "config_schema": config_schema(),
            "results_schema": results_schema(),
            "runnable": {"image": "tiles:1", "run": ["python", "game.py"], "env": {"MODE": "fast"}},
            "protocols": {
                "player": {"type": "text", "value": "send moves"},
                "global": {"type": "uri", "value": "https://example.com/global.md"},
            },
        },
        "player": [player("ann"), player("bob")],
        "reporter": [player("rep", type="reporter")],
        "variants": [
            {"id": "wide", "name": "Wide", "description": "wider", "game_config": {"width": 9, "seed": 5}},
        ],
        "certification": {
            "game_config": {"width": 4},
            "players": [{"player_id": "ann"}, {"player_id": "bob"}],
        },
    }


def new_manifest() -> Json:
    """A manifest only 0.1.64 was written for: tags, a readme, 2 to 4 slots."""
    manifest = old_manifest()
    manifest["tags"] = ["board", "short", "two"]
    manifest["reporter"] = [{"reporter": "softmax/summary@3"}]
    game = manifest["game"]
    game["config_schema"] = config_schema(2, 4)
    game["runnable"]["type"] = "game"
    game["docs"] = {"readme": {"type": "text", "value": "# Tiles"}}
    manifest["variants"] = [
        {
            "id": "three",
            "name": "Three",
            "description": "three play",
            "game_config": {"players": named("A", "B", "C")},
        },
        {"id": "four", "name": "Four", "description": "four play", "game_config": {"num_agents": 4}},
        {"id": "unsaid", "name": "Unsaid", "description": "who knows", "game_config": {"width": 3}},
    ]
    return manifest


def edited(manifest: Json, path: str, value: Any) -> Json:
    """A copy with ``value`` at the dotted ``path``; numbers index lists."""
    manifest = copy.deepcopy(manifest)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = manifest
    for part in parents:
        place = place[part]
    place[last] = value
    return manifest


def without(manifest: Json, path: str) -> Json:
    """A copy without the key at the dotted ``path``."""
    manifest = copy.deepcopy(manifest)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place: Any = manifest
    for part in parents:
        place = place[part]
    del place[last]
    return manifest


def package(manifest: Json) -> Package:
    """The package of a manifest."""
    return parse_package(encoded(manifest), "test", None)


def encoded(value: Any) -> bytes:
    """The JSON bytes of a value."""
    return json.dumps(value).encode()


def written(folder: Path, manifest: Json) -> Path:
    """The manifest as a file in ``folder``."""
    path = folder / "coworld_manifest.json"
    path.write_bytes(encoded(manifest))
    return path
