"""``inspect``: what a replay, a bundle or a run directory holds."""

from __future__ import annotations

import contextlib
import math
import stat
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..replay.source import FrameSource, Replay
from ..runs.directory import LAYOUT, MANIFEST, RUN_ID
from ..runs.paths import runs_dir
from .output import number, tell, tell_json

_MOST_FILES = 1_000
_MOST_SERIES = 64
_NAME_WIDTH = 32
_LIST_WIDTH = 100
_LONGEST_NUMBER = 1_024
_IDLE_ROUNDS = 2


def inspect(options: Namespace) -> int:
    """Describe what a path or run id names; exit 1 when something in it is broken."""
    path = find_replay(options.path)
    document = _run_document(path) if (path / MANIFEST).is_file() else {}
    try:
        replay = opened(path, options)
    except CoworldError as error:
        if not document or error.type not in ("no_replay", "replay_unreadable", "inflated_too_large"):
            raise
        if error.type != "no_replay":
            document["problems"].append(error.title)
    else:
        with contextlib.closing(replay):
            count_all(replay)
            document = _with_run(_document(replay), document)
    if options.json:
        tell_json(_plain(document))
    else:
        for line in _lines(document):
            tell(line)
    return EXIT_FAILED if document["problems"] else EXIT_DONE


def find_replay(text: str) -> Path:
    """What a path or a run id names. CoworldError (exit 2) when there is nothing."""
    path = Path(text)
    try:
        exists = path.exists()
    except (OSError, ValueError):
        exists = False
    if RUN_ID.match(text) and not exists:
        path = runs_dir() / text
        if not path.is_dir():
            raise CoworldError(
                "run_missing",
                f"there is no run {text}",
                cause="no such folder, and no run of that id",
                next_step="coworld-tui paths  (runs lie there, one folder each)",
                exit_code=EXIT_USAGE,
            )
    elif not exists:
        raise CoworldError(
            "replay_missing",
            f"there is no {safe_line(text, 120)}",
            next_step="give a run, a workspace, a bundle or a replay file",
            exit_code=EXIT_USAGE,
        )
    if path.name == MANIFEST:
        path = path.parent
    return path.resolve()


def opened(path: Path, options: Namespace) -> Replay:
    """The replay at ``path``, inflated no further than ``--max-inflated``."""
    from ..replay.opening import DEFAULT_INFLATED_LIMIT, open_replay

    return open_replay(path, max_inflated=options.max_inflated or DEFAULT_INFLATED_LIMIT)


def count_all(replay: Replay) -> None:
    """Count every frame there is now, and gather what only the end tells."""
    from ..replay.opening import settle

    count_until(replay.source, lambda: False)
    settle(replay)


def count_until(source: FrameSource, are_enough: Callable[[], bool]) -> None:
    """Count frames until there are enough, or all there are now."""
    idle = 0
    while not (source.is_complete or are_enough()) and idle < _IDLE_ROUNDS:
        idle = 0 if source.advance() else idle + 1


def _document(replay: Replay) -> dict[str, Any]:
    """The ``--json`` object of anything that could be opened."""
    source = replay.source
    count = len(source)
    ticks = [_tick(source, index) for index in (0, count - 1)] if count else []
    return {
        "kind": replay.kind,
        "format": source.format,
        "path": str(replay.path),
        "episode": replay.episode or None,
        "game": replay.game or None,
        "source": replay.note,
        "frames": count,
        "ticks": ticks if ticks and None not in ticks else None,
        "players": list(replay.players) or None,
        "scores": list(replay.scores) or None,
        "results": replay.results,
        "series": _series(source),
        "events": len(replay.declared),
        "files": [{"path": file.name, "bytes": file.size} for file in replay.files[:_MOST_FILES]],
        "problems": list(replay.problems),
    }


def _tick(source: FrameSource, index: int) -> int | None:
    try:
        return source.tick(index)
    except OSError:
        return None


def _run_document(path: Path) -> dict[str, Any]:
    """What a run's manifest says, and its files; ``problems`` is empty when all is well."""
    from ..runs.index import read_run

    run = read_run(path)
    result = run.result
    return {
        "kind": "run",
        "format": None,
        "run_id": run.run_id,
        "path": str(run.path),
        "status": run.status,
        "operation": run.operation,
        "created_at": run.created_at,
        "seconds": result.get("seconds"),
        "frames": 0,
        "recorded": _recorded(result.get("frames")),
        "ticks": None,
        "players": result.get("slots"),
        "scores": result.get("scores"),
        "results": None,
        "series": [],
        "error": result.get("problem"),
        "files": _files(run.path),
        "problems": [run.problem] if run.problem else [],
    }


def _recorded(frames: Any) -> Any:
    """How many frames were received, duplicates and all; null when the run does not say."""
    return frames.get("recorded") if isinstance(frames, dict) else None


def _with_run(found: dict[str, Any], run: dict[str, Any]) -> dict[str, Any]:
    """What was found in a replay, and what the manifest of its run adds; all the files of the run."""
    if not run:
        return found
    said = {key: found[key] or run[key] for key in ("players", "scores")}
    return {**run, **found, **said, "files": run["files"]}


def _series(source: FrameSource) -> list[str]:
    """Paths of numbers in the first, the middle and the last frame."""
    from ..replay.lenses.choose import decode_frame
    from ..replay.paths import dotted, numeric_paths

    found: dict[str, None] = {}
    for index in sorted({0, len(source) // 2, len(source) - 1} if len(source) else ()):
        with contextlib.suppress(OSError):
            frame = decode_frame(source.payload(index), source.kind(index))
            found |= dict.fromkeys(dotted(path) for path in numeric_paths(frame, _MOST_SERIES))
    return list(found)[:_MOST_SERIES]


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
    """The document for people. What comes from a manifest may be anything."""
    if "run_id" in document:
        heading = (document[key] for key in ("run_id", "status", "operation", "created_at"))
    else:
        heading = (document[key] for key in ("path", "kind", "game", "episode"))
    lines = ["  ".join(safe_line(str(part), _LIST_WIDTH) for part in heading if part)]
    players, scores = _list(document["players"]), _list(document["scores"])
    for slot in range(max(len(players), len(scores))):
        name = safe_line(str(players[slot]), _NAME_WIDTH) if slot < len(players) else ""
        score = scores[slot] if slot < len(scores) else None
        shown = number(score) if isinstance(score, int | float) else "—"
        lines.append(f"  slot {slot}  {name:<{_NAME_WIDTH}}  {shown:>8}")
    if document["frames"]:
        ticks = document["ticks"]
        span = f", ticks {ticks[0]} to {ticks[1]}" if ticks else ", no ticks"
        lines.append(f"  {document['frames']} frames{span}")
        lines.append(f"  {'frames':<7} {document['format']}, from {document['source']}")
    if document.get("events"):
        lines.append(f"  {'events':<7} {document['events']} declared")
    lines += _wrapped("series", document["series"])
    error = document.get("error")
    if isinstance(error, dict):
        lines.append(f"  ✗ {error.get('title')}: {error.get('cause')}")
        lines.append(f"    next  {error.get('next_step')}")
    lines += [f"  {file['bytes']:>10}  {file['path']}" for file in document["files"]]
    lines += [f"  problem: {problem}" for problem in document["problems"]]
    return lines


def _wrapped(label: str, words: Sequence[str]) -> Iterable[str]:
    """Words under a label, in lines of at most a hundred characters."""
    line = ""
    for word in words:
        if line and len(line) + len(word) + 2 > _LIST_WIDTH - len(label):
            yield f"  {label:<7} {line}"
            label, line = "", ""
        line += f"{word}  "
    if line:
        yield f"  {label:<7} {line.rstrip()}"


def _plain(value: Any) -> Any:
    """The value with null for numbers that JSON does not have or no reader could hold."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        return None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
