"""Bytes at offsets, whatever they are wrapped in: plain files, compressed ones, entries of an archive.

Files are read in place by ``pread``, never mapped: a mapped file that somebody truncates kills the
process. What is compressed (told by its content) is inflated bit by bit into an unlinked temporary
file, so that memory stays flat whatever the size.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..runs.paths import cache_dir
from .inflate import CutOffError, InflatedTooLargeError, Layers

MIB = 1024 * 1024
DEFAULT_INFLATED_LIMIT = 1024 * MIB
"""Most bytes that a compressed replay may inflate to; ``--max-inflated`` raises it."""

_PIECE = MIB
_NAME_LIMIT = 200


class Blob(Protocol):
    """Bytes by offset, of which more may turn up. One thread advances, any thread reads."""

    @property
    def size(self) -> int:
        """Bytes that can be read so far."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether ``size`` is all there is (a plain file may still be appended to: see ``advance``)."""
        ...

    @property
    def progress(self) -> float:
        """The share of the input behind ``size``, 0 to 1."""
        ...

    @property
    def containers(self) -> tuple[str, ...]:
        """What the bytes were wrapped in, outermost first: ``gzip``, ``zlib``, ``zstd``, ``utf-16``."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, a line each."""
        ...

    @property
    def identity(self) -> tuple[int, int] | None:
        """Size and time of change (ns) of a plain file, by which an index is found again; else ``None``."""
        ...

    def advance(self) -> bool:
        """Make further bytes available, a few milliseconds' worth; False when there are none (for now)."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Exactly the bytes from ``start`` to ``stop``; OSError when they are not there (any more)."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def open_blob(path: Path, *, limit: int = DEFAULT_INFLATED_LIMIT) -> Blob:
    """Open a file, inflating what is compressed.

    ``CoworldError`` for what is no readable file: missing, a folder, a pipe, a device, forbidden.
    """
    name = safe_line(path.name, _NAME_LIMIT)
    try:
        file = open_regular(path, follow=True)
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None
    try:
        wrapped = bool(Layers(file.read, limit).names)
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
    except OSError as error:
        file.close()
        raise _unreadable(name, error) from None
    return InflatedBlob(file, size, limit) if wrapped else PlainBlob(file)


def open_entry(
    name: str, opened: Callable[[], BinaryIO], size: int, *, limit: int = DEFAULT_INFLATED_LIMIT
) -> Blob:
    """An entry of an archive, copied and inflated into a temporary file as it is needed.

    ``opened`` gives the entry as a binary file (``zipfile.ZipFile.open``), ``size`` is the one
    it claims. ``CoworldError`` ``inflated_too_large`` when that is more than ``limit`` bytes,
    ``replay_unreadable`` when it cannot be opened.
    """
    shown = safe_line(name, _NAME_LIMIT)
    if size > limit:
        raise CoworldError(
            "inflated_too_large",
            f"{shown} inflates to {size:,} bytes; the limit is {limit:,}",
            next_step=f"add --max-inflated {size}",
            exit_code=EXIT_USAGE,
        )
    try:
        file = opened()
    except Exception as error:  # zipfile and its decompressors raise a dozen different types
        raise _unreadable(shown, error) from None
    return InflatedBlob(file, size, limit)


def open_regular(path: str | Path, *, follow: bool = False) -> BinaryIO:
    """Open a file that is really one. OSError for pipes and devices, which could block, and for links."""
    links = 0 if follow else os.O_NOFOLLOW
    # Opening a pipe would wait for its other end; a device is endless.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | links)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError("is not a file")


def reason_of(error: Exception) -> str:
    """Why something failed, in the system's own words; one safe line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return safe_line(text or type(error).__name__, _NAME_LIMIT)


class PlainBlob:
    """A file as it lies. It may grow: ``advance`` looks."""

    containers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_complete = True
    progress = 1.0

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = self._now().st_size

    @property
    def size(self) -> int:
        """Bytes there were when ``advance`` last looked."""
        return self._size

    @property
    def identity(self) -> tuple[int, int] | None:
        """Size and time of change as they are now."""
        found = self._now()
        return found.st_size, found.st_mtime_ns

    def advance(self) -> bool:
        """Whether the file has grown since."""
        size = self._now().st_size
        if size <= self._size:
            return False
        self._size = size
        return True

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop``; OSError when the file has been cut short."""
        return _read_at(self._file, start, stop)

    def close(self) -> None:
        """Close the file; later reads are OSErrors."""
        self._file.close()

    def _now(self) -> os.stat_result:
        return os.fstat(_descriptor(self._file))


class InflatedBlob:
    """A stream taken out of its wrappings, as far as it was needed, into a file nobody else sees."""

    identity: tuple[int, int] | None = None

    def __init__(self, file: BinaryIO, packed_size: int, limit: int) -> None:
        self._file = file
        self._packed_size = packed_size
        self._packed_read = 0
        self._limit = limit
        self._size = 0
        self._complete = False
        self._problems: tuple[str, ...] = ()
        self._spool = _spool()
        self._layers = Layers(self._read_packed, limit)

    @property
    def size(self) -> int:
        """Bytes inflated so far."""
        return self._size

    @property
    def is_complete(self) -> bool:
        """Whether the input is used up, or given up."""
        return self._complete

    @property
    def progress(self) -> float:
        """The share of the packed bytes that was used."""
        return 1.0 if self._complete or not self._packed_size else self._packed_read / self._packed_size

    @property
    def containers(self) -> tuple[str, ...]:
        """The wrappings, outermost first."""
        return self._layers.names

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the bytes end early, if they do."""
        return self._problems

    def advance(self) -> bool:
        """Inflate another piece."""
        if self._complete:
            return False
        try:
            piece = self._layers.read(_PIECE)
            _write_at(self._spool, piece, self._size)
        except CutOffError:
            return self._end(f"the compressed data is damaged or cut off; inflated bytes: {self._size:,}")
        except InflatedTooLargeError:
            return self._end(
                f"it inflates to more than {self._limit:,} bytes; the rest is not read "
                "(--max-inflated raises the limit)"
            )
        except OSError as error:
            return self._end(f"cannot be read beyond byte {self._size:,}: {reason_of(error)}")
        if not piece:
            return self._end()
        self._size += len(piece)
        return True

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop``; OSError when they are not inflated (yet)."""
        return _read_at(self._spool, start, stop)

    def close(self) -> None:
        """Let go of the input and of the temporary file."""
        self._complete = True
        self._file.close()
        self._spool.close()

    def _read_packed(self, limit: int) -> bytes:
        try:
            piece = self._file.read(limit)
        except Exception as error:  # zipfile and its decompressors raise a dozen different types
            raise OSError(reason_of(error)) from error
        self._packed_read += len(piece)
        return piece

    def _end(self, problem: str = "") -> bool:
        self._complete = True
        self._file.close()
        if problem:
            self._problems = (problem,)
        return False


def _unreadable(name: str, error: Exception) -> CoworldError:
    return CoworldError(
        "replay_unreadable",
        f"{name} cannot be read",
        cause=reason_of(error),
        next_step="give a replay, a bundle or a run directory that you may read",
        exit_code=EXIT_USAGE,
    )


def _spool() -> BinaryIO:
    folder = cache_dir() / "inflated"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryFile(dir=folder)
    except OSError:  # a home that cannot be written: the system's temporary folder has to do
        return tempfile.TemporaryFile()


def _descriptor(file: BinaryIO) -> int:
    try:
        return file.fileno()
    except ValueError:
        raise OSError("the replay is closed") from None


def _read_at(file: BinaryIO, start: int, stop: int) -> bytes:
    descriptor = _descriptor(file)
    data = os.pread(descriptor, stop - start, start)
    if len(data) == stop - start:
        return data
    pieces = [data]  # a read may be interrupted, and one of more than 2 GiB always is
    at = start + len(data)
    while at < stop and pieces[-1]:
        pieces.append(os.pread(descriptor, stop - at, at))
        at += len(pieces[-1])
    if at < stop:
        raise OSError(f"the file ends at byte {at:,}, before byte {stop:,} that was to be read")
    return b"".join(pieces)


def _write_at(file: BinaryIO, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file.fileno(), view, offset)
        view = view[written:]
        offset += written
