"""What a role has written: taken out of its folder, judged, and shown. All of it is outside data."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..contract.errors import CoworldError
from ..contract.jsontext import MIB, UnreadableJson, read_json_object
from ..contract.problems import listed
from ..contract.text import safe_line
from ..replay.archive import Archive
from ..replay.blob import open_regular, reason_of
from .role_inputs import OFFERED

OUTPUT_LIMIT = 1 << 30
"""Most bytes a role may write; it is stopped when it writes more."""

_MOST_FILES = 1_000
_MOST_VISITED = 10_000
_MOST_FOLDERS = 2_000
_DEPTH = 8
_PIECE = 1 << 20
_JSON_LIMIT = 16 * MIB
_MOST_ENTRIES = 10_000
_UNPACKED_LIMIT = 512 * MIB
_RESERVED = frozenset({"role.json", "role.stdout.log", "role.stderr.log"})
_SNIFFED = 4_096


@dataclass(frozen=True)
class RoleOutput:
    """One file. ``kind`` is markdown, html, score, findings, parquet, json, zip, text or binary."""

    path: str
    kind: str

    def as_dict(self) -> dict[str, str]:
        """``path kind``."""
        return {"path": self.path, "kind": self.kind}


def size_of(folder: Path) -> int:
    """Bytes below a folder; more than ``OUTPUT_LIMIT`` is too much, and so is what cannot be counted."""
    total = 0
    closed: list[str] = []
    for visited, entry in enumerate(_entries(folder, closed)):
        if visited >= _MOST_VISITED:
            return OUTPUT_LIMIT + 1
        try:
            total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return OUTPUT_LIMIT + 1 if closed else total


def collect(role: str, source: Path, target: Path, left_out: Sequence[str] = ()) -> CoworldError | None:
    """Copy the plain files below ``source`` to ``target``; what else was there is the error returned.

    Links, pipes and devices are not followed, and folders that lie deep, are many or closed not entered.
    Of a role that wrote too much the rest is left behind. ``left_out`` has not even got to ``source``.
    """
    left = list(left_out)
    size = 0
    closed: list[str] = []
    for count, entry in enumerate(_entries(source, closed)):
        path = Path(entry.path)
        name = path.relative_to(source).as_posix()
        try:
            details = entry.stat(follow_symlinks=False)
            size += details.st_size
            if count >= _MOST_FILES or size > OUTPUT_LIMIT:
                return _too_much(role)
            if not stat.S_ISREG(details.st_mode):
                left.append(f"{name} is a link or no file")
            elif _is_ours(name):
                left.append(f"{name} is a name of ours")
            else:
                _copy(path, target / name)
        except OSError as error:
            left.append(f"{name}: {reason_of(error)}")
    left += closed
    if not left:
        return None
    return _refused(role, f"the {role} wrote what cannot be taken", listed(left))


def outputs_in(folder: Path) -> tuple[RoleOutput, ...]:
    """The collected files and what each is."""
    paths = sorted(Path(entry.path) for entry in _entries(folder, []))
    own = [path for path in paths if not _is_ours(path.relative_to(folder).as_posix())]
    return tuple(RoleOutput(str(path), kind_of(path)) for path in own)


def check_outputs(role: str, folder: Path) -> CoworldError | None:
    """What is wrong with what the role was asked to write (local.md 7.8 and 8); None when nothing is."""
    present = [folder / name for name in OFFERED[role] if (folder / name).is_file()]
    if not present:
        return CoworldError(
            "role_output_missing",
            f"the {role} wrote nothing that was asked for",
            cause=f"asked for {' or '.join(OFFERED[role])}",
            owner=f"the {role}",
            next_step="read role.stderr.log beside its outputs",
        )
    for path in present:
        try:
            problem = _problem_of(path)
        except CoworldError as error:
            problem = error.cause or error.title
        except (OSError, UnreadableJson) as error:
            problem = reason_of(error) if isinstance(error, OSError) else str(error)
        if problem:
            return _refused(role, f"{path.name} of the {role} is not what the contract says", problem)
    return None


def kind_of(path: Path) -> str:
    """What a file is, by its content where that tells, else by its name."""
    try:
        with open_regular(path) as stream:
            head = stream.read(_SNIFFED)
    except OSError:
        return "binary"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    if b"\0" in head:
        return "binary"
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm") or head.lstrip()[:9].lower() in (b"<!doctype", b"<html"):
        return "html"
    if suffix in (".md", ".markdown"):
        return "markdown"
    if head.lstrip()[:1] in (b"{", b"["):
        if score_of(path) is not None:
            return "score"
        return "findings" if path.name == "findings.json" else "json"
    return "text"


def score_of(path: Path) -> float | None:
    """The score of a grade, None when the file is none: findings may repeat the score, and are not one."""
    if path.name != OFFERED["grader"][0]:
        return None
    try:
        return _number(_json(path).get("score"))
    except (OSError, UnreadableJson):
        return None


def _problem_of(path: Path) -> str:
    match path.suffix:
        case ".zip":
            return _zip_problem(path)
        case ".parquet":
            return _parquet_problem(path)
    document = _json(path)
    if path.name == OFFERED["grader"][0] and _number(document.get("score")) is None:
        return "it has no score, which must be a finite number"
    return ""


def _zip_problem(path: Path) -> str:
    archive = Archive(path)
    try:
        if len(archive.entries) > _MOST_ENTRIES:
            return f"it holds more than {_MOST_ENTRIES} files"
        if sum(archive.sizes.values()) > _UNPACKED_LIMIT:
            return f"it unpacks to more than {_UNPACKED_LIMIT // MIB} MiB"
        return "; ".join(archive.problems) or ("" if archive.entries else "it is empty")
    finally:
        archive.close()


def _parquet_problem(path: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path):
            return ""
    except (pa.ArrowException, OSError, ValueError) as error:
        return safe_line(str(error).partition("\n")[0], 200) or "it is no Parquet file"


def _json(path: Path) -> dict[str, Any]:
    with open_regular(path) as stream:
        return read_json_object(stream.read(_JSON_LIMIT + 1), _JSON_LIMIT)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_regular(source) as reading, target.open("xb") as writing:
        left = OUTPUT_LIMIT  # of a file that somebody still writes
        while left > 0 and (piece := reading.read(min(_PIECE, left))):
            writing.write(piece)
            left -= len(piece)


def _is_ours(name: str) -> bool:
    """Whether a path below the folder stands where a file of ours does, on a disk that takes A for a too."""
    return name.partition("/")[0].casefold() in _RESERVED


def _entries(folder: Path, closed: list[str]) -> Iterator[os.DirEntry[str]]:
    """What lies below a folder and is no folder itself; links are not followed.

    What was not looked into is added to ``closed``, a line each, of which there are a few thousand at most.
    """
    waiting = [("", 0)]
    met = 1
    while waiting:
        name, depth = waiting.pop()
        try:
            with os.scandir(folder / name) as scanned:
                # That more lie in it is never missed: they are too many files, or too many folders.
                entries = sorted(islice(scanned, _MOST_VISITED + 1), key=lambda entry: entry.name)
        except FileNotFoundError:
            continue  # the role still tidies up
        except OSError as error:
            closed.append(f"{name or 'its folder'}: {reason_of(error)}")
            continue
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                yield entry
                continue
            below = f"{name}/{entry.name}" if name else entry.name
            met += 1
            if met > _MOST_FOLDERS:
                closed.append(f"{below} and more: too many folders")
                return
            if depth == _DEPTH:
                closed.append(f"{below} lies too deep")
            else:
                waiting.append((below, depth + 1))


def _too_much(role: str) -> CoworldError:
    return _refused(
        role, f"the {role} wrote too much", f"more than {OUTPUT_LIMIT >> 20} MiB, or too many files"
    )


def _refused(role: str, title: str, cause: str) -> CoworldError:
    return CoworldError(
        "role_output_refused",
        title,
        cause=safe_line(cause, 400),
        owner=f"the {role}",
        next_step="read role.stderr.log beside its outputs",
    )
