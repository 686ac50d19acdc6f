"""What was uploaded to the made-up world: images, and Coworlds of which one version is canonical."""

from __future__ import annotations

from .people import ME, SOMEONE
from .state import Json, State


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
        row = _coworld(state, name, version, canonical)
        if name in ("secret-garden", "elsewhere"):
            row["visibility"] = "private"
            state.owners[row["id"]] = ME if name == "secret-garden" else SOMEONE


def _coworld(state: State, name: str, version: str, canonical: bool) -> Json:
    coworld_id = state.new_id("cow")
    variant = {"id": "default", "name": "Default", "description": "12 by 8.", "game_config": {"width": 12}}
    row: Json = {
        "id": coworld_id,
        "name": name,
        "version": version,
        "visibility": "public",
        "manifest": {
            "game": {"name": name, "version": version, "runnable": {"type": "game", "image": "game:1"}},
            "variants": [variant],
        },
        "manifest_summary": {
            "description": "Two painters race to cover a grid.",
            "owner": "games@example.com",
            "variants": [{"id": "default", "name": "Default"}],
            "role_counts": {"player": 1, "commissioner": 0, "grader": 0, "diagnoser": 0, "optimizer": 0},
        },
        "manifest_hash": "sha256:" + "ab" * 32,
        "size_bytes": 5321,
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
