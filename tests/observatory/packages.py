"""Packages to upload: Paint Arena with other images, and one with every kind of file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coworld_tui.contract.package import Package, read_package

UPLOADED = "img_00000000-0000-0000-0000-000000000000"
"""An image that needs no upload."""


def container_package(source: Path, folder: Path, image: str, **game: Any) -> Package:
    """The manifest at ``source`` with ``image`` in all places; ``game`` replaces members of its game."""
    document = json.loads(source.read_bytes())
    document["game"].update(game)
    document["game"]["runnable"]["image"] = image
    for section in ("player", "commissioner", "grader", "diagnoser", "optimizer"):
        for role in document.get(section) or []:
            role["image"] = image
    return written(document, folder)


def file_package(source: Path, folder: Path, image: str, **game: Any) -> Package:
    """Players that are files, a reporter's component beside one of the platform, and a replay viewer."""
    document = container_package(source, folder, image, **game).raw
    document["game"]["player_runtime"] = "game-hosted"
    document["game"]["replay_viewer"] = {"bundle": "viewer", "replay_compression": "identity"}
    document["player"][0].update(file="players/sweep")
    del document["player"][0]["image"], document["player"][0]["run"]
    outputs = [{"name": "recap", "type": "text", "description": "What happened."}]
    component = {"wasm": "build/recap.wasm", "id": "round-recap"}
    attributes = {"purpose": "Sums a round up.", "outputs": outputs}
    document["reporter"] = [{**component, "attributes": attributes}, {"reporter": "abc/other@2"}]
    for name in (
        "players/sweep/main.py",
        "players/sweep/lib/a.py",
        "build/recap.wasm",
        "viewer/index.html",
        "viewer/js/a.js",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return written(document, folder)


def written(document: dict[str, Any], folder: Path) -> Package:
    """The package of a manifest that is written to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coworld_manifest.json").write_text(json.dumps(document))
    return read_package(folder)
