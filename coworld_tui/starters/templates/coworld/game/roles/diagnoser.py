"""The diagnoser: what one player did badly. ``python -m game.roles.diagnoser``.

Reads COGAME_EPISODE_BUNDLE_URI and COGAME_TARGET_POLICY_URI, the name or the slot of a player; for anything
else it looks at both. Writes COGAME_DIAGNOSIS_URI: a zip with a page to read and findings to compute with.
"""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from itertools import pairwise
from typing import Any

from .. import files
from ..rules import BASKET
from .episode import Episode, load

Finding = dict[str, Any]


def diagnose(episode: Episode, slot: int) -> list[Finding]:
    """The findings about one slot, each with a number and a piece of advice."""
    frames, results = episode.replay["frames"], episode.results
    places = [frame["positions"][slot] for frame in frames]
    still = sum(before == after for before, after in pairwise(places))
    left = frames[-1]["carrying"][slot]
    findings = []

    def find(kind: str, value: float, advice: str) -> None:
        findings.append({"slot": slot, "finding": kind, "value": round(value, 2), "advice": advice})

    if still > 0.1 * len(frames):
        find("ticks_without_a_step", still, "It stood still or bumped often: walk round the rival.")
    if left:
        find("apples_never_delivered", left, "It was late: leave for the barn while there is time.")
    if results["deliveries"][slot] and results["picked"][slot] / results["deliveries"][slot] < BASKET - 1:
        load_size = results["picked"][slot] / results["deliveries"][slot]
        find("apples_per_delivery", load_size, f"Full baskets pay best: carry up to {BASKET} home at once.")
    return findings


def slots_of(episode: Episode, target: str) -> list[int]:
    """The slots that a target means: by number, by player name, otherwise all."""
    names = episode.replay["player_names"]
    return [slot for slot, name in enumerate(names) if target in (str(slot), name)] or list(range(len(names)))


def page(episode: Episode, findings: list[Finding]) -> str:
    """The findings as Markdown."""
    lines = ["# Diagnosis", ""]
    for slot, name in enumerate(episode.replay["player_names"]):
        lines.append(f"- slot {slot}, {name}: {episode.results['scores'][slot]} points")
    lines += ["", "## Findings", ""]
    for each in findings:
        lines.append(f"- slot {each['slot']}: {each['finding']} {each['value']}. {each['advice']}")
    return "\n".join([*lines, *([] if findings else ["- nothing to complain about"]), ""])


def packed(entries: dict[str, bytes]) -> bytes:
    """The entries as a zip."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return content.getvalue()


if __name__ == "__main__":
    played = load(os.environ["COGAME_EPISODE_BUNDLE_URI"])
    targets = slots_of(played, os.environ.get("COGAME_TARGET_POLICY_URI", ""))
    found = [finding for slot in targets for finding in diagnose(played, slot)]
    about = {"diagnoser_id": "orchard-coach", "render": "diagnosis.md", "findings": "findings.json"}
    files.write(
        os.environ["COGAME_DIAGNOSIS_URI"],
        packed(
            {
                "manifest.json": files.to_json(about),
                "diagnosis.md": page(played, found).encode(),
                "findings.json": files.to_json(found),
            }
        ),
    )
