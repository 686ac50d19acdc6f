"""Folders of replays to list, and the rows a library makes of them."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

from coworld_tui.replay.library import Library, LibraryRow
from coworld_tui.runs.paths import runs_dir

from .paintarena import state

REPLAY = {
    "config": {"players": [{"name": "Ada"}, {"name": "Bob"}], "tokens": ["secret-1", "secret-2"]},
    "player_names": ["Ada", "Bob"],
    "frames": [state(tick) for tick in range(1, 8)],
    "results": {"scores": [4.0, 3.0]},
}
REPLAY_BYTES = json.dumps(REPLAY).encode()


def listed(library: Library) -> list[LibraryRow]:
    """Everything there is to list."""
    while library.advance():
        pass
    return library.rows


def rows_in(*folders: Path) -> list[LibraryRow]:
    """All rows below some folders, described."""
    library = Library(folders)
    return [library.describe(row) for row in listed(library)]


def only(folder: Path) -> LibraryRow:
    """The one row below a folder, described."""
    (row,) = rows_in(folder)
    return row


def file(path: Path, content: bytes | Any, when: int = 0) -> Path:
    """A file of these bytes or this JSON, of that time if one is given (seconds)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    if when:
        os.utime(path, (when, when))
    return path


def run(name: str, manifest: bytes | Any) -> Path:
    """The folder of a run with this manifest."""
    return file(runs_dir() / name / "run_manifest.json", manifest).parent


def passed(**changes: Any) -> dict[str, Any]:
    """The manifest of a run that passed."""
    return {
        "status": "passed",
        "kind": "episode",
        "operation": "paintarena:wide",
        "result_summary": {
            "scores": [53, 43.5],
            "slots": ["Ada", "Bob"],
            "frames": {"recorded": 20, "distinct_ticks": 19},
        },
    } | changes


def bundle(path: Path, manifest: Any, **entries: bytes) -> Path:
    """A zip of ``manifest.json`` and these entries: ``a__b_json`` is ``a/b.json``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if manifest is not None:
            archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return path
