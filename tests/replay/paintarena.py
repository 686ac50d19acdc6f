"""Frames in the shape of Paint Arena (contract 5.1)."""

from __future__ import annotations

from typing import Any


def state(tick: int = 0, width: int = 4, height: int = 3, **changes: Any) -> dict[str, Any]:
    """A frame in which slot 0 has painted the first ``tick`` tiles."""
    frame = {
        "type": "state",
        "width": width,
        "height": height,
        "positions": [[0, 0], [width - 1, height - 1]],
        "tile_owners": [0 if index < tick else -1 for index in range(width * height)],
        "scores": [tick, 0],
        "player_names": ["Sweep Painter 1", "Sweep Painter 2"],
        "tick": tick,
        "max_ticks": 60,
        "done": False,
    }
    return frame | changes
