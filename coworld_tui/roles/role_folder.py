"""Where a role's outputs and logs go: into the run it looked at, a folder of choice, or a run of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.package import Package
from ..contract.text import safe_line
from ..replay.blob import open_regular
from ..replay.episode_files import EpisodeFiles
from ..runs.directory import RunDirectory, unwritable, write_json
from ..runs.redact import Redactor
from .listing import RoleEntry
from .role_inputs import OFFERED, Earlier

ROLES = "roles"
"""The folder below a run's artifacts, one folder a role run in it."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_RUNS = 10_000
_NAME_LIMIT = 60
_RECORD_LIMIT = 1 << 20
_MOST_EARLIER = 100
_EARLIER_LIMIT = 64 << 20


class RoleFolder:
    """A fresh folder. ``run`` is the run directory that was made for it, where there was none."""

    def __init__(self, path: Path, run: RunDirectory | None = None) -> None:
        self.path = path
        self._run = run

    @classmethod
    def create(
        cls,
        package: Package,
        episode: EpisodeFiles,
        entry: RoleEntry,
        output_dir: Path | None,
        backend: str,
        command: str = "",
    ) -> RoleFolder:
        """Make it. CoworldError (exit 2) ``output_exists`` or ``workspace_unwritable``."""
        try:
            if output_dir is not None:
                output_dir.mkdir(parents=True, exist_ok=True)
                if any(output_dir.iterdir()):
                    raise CoworldError(
                        "output_exists",
                        f"{safe_line(str(output_dir), 120)} already holds files",
                        next_step="give --output-dir a new or empty folder",
                        exit_code=EXIT_USAGE,
                    )
                return cls(output_dir.resolve())
            if episode.run is not None:
                return cls(_next_folder(episode.path / "artifacts" / ROLES, entry))
            run = RunDirectory.create()
            run.begin(
                kind="role",
                command=Redactor().text(command),
                provider=backend,
                operation=f"{package.name}:{entry.section}",
                inputs={"manifest": package.source, "source": str(episode.path), "role": entry.id},
            )
            write_json(run.inputs / "coworld_manifest.json", package.raw)
            return cls(_next_folder(run.artifacts / ROLES, entry), run)
        except OSError as error:
            raise unwritable(output_dir or error.filename or "the runs", error) from error

    def finish(self, status: str, outcome: Mapping[str, Any]) -> None:
        """Close the manifest of the run made for it, if one was. OSError as the system gives it."""
        if self._run is not None:
            result = {key: outcome[key] for key in ("role", "id", "outputs", "seconds")}
            if outcome["error"] is not None:
                result["error"] = outcome["error"]["title"]
                result["problem"] = outcome["error"]
            artifacts = {"role": self._run.relative(self.path / "role.json")}
            self._run.finish(status=status, result=result, artifacts=artifacts, event_count=0)


def earlier_outputs(episode: EpisodeFiles) -> list[Earlier]:
    """What roles that passed have written about a run before, oldest first; nothing for other sources."""
    found: list[Earlier] = []
    if episode.run is None:
        return found
    records = (episode.path / "artifacts" / ROLES).glob("*/role.json")
    for record in sorted(records, key=lambda path: path.parent.name)[:_MOST_EARLIER]:
        try:
            with open_regular(record) as stream:
                outcome = json.loads(stream.read(_RECORD_LIMIT))
        except (OSError, ValueError, RecursionError):
            continue
        role = outcome.get("role") if isinstance(outcome, dict) else None
        if role in OFFERED and outcome.get("status") == "passed":
            paths = (record.parent / name for name in OFFERED[role])
            found += (Earlier(role, path) for path in paths if _is_small_file(path))
    return found


def _is_small_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= _EARLIER_LIMIT


def _next_folder(place: Path, entry: RoleEntry) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    name = _UNSAFE.sub("-", entry.id).strip(".-")[:_NAME_LIMIT] or "role"
    for number in range(1, _MOST_RUNS):
        path = place / f"{entry.section}-{name}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise OSError(0, "too many runs of this role", str(place))
