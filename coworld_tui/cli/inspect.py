"""``inspect``: what a run directory holds."""

from __future__ import annotations

import contextlib
import stat
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..runs.directory import LAYOUT, MANIFEST, RUN_ID
from ..runs.index import RunEntry, read_run
from ..runs.paths import runs_dir
from .output import number, tell, tell_json

_MOST_FILES = 1_000


def inspect(options: Namespace) -> int:
    """Describe a run directory; exit 1 when something in it is broken."""
    run = read_run(find_run(options.path))
    document = describe(run)
    if options.json:
        tell_json(document)
    else:
        for line in _lines(document):
            tell(line)
    return EXIT_FAILED if document["problems"] else EXIT_DONE


def find_run(text: str) -> Path:
    """The directory that a path or a run id names. CoworldError (exit 2) when there is none."""
    path = Path(text)
    if RUN_ID.match(text) and not path.exists():
        path = runs_dir() / text
    if path.name == MANIFEST:
        path = path.parent
    if not path.is_dir():
        raise CoworldError(
            "run_missing",
            f"there is no run {text}",
            cause="no such folder, and no run of that id",
            next_step="coworld-tui paths  (runs lie there, one folder each)",
            exit_code=EXIT_USAGE,
        )
    return path.resolve()


def describe(run: RunEntry) -> dict[str, Any]:
    """The ``--json`` object. ``ticks`` is the first and the last; ``problems`` is empty when all is well."""
    problems = [run.problem] if run.problem else []
    frames, ticks = 0, None
    try:
        frames, ticks = _recorded(run.path / "artifacts")
    except Exception as error:  # pyarrow raises many kinds for a broken file; each is one problem line
        problems.append(f"recording unreadable: {type(error).__name__}")
    result = run.result
    return {
        "kind": "run",
        "format": run.kind or None,
        "run_id": run.run_id,
        "path": str(run.path),
        "status": run.status,
        "operation": run.operation,
        "created_at": run.created_at,
        "seconds": result.get("seconds"),
        "frames": frames,
        "ticks": ticks,
        "players": result.get("slots"),
        "scores": result.get("scores"),
        "error": result.get("problem"),
        "files": _files(run.path),
        "problems": problems,
    }


def _recorded(artifacts: Path) -> tuple[int, list[int] | None]:
    from ..replay.recording import open_recording

    recording = open_recording(artifacts)
    if recording is None or not len(recording):
        return 0, None
    first, last = recording.frame(0).tick, recording.frame(len(recording) - 1).tick
    return len(recording), [first, last] if first is not None and last is not None else None


def _files(root: Path) -> list[dict[str, Any]]:
    """The plain files of a run, at most a thousand. One that goes away meanwhile is left out."""
    found = []
    for part in LAYOUT:
        for path in sorted((root / part).glob("**/*")):
            with contextlib.suppress(OSError):
                details = path.lstat()
                if stat.S_ISREG(details.st_mode):
                    found.append({"path": path.relative_to(root).as_posix(), "bytes": details.st_size})
    return found[:_MOST_FILES]


def _lines(document: dict[str, Any]) -> list[str]:
    """The document for people. What comes from the manifest may be anything."""
    lines = [f"{document['run_id']}  {document['status']}  {document['operation']}  {document['created_at']}"]
    players, scores = _list(document["players"]), _list(document["scores"])
    for slot, name in enumerate(players):
        score = scores[slot] if slot < len(scores) else None
        shown = number(score) if isinstance(score, int | float) else "—"
        lines.append(f"  slot {slot}  {safe_line(str(name), 32):<32}  {shown:>8}")
    if document["ticks"]:
        first, last = document["ticks"]
        lines.append(f"  {document['frames']} frames, ticks {first} to {last}")
    error = document["error"]
    if isinstance(error, dict):
        lines.append(f"  ✗ {error.get('title')}: {error.get('cause')}")
        lines.append(f"    next  {error.get('next_step')}")
    lines += [f"  {file['bytes']:>10}  {file['path']}" for file in document["files"]]
    lines += [f"  problem: {problem}" for problem in document["problems"]]
    return lines


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
