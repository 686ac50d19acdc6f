"""Run by a published ``coworld`` client's Python: what does it make of a manifest, requests and overrides?

Reads one JSON job from stdin, ``{manifest, requests[], plans[{variant, images, run}]}``, and prints
``{package, requests[], plans[]}``: null or the error for each document, the episode for each plan.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Load the job's package tolerantly where the client can, then try everything against it."""
    certifier = importlib.import_module("coworld.certifier")
    folder = Path(tempfile.mkdtemp())
    path = folder / "coworld_manifest.json"
    path.write_text(json.dumps(job["manifest"]))
    tolerant = "tolerate_newer_fields" in inspect.signature(certifier.load_coworld_package).parameters
    try:
        package = certifier.load_coworld_package(
            path, **({"tolerate_newer_fields": True} if tolerant else {})
        )
    except Exception as error:
        return {"package": repr(error), "requests": [], "plans": []}

    def accepted(request: Any) -> str | None:
        path = folder / "episode_request.json"
        path.write_text(json.dumps(request))
        try:
            certifier.load_manifest_episode_job_spec(package, path)
        except Exception as error:
            return repr(error)
        return None

    def planned(plan: dict[str, Any]) -> dict[str, Any]:
        try:
            spec = certifier.build_manifest_episode_job_spec(
                package,
                variant_id=plan["variant"],
                player_images=plan["images"] or None,
                player_run=plan["run"] or None,
            )
        except Exception as error:
            return {"error": repr(error)}
        players = [player.model_dump(include={"image", "run", "env"}) for player in spec.players]
        return {"game_config": spec.game_config, "players": players}

    return {
        "package": None,
        "requests": [accepted(request) for request in job["requests"]],
        "plans": [planned(plan) for plan in job["plans"]],
    }


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
