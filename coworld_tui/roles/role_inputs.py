"""What a supporting role is given: an episode as files in one folder, and the variables that name them.

Neither published client drives these roles; the names are the documented ones together with those the
published examples read (local.md section 8).
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..contract.errors import CoworldError
from ..contract.generations import replay_filename
from ..contract.package import Package
from ..replay.bundling import BundleOptions, BundlingStoppedError, write_bundle
from ..replay.episode_files import EpisodeFiles
from .listing import RoleEntry

OFFERED = {
    "reporter": ("report.zip", "stats.parquet"),
    "grader": ("grade.json",),
    "diagnoser": ("diagnosis.zip",),
    "optimizer": ("optimizer.json",),
}
"""The names a role is told to write to; one of them must be there at its end."""

_BUNDLE = "bundle.zip"
_RESULTS = "results.json"
_REPLAYS = ("replay", "replay.json")
_METADATA = "episode_metadata.json"
_MANIFEST = "coworld_manifest.json"
_PIECE = 1 << 20
_VARIANT_LIMIT = 200
_FOR_ALL = 0o644


@dataclass(frozen=True)
class Earlier:
    """What a role has written about the same episode before, for the optimizer to read."""

    role: str
    path: Path


def prepare_inputs(
    package: Package,
    episode: EpisodeFiles,
    folder: Path,
    earlier: Sequence[Earlier],
    stopped: Callable[[], bool],
) -> dict[str, list[str]]:
    """Fill ``folder`` with everything a role may ask for; returns names there by what they are.

    Everything is redacted, replays are uncompressed, and whoever may enter ``folder`` may read: the user
    of a container is another than ours. Blocking. CoworldError as ``write_bundle``,
    ``BundlingStoppedError`` when it is no longer wanted.
    """
    bundled = write_bundle(
        episode.path, folder / _BUNDLE, BundleOptions(generation=package.generation), stopped
    )
    found: dict[str, list[str]] = {"bundle": [_BUNDLE], "metadata": [_METADATA], "manifest": [_MANIFEST]}
    with zipfile.ZipFile(folder / _BUNDLE) as bundle:
        if "results" in bundled.include:
            _extract(bundle, _RESULTS, folder / _RESULTS, stopped)
            found["results"] = [_RESULTS]
        if "replay" in bundled.include:
            first, second = (folder / name for name in _REPLAYS)
            _extract(bundle, replay_filename(package.generation), first, stopped)
            os.link(first, second)
            found["replay"] = [_REPLAYS[1]]  # readers of 0.1.11 go by the ending
    _write_json(folder / _METADATA, episode_metadata(package, episode))
    _write_json(folder / _MANIFEST, package.raw)
    for at, one in enumerate(earlier):
        name = f"earlier-{at}-{one.path.name}"
        shutil.copyfile(one.path, folder / name, follow_symlinks=False)
        found.setdefault(one.role, []).append(name)
    for path in folder.iterdir():
        path.chmod(_FOR_ALL)
    return found


def role_environment(
    entry: RoleEntry, inputs: Mapping[str, Sequence[str]], input_uri: str, output_uri: str, target: str
) -> dict[str, str]:
    """The variables of a role: the manifest's, then the contract's own, for the inputs that are there.

    ``input_uri`` and ``output_uri`` are the two folders as the role sees them, such as ``file:///input``.
    """

    def given(**names: str) -> dict[str, str]:
        uris = {
            name: [f"{input_uri}/{file}" for file in inputs.get(what, ())] for name, what in names.items()
        }
        return {name: ",".join(files) for name, files in uris.items() if files}

    def offered(name: str) -> str:
        return f"{output_uri}/{name}"

    match entry.section:
        case "reporter":
            report, stats = OFFERED["reporter"]
            own = {
                **given(
                    COGAME_EPISODE_BUNDLE_URI="bundle",
                    COGAME_RESULTS_URI="results",
                    COGAME_REPLAY_URI="replay",
                    COGAME_EPISODE_METADATA_URI="metadata",
                ),
                "COGAME_REPORTER_ID": entry.id,
                "COGAME_REPORT_URI": offered(report),
                "COGAME_REPORT_OUTPUT_URI": offered(report),
                "COGAME_REPLAY_STATS_PARQUET_URI": offered(stats),
            }
        case "grader":
            own = {
                **given(COGAME_EPISODE_BUNDLE_URI="bundle"),
                "COGAME_GRADE_URI": offered(*OFFERED["grader"]),
            }
        case "diagnoser":
            own = {
                **given(COGAME_EPISODE_BUNDLE_URI="bundle"),
                "COGAME_TARGET_POLICY_URI": target,
                "COGAME_DIAGNOSIS_URI": offered(*OFFERED["diagnoser"]),
            }
        case _:
            own = {
                **given(
                    COWORLD_MANIFEST_URI="manifest",
                    COGAME_REPORT_URIS="reporter",
                    COGAME_GRADER_OUTPUT_URIS="grader",
                    COGAME_DIAGNOSER_OUTPUT_URIS="diagnoser",
                ),
                "COGAME_OPTIMIZER_ID": entry.id,
                "COGAME_OPTIMIZER_OUTPUT_URI": offered(*OFFERED["optimizer"]),
            }
    return {**entry.env, **own}


def episode_metadata(package: Package, episode: EpisodeFiles) -> dict[str, Any]:
    """``episode_metadata.json``: what the run's manifest tells, else what the replay does (local.md 8).

    ``variant_id`` is required: without a run it is the package's first.
    """
    variants = package.manifest.variants
    variant = variants[0].id if variants else "certification"
    seconds = None
    names: Sequence[str] = ()
    if episode.run is not None:
        variant = episode.run.operation.partition(":")[2] or variant
        seconds = episode.run.result.get("seconds")
        slots = episode.run.result.get("slots")
        names = [str(name) for name in slots] if isinstance(slots, list) else ()
    metadata: dict[str, Any] = {"episode_id": episode.episode, "variant_id": variant[:_VARIANT_LIMIT]}
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        metadata["duration_seconds"] = seconds
    names = names or _players(episode.path)
    metadata["players"] = [{"slot": slot, "policy_name": name} for slot, name in enumerate(names)]
    return metadata


def _players(path: Path) -> tuple[str, ...]:
    from ..replay.opening import open_replay

    try:
        replay = open_replay(path)
    except CoworldError:
        return ()
    replay.close()
    return replay.players


def _extract(bundle: zipfile.ZipFile, name: str, target: Path, stopped: Callable[[], bool]) -> None:
    with bundle.open(name) as reading, target.open("wb") as writing:
        while piece := reading.read(_PIECE):
            if stopped():
                raise BundlingStoppedError
            writing.write(piece)


def _write_json(path: Path, value: Any) -> None:
    path.write_bytes(json.dumps(value, indent=2).encode())
