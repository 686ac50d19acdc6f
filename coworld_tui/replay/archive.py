"""Zip archives of unknown origin, read in place: nothing is ever extracted.

Entries are looked up by name, so a name that points elsewhere leads nowhere; those names are
reported and left out all the same, as are links, doubles and entries that need a password.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .blob import Blob, open_entry
from .source import ReplayFile

_DIRECTORY_LIMIT = 16 << 20
_MOST_ENTRIES = 200_000
_ENCRYPTED = 0x1
_MAC_EXTRAS = "__MACOSX/"
_PIECE = 1 << 20
_SMALL_STEP = 4096
_NAMED = 5
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Archive:
    """The entries of a zip that may be read. ``problems`` names, bounded, what was left out and why.

    CoworldError ``archive_broken`` when there is no directory of entries, or one beyond reason.
    OSError when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        stream = _Bounded(path)
        try:
            self._zip = zipfile.ZipFile(stream)
            if len(self._zip.filelist) > _MOST_ENTRIES:
                raise _broken(path, f"it lists more than {_MOST_ENTRIES} entries")
        except _BROKEN as error:
            stream.close()
            raise _broken(
                path, f"the list at its end cannot be read ({safe_line(str(error), 80)})"
            ) from error
        except BaseException:
            stream.close()
            raise
        self._stream = stream
        self.problems: list[str] = []
        self.entries = self._safe_entries()

    @property
    def sizes(self) -> Mapping[str, int]:
        """The entries by name, in the order of the archive, and their inflated sizes as it states them."""
        return {name: info.file_size for name, info in self.entries.items()}

    def file(self, name: str) -> ReplayFile:
        """An entry as something to look at. KeyError for an unknown one."""

        def read(limit: int) -> bytes:
            with self.open(name) as stream:
                return stream.read(limit)

        return ReplayFile(name, self.entries[name].file_size, read)

    def blob(self, name: str, limit: int) -> Blob:
        """An entry as bytes at offsets, inflated as far as it is needed, ``limit`` bytes at most."""
        size = self.entries[name].file_size
        return open_entry(name, lambda: self.open(name), size, limit=limit)

    def open(self, name: str) -> BinaryIO:
        """The inflated bytes of an entry, in order. KeyError for an unknown one, OSError for a broken one."""
        info = self.entries[name]
        try:
            inner = self._zip.open(info)
        except _BROKEN as error:
            raise _unreadable(name, error) from error
        is_coarse = info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        return cast(BinaryIO, _Entry(inner, name, _SMALL_STEP if is_coarse else None))

    def close(self) -> None:
        """Let go of the file; entries can no longer be read."""
        self._zip.close()
        self._stream.close()

    def _safe_entries(self) -> dict[str, zipfile.ZipInfo]:
        entries: dict[str, zipfile.ZipInfo] = {}
        left_out: dict[str, list[str]] = {}
        for info in self._zip.filelist:
            if info.orig_filename.endswith("/") or info.orig_filename.startswith(_MAC_EXTRAS):
                continue
            reason = _refusal(info) or ("the same name again" if info.filename in entries else "")
            if reason:
                left_out.setdefault(reason, []).append(info.orig_filename)
            else:
                entries[info.filename] = info
        for reason, names in left_out.items():
            shown = ", ".join(safe_line(name, 60) or "(no name)" for name in names[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            self.problems.append(f"left out of the archive, {reason}: {shown}{more}")
        return entries


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why an entry is not read; empty when it is."""
    name = info.orig_filename
    mode = info.external_attr >> 16
    if not name or "\0" in name or "\\" in name:
        return "not a name of a file"
    if name.startswith("/") or name[1:2] == ":":
        return "an absolute name"
    if ".." in name.split("/"):
        return "a name that leads outside"
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "a link or device"
    if info.flag_bits & _ENCRYPTED:
        return "it needs a password"
    return ""


class _Bounded(io.BufferedReader):
    """A file that gives no more at once than a sane directory of entries takes."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _DIRECTORY_LIMIT:
            raise zipfile.BadZipFile("it is too long")
        return super().read(_DIRECTORY_LIMIT if size is None or size < 0 else size)


class _Entry(io.RawIOBase):
    """An entry being inflated. Whatever goes wrong in it is an OSError that names it.

    Methods other than deflate inflate all they are given at once, so they are given little.
    """

    def __init__(self, inner: IO[bytes], name: str, step: int | None) -> None:
        self._inner = inner
        self._name = name
        self._step = step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = len(buffer) if self._step is None else min(len(buffer), self._step)
        try:
            data = self._inner.read(wanted)
        except _BROKEN as error:
            raise _unreadable(self._name, error) from error
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return super().read() or b""
        parts: list[bytes] = []
        left = size
        while left > 0 and (part := super().read(min(left, _PIECE))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _unreadable(name: str, error: Exception) -> OSError:
    return OSError(f"the archive is damaged at {safe_line(name, 80)}: {safe_line(str(error), 80)}")


def _broken(path: Path, cause: str) -> CoworldError:
    return CoworldError(
        "archive_broken",
        f"{safe_line(path.name, 80)} is a zip archive that is cut off or damaged",
        cause=cause,
        next_step="download or build it again",
        exit_code=EXIT_USAGE,
    )
