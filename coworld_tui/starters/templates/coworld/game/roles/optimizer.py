"""The optimizer: what to try next, from what the other roles found. ``python -m game.roles.optimizer``.

Reads COWORLD_MANIFEST_URI and COGAME_OPTIMIZER_ID, and as comma lists the optional COGAME_REPORT_URIS,
COGAME_GRADER_OUTPUT_URIS and COGAME_DIAGNOSER_OUTPUT_URIS; writes COGAME_OPTIMIZER_OUTPUT_URI.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from .. import files

_INPUTS = {
    "reports": "COGAME_REPORT_URIS",
    "grader_outputs": "COGAME_GRADER_OUTPUT_URIS",
    "diagnoser_outputs": "COGAME_DIAGNOSER_OUTPUT_URIS",
}


def plan(env: Mapping[str, str]) -> dict[str, Any]:
    """The advice of all diagnoses, the most frequent first."""
    uris = {name: [uri for uri in env.get(key, "").split(",") if uri] for name, key in _INPUTS.items()}
    advice = Counter(each["advice"] for uri in uris["diagnoser_outputs"] for each in findings(uri))
    recommendations = [f"{text} (found {count} times)" for text, count in advice.most_common()]
    return {
        "optimizer_id": env["COGAME_OPTIMIZER_ID"],
        "coworld_name": json.loads(files.read(env["COWORLD_MANIFEST_URI"]))["game"]["name"],
        "policy_workspace_uri": env.get("COGAME_POLICY_WORKSPACE_URI"),
        "input_counts": {name: len(found) for name, found in uris.items()},
        "recommendations": recommendations or ["Play some episodes and have them diagnosed first."],
    }


def findings(uri: str) -> list[dict[str, Any]]:
    """The findings in a diagnosis of this game's diagnoser; none in one of another."""
    try:
        with zipfile.ZipFile(BytesIO(files.read(uri))) as diagnosis:
            found = json.loads(diagnosis.read("findings.json"))
    except (zipfile.BadZipFile, KeyError, ValueError):
        return []
    return [each for each in found if "advice" in each] if isinstance(found, list) else []


if __name__ == "__main__":
    files.write(os.environ["COGAME_OPTIMIZER_OUTPUT_URI"], files.to_json(plan(os.environ)))
