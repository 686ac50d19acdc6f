"""Recorded frames on disk, by index: the growing Arrow stream and the closed Parquet file.

Both hold the same columns: ``seq`` (0-based), ``received_at`` (UTC, microseconds), ``tick``
(null when the frame has none), ``kind`` (``json``, ``text`` or ``binary``) and ``payload``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .frame import CLOSED_NAME, STREAM_NAME, Frame, Recording

SCHEMA = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("received_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("tick", pa.int64()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("payload", pa.large_binary(), nullable=False),
    ],
    metadata={"coworld_tui.source": "live"},
)


class _Batched:
    """Frames that lie in batches, of which the one last used is kept. Safe to read from any thread."""

    def __init__(self, starts: list[int], length: int, read_batch: Callable[[int], Any]) -> None:
        self._starts = starts
        self._length = length
        self._read_batch = read_batch
        self._last: tuple[int, Any] = (-1, None)
        self._lock = Lock()

    def __len__(self) -> int:
        return self._length

    def frame(self, seq: int) -> Frame:
        if not 0 <= seq < self._length:
            raise IndexError(seq)
        at = bisect_right(self._starts, seq) - 1
        with self._lock:
            if self._last[0] != at:
                self._last = (at, self._read_batch(at))
            batch = self._last[1]
        return frame_of(batch, seq - self._starts[at])


class ClosedRecording(_Batched):
    """A finished recording (Parquet), read a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True)
        starts, length = [], 0
        for index in range(self._file.metadata.num_row_groups):
            starts.append(length)
            length += self._file.metadata.row_group(index).num_rows
        super().__init__(starts, length, self._file.read_row_group)


class PartialRecording(_Batched):
    """What a killed run left: the readable prefix of the Arrow stream."""

    def __init__(self, path: Path) -> None:
        batches: list[Any] = []
        with pa.memory_map(str(path)) as source:
            try:
                for batch in pa.ipc.open_stream(source):
                    batch.validate()
                    batches.append(batch)
            except (pa.ArrowInvalid, OSError):
                pass  # the kill cut the last batch short; everything before it is whole
        starts, length = [], 0
        for batch in batches:
            starts.append(length)
            length += batch.num_rows
        super().__init__(starts, length, batches.__getitem__)


def open_recording(artifacts: Path) -> Recording | None:
    """The recording in an ``artifacts`` folder: closed, else the prefix of a growing one, else None."""
    closed, stream = artifacts / CLOSED_NAME, artifacts / STREAM_NAME
    if closed.is_file():
        return ClosedRecording(closed)
    if stream.is_file():
        return PartialRecording(stream)
    return None


def frame_of(batch: Any, row: int) -> Frame:
    """Row ``row`` of a record batch or table of ``SCHEMA``."""
    received = batch.column("received_at")[row].value
    return Frame(
        seq=batch.column("seq")[row].as_py(),
        received_at=datetime.fromtimestamp(received / 1_000_000, UTC),
        tick=batch.column("tick")[row].as_py(),
        kind=batch.column("kind")[row].as_py(),
        payload=batch.column("payload")[row].as_py(),
    )
