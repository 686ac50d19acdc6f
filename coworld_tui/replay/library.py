"""The library: every run, download and bundle as a row, found at once and described when looked at."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal, NamedTuple, get_args

from ..contract.text import safe_line
from ..runs.directory import replacing
from ..runs.paths import cache_dir, runs_dir
from ..runs.settings import section
from .candidates import Candidate, Kind, candidates
from .descriptions import Description, DownloadIndexes, describe

ROW_LIMIT = 250_000
"""Most rows listed; what is found after them is left out, and ``Library.problem`` says so."""

SortKey = Literal["modified", "game", "players", "scores", "length", "size", "kind", "path", "problem"]
SORT_KEYS: tuple[SortKey, ...] = get_args(SortKey)

_SLICE_SECONDS = 0.005
_REMEMBERED = 20_000
_SAVE_SECONDS = 5.0
_LARGEST_CACHE = 64 << 20
_CACHE_NAME = "library.json"

_Stamp = tuple[int, int]


class LibraryRow(NamedTuple):
    """One episode, or one thing that keeps episodes from being listed.

    ``where`` is its path. ``players`` and ``scores`` are by slot, ``length`` is in frames, ``size`` in
    bytes (``None`` for a folder not yet described). ``problem`` is one line, empty when all is well.
    ``words`` is what a filter looks through. ``stamp`` is the mtime in nanoseconds and the size of what
    tells of changes. ``below`` is the path from the given folder on; it and ``where`` are as they are on
    the disk, all other texts are safe to show.
    """

    where: str
    kind: Kind
    stamp: _Stamp
    inner: str
    below: str
    words: str
    game: str = ""
    players: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    length: int | None = None
    size: int | None = None
    problem: str = ""
    is_described: bool = False

    @property
    def path(self) -> Path:
        """What to open."""
        return Path(self.where)

    @property
    def modified(self) -> datetime:
        """When it last changed, UTC."""
        try:
            return datetime.fromtimestamp(self.stamp[0] / 1e9, UTC)
        except (OverflowError, OSError, ValueError):
            return datetime.fromtimestamp(0, UTC)

    @property
    def title(self) -> str:
        """The game, or the name of the file while that is not known."""
        return self.game or safe_line(self.where.rpartition("/")[2])


class Library:
    """Rows of the runs and of what lies in ``folders``, three levels deep.

    ``advance`` finds them, ``describe`` fills in those in view; either may be called from a thread of
    its own. What was described once is known again the next time, if ``save`` was called.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.problem = ""
        self._found = candidates(runs_dir(), folders)
        self._rows: dict[str, LibraryRow] = {}
        self._known: dict[str, tuple[int, int, Description]] | None = None
        self._loading = Lock()
        self._is_changed = False
        self._save_again = 0.0
        self._indexes = DownloadIndexes()

    @property
    def rows(self) -> list[LibraryRow]:
        """The rows so far: runs first, the newest of each folder first."""
        return list(self._rows.values())

    def advance(self) -> bool:
        """Find further rows, a few milliseconds' worth. False when there are no more."""
        known = self._load()
        end = time.monotonic() + _SLICE_SECONDS
        for candidate in self._found:
            if candidate is not None and candidate.where not in self._rows:
                if len(self._rows) >= ROW_LIMIT:
                    self.problem = f"only the first {ROW_LIMIT} are listed"
                    return False
                self._rows[candidate.where] = _row(candidate, known.get(candidate.where))
            if time.monotonic() > end:
                return True
        return False

    def describe(self, row: LibraryRow) -> LibraryRow:
        """Fill in what a row leaves open, by cheap reads, and anew when it changed. Never fails."""
        if row.kind == "folder":
            return row
        known = self._load()
        row = row._replace(stamp=_stamp(row))
        before = known.get(row.where)
        if before is not None and before[:2] == row.stamp:
            found = before[2]
        else:
            found = describe(row.where, row.kind, row.inner, self._indexes)
            if found.settled:
                known.pop(row.where, None)  # so that it counts as a late one
                known[row.where] = (*row.stamp, found)
                self._is_changed = True
        described = _described(row, found)
        if row.where in self._rows:
            self._rows[row.where] = described
        return described

    def save(self) -> None:
        """Keep the descriptions for the next time, the latest 20 000; a disk that refuses is no matter.

        Call it after every page: it writes no more often than every five seconds. What is not kept
        is found out again.
        """
        if not self._is_changed or time.monotonic() < self._save_again:
            return
        import msgspec

        self._save_again = time.monotonic() + _SAVE_SECONDS
        latest = list((self._known or {}).items())[-_REMEMBERED:]
        with contextlib.suppress(OSError):
            folder = cache_dir()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(folder / _CACHE_NAME, mode=0o600) as stream:
                stream.write(msgspec.json.encode({where: each for where, each in latest if _is_text(where)}))
            self._is_changed = False

    def _load(self) -> dict[str, tuple[int, int, Description]]:
        with self._loading:
            if self._known is None:
                self._known = _remembered()
            return self._known


def sorted_rows(rows: Iterable[LibraryRow], key: SortKey, reverse: bool = False) -> list[LibraryRow]:
    """Sort rows, ``reverse`` for the largest first. What lacks the value comes last either way, and of
    equal ones the newest comes first."""
    newest = sorted(rows, key=_by_stamp, reverse=True)
    if key == "modified":
        return newest if reverse else newest[::-1]
    value, has_value = _SORTING[key]
    have = [row for row in newest if has_value(row)]
    have.sort(key=value, reverse=reverse)
    return have + [row for row in newest if not has_value(row)] if len(have) < len(newest) else have


def filtered(rows: Iterable[LibraryRow], text: str) -> list[LibraryRow]:
    """The rows in which every word of ``text`` occurs: in game, players, path, problem or kind."""
    found = list(rows)
    for word in text.casefold().split():
        found = [row for row in found if word in row.words]
    return found


def configured_folders() -> list[Path]:
    """The folders of the settings: ``[library] folders = ["~/replays"]``. Odd settings give none."""
    folders = section("library").get("folders")
    return [
        Path(folder) for folder in (folders if isinstance(folders, list) else ()) if isinstance(folder, str)
    ]


def _row(candidate: Candidate, known: tuple[int, int, Description] | None) -> LibraryRow:
    stamp = (candidate.mtime_ns, candidate.size)
    row = LibraryRow(
        where=candidate.where,
        kind=candidate.kind,
        stamp=stamp,
        inner=candidate.inner,
        below=candidate.below,
        words=f"{candidate.below} {candidate.kind} {candidate.problem}".casefold(),
        size=None if candidate.inner or candidate.kind == "folder" else candidate.size,
        problem=safe_line(candidate.problem),
    )
    return _described(row, known[2]) if known is not None and known[:2] == stamp else row


def _described(row: LibraryRow, found: Description) -> LibraryRow:
    words = " ".join((row.below, row.kind, found.game, *found.players, found.problem))
    return row._replace(
        game=found.game,
        players=found.players,
        scores=found.scores,
        length=found.length,
        size=found.size if row.inner else row.stamp[1],
        problem=found.problem,
        words=words.casefold(),
        is_described=found.settled,
    )


def _stamp(row: LibraryRow) -> _Stamp:
    try:
        status = os.lstat(f"{row.where}/{row.inner}" if row.inner else row.where)
    except (OSError, ValueError):
        return row.stamp
    return status.st_mtime_ns, status.st_size


def _remembered() -> dict[str, tuple[int, int, Description]]:
    import msgspec

    path = cache_dir() / _CACHE_NAME
    try:
        if path.stat().st_size > _LARGEST_CACHE:
            return {}
        return msgspec.json.decode(path.read_bytes(), type=dict[str, tuple[int, int, Description]])
    except (OSError, ValueError, RecursionError):
        return {}


def _is_text(where: str) -> bool:
    """Whether a path can be written as JSON: names of files may be any bytes."""
    return where.isascii() or not any("\ud800" <= character <= "\udfff" for character in where)


def _by_stamp(row: LibraryRow) -> _Stamp:
    return row.stamp


_SORTING: dict[str, tuple[Callable[[LibraryRow], Any], Callable[[LibraryRow], Any]]] = {
    "game": (lambda row: (row.game or row.where.rpartition("/")[2]).casefold(), lambda row: True),
    "players": (lambda row: [name.casefold() for name in row.players], lambda row: row.players),
    "scores": (lambda row: max(row.scores), lambda row: row.scores),
    "length": (lambda row: row.length, lambda row: row.length is not None),
    "size": (lambda row: row.size, lambda row: row.size is not None),
    "kind": (lambda row: row.kind, lambda row: True),
    "path": (lambda row: row.below.casefold(), lambda row: True),
    "problem": (lambda row: row.problem.casefold(), lambda row: row.problem),
}
