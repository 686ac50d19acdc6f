"""Finding what may be a replay below some folders, by names alone."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from ..runs.directory import MANIFEST, RUN_ID
from .blob import reason_of
from .downloads import INDEX
from .folders import BUNDLE_MANIFEST, RECEIPT, kind_of_folder
from .parts import REPLAY_NAMES, looks_like_a_replay

Kind = Literal["run", "workspace", "bundle", "download", "file", "folder"]

DEPTH_LIMIT = 3
"""How many folders below a given one are looked into."""

_CACHES = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
_LARGEST_EPISODE_FOLDER = 4_096
_PATIENCE = 64
_PACKED = (".z", ".gz", ".zst")


class Candidate(NamedTuple):
    """``where`` may hold a replay. ``inner`` is the file in it that tells when it changed; empty for a file.

    ``below`` is what people would search it by: its path from the given folder on. ``problem`` says
    what kept it from being looked at.
    """

    where: str
    kind: Kind
    inner: str
    mtime_ns: int
    size: int
    below: str
    problem: str = ""


def candidates(runs: Path, folders: Sequence[Path]) -> Iterator[Candidate | None]:
    """Runs first, then what lies in the folders, the newest of each folder first.

    ``None`` comes in between, so that nobody waits long. Links are not followed, save those given.
    """
    yield from _runs(str(runs))
    for folder in folders:
        yield from candidates_in(folder)


def _runs(folder: str) -> Iterator[Candidate | None]:
    try:
        # The names begin with the time: no run needs to be looked at to know the newest.
        names = sorted(filter(RUN_ID.match, os.listdir(folder)), reverse=True)  # noqa: PTH208
    except FileNotFoundError:
        return
    except OSError as error:
        yield _unreadable(folder, Path(folder).name, error)
        return
    for name in names:
        yield _with_inner(f"{folder}/{name}", "run", MANIFEST, name)


def candidates_in(folder: Path) -> Iterator[Candidate | None]:
    """What lies in a folder, or the one thing for a single file."""
    try:
        path = str(folder.expanduser().resolve())
        is_file = os.path.isfile(path)  # noqa: PTH113
        status = os.stat(path)  # noqa: PTH116
    except (OSError, RuntimeError, ValueError) as error:
        yield _unreadable(str(folder), folder.name, error)
        return
    name = os.path.basename(path)  # noqa: PTH119
    if is_file:
        yield Candidate(path, _kind_of_file(name), "", status.st_mtime_ns, status.st_size, name)
    else:
        yield from _walk(path, name, DEPTH_LIMIT)


def _walk(folder: str, below: str, depth: int) -> Iterator[Candidate | None]:
    try:
        with os.scandir(folder) as entries:
            first = list(islice(entries, _LARGEST_EPISODE_FOLDER))
            names = {entry.name for entry in first}
            episode = _episode(folder, below, names)
            if episode is not None:
                yield episode
                return
            yield None
            is_download = INDEX in names or RECEIPT in names
            inner_folders: list[tuple[int, str]] = []
            while first:
                yield from _files(first, below, names, inner_folders, is_download=is_download)
                first = list(islice(entries, _LARGEST_EPISODE_FOLDER))
                names = {entry.name for entry in first}
    except OSError as error:
        yield _unreadable(folder, below, error)
        return
    if depth:
        for _, name in sorted(inner_folders, reverse=True):
            yield from _walk(f"{folder}/{name}", f"{below}/{name}", depth - 1)


def _episode(folder: str, below: str, names: Collection[str]) -> Candidate | None:
    """The folder as one row, if it is one episode; a run, a bundle taken apart, or a workspace."""
    match kind_of_folder(names):
        case "run":
            return _with_inner(folder, "run", MANIFEST, below)
        case "bundle":
            return _with_inner(folder, "bundle", BUNDLE_MANIFEST, below)
        case "workspace":
            replay = next(name for name in REPLAY_NAMES if name in names)
            return _with_inner(folder, "workspace", replay, below)
        case _:
            return None


def _files(
    entries: Sequence[os.DirEntry[str]],
    below: str,
    names: Collection[str],
    folders: list[tuple[int, str]],
    *,
    is_download: bool,
) -> Iterator[Candidate | None]:
    """The files among the entries, newest first; folders are put into ``folders`` with their times."""
    found: list[Candidate] = []
    for count, entry in enumerate(entries):
        if not count % _PATIENCE:
            yield None
        name = entry.name
        if name.startswith(".") or entry.is_symlink():
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                if name not in _CACHES:
                    folders.append((entry.stat(follow_symlinks=False).st_mtime_ns, name))
            elif looks_like_a_replay(name) and entry.is_file(follow_symlinks=False):
                if name.endswith(_PACKED) and name.rpartition(".")[0] in names:
                    continue  # a compressed copy
                status = entry.stat(follow_symlinks=False)
                kind: Kind = "download" if is_download else _kind_of_file(name)
                found.append(
                    Candidate(entry.path, kind, "", status.st_mtime_ns, status.st_size, f"{below}/{name}")
                )
        except OSError:
            continue  # it went between the listing and now
    found.sort(key=lambda candidate: candidate.mtime_ns, reverse=True)
    yield from found


def _kind_of_file(name: str) -> Kind:
    return "bundle" if name.lower().endswith(".zip") else "file"


def _with_inner(where: str, kind: Kind, inner: str, below: str) -> Candidate:
    try:
        status = os.stat(f"{where}/{inner}", follow_symlinks=False)  # noqa: PTH116
    except OSError:
        try:
            status = os.stat(where, follow_symlinks=False)  # noqa: PTH116
        except OSError:
            return Candidate(where, kind, inner, 0, 0, below)
    return Candidate(where, kind, inner, status.st_mtime_ns, status.st_size, below)


def _unreadable(where: str, below: str, error: Exception) -> Candidate:
    return Candidate(where, "folder", "", 0, 0, below, f"cannot be opened: {reason_of(error).lower()}")
