"""What an episode was, told from small documents around it and from the beginning of its replay."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..runs.index import read_run
from .archive import Archive
from .candidates import Kind
from .decoding import json_or_none
from .downloads import INDEX, scores_by_policy
from .folders import BUNDLE_MANIFEST, Folder
from .heads import HEAD_BYTES, Head, head_of, head_of_file, open_regular
from .metadata import as_number, names_of, scores_of
from .parts import (
    Contents,
    Parts,
    common_folder,
    listed_parts,
    looks_like_a_replay,
    replay_places,
    usual_parts,
)

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
_GAME_KEYS = ("game", "game_name", "game_id", "environment", "env_name", "coworld_name", "name", "title")
_PLAYER_KEYS = ("player_names", "players", "names", "agents", "TeamNames", "teams")
_SCORE_KEYS = ("scores", "rewards")
_ENCLOSING_KEYS = ("config", "info", "meta", "metadata", "match", "game", "results")


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
            return _folder(path, depth=0 if kind == "workspace" else _BUNDLE_DEPTH)
        return _file(path, indexes)
    except FileNotFoundError:
        return Description(problem="is not there any more", settled=False)
    except PermissionError:
        return Description(problem="cannot be opened: permission denied", settled=False)
    except OSError as error:
        return Description(problem=f"cannot be read: {_line(error.strerror or str(error)).lower()}")


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


def _folder(path: Path, depth: int) -> Description:
    folder = Folder({"": path}, depth)
    parts, problem = _parts(folder)
    return replace(_episode(folder, parts, problem), size=folder.sizes.get(parts.replay))


def _file(path: Path, indexes: DownloadIndexes) -> Description:
    with open_regular(path) as stream:
        if stream.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC:
            return _zip(path, stream)
        stream.seek(0)
        if path.suffix == ".zip":
            return Description(problem="is not a zip archive")
        head = head_of_file(stream)
    return _downloaded(_described(head), indexes.entry(path))


def _downloaded(found: Description, row: Mapping[str, Any]) -> Description:
    """What the client noted beside a downloaded replay fills in what the replay does not tell."""
    seats = [seat for seat in _list(row.get("participants")) if isinstance(seat, dict)]
    seats.sort(key=lambda seat: as_number(seat.get("position")) or 0.0)
    scores = scores_by_policy(seats, row.get("scores"))
    status = row.get("status")
    problem = f"the episode {_line(status)}" if status in ("failed", "error", "cancelled") else ""
    return replace(
        found,
        game=found.game or _text(row, ("coworld_name", "coworld_id")),
        players=found.players or names_of(seats),
        scores=found.scores or scores,
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
        return _episode(archive, *_parts(archive, common_folder(archive.sizes)))
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


def _parts(contents: Contents, prefix: str = "") -> tuple[Parts, str]:
    """The names of the episode's parts, which start with ``prefix``, and what is wrong with them."""
    names = contents.sizes
    usual = usual_parts(names, prefix)
    if prefix + BUNDLE_MANIFEST in names:
        return _bundle_parts(contents, prefix, usual)
    places = [] if usual.replay else list(replay_places(names).values())
    if len(places) > 1:
        return usual, f"holds {len(places)} replays: extract it to choose one"
    likely = places or [name for name in names if looks_like_a_replay(name)] or list(names)
    return replace(usual, replay=usual.replay or max(likely, key=names.__getitem__, default="")), ""


def _bundle_parts(contents: Contents, prefix: str, usual: Parts) -> tuple[Parts, str]:
    """As the manifest lists them; what it does not list may be there nevertheless."""
    from ..contract.bundle import parse_bundle_manifest

    try:
        manifest = parse_bundle_manifest(contents.file(prefix + BUNDLE_MANIFEST).read(_DOCUMENT_BYTES))
    except CoworldError as error:
        return usual, _line(error.cause)
    parts, problems = listed_parts(manifest, prefix, contents.sizes)
    if manifest.status == "failed":
        problems.insert(0, "failed")
    parts = replace(
        parts,
        replay=parts.replay or usual.replay,
        results=parts.results or usual.results,
        config=parts.config or usual.config,
        error_info=parts.error_info or usual.error_info,
    )
    return parts, _line("; ".join(problems))


def _episode(contents: Contents, parts: Parts, problem: str) -> Description:
    """Results and config tell more, and cheaper, than the replay does."""
    config, results, error_info = (
        _mapping(json_or_none(contents.file(name).read(_DOCUMENT_BYTES)) if name else None)
        for name in (parts.config, parts.results, parts.error_info)
    )
    head = Head()
    if parts.replay:
        data = contents.file(parts.replay).read(HEAD_BYTES + 1)
        head = head_of(data[:HEAD_BYTES], is_whole=len(data) <= HEAD_BYTES)
    found = _described(head, config, results)
    message = error_info.get("message")
    if isinstance(message, str) and message:
        return replace(found, problem=f"failed: {_line(message)}")
    return replace(found, problem=problem or found.problem)


def _described(
    head: Head, config: Mapping[str, Any] | None = None, results: Mapping[str, Any] | None = None
) -> Description:
    """Put together what the documents and the head tell; nearer documents come first."""
    members = head.members
    around = [members, *(value for key in _ENCLOSING_KEYS if isinstance(value := members.get(key), dict))]
    frames = [value[0] for value in members.values() if isinstance(value, list) and value]
    frames = [frame[0] if isinstance(frame, list) and frame else frame for frame in frames]
    around += [frame for frame in frames if isinstance(frame, dict)]
    final = results or _mapping(members.get("results")) or _mapping(members.get("result"))
    known = [config or {}, *around]
    return Description(
        game=next(filter(None, (_text(each, _GAME_KEYS) for each in known[:3])), ""),
        players=next(filter(None, (names_of(each.get(key)) for each in known for key in _PLAYER_KEYS)), ()),
        scores=next(
            filter(None, (scores_of(each.get(key)) for each in (final, members) for key in _SCORE_KEYS)), ()
        ),
        length=head.length,
        problem=_line(head.problem),
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _text(document: Mapping[str, Any], keys: Iterable[str]) -> str:
    return next((_line(value) for key in keys if isinstance(value := document.get(key), str) and value), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _line(text: str) -> str:
    return safe_line(text, _TEXT_LIMIT)
