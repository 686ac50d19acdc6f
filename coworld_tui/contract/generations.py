"""Which generation of the contract a package or a workspace belongs to (local.md section 0).

Nothing says it outright, so it is read from signs. A sign that the other generation would
refuse outweighs one it would merely ignore.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal

from .manifest import ContainerReporter, Manifest, RoleRunnable, Runnable

Generation = Literal["0.1.11", "0.1.64"]

ROLE_SECTIONS = ("player", "reporter", "commissioner", "grader", "diagnoser", "optimizer")

_NEW_TOP_LEVEL = ("apiVersion", "tags", "players_per_user", "episode_timeout_minutes")
_NEW_IN_GAME = (
    "player_runtime",
    "replay_viewer",
    "achievements",
    "log",
    "memory",
    "promo",
    "task_environments",
)
_NEW_IN_RUNNABLE = ("resources", "startup", "repository_url")
_RUNNABLE_KEYS = frozenset(
    field.alias or name
    for model in (Runnable, RoleRunnable, ContainerReporter)
    for name, field in model.model_fields.items()
)


def generation_of(raw: dict[str, Any]) -> Generation:
    """Return the generation a raw manifest was written for; 0.1.64 when nothing decides.

    Accepts any JSON object, also one that is no valid manifest.
    """
    game = _object(raw.get("game"))
    if _refused_by_11(raw, game):
        return "0.1.64"
    if any("image" in reporter for reporter in _entries(raw, "reporter")):
        return "0.1.11"  # 0.1.64 refuses container reporters even when it reads tolerantly
    if any(_declares(runnable, *_NEW_IN_RUNNABLE) for runnable in _runnables(raw, game)):
        return "0.1.64"  # ignored by 0.1.11, so nobody writes them there
    return "0.1.11" if _looks_old(raw, game) else "0.1.64"


def replay_filename(generation: Generation) -> str:
    """Return the name a runner of that generation gives the replay in the workspace."""
    return "replay.json" if generation == "0.1.11" else "replay"


def workspace_generation(names: Collection[str]) -> Generation | None:
    """Return the generation of the runner that filled a workspace with top-level files ``names``.

    The replay's name decides, then the status files that only 0.1.64 writes; None when none of them is there.
    """
    if "replay" in names:
        return "0.1.64"
    if "replay.json" in names or "replay.json.z" in names:
        return "0.1.11"
    if "player_status.json" in names or "player_containers.json" in names:
        return "0.1.64"
    return None


def _refused_by_11(raw: dict[str, Any], game: dict[str, Any]) -> bool:
    tokens = _object(_object(_object(game.get("config_schema")).get("properties")).get("tokens"))
    return (
        _declares(raw, *_NEW_TOP_LEVEL)
        or _declares(game, *_NEW_IN_GAME)
        or _declares(_object(game.get("protocols")), "engine_runtime")
        or any(_declares(reporter, "reporter", "wasm") for reporter in _entries(raw, "reporter"))
        or any(_declares(entry, "file") for role in ROLE_SECTIONS for entry in _entries(raw, role))
        or tokens.get("minItems") != tokens.get("maxItems")
    )


def _looks_old(raw: dict[str, Any], game: dict[str, Any]) -> bool:
    return (
        any("parent_id" in variant for variant in _entries(raw, "variants"))
        or not _declares(_object(game.get("docs")), "readme")
        or any(not runnable.keys() <= _RUNNABLE_KEYS for runnable in _runnables(raw, game))
    )


def _runnables(raw: dict[str, Any], game: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield _object(game.get("runnable"))
    for role in ROLE_SECTIONS:
        yield from (entry for entry in _entries(raw, role) if not _declares(entry, "reporter", "wasm"))


def _declares(value: dict[str, Any], *keys: str) -> bool:
    return any(value.get(key) is not None for key in keys)  # dumps of 0.1.64 write null for what is absent


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(raw: dict[str, Any], section: str) -> Iterator[dict[str, Any]]:
    value = raw.get(section)
    yield from (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))


def manifest_generation(manifest: Manifest) -> Generation:
    """``generation_of`` for a manifest that has been read."""
    return generation_of(manifest.model_dump(by_alias=True, exclude_unset=True))
