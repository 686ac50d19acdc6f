"""Recordings as frame sources: whole, growing, cut anywhere, and damaged on purpose."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.frame import STREAM_NAME
from coworld_tui.replay.recorded import NO_TICK, ClosedFrames, NotARecordingError, StreamFrames
from coworld_tui.replay.recording import SCHEMA
from coworld_tui.runner.recorder import Recorder

from .episodes import START, batches, counted, decoded, frames, write_closed, write_stream
from .json_values import unhurried

SHOWN = frames([0, 0, 1, 2, 3, 5, 8])


def stream(path: Path, growing: Any = lambda: False) -> StreamFrames:
    return StreamFrames(open_blob(path), growing)


def closed(path: Path) -> ClosedFrames:
    return ClosedFrames(open_blob(path))


@pytest.mark.parametrize("kind", ["stream", "closed"])
def test_every_frame_comes_back_as_it_was_received(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "frames"
    source = stream(write_stream(path, SHOWN)) if kind == "stream" else closed(write_closed(path, SHOWN))
    assert decoded(source) == SHOWN
    assert [json.loads(payload) for payload in source.payloads(1, 5)] == SHOWN[1:5]
    assert [source.tick(index) for index in range(7)] == [0, 0, 1, 2, 3, 5, 8]
    assert source.ticks().tolist() == [0, 0, 1, 2, 3, 5, 8]
    assert source.time(4) == START + timedelta(seconds=0.4)
    assert (source.kind(0), source.origin(0), source.format) == ("json", "", "recording")
    assert (source.progress, source.problems) == (1.0, ())
    for index in (-1, 7):
        with pytest.raises(IndexError):
            source.payload(index)


def test_a_frame_without_a_tick_has_none(tmp_path: Path) -> None:
    for source in (
        stream(write_stream(tmp_path / "a", [{"x": 1}, {"tick": 4}])),
        closed(write_closed(tmp_path / "b", [{"x": 1}, {"tick": 4}])),
    ):
        assert [source.tick(0), source.tick(1)] == [None, 4]
        assert source.ticks().tolist() == [NO_TICK, 4]


def test_a_growing_recording_shows_what_is_written_and_ends_with_its_writer(tmp_path: Path) -> None:
    whole = write_stream(tmp_path / "whole", SHOWN, ended=False).read_bytes()
    first = len(write_stream(tmp_path / "first", SHOWN[:3], ended=False).read_bytes())
    path = tmp_path / "frames.arrows"
    path.write_bytes(whole[: first + 20])
    answers = [True]
    source = stream(path, lambda: answers[-1])
    assert (len(source), source.is_complete) == (3, False)
    assert source.advance() is False
    path.write_bytes(whole[:-7])
    assert source.advance() is True
    assert (len(source), source.is_complete) == (6, False)
    path.write_bytes(whole)
    source.advance()
    assert (len(source), source.is_complete) == (7, False)
    answers.append(False)
    source._asked = 0.0  # it asks only now and then
    source.advance()
    assert source.is_complete
    assert decoded(source) == SHOWN


async def test_it_follows_the_recorder_to_the_last_frame(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    is_recording = [True]
    recorder.append(json.dumps(SHOWN[0]))
    await asyncio.to_thread(_until, lambda: recorder.written == 1)
    source = stream(tmp_path / STREAM_NAME, lambda: is_recording[-1])
    await asyncio.to_thread(_until, lambda: source.advance() or len(source) == 1)
    for frame in SHOWN[1:]:
        recorder.append(json.dumps(frame))
    await recorder.close()
    assert not (tmp_path / STREAM_NAME).exists()
    assert decoded(source) == SHOWN
    source.close()


def _until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline


def test_the_mark_at_its_end_completes_a_growing_recording(tmp_path: Path) -> None:
    source = stream(write_stream(tmp_path / "frames", SHOWN), lambda: True)
    assert (source.is_complete, len(source)) == (True, 7)


def test_a_stream_cut_anywhere_gives_its_whole_batches(tmp_path: Path) -> None:
    data = write_stream(tmp_path / "whole", SHOWN, ended=False).read_bytes()
    path = tmp_path / "cut"
    seen = set()
    for size in [*range(0, len(data), 5), len(data)]:
        path.write_bytes(data[:size])
        try:
            source = stream(path)
        except NotARecordingError:
            continue
        shown = decoded(source)
        assert shown == SHOWN[: len(shown)]
        seen.add(len(shown))
        source.close()
    assert seen == {0, 3, 6, 7}


@settings(unhurried, max_examples=100)
@given(at=st.integers(0, 3_000), value=st.integers(0, 255), kind=st.sampled_from(["stream", "closed"]))
def test_a_damaged_byte_is_an_error_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, kind: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged-{kind}"
    whole = path.with_suffix(".whole")
    if not whole.exists():
        (write_stream if kind == "stream" else write_closed)(whole, SHOWN)
    data = bytearray(whole.read_bytes())
    data[at % len(data)] = value
    path.write_bytes(data)
    try:
        source = stream(path) if kind == "stream" else closed(path)
        for index in range(counted(source)):
            assert isinstance(source.payload(index), bytes)
            assert source.kind(index) in ("json", "text", "binary")
            source.time(index)
            assert isinstance(source.tick(index), int | None)
    except OSError:
        pass


def test_lengths_that_cannot_be_are_not_believed(tmp_path: Path) -> None:
    data = bytearray(write_stream(tmp_path / "frames", SHOWN[:3]).read_bytes())
    size = struct.unpack_from("<i", data, 4)[0]
    batch = bytes(data[8 + size :])
    for rows in (10**12, -1, 2, 4):
        changed = batch.replace(struct.pack("<qq", 3, 0), struct.pack("<qq", rows, 0))
        changed = changed.replace(struct.pack("<q", 3), struct.pack("<q", rows), 1)
        path = tmp_path / "lies"
        path.write_bytes(bytes(data[: 8 + size]) + changed)
        source = stream(path)
        assert counted(source) in (0, 2, 3)
        if len(source):
            with pytest.raises(OSError, match="damaged"):
                source.payload(0)


def test_compressed_columns_are_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, SCHEMA, options=options) as writer:
        for batch in batches(SHOWN):
            writer.write_batch(batch)
    source = stream(path)
    assert (counted(source), source.problems) == (0, ("is damaged after frame 0",))


def test_a_payload_repeated_by_a_dictionary_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    rows, payload = 200, b"x" * 200_000
    table = pa.table(
        [
            pa.array(range(rows), pa.int64()),
            pa.array([START] * rows, SCHEMA.field("received_at").type),
            pa.array([None] * rows, pa.int64()),
            pa.array(["binary"] * rows),
            pa.array([payload] * rows, pa.large_binary()),
        ],
        schema=SCHEMA,
    )
    pq.write_table(table, path)
    assert path.stat().st_size < len(payload)
    del table
    before = pa.total_allocated_bytes()
    source = closed(path)
    assert source.payload(rows - 1) == payload
    assert pa.total_allocated_bytes() - before < 10 * len(payload)  # the row group is still at hand


@pytest.mark.parametrize("broken", [b"", b"PAR1", b"PAR1" * 100, b"\xff" * 64, b"\xff\xff\xff\xff\x10\0\0\0"])
def test_what_is_no_recording_says_so(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "frames"
    path.write_bytes(broken)
    for kind in (closed, stream):
        with pytest.raises(NotARecordingError):
            kind(path)


def test_a_table_of_somebody_else_is_no_recording(tmp_path: Path) -> None:
    table = pa.table({"x": [1, 2]})
    pq.write_table(table, tmp_path / "a")
    with pytest.raises(NotARecordingError, match="no recording"):
        closed(tmp_path / "a")
    with pa.OSFile(str(tmp_path / "b"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(NotARecordingError, match="no recording"):
        stream(tmp_path / "b")


def test_a_file_truncated_while_open_is_an_error_and_no_crash(tmp_path: Path) -> None:
    for name, write, opened in (("a", write_stream, stream), ("b", write_closed, closed)):
        path = write(tmp_path / name, SHOWN)
        source = opened(path)
        with path.open("r+b") as file:
            file.truncate(10)
        with pytest.raises(OSError):
            source.payload(6)
