"""Files below a folder, read only where they really lie in it, and what kind of folder it is."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..contract.text import safe_line
from ..runs.directory import MANIFEST as RUN_MANIFEST
from .blob import Blob, open_blob, open_regular
from .parts import REPLAY_NAMES
from .source import ReplayFile

BUNDLE_MANIFEST = "manifest.json"
RECEIPT = "download.json"

_DEPTH = 4
_MOST_FILES = 10_000
_MOST_FOLDERS = 2_000
_MOST_VISITED = 400_000
_NAMED = 5
_NAME_LIMIT = 60


class Folder:
    """The plain files below some folders, each folder under a prefix of its own: ``{"workspace/": path}``.

    Links to files are followed within their folder only, links to folders never. ``problems`` names
    what was left out.
    """

    def __init__(self, roots: Mapping[str, Path], depth: int = _DEPTH) -> None:
        self.problems: list[str] = []
        self._paths: dict[str, Path] = {}
        self._sizes: dict[str, int] = {}
        outside: list[str] = []
        for prefix, root in roots.items():
            for path, size in _files(root, depth, outside):
                if len(self._paths) >= _MOST_FILES:
                    self.problems.append(f"more than {_MOST_FILES} files: the others are left out")
                    break
                name = prefix + path.relative_to(root).as_posix()
                self._add(name, path, size)
        if outside:
            self.problems.append(f"links that lead outside are left out: {_listed(outside)}")

    @classmethod
    def of(cls, paths: Mapping[str, Path]) -> Folder:
        """Chosen files under names of their own; links, and what is no plain file, are left out."""
        folder = cls({})
        for name, path in paths.items():
            with contextlib.suppress(OSError):
                if stat.S_ISREG((details := path.lstat()).st_mode):
                    folder._add(name, path, details.st_size)
        return folder

    @classmethod
    def single(cls, path: Path) -> Folder:
        """The one thing that was asked for, whatever it is: opening it says what it is not."""
        folder = cls({})
        folder._add(path.name, path, path.stat().st_size)
        return folder

    @property
    def sizes(self) -> Mapping[str, int]:
        """The files by name, and their sizes."""
        return self._sizes

    def file(self, name: str) -> ReplayFile:
        """A file as something to look at."""
        path = self._paths[name]
        return ReplayFile(name, self._sizes[name], lambda limit: head(path, limit))

    def blob(self, name: str, limit: int) -> Blob:
        """A file as bytes at offsets, inflated to ``limit`` bytes at most."""
        return open_blob(self._paths[name], limit=limit)

    def close(self) -> None:
        """Nothing is kept open."""

    def _add(self, name: str, path: Path, size: int) -> None:
        self._paths[name] = path
        self._sizes[name] = size


def kind_of_folder(names: Iterable[str]) -> str:
    """``run``, ``bundle`` or ``workspace`` for a folder that holds these names; empty when it is none.

    A ``manifest.json`` makes a bundle only beside something of an episode: other programs use that
    name as well.
    """
    names = set(names)
    if RUN_MANIFEST in names:
        return "run"
    if RECEIPT in names:
        return ""
    has_replay = not names.isdisjoint(REPLAY_NAMES)
    if BUNDLE_MANIFEST in names and (has_replay or "results.json" in names):
        return "bundle"
    return "workspace" if has_replay else ""


def names_in(folder: Path) -> set[str]:
    """The names of what lies directly in a folder; none when it cannot be read."""
    return {entry.name for entry in _scanned(folder)}


def _files(root: Path, depth: int, outside: list[str]) -> Iterator[tuple[Path, int]]:
    real = os.path.realpath(root)
    waiting = [(root, 0)]
    for _ in range(_MOST_FOLDERS):
        if not waiting:
            return
        place, level = waiting.pop()
        for entry in sorted(_scanned(place), key=lambda entry: entry.name):
            try:
                if entry.is_dir(follow_symlinks=False):
                    if level < depth and not entry.name.startswith("."):
                        waiting.append((Path(entry.path), level + 1))
                    continue
                if entry.is_symlink() and not os.path.realpath(entry.path).startswith(real + os.sep):
                    outside.append(entry.name)
                    continue
                details = entry.stat()
            except OSError:
                continue
            if stat.S_ISREG(details.st_mode):
                yield Path(entry.path), details.st_size


def _scanned(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return [entry for entry, _ in zip(entries, range(_MOST_VISITED), strict=False)]
    except OSError:
        return []


def head(path: Path, limit: int) -> bytes:
    """At most ``limit`` bytes from the start of a file. OSError."""
    with open_regular(path, follow=True) as stream:
        return stream.read(limit)


def _listed(names: list[str]) -> str:
    shown = ", ".join(safe_line(name, _NAME_LIMIT) for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown
