"""The files of a player under development: which they are, and waiting until one of them changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

POLL_SECONDS = 0.25
FILE_LIMIT = 2_000
DEPTH_LIMIT = 8

_SOURCES = (
    *(".py", ".pyi", ".pyx", ".js", ".mjs", ".ts", ".rb", ".lua", ".sh", ".pl", ".go", ".rs", ".nim", ".zig"),
    *(".c", ".cc", ".cpp", ".h", ".hpp", ".java", ".kt", ".cs", ".toml"),
)
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "venv", "build", "dist", "target"})
_VENV_MARK = "pyvenv.cfg"

State = dict[str, tuple[int, int, int]]


class WatchedFiles:
    """Single files, and folders of which every source file counts.

    Data that a player writes beside its program is no source file, so that an episode does not
    start the next. Hidden folders, virtual environments and build folders are passed over, links
    to folders not followed.
    """

    def __init__(self, files: Iterable[Path], folders: Iterable[Path]) -> None:
        self._files = sorted({path.absolute() for path in files})
        found = sorted({path.absolute() for path in folders})
        self._folders = [
            path for path in found if not any(path != other and path.is_relative_to(other) for other in found)
        ]

    @classmethod
    def of(cls, commands: Iterable[Sequence[str]], more: Iterable[Path] = ()) -> WatchedFiles:
        """Those that ``commands`` name, from the current folder, and ``more``.

        A file that is a word of a command counts, and with a source file or a module
        (``-m NAME``) its folder as well.
        """
        files, folders = list(more), []
        for command in commands:
            for before, word in zip(("", *command), command, strict=False):
                for path in _module(word) if before == "-m" else [Path(word)]:
                    kind = _kind(path)
                    if kind == "folder" and before == "-m":
                        folders.append(path)
                    elif kind == "file":
                        files.append(path)
                        if path.name.endswith(_SOURCES):
                            folders.append(path.parent)
        return cls(files, folders)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to watch."""
        return not self._files and not self._folders

    def state(self) -> State:
        """Time, size and number of each file there is, at most ``FILE_LIMIT``. Blocking."""
        state: State = {}
        for path in self._files:
            try:
                _note(state, str(path), path.stat())
            except OSError:
                continue
        for folder in self._folders:
            _scan(folder, 0, state)
        return state

    async def changed(self, before: State) -> list[str]:
        """Wait until the files differ from ``before`` and are quiet again; the paths that differ."""
        now = before
        while now == before:
            await asyncio.sleep(POLL_SECONDS)
            now = await asyncio.to_thread(self.state)
        while True:
            await asyncio.sleep(POLL_SECONDS)
            later = await asyncio.to_thread(self.state)
            if later == now:
                return sorted(path for path in {**before, **now} if before.get(path) != now.get(path))
            now = later


def _kind(path: Path) -> str:
    """``file``, ``folder``, or nothing for what is neither, as most words of a command."""
    try:
        return "folder" if path.is_dir() else "file" if path.is_file() else ""
    except (OSError, ValueError):  # longer than a name can be, or with a null byte
        return ""


def _module(name: str) -> list[Path]:
    """The folder of a module in the current folder, or its file."""
    path = Path(*name.split("."))
    return [path, path.with_name(f"{path.name}.py")] if path.name else []


def _scan(folder: Path | str, depth: int, state: State) -> None:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    if any(entry.name == _VENV_MARK for entry in names):
        return
    for entry in names:
        if len(state) >= FILE_LIMIT:
            return
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                if depth < DEPTH_LIMIT and entry.name not in _PASSED_OVER:
                    _scan(entry.path, depth + 1, state)
            elif entry.name.endswith(_SOURCES):
                _note(state, entry.path, entry.stat())
        except OSError:
            continue


def _note(state: State, path: str, status: os.stat_result) -> None:
    state[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
