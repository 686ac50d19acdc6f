"""Reading run directories back: newest first, broken ones as rows, never as errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .directory import MANIFEST, RUN_ID
from .owner import Owner
from .paths import runs_dir

_LARGEST_MANIFEST = 4 << 20


@dataclass(frozen=True)
class RunEntry:
    """One run as its manifest tells it. ``status`` is ``stale`` when its owner died while running."""

    run_id: str
    path: Path
    status: str
    kind: str = ""
    operation: str = ""
    created_at: str = ""
    problem: str = ""
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def result(self) -> dict[str, Any]:
        """The ``result_summary``: scores, duration, error."""
        summary = self.manifest.get("result_summary")
        return summary if isinstance(summary, dict) else {}


def read_run(path: Path) -> RunEntry:
    """Read one run directory. A missing or broken manifest gives status ``unreadable`` and a ``problem``."""
    run_id = path.name
    file = path / MANIFEST
    try:
        if file.stat().st_size > _LARGEST_MANIFEST:
            return RunEntry(run_id, path, "unreadable", problem="manifest-too-large")
        manifest = json.loads(file.read_bytes())
    except FileNotFoundError:
        return RunEntry(run_id, path, "unreadable", problem="manifest-missing")
    except OSError:
        return RunEntry(run_id, path, "unreadable", problem="manifest-unreadable")
    except (ValueError, RecursionError):
        return RunEntry(run_id, path, "unreadable", problem="manifest-invalid-json")
    if not isinstance(manifest, dict):
        return RunEntry(run_id, path, "unreadable", problem="manifest-not-object")

    def text(key: str) -> str:
        return str(manifest.get(key, ""))[:500]

    status = text("status") or "unreadable"
    if status == "running":
        owner = Owner.parse(text("owner"))
        if owner is None or owner.is_dead():
            status = "stale"
    return RunEntry(
        run_id=run_id,
        path=path,
        status=status,
        kind=text("kind"),
        operation=text("operation"),
        created_at=text("created_at"),
        manifest=manifest,
    )


def newest_runs(limit: int, operation_prefix: str = "") -> Iterator[RunEntry]:
    """The latest runs whose ``operation`` starts with the prefix, newest first, at most ``limit``."""
    try:
        names = sorted(
            (entry.name for entry in runs_dir().iterdir() if RUN_ID.match(entry.name)), reverse=True
        )
    except OSError:
        return
    found = 0
    for name in names:
        entry = read_run(runs_dir() / name)
        if entry.operation.startswith(operation_prefix):
            yield entry
            found += 1
            if found == limit:
                return
