"""Run by a published ``coworld`` client's Python: does it accept a run directory of ours as one of its own?

Arguments: the run directory. Prints the results it read and the replay it would load, as JSON.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any


def read(run: Path) -> dict[str, Any]:
    """Load package, request, results, status and replay with the client's own functions."""
    certifier = importlib.import_module("coworld.certifier")
    runner = importlib.import_module("coworld.runner.runner")
    manifest_uri = importlib.import_module("coworld.manifest_uri")
    tolerant = "tolerate_newer_fields" in inspect.signature(certifier.load_coworld_package).parameters
    options = {"tolerate_newer_fields": True} if tolerant else {}
    package = certifier.load_coworld_package(run / "inputs" / "coworld_manifest.json", **options)
    job = certifier.load_manifest_episode_job_spec(package, run / "inputs" / "episode_request.json")
    artifacts = runner.EpisodeArtifacts.create(run / "workspace")
    results = certifier.load_results(package, artifacts)
    compressed = getattr(artifacts, "compressed_replay_path", None)
    with manifest_uri.materialized_replay_path((compressed or artifacts.replay_path).as_uri()) as replay:
        frames = len(json.loads(replay.read_bytes())["frames"])
    logs = [artifacts.game_stdout_path, artifacts.game_stderr_path]
    logs += [artifacts.policy_log_path(slot) for slot in range(len(job.players))]
    return {"results": results, "frames": frames, "logs": [log.is_file() for log in logs]}


if __name__ == "__main__":
    json.dump(read(Path(sys.argv[1]).resolve()), sys.stdout)
