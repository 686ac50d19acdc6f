"""Our own recordings as frame sources: the Arrow stream, growing or cut off, and the closed Parquet file.

Everything is read at offsets through a blob, never through a mapping: a file that is truncated
while it is open costs an error and not the process.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .recording import SCHEMA, UNDATED_SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .blob import Blob

STREAM_MAGIC = b"\xff\xff\xff\xff"
NO_TICK = -(2**63)
"""Stands in ``ticks()`` for frames that have none."""

_MOST_ROWS = 4_000_000
_LARGEST_GROUP = 256 << 20
_KINDS = ("json", "text", "binary")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADVANCE_SECONDS = 0.004
_ASK_SECONDS = 0.5
_BROKEN = (pa.ArrowException, OSError, MemoryError, ValueError, struct.error)


class NotARecordingError(OSError):
    """Arrow data of somebody else's, or damaged beyond use; the message completes "it ..."."""


class _Batched:
    """Frames in batches of the recording schema, of which the one last used is kept. For any thread."""

    format = "recording"

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._starts: list[int] = []
        self._length = 0
        self._last: tuple[int, Any] = (-1, None)
        self._lock = Lock()
        self.problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self._length

    def payload(self, index: int) -> bytes:
        """The bytes of a frame as they were received."""
        return bytes(self._cell("payload", index) or b"")

    def payloads(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of frames ``start`` to ``stop``, a batch at a time."""
        for index in range(start, min(stop, self._length)):
            yield self.payload(index)

    def kind(self, index: int) -> str:
        """``json``, ``text`` or ``binary``, as the socket said."""
        kind = self._cell("kind", index)
        return kind if kind in _KINDS else "binary"

    def tick(self, index: int) -> int | None:
        """The frame's own tick."""
        tick = self._cell("tick", index)
        return None if tick is None else int(tick)

    def time(self, index: int) -> datetime | None:
        """When the frame was received, UTC; ``None`` for an exported one that nobody received."""
        return _moment(self._cell("received_at", index))

    def origin(self, index: int) -> str:
        """There is only one."""
        return ""

    def ticks(self) -> NDArray[np.int64]:
        """The tick of every frame counted so far, ``NO_TICK`` for none."""
        columns = [_integers(self._batch(at).column("tick")) for at in range(len(self._starts))]
        return np.concatenate(columns) if columns else np.empty(0, np.int64)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._last = (-1, None)
        self._blob.close()

    def _cell(self, column: str, index: int) -> Any:
        if not 0 <= index < self._length:
            raise IndexError(index)
        at = bisect_right(self._starts, index) - 1
        cell = self._batch(at).column(column)[index - self._starts[at]]
        return cell.value if column == "received_at" else cell.as_py()

    def _batch(self, at: int) -> Any:
        with self._lock:
            if self._last[0] != at:
                try:
                    self._last = (at, self._read_batch(at))
                except _BROKEN as error:
                    raise OSError(f"the recording is damaged at frame {self._starts[at]}") from error
            return self._last[1]

    def _read_batch(self, at: int) -> Any:
        raise NotImplementedError


class ClosedFrames(_Batched):
    """A finished recording or exported frames (Parquet), read a row group at a time.

    ``blob`` must be complete. NotARecordingError for what holds no such frames.
    """

    is_complete = True
    progress = 1.0

    def __init__(self, blob: Blob) -> None:
        super().__init__(blob)
        try:
            details = pq.read_metadata(_file(blob))
            schema = details.schema.to_arrow_schema()
            if not (_is(schema, SCHEMA) or _is(schema, UNDATED_SCHEMA)):
                raise NotARecordingError("is a Parquet table, but no recording of frames")
            if details.num_rows > _MOST_ROWS:
                raise NotARecordingError(f"holds more than {_MOST_ROWS} frames")
            payload = details.schema.names.index("payload")
            groups = [details.row_group(at) for at in range(details.num_row_groups)]
            repeats = any(group.column(payload).has_dictionary_page for group in groups)
            # One large payload that a dictionary repeats a million times stays one payload in memory.
            self._file = pq.ParquetFile(_file(blob), read_dictionary=["payload"] if repeats else None)
        except NotARecordingError:
            raise
        except _BROKEN as error:
            raise NotARecordingError(f"is a damaged Parquet file ({type(error).__name__})") from error
        self._sizes = [group.total_byte_size for group in groups]
        for group in groups:
            self._starts.append(self._length)
            self._length += group.num_rows

    def advance(self) -> bool:
        """Everything is counted already."""
        return False

    def ticks(self) -> NDArray[np.int64]:
        """The tick of every frame, ``NO_TICK`` for none; reads that one column."""
        try:
            return _integers(self._file.read(columns=["tick"]).column("tick"))
        except _BROKEN as error:
            raise OSError("the ticks of the recording are damaged") from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        super().close()

    def _read_batch(self, at: int) -> Any:
        if self._sizes[at] > _LARGEST_GROUP:
            raise OSError("a row group is too large to be read")
        rows = self._file.read_row_group(at)
        rows.validate(full=True)
        return rows


class StreamFrames(_Batched):
    """An append-only recording (Arrow stream): what a run writes, or what a killed one left.

    ``is_growing`` says whether somebody still writes. Until then, and as long as the stream has not
    been ended in order, ``advance`` looks for further batches.
    """

    def __init__(self, blob: Blob, is_growing: Callable[[], bool] = lambda: False) -> None:
        super().__init__(blob)
        self._ask = is_growing
        self._is_growing = True
        self._asked = -_ASK_SECONDS
        self._bodies: list[tuple[int, int]] = []
        self._has_ended = False
        kind, self._at, _, _ = self._message(0)
        try:
            if kind != _SCHEMA or not _is(pa.ipc.read_schema(pa.py_buffer(blob.read(0, self._at))), SCHEMA):
                raise NotARecordingError("is an Arrow stream, but no recording of frames")
        except NotARecordingError:
            raise
        except _BROKEN as error:
            raise NotARecordingError("is a damaged Arrow stream") from error
        self.advance()

    @property
    def is_complete(self) -> bool:
        """Whether nothing more can come."""
        return self._has_ended

    @property
    def progress(self) -> float:
        """The share of the bytes there are now that has been looked at."""
        return 1.0 if self._has_ended else min(1.0, self._at / max(self._blob.size, 1))

    def advance(self) -> bool:
        """Count the batches that have been written since; False when there is none."""
        if self._has_ended:
            return False
        if self._is_growing and monotonic() - self._asked >= _ASK_SECONDS:
            self._asked = monotonic()
            self._is_growing = self._ask()  # before looking: what is written until then is seen
        deadline = monotonic() + _ADVANCE_SECONDS
        has_more = self._blob.advance()
        before = self._length
        while monotonic() < deadline:
            kind, end, rows, is_plain = self._message(self._at)
            if kind == _CUT:
                self._has_ended = self._blob.is_complete and not has_more and not self._is_growing
                return has_more or self._length > before
            if (
                kind != _BATCH
                or not is_plain
                or rows * 8 > end - self._at
                or self._length + rows > _MOST_ROWS
            ):
                self._has_ended = True
                if kind != _END:
                    self.problems = (f"is damaged after frame {self._length}",)
                return False
            self._bodies.append((self._at, end))
            self._starts.append(self._length)
            self._length += rows
            self._at = end
        return True

    def _message(self, at: int) -> tuple[int, int, int, bool]:
        """Kind, end, rows of the message at an offset, and whether its columns are not compressed."""
        try:
            mark, size = struct.unpack("<4si", self._blob.read(at, min(at + 8, self._blob.size)))
            if mark != STREAM_MAGIC or size < 0:
                return _DAMAGED, at, 0, False
            if size == 0:
                return _END, at + 8, 0, False
            if at + 8 + size > self._blob.size:
                return _CUT, at, 0, False
            kind, length, rows, is_plain = _described(self._blob.read(at + 8, at + 8 + size))
        except struct.error:
            return _CUT if self._blob.size < at + 8 else _DAMAGED, at, 0, False
        end = at + 8 + size + length
        if length < 0 or rows < 0:
            return _DAMAGED, at, 0, False
        return (_CUT, at, 0, False) if end > self._blob.size else (kind, end, rows, is_plain)

    def _read_batch(self, at: int) -> Any:
        batch = pa.ipc.read_record_batch(pa.py_buffer(self._blob.read(*self._bodies[at])), SCHEMA)
        batch.validate(full=True)
        stop = self._starts[at + 1] if at + 1 < len(self._starts) else self._length
        if batch.num_rows != stop - self._starts[at]:
            raise OSError("a batch is not as long as it says")
        return batch


# What an Arrow message may be: the first three as the format numbers them.
_SCHEMA, _BATCH = 1, 3
_END, _CUT, _DAMAGED = -1, -2, -3


def _described(message: bytes) -> tuple[int, int, int, bool]:
    """Kind, body length, rows and plainness from an Arrow ``Message``, a flat buffer. struct.error if odd."""
    table = struct.unpack_from("<I", message)[0]
    kind_at, header_at, length_at = (_field(message, table, number) for number in (1, 2, 3))
    kind = message[kind_at] if 0 < kind_at < len(message) else 0
    length = struct.unpack_from("<q", message, length_at)[0] if length_at else 0
    if kind != _BATCH or not header_at:
        return kind, length, 0, True
    batch = header_at + struct.unpack_from("<I", message, header_at)[0]
    rows_at = _field(message, batch, 0)
    rows = struct.unpack_from("<q", message, rows_at)[0] if rows_at else 0
    return kind, length, rows, not _field(message, batch, 3)


def _field(message: bytes, table: int, number: int) -> int:
    """Where a field of a flat-buffer table lies; 0 when it is left out."""
    fields = table - struct.unpack_from("<i", message, table)[0]
    if fields < 0:
        raise struct.error("a table points outside")
    if 4 + 2 * number >= struct.unpack_from("<H", message, fields)[0]:
        return 0
    offset = struct.unpack_from("<H", message, fields + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _is(schema: Any, ours: Any) -> bool:
    return bool(schema.equals(ours, check_metadata=False))


def _integers(column: Any) -> NDArray[np.int64]:
    return np.asarray(column.fill_null(NO_TICK).to_numpy(zero_copy_only=False), np.int64)


def _moment(microseconds: int | None) -> datetime | None:
    try:
        return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return None


class _BlobFile(io.RawIOBase):
    """A complete blob as a file that can be read at any place."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._blob.size - self._at)
        data = self._blob.read(self._at, self._at + (left if size < 0 else min(size, left)))
        self._at += len(data)
        return data


def _file(blob: Blob) -> Any:
    return pa.PythonFile(_BlobFile(blob), mode="r")
