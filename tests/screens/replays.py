"""Small replays on disk for the screens to open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.replay.paintarena import state

FRAMES = 60


def workspace(folder: Path, name: str = "episode", *, offset: int = 0) -> Path:
    """What an episode of 60 frames leaves: replay, results, config and a log that names ticks.

    Slot 0 paints a tile every third tick from the first on; ``offset`` delays that.
    """
    place = folder / name
    (place / "logs").mkdir(parents=True)
    frames = [frame(tick, offset) for tick in range(1, FRAMES + 1)]
    results = {"scores": [20.0, 15.0], "ticks": FRAMES}
    config = {
        "width": 8,
        "height": 6,
        "tick_rate": 10,
        "players": [{"name": "Ann"}, {"name": "Bob"}],
        "tokens": ["very-quiet-token", "other-quiet-token"],
    }
    replay = {"config": config, "player_names": ["Ann", "Bob"], "frames": frames, "results": results}
    (place / "replay.json").write_text(json.dumps(replay))
    (place / "results.json").write_text(json.dumps(results))
    (place / "config.json").write_text(json.dumps(config))
    log = "".join(f"tick {tick}: somebody moves\n" for tick in range(1, FRAMES + 1))
    (place / "logs" / "game.stdout.log").write_text(log)
    return place


def frame(tick: int, offset: int = 0) -> dict[str, Any]:
    """One frame: slot 0 paints from the top, slot 1 from the bottom and falls behind from tick 30 on."""
    mine, theirs = max(0, tick - offset) // 3, min(tick, 30) // 2
    owners = [0] * mine + [-1] * (48 - mine - theirs) + [1] * theirs
    return state(
        tick,
        8,
        6,
        tile_owners=owners,
        scores=[mine, theirs],
        positions=[[tick % 8, 0], [7, tick % 6]],
        player_names=["Ann", "Bob"],
    )
