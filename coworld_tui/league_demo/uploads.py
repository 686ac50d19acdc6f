"""What was uploaded to the made-up world: images, and Coworlds of which one version is canonical."""

from __future__ import annotations

import hashlib
import json

from .people import ME, SOMEONE
from .state import Json, State

ROLES = ("player", "commissioner", "grader", "diagnoser", "optimizer")


def add_uploads(state: State) -> None:
    """Six images, one not ready; five versions of Coworlds, two of them private."""
    for number in range(6):
        image_id = state.new_id("img")
        state.images[image_id] = {
            "id": image_id,
            "name": "paintarena-game" if number < 3 else "sweeper",
            "version": 1 + number % 3,
            "client_hash": "sha256:" + f"{number:02x}" * 32,
            "status": "ready" if number < 5 else "pending",
            "image_uri": f"registry.example/softmax/{number}:v1",
            "image_digest": "sha256:" + "cd" * 32 if number < 5 else None,
            "public_image_uri": f"registry.example/public/{number}:v1" if number < 5 else None,
        }
    for name, version, canonical in (
        ("paintarena", "0.3.0", False),
        ("paintarena", "0.3.1", True),
        ("maze", "1.0.0", False),
        ("secret-garden", "0.1.0", False),
        ("elsewhere", "0.1.0", False),
    ):
        row = add_coworld(state, painting_manifest(name, version), canonical)
        if name in ("secret-garden", "elsewhere"):
            row["visibility"] = "private"
            state.owners[row["id"]] = ME if name == "secret-garden" else SOMEONE


def painting_manifest(name: str, version: str) -> Json:
    """As much of a manifest as a reader of lists looks at."""
    return {
        "game": {
            "name": name,
            "version": version,
            "description": "Two painters race to cover a grid.",
            "owner": "games@example.com",
            "runnable": {"type": "game", "image": "game:1"},
        },
        "variants": [
            {"id": "default", "name": "Default", "description": "12 by 8.", "game_config": {"width": 12}}
        ],
        "player": [{"id": "one"}],
    }


def add_coworld(state: State, manifest: Json, canonical: bool) -> Json:
    """An uploaded Coworld that everyone may see."""
    coworld_id = state.new_id("cow")
    name, version = manifest["game"]["name"], manifest["game"]["version"]
    stored = json.dumps(manifest, sort_keys=True).encode()
    row: Json = {
        "id": coworld_id,
        "name": name,
        "version": version,
        "visibility": "public",
        "manifest": manifest,
        "manifest_summary": {
            "description": manifest["game"]["description"],
            "owner": manifest["game"]["owner"],
            "variants": [{"id": row["id"], "name": row["name"]} for row in manifest["variants"]],
            "role_counts": {role: len(manifest.get(role, ())) for role in ROLES},
        },
        "manifest_hash": f"sha256:{hashlib.sha256(stored).hexdigest()}",
        "size_bytes": len(stored),
        "created_at": state.stamp(),
        "canonical": canonical,
        "forum_markdown_url": f"https://coworld.example/forums/{name}.md",
        "wiki_markdown_url": f"https://coworld.example/wikis/{name}/pages.md",
        "documentation_url": "https://coworld.example/docs",
        "certification_status_url": f"https://coworld.example/{coworld_id}/certification",
        "certification_transcript_url": f"https://coworld.example/{coworld_id}/certification/transcript",
    }
    state.coworlds[coworld_id] = row
    return row
