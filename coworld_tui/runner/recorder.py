"""Keeping every received frame: append-only while the episode runs, columnar when it is over.

Frames go from the socket into a queue; one thread writes them to an Arrow stream that a kill
leaves readable up to its last batch. Nobody who looks at frames is ever waited for: the latest
one is a slot that is overwritten, and older ones are read back from disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..replay.frame import CLOSED_NAME, STREAM_NAME, Frame

if TYPE_CHECKING:
    from ..replay.recorded import ClosedFrames

_BATCH_ROWS = 4_096
_BATCH_BYTES = 4 << 20
_GATHER_SECONDS = 0.02
_QUEUE_BYTES = 64 << 20
_GROUP_BYTES = 1 << 20


class _Tick(msgspec.Struct):
    tick: int | None = None


_tick_decoder = msgspec.json.Decoder(_Tick)
_json_decoder = msgspec.json.Decoder(msgspec.Raw)


@dataclass(frozen=True)
class _Batch:
    first: int
    offset: int
    length: int


class Recorder:
    """Records frames under ``artifacts`` and serves them back by ``seq`` while they arrive.

    ``count``, ``bytes``, ``distinct_ticks``, ``first_tick``, ``last_tick`` describe what was
    received; ``written`` of them are on disk. A write error stops writing, stays in ``error``
    and leaves the prefix readable.
    """

    def __init__(self, artifacts: Path) -> None:
        self._artifacts = artifacts
        self._stream_path = artifacts / STREAM_NAME
        self.path = self._stream_path
        self.count = 0
        self.bytes = 0
        self.distinct_ticks = 0
        self.first_tick: int | None = None
        self.last_tick: int | None = None
        self.latest: Frame | None = None
        self.written = 0
        self.error: OSError | None = None
        self._pending: deque[Frame] = deque()
        self._pending_bytes = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._batches: list[_Batch] = []
        self._starts: list[int] = []
        self._cached: tuple[int, Any] = (-1, None)
        self._closed: ClosedFrames | None = None
        self._thread = threading.Thread(target=self._write_all, name="recorder", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return self.count

    def append(self, message: str | bytes) -> Frame:
        """Take one websocket message; returns at once."""
        kind, payload, tick = _describe(message)
        frame = Frame(self.count, datetime.now(UTC), tick, kind, payload)
        if tick is not None and tick != self.last_tick:
            self.distinct_ticks += 1
            self.last_tick = tick
            if self.first_tick is None:
                self.first_tick = tick
        with self._lock:
            self._pending.append(frame)
            self._pending_bytes += len(payload)
        self.count += 1
        self.bytes += len(payload)
        self.latest = frame
        self._wake.set()
        return frame

    async def room(self) -> None:
        """Wait while more than 64 MiB wait for the disk: the one thing a stream may wait for."""
        while self._pending_bytes > _QUEUE_BYTES and self.error is None:  # noqa: ASYNC110 - the writer is a thread
            await asyncio.sleep(_GATHER_SECONDS)

    def frame(self, seq: int) -> Frame:
        """Frame ``seq`` from memory or disk. IndexError when it was not received or not written.

        OSError when what was written cannot be read any more.
        """
        if not 0 <= seq < self.count:
            raise IndexError(seq)
        if self._is_closed:
            return self._closed_frame(seq)
        with self._lock:
            if self._pending and seq >= self._pending[0].seq:
                return self._pending[seq - self._pending[0].seq]
            at = bisect_right(self._starts, seq) - 1
            batch = self._batches[at] if at >= 0 else None
        if batch is None or seq >= self.written:
            raise IndexError(seq)
        try:
            return self._read(at, batch, seq)
        except FileNotFoundError:
            if not self._is_closed:
                raise IndexError(seq) from None
            return self._closed_frame(seq)  # it was closed between the look and the read

    async def close(self) -> None:
        """Write what is left and turn the recording into Parquet; a full disk keeps the stream."""
        self._closing.set()
        self._wake.set()
        await asyncio.to_thread(self._thread.join)
        if self.error is None and self.count:
            await asyncio.to_thread(self._convert)
        elif not self.count:
            self._stream_path.unlink(missing_ok=True)

    @property
    def _is_closed(self) -> bool:
        return self.path is not self._stream_path

    def _closed_frame(self, seq: int) -> Frame:
        with self._lock:
            if self._closed is None:  # only now: of a thousand episodes hardly one is looked at again
                self._closed = _closed_frames(self.path)
            source = self._closed
        return Frame(seq, source.time(seq), source.tick(seq), source.kind(seq), source.payload(seq))

    def _read(self, at: int, batch: _Batch, seq: int) -> Frame:
        import pyarrow as pa

        from ..replay.recording import SCHEMA

        # Readers share the cache without a lock: each works with the pair it has taken.
        cached, rows = self._cached
        if cached != at:
            with self._stream_path.open("rb", buffering=0) as source:
                data = os.pread(source.fileno(), batch.length, batch.offset)
            rows = pa.ipc.read_record_batch(pa.py_buffer(data), SCHEMA)
            self._cached = (at, rows)
        return _frame_of(rows, seq - batch.first)

    def _write_all(self) -> None:
        self._wake.wait()  # Arrow takes a while to import: not while the game is being started
        import pyarrow as pa

        from ..replay.recording import SCHEMA

        try:
            # Not Python's own file: Arrow would take its short writes for whole ones.
            with pa.OSFile(str(self._stream_path), "wb") as sink, pa.ipc.new_stream(sink, SCHEMA) as writer:
                while True:
                    self._wake.wait()
                    closing = self._closing.is_set()
                    self._wake.clear()
                    while frames := self._take():
                        self._write(writer, sink, frames)
                    if closing:
                        return
                    self._closing.wait(_GATHER_SECONDS)
        except (OSError, MemoryError, pa.ArrowException) as error:
            self.error = _as_os_error(error)

    def _take(self) -> list[Frame]:
        frames: list[Frame] = []
        size = 0
        with self._lock:
            for frame in self._pending:
                size += len(frame.payload)
                if frames and (len(frames) == _BATCH_ROWS or size > _BATCH_BYTES):
                    break
                frames.append(frame)
        return frames

    def _write(self, writer: Any, sink: Any, frames: list[Frame]) -> None:
        from ..replay.recording import SCHEMA

        # The writer puts the schema in front of its first batch.
        offset = sink.tell() or SCHEMA.serialize().size
        writer.write_batch(_record_batch(frames))
        with self._lock:
            self._batches.append(_Batch(frames[0].seq, offset, sink.tell() - offset))
            self._starts.append(frames[0].seq)
            for frame in frames:
                self._pending.popleft()
                self._pending_bytes -= len(frame.payload)
            self.written = frames[-1].seq + 1

    def _convert(self) -> None:
        import pyarrow as pa

        closed = self._artifacts / CLOSED_NAME
        temporary = closed.with_suffix(".partial")
        try:
            self._write_columns(temporary)
            _force_to_disk(temporary)  # the stream goes only when nothing can take this away any more
            _closed_frames(temporary).close()
            temporary.replace(closed)
            self.path = closed
            self._stream_path.unlink()
        except (OSError, MemoryError, pa.ArrowException) as error:
            self.error = _as_os_error(error)
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _write_columns(self, target: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        from ..replay.recording import SCHEMA

        with (
            pa.memory_map(str(self._stream_path)) as source,
            pq.ParquetWriter(target, SCHEMA, compression="zstd", use_dictionary=["kind"]) as writer,
        ):
            group: list[Any] = []
            size = 0
            for batch in pa.ipc.open_stream(source):
                group.append(batch)
                size += batch.nbytes
                if size >= _GROUP_BYTES:
                    _write_groups(writer, group, size)
                    group, size = [], 0
            if group:
                _write_groups(writer, group, size)


def _describe(message: str | bytes) -> tuple[str, bytes, int | None]:
    if isinstance(message, bytes):
        return "binary", message, None
    payload = message.encode("utf-8", "surrogatepass")
    try:
        tick = _tick_decoder.decode(payload).tick
    except msgspec.ValidationError:  # no object with a whole number: the rest has not been looked at
        return ("json" if _is_json(payload) else "text"), payload, None
    except (msgspec.DecodeError, RecursionError):
        return "text", payload, None
    return "json", payload, tick if tick is not None and -(2**63) <= tick < 2**63 else None


def _is_json(payload: bytes) -> bool:
    try:
        _json_decoder.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _record_batch(frames: list[Frame]) -> Any:
    import pyarrow as pa

    from ..replay.recording import SCHEMA

    return pa.record_batch(
        [
            pa.array([frame.seq for frame in frames], pa.int64()),
            pa.array([frame.received_at for frame in frames], SCHEMA.field("received_at").type),
            pa.array([frame.tick for frame in frames], pa.int64()),
            pa.array([frame.kind for frame in frames], pa.string()),
            pa.array([frame.payload for frame in frames], pa.large_binary()),
        ],
        schema=SCHEMA,
    )


def _frame_of(rows: Any, row: int) -> Frame:
    received = rows.column("received_at")[row].value
    return Frame(
        seq=rows.column("seq")[row].as_py(),
        received_at=datetime.fromtimestamp(received / 1_000_000, UTC),
        tick=rows.column("tick")[row].as_py(),
        kind=rows.column("kind")[row].as_py(),
        payload=rows.column("payload")[row].as_py(),
    )


def _closed_frames(path: Path) -> ClosedFrames:
    """The finished recording at ``path``. OSError when it cannot be read."""
    from ..replay.blob import PlainBlob
    from ..replay.recorded import ClosedFrames

    file = path.open("rb")
    try:
        return ClosedFrames(PlainBlob(file))
    except BaseException:
        file.close()
        raise


def _write_groups(writer: Any, batches: list[Any], size: int) -> None:
    """Write row groups of about a mebibyte each, so that a seek decodes no more than that."""
    import pyarrow as pa

    table = pa.Table.from_batches(batches)
    rows = max(1, table.num_rows * _GROUP_BYTES // max(size, 1))
    writer.write_table(table, row_group_size=rows)


def _force_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _as_os_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(None, str(error) or type(error).__name__)
