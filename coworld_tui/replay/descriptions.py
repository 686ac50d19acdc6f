"""What an episode was, told from small documents around it and from the beginning of its replay."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..runs.index import read_run
from .archive import Archive
from .blob import open_regular, reason_of
from .bundles import Found, archive_parts, bundle_parts
from .candidates import Kind
from .decoding import json_or_none
from .downloads import INDEX, Listed
from .folders import Folder
from .heads import HEAD_BYTES, Head, head_of, head_of_file
from .naming import game_in, names_of, players_in, scores_in, scores_of
from .parts import Contents, usual_parts

_TEXT_LIMIT = 120
_DOCUMENT_BYTES = 4 << 20
_INDEX_BYTES = 64 << 20
_DIRECTORY_BYTES = 1 << 20
_END_OF_ZIP = struct.Struct("<4s4H2LH")
_SAID_ELSEWHERE = 0xFFFFFFFF  # zip64
_BUNDLE_DEPTH = 2
_ZIP_MAGIC = b"PK"
_RUN_PROBLEMS = {
    "manifest-missing": "run_manifest.json is missing",
    "manifest-too-large": "run_manifest.json is larger than any real one",
    "manifest-unreadable": "run_manifest.json cannot be opened",
    "manifest-invalid-json": "run_manifest.json is not JSON",
    "manifest-not-object": "run_manifest.json is JSON, but not an object",
}


@dataclass(frozen=True)
class Description:
    """What is known of an episode. ``players`` and ``scores`` are by slot; ``length`` is in frames.

    ``size`` is that of the replay in bytes where ``where`` itself is a folder. ``problem`` is one line.
    An episode that is not ``settled`` still goes on: look again.
    """

    game: str = ""
    players: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    length: int | None = None
    size: int | None = None
    problem: str = ""
    settled: bool = True


def describe(where: str, kind: Kind, inner: str, indexes: DownloadIndexes) -> Description:
    """Describe what lies at ``where``. Never fails: what is wrong is the description's ``problem``."""
    path = Path(where)
    try:
        if kind == "run":
            return _run(path)
        if kind == "workspace" or (kind == "bundle" and inner):
            return _folder(path, kind)
        return _file(path, indexes)
    except FileNotFoundError:
        return Description(problem="is not there any more", settled=False)
    except PermissionError:
        return Description(problem="cannot be opened: permission denied", settled=False)
    except OSError as error:
        return Description(problem=f"cannot be read: {reason_of(error).lower()}")


class DownloadIndexes:
    """The ``index.json`` of the latest folders of downloads, each read once for all files beside it."""

    _KEPT = 8

    def __init__(self) -> None:
        self._read: dict[str, tuple[int, dict[str, Mapping[str, Any]]]] = {}

    def entry(self, path: Path) -> Mapping[str, Any]:
        """What the index beside a file says about it; empty without one."""
        index = path.with_name(INDEX)
        try:
            with open_regular(index) as stream:
                stamp = os.fstat(stream.fileno()).st_mtime_ns
                known = self._read.get(str(index))
                if known is None or known[0] != stamp:
                    while len(self._read) >= self._KEPT:
                        self._read.pop(next(iter(self._read)), None)
                    known = self._read[str(index)] = (stamp, _entries(stream.read(_INDEX_BYTES)))
        except OSError:
            return {}
        return known[1].get(path.name, {})


def _entries(data: bytes) -> dict[str, Mapping[str, Any]]:
    rows = json_or_none(data)
    return {
        # The names are compared with those found in the folder, never opened.
        os.path.basename(row["local_path"]): row  # noqa: PTH119
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("local_path"), str)
    }


def _run(path: Path) -> Description:
    entry = read_run(path)
    result = entry.result
    slots = result.get("slots") or _mapping(entry.manifest.get("input_summary")).get("slots")
    size, head = _run_replay(path, _mapping(entry.manifest.get("artifact_paths")))
    ticks = _count(_mapping(result.get("frames")).get("distinct_ticks"))
    return Description(
        game=_line(entry.operation.partition(":")[0]),
        players=names_of(slots),
        scores=scores_of(result.get("scores")),
        # The replay is the truth, the recording a sample of it.
        length=ticks if head.length is None else head.length,
        size=size,
        problem=_run_problem(entry.status, entry.problem, result) or head.problem,
        settled=entry.status != "running",
    )


def _run_problem(status: str, problem: str, result: Mapping[str, Any]) -> str:
    if status in ("running", "passed", "completed"):
        return ""
    if status == "unreadable":
        return _RUN_PROBLEMS.get(problem, "run_manifest.json has no status")
    if status == "stale":
        return "cut off: its process is gone"
    error = result.get("problem")
    title = error.get("title") if isinstance(error, dict) else result.get("error")
    return f"{_line(status)}: {_line(title)}" if isinstance(title, str) and title else _line(status)


def _run_replay(run: Path, artifacts: Mapping[str, Any]) -> tuple[int | None, Head]:
    """The size and the beginning of a run's replay, or of its recording; only what lies in the run."""
    for label in ("replay", "frames"):
        name = artifacts.get(label)
        if not isinstance(name, str) or os.path.isabs(name) or ".." in name.split("/"):  # noqa: PTH117
            continue
        try:
            with open_regular(run / name) as stream:
                return os.fstat(stream.fileno()).st_size, head_of_file(stream)
        except (OSError, ValueError):
            continue
    return None, Head()


def _folder(path: Path, kind: Kind) -> Description:
    folder = Folder({"": path}, 0 if kind == "workspace" else _BUNDLE_DEPTH)
    found = Found(usual_parts(folder.sizes)) if kind == "workspace" else bundle_parts(folder)
    return replace(_episode(folder, found), size=folder.sizes.get(found.parts.replay))


def _file(path: Path, indexes: DownloadIndexes) -> Description:
    with open_regular(path) as stream:
        if stream.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC:
            return _zip(path, stream)
        stream.seek(0)
        if path.suffix == ".zip":
            return Description(problem="is not a zip archive")
        head = head_of_file(stream)
    return _downloaded(_described(head, {}, {}), indexes.entry(path))


def _downloaded(found: Description, row: Mapping[str, Any]) -> Description:
    """What the client noted beside a downloaded replay fills in what the replay does not tell."""
    listed = Listed.of(row)
    status = row.get("status")
    problem = f"the episode {_line(status)}" if status in ("failed", "error", "cancelled") else ""
    return replace(
        found,
        game=found.game or listed.game,
        players=found.players or listed.players,
        scores=found.scores or listed.scores,
        problem=found.problem or problem,
    )


def _zip(path: Path, stream: BinaryIO) -> Description:
    if _lists_too_much(stream):
        return Description(problem="is a zip archive that lists too many entries to look into")
    try:
        archive = Archive(path)
    except CoworldError as error:
        return Description(problem=f"is a broken zip archive: {_line(error.cause)}")
    try:
        return _episode(archive, archive_parts(archive))
    finally:
        archive.close()


def _lists_too_much(stream: BinaryIO) -> bool:
    """Whether reading the archive's list of entries, which happens at once, would take long."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_OF_ZIP.size - 0xFFFF))
    tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END_OF_ZIP.size:
        return False
    listed_bytes: int = _END_OF_ZIP.unpack_from(tail, place)[5]
    return _DIRECTORY_BYTES < listed_bytes < _SAID_ELSEWHERE


def _episode(contents: Contents, found: Found) -> Description:
    """Results and config tell more, and cheaper, than the replay does."""
    parts = found.parts
    config, results, error_info = (
        _mapping(json_or_none(contents.file(name).read(_DOCUMENT_BYTES)) if name else None)
        for name in (parts.config, parts.results, parts.error_info)
    )
    head = Head()
    if parts.replay:
        data = contents.file(parts.replay).read(HEAD_BYTES + 1)
        head = head_of(data[:HEAD_BYTES], is_whole=len(data) <= HEAD_BYTES)
    description = _described(head, config, results)
    return replace(description, problem=_problem(found, error_info) or description.problem)


def _problem(found: Found, error_info: Mapping[str, Any]) -> str:
    message = error_info.get("message")
    if isinstance(message, str) and message:
        return f"failed: {_line(message)}"
    if found.replays > 1:
        return f"holds {found.replays} replays: extract it to choose one"
    failed = ("failed",) if found.status == "failed" else ()
    return _line("; ".join((*failed, *found.problems)))


def _described(head: Head, config: Mapping[str, Any], results: Mapping[str, Any]) -> Description:
    """Put together what the documents and the head tell; nearer documents come first."""
    members = head.members
    lists = [value[0] for value in members.values() if isinstance(value, list) and value]
    frames = [first[0] if isinstance(first, list) and first else first for first in lists]
    told = [config, members, *(frame for frame in frames if isinstance(frame, dict))]
    return Description(
        game=game_in(config) or game_in(members),
        players=next(filter(None, map(players_in, told)), ()),
        scores=scores_in(results) or (() if head.is_of_frame else scores_in(members)),
        length=head.length,
        problem=_line(head.problem),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(text: str) -> str:
    return safe_line(text, _TEXT_LIMIT)
