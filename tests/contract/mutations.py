"""Manifests with one thing changed: every place of a real one, and the rules that need a hand."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .builders import Json, config_schema, edited, named, new_manifest, old_manifest, player
from .cases import configs, keywords, properties, reporter_sections, runnable_fields, token_bounds

Path = tuple[str | int, ...]
Change = Callable[[Any, Any], None]

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, 2, 10**9, 10**30, "", "1", "x", "game", "player", "text", "v1.0",
    "no-network", "x" * 300, "http://example.com", "sha256:" + "a" * 64, "../up", "/etc", [], ["x"], [1], {},
    ["x", "y", "z"], {"x": 1}, {"type": "text", "value": "x"},
)  # fmt: skip


def sampled(manifest: Json, count: int, seed: int) -> list[tuple[str, Json]]:
    """``count`` of all changes of one place, always the same ones."""
    every = list(_changes(manifest))
    chosen = random.Random(seed).sample(every, min(count, len(every)))
    return [(name, _changed(manifest, path, change)) for name, path, change in chosen]


def _changes(manifest: Json) -> Iterator[tuple[str, Path, Change]]:
    """Every place of ``manifest`` dropped, renamed, duplicated, extended and given other values."""
    for path in _places(manifest):
        name = ".".join(map(str, path)) or "document"
        if path:
            yield f"drop {name}", path, _drop
            yield f"rename {name}", path, _rename
            yield f"duplicate {name}", path, _duplicate
            for value in VALUES:
                yield f"{name} = {json.dumps(value)[:40]}", path, partial(_set, value)
        if isinstance(_at(manifest, path), dict):
            yield f"extend {name}", path, _extend


def _places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _places(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(child, (*path, index))


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _changed(manifest: Json, path: Path, change: Change) -> Json:
    whole = {"": copy.deepcopy(manifest)}
    holder = whole
    key: str | int = ""
    for part in path:
        holder, key = holder[key], part  # type: ignore[index]
    change(holder, key)
    return whole[""]


def _drop(holder: Any, key: Any) -> None:
    del holder[key]


def _rename(holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{key}_"] = holder.pop(key)
    else:
        holder.append(holder.pop(key))


def _duplicate(holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{key}2"] = holder[key]
    else:
        holder.append(copy.deepcopy(holder[key]))


def _set(value: Any, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(value)


def _extend(holder: Any, key: Any) -> None:
    holder[key]["extra"] = 1


def both_manifest() -> Json:
    """A manifest that both generations accept."""
    manifest = edited(old_manifest(), "game.docs", {"readme": {"type": "text", "value": "# Tiles"}})
    manifest["game"]["runnable"]["type"] = "game"
    manifest["reporter"] = []
    return manifest


def full_manifest() -> Json:
    """A manifest with everything 0.1.64 knows for platform-hosted players."""
    manifest = new_manifest()
    text = {"type": "text", "value": "words"}
    resources = {
        "requests": {
            "cpu": "500m", "memory": "1Gi", "gpu": 1, "instance-type": "g6.xlarge", "ephemeral-storage": "1Gi"
        },
        "limits": {"cpu": "1", "memory": "2Gi"},
    }  # fmt: skip
    small = {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}
    manifest |= {
        "$schema": "https://example.com/schema.json",
        "players_per_user": 2,
        "episode_timeout_minutes": 30,
        "player": [
            player(
                "ann",
                resources=resources,
                source_url="https://example.com",
                repository_url="https://example.com",
            ),
            player("bob", startup={"port": 9000, "path": "/ready", "timeout_seconds": 60}),
        ],
        "reporter": [
            {"reporter": "softmax/summary@3"},
            {
                "wasm": "a.wasm",
                "id": "a",
                "display_name": "A",
                "description": "a",
                "attributes": {"purpose": "x"},
            },
        ],
        **{
            role: [player(role, type=role, resources=small)]
            for role in ("commissioner", "grader", "diagnoser", "optimizer")
        },
    }
    manifest["game"] |= {
        "docs": {"readme": text, "pages": [{"id": "rules.md\n", "title": "Rules", "content": text}]},
        "player_runtime": "platform-hosted",
        "memory": {"protocol": "append-v1"},
        "promo": {"video_url": "https://example.com/v"},
        "replay_viewer": {"bundle": "viewer/dist", "replay_compression": "gzip", "format_identity": "v1"},
        "achievements": [
            {"id": "first-win", "name": "First", "description": "win", "points": 5},
            {"id": "second", "name": "Second", "description": "win", "points": 5},
        ],
        "log": {
            "agent_label_field": "agent",
            "team_field": "team",
            "objective": "win",
            "panels": [{"title": "All", "kinds": ["move"]}],
        },
        "task_environments": {
            "box": {
                "isolation": "coding", "image": "box:1", "cpu_millis": 100, "memory_mib": 1024,
                "storage_mib": 64, "max_instances": 1, "max_concurrent_instances": 1,
                "startup_timeout_seconds": 300, "network": "no-network", "network_transitions": [],
            },
            "open": {
                "image": "box:1", "cpu_millis": 100, "memory_mib": 64, "storage_mib": 64, "max_instances": 1,
                "network_transitions": ["public"],
            },
        },
    }  # fmt: skip
    manifest["game"]["protocols"]["engine_runtime"] = "bitworld"
    manifest["game"]["runnable"] |= {"resources": resources, "source_url": "https://example.com"}
    manifest["certification"]["game_config"] = {"players": named("A", "B")}
    return manifest


def file_manifest() -> Json:
    """A game-hosted manifest: its players are files."""
    manifest = both_manifest()
    manifest["game"]["player_runtime"] = "game-hosted"
    for entry in manifest["player"]:
        del entry["image"]
        entry["file"] = "players/a.py"
    manifest["apiVersion"] = "coworld.softmax.com/v1"
    return manifest


def texts() -> Iterator[str]:
    """Texts that are hardly JSON, or are no manifest."""
    yield from (
        "",
        " ",
        "{",
        "[]",
        "null",
        "5",
        '"x"',
        "{}",
        '{"game": {}}',
        "{'a': 1}",
        "\ufeff{}",
        "{} {}",
        "//x",
    )
    text = json.dumps(both_manifest())
    yield text
    yield f"\ufeff{text}"
    yield f"\n{text}\n"
    for value in (
        "NaN",
        "Infinity",
        "1e400",
        "9" * 400,
        "9" * 5000,
        '8, "width": 9',
        '"\\ud800"',
        "0x1",
        "01",
    ):
        yield text.replace('"width": 9', f'"width": {value}')
        yield text.replace('"seed": 5', f'"seed": {value}')
    yield text.replace('"a game"', '"\\ud800"')
    yield text.replace('"a game"', '"\\u0000"')
    yield text.replace('"a game"', '"\u2028\U0001f44d"')


def special() -> Iterator[tuple[str, Json]]:
    """What no single change of a place reaches."""
    yield from _schemas()
    both, new, full, hosted = both_manifest(), new_manifest(), full_manifest(), file_manifest()
    yield from {"both": both, "new": new, "full": full, "file": hosted, "old": old_manifest()}.items()
    for version in ("coworld.softmax.com/v0", "coworld.softmax.com/v1", "v1", None, 1):
        yield f"apiVersion {version}", {**both, "apiVersion": version}
        yield f"full, apiVersion {version}", {**full, "apiVersion": version}
    for file in ("a", "a/b", ".", "./a", "a/./b", "a/../b", "..", "/a", "", "sha256:", f"sha256:{'a' * 64}",
                 f"sha256:{'A' * 64}", f"sha256:{'a' * 64}\n", "a\\b", "~", " ", "a//b"):  # fmt: skip
        yield f"file {file!r}", edited(hosted, "player.0.file", file)
        yield f"bundle {file!r}", edited(full, "game.replay_viewer.bundle", file)
        yield f"file and image {file!r}", edited(edited(full, "player.0.file", file), "player.0.image", None)
    for field in runnable_fields():
        yield f"file player with {field}", edited(hosted, "player.0", {**hosted["player"][0], **field})
        yield f"grader with {field}", edited(full, "grader.0", {**full["grader"][0], **field})
        yield f"game with {field}", edited(both, "game.runnable", {**both["game"]["runnable"], **field})
    yield "no player is a file", edited(hosted, "game.player_runtime", "platform-hosted")
    yield "image in game-hosted", edited(both, "game.player_runtime", "game-hosted")
    for reporters in reporter_sections():
        yield f"reporters {json.dumps(reporters)[:60]}", {**both, "reporter": reporters}
    for tags in (["a", "b"], ["a", "b", "c"], ["a", "b", ""], ["a", "a", "a"], None, []):
        yield f"tags {tags}", {**both, "tags": tags}
    for ids in (["a", "a"], ["a", "b"]):
        yield (
            f"variants {ids}",
            edited(both, "variants", [{**both["variants"][0], "id": variant_id} for variant_id in ids]),
        )
        yield f"players {ids}", edited(both, "player", [*both["player"], *map(player, ids)])
        yield f"graders {ids}", edited(both, "grader", [player(role, type="grader") for role in ids])
    for parent in ("wide", "no", "", None, 1):
        yield f"parent {parent}", edited(both, "variants.0.parent_id", parent)
    for roster in ([], ["ann"], ["ann", "ann"], ["ann", "no"], ["ann", "bob", "ann"], [""], ["ann"] * 5):
        entries = [{"player_id": player_id} for player_id in roster]
        yield f"roster {roster}", edited(both, "certification.players", entries)
        yield f"roster {roster} of a range", edited(new, "certification.players", entries)
    for config in configs():
        for name, base in (("both", both), ("new", new)):
            yield f"{name} variant {config}", edited(base, "variants.0.game_config", config)
            yield f"{name} fixture {config}", edited(base, "certification.game_config", config)


def _schemas() -> Iterator[tuple[str, Json]]:
    both, new = both_manifest(), new_manifest()
    for least, most in token_bounds():
        for name, base in (("both", both), ("new", new)):
            schema = config_schema()
            schema["properties"]["tokens"] |= {"minItems": least, "maxItems": most}
            yield f"{name} bounds {least} {most}", edited(base, "game.config_schema", schema)
    for key, value in keywords():
        schema = config_schema()
        schema[key] = value
        yield f"schema {key} = {json.dumps(value)[:60]}", edited(both, "game.config_schema", schema)
    for shape, config in properties():
        schema = config_schema()
        schema["properties"]["it"] = shape
        schema["$defs"] = {
            "name": {"type": "string"},
            "self": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/self"}]},
        }
        name = f"it = {json.dumps(config)[:60]} under {json.dumps(shape)[:80]}"
        manifest = edited(both, "game.config_schema", schema)
        yield name, edited(manifest, "variants.0.game_config", {"it": config})
    yield "broken results", edited(both, "game.results_schema", {"type": "nonsense"})
    for key in ("player_names", "slots"):
        schema = config_schema()
        schema["properties"][key] = {"items": {"properties": {"name": {}}}}
        yield f"names in {key}", edited(both, "game.config_schema", schema)
