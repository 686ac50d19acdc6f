"""The grader: how much there was to see in a game, from 0 to 1. ``python -m game.roles.grader``.

Reads COGAME_EPISODE_BUNDLE_URI, writes COGAME_GRADE_URI.
"""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

from .. import files
from .episode import Episode, load


def grade(episode: Episode) -> dict[str, Any]:
    """Close games with many changes of the lead are worth watching."""
    scores = episode.results["scores"]
    closeness = min(scores) / max(scores) if max(scores) > 0 else 0.0
    changes = lead_changes([frame["scores"] for frame in episode.replay["frames"]])
    return {
        "grader_id": "suspense",
        "score": round(0.7 * closeness + 0.3 * min(1.0, changes / 4), 4),
        "closeness": round(closeness, 4),
        "lead_changes": changes,
    }


def lead_changes(scores: list[list[int]]) -> int:
    """How often the lead passed from one to the other; while it is shared it stays with whom it was."""
    leaders = [int(one < other) for one, other in scores if one != other]
    return sum(before != after for before, after in pairwise(leaders))


if __name__ == "__main__":
    found = grade(load(os.environ["COGAME_EPISODE_BUNDLE_URI"]))
    files.write(os.environ["COGAME_GRADE_URI"], files.to_json(found))
