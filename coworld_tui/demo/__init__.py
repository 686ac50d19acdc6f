"""Enclosure, the bundled Coworld: a small territory game that runs with or without Docker.

``rules`` and ``policies`` are the game itself, without I/O. ``game`` is the server a runner starts
(``python -m coworld_tui.demo.game``), ``player`` the client (``python -m coworld_tui.demo.player
--policy hunter``). Nothing here imports the rest of coworld_tui, so that the folder alone, with
websockets and msgspec, is the whole image.
"""

from __future__ import annotations

from pathlib import Path


def manifest_path() -> Path:
    """Where ``coworld_manifest.json`` of the bundled Coworld is."""
    return Path(__file__).parent / "coworld_manifest.json"
