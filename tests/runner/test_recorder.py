"""The recorder keeps every frame byte for byte: live, closed, cut short, killed, on a slow or full disk."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.frame import CLOSED_NAME, STREAM_NAME
from coworld_tui.replay.recorded import NotARecordingError, StreamFrames
from coworld_tui.replay.recording import SCHEMA
from coworld_tui.replay.source import FrameSource
from coworld_tui.runner.recorder import Recorder

from .conftest import Mount
from .ending import recording_in, stream_frames, wait_until

MIB = 1 << 20
WAIT_SECONDS = 30.0

JSON_TICKS = st.integers(-(2**70), 2**70).map(lambda tick: f'{{"tick": {tick}}}')
MESSAGES = st.lists(
    st.one_of(
        st.text(),
        st.binary(),
        JSON_TICKS,
        st.sampled_from(["[1]", "{}", '{"tick": "no"}', "NaN", "x" * 9_000]),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(MESSAGES, st.integers(0, 2**32))
def test_what_was_appended_comes_back(messages: list[str | bytes], seed: int) -> None:
    chance = random.Random(seed)
    payloads = [as_bytes(message) for message in messages]

    async def record(artifacts: Path) -> None:
        recorder = Recorder(artifacts)
        for seq, message in enumerate(messages):
            frame = recorder.append(message)
            assert (frame.seq, frame.payload) == (seq, payloads[seq])
            if chance.random() < 0.2:
                wait_until(lambda: recorder.written == len(recorder))
            at = chance.randrange(seq + 1)
            assert recorder.frame(at).payload == payloads[at]
        wait_until(lambda: recorder.written == len(messages))
        stream = (artifacts / STREAM_NAME).read_bytes() if messages else b""
        await recorder.close()
        assert recorder.error is None
        check(recorder, payloads)
        closed = recording_in(artifacts)
        assert (closed is None) == (not messages)
        if closed is not None:
            check_source(closed, payloads)
            closed.close()
        for cut in chance.sample(range(len(stream) + 1), min(12, len(stream))):
            check_prefix(artifacts, stream[:cut], payloads)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(record(Path(folder)))


def check_prefix(artifacts: Path, stream: bytes, payloads: list[bytes]) -> None:
    """A stream that was cut short anywhere gives frames from the first on."""
    path = artifacts / "cut.arrows"
    path.write_bytes(stream)
    try:
        partial = stream_frames(path)
    except NotARecordingError:
        assert len(stream) < SCHEMA.serialize().size, "not even its columns are told"
        return
    check_source(partial, payloads[: len(partial)])
    partial.close()


def check(recorder: Recorder, payloads: list[bytes]) -> None:
    """Exactly these frames, from the one who recorded them."""
    assert len(recorder) == len(payloads)
    for seq, payload in enumerate(payloads):
        frame = recorder.frame(seq)
        assert (frame.seq, frame.payload) == (seq, payload)
        assert is_of_late(frame.received_at)
    for seq in (-1, len(payloads)):
        with pytest.raises(IndexError):
            recorder.frame(seq)


def check_source(source: FrameSource, payloads: list[bytes]) -> None:
    """Exactly these frames, from disk."""
    assert [source.payload(seq) for seq in range(len(source))] == payloads
    assert all(is_of_late(source.time(seq)) for seq in range(len(source)))


def is_of_late(moment: datetime | None) -> bool:
    """Whether it was within the last minutes."""
    return moment is not None and abs((moment - datetime.now(UTC)).total_seconds()) < 600


@pytest.mark.parametrize(
    ("message", "kind", "tick"),
    [
        ('{"tick": 3}', "json", 3),
        (' {"a": [1, {"tick": 9}], "tick": 4} ', "json", 4),
        ('{"tick": 3.5}', "json", None),
        ('{"tick": null}', "json", None),
        ('{"tick": 9223372036854775808}', "json", None),
        ('{"tick": true}', "json", None),
        ("[1, 2]", "json", None),
        ('"text"', "json", None),
        ("5", "json", None),
        ('{"tick": 3', "text", None),
        ("hello", "text", None),
        ("5 apples", "text", None),
        ("true story", "text", None),
        ('{"tick": "a" and more', "text", None),
        pytest.param("[" * 100_000, "text", None, id="deep"),
        pytest.param("\ud800", "text", None, id="surrogate"),
        (b'{"tick": 3}', "binary", None),
    ],
)
async def test_kind_and_tick(message: str | bytes, kind: str, tick: int | None, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    frame = recorder.append(message)
    await recorder.close()
    assert (frame.kind, frame.tick) == (kind, tick)
    assert (recorder.frame(0).kind, recorder.frame(0).tick) == (kind, tick)


async def test_ticks_are_counted_as_they_change(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for tick in (0, 0, 1, 1, 3):
        recorder.append(f'{{"tick": {tick}}}')
    await recorder.close()
    assert (recorder.distinct_ticks, recorder.first_tick, recorder.last_tick) == (3, 0, 3)


async def test_a_closed_recording_is_plain_parquet(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for tick in range(5_000):
        recorder.append(f'{{"tick": {tick}, "x": "{"y" * 1000}"}}')
    await recorder.close()
    file = pq.ParquetFile(tmp_path / CLOSED_NAME)
    table = file.read()
    assert table.schema.equals(SCHEMA)
    assert table.column("seq").to_pylist() == table.column("tick").to_pylist() == list(range(5_000))
    assert set(table.column("kind").to_pylist()) == {"json"}
    assert file.metadata.num_row_groups >= 4, "a seek decodes about a mebibyte"
    assert [path.name for path in tmp_path.iterdir()] == [CLOSED_NAME]


async def test_a_recording_that_nobody_looks_at_is_not_held_open(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.append("{}")
    await recorder.close()
    assert not [file.path for file in psutil.Process().open_files() if Path(file.path).parent == tmp_path]
    assert recorder.frame(0).payload == b"{}"


async def test_a_flood_loses_nothing(tmp_path: Path) -> None:
    """Ten seconds of 2 000 frames of 2 KB a second, at once."""
    recorder = Recorder(tmp_path)
    padding = "x" * 2_000
    for tick in range(20_000):
        recorder.append(f'{{"tick": {tick}, "x": "{padding}"}}')
        await recorder.room()
    await recorder.close()
    assert (len(recorder), recorder.distinct_ticks, recorder.error) == (20_000, 20_000, None)
    assert [recorder.frame(seq).tick for seq in range(0, 20_000, 501)] == list(range(0, 20_000, 501))


async def test_memory_is_bounded(tmp_path: Path) -> None:
    """Half a gibibyte passes through; the queue holds 64 MiB of it."""
    recorder = Recorder(tmp_path)
    process = psutil.Process()
    before = process.memory_info().rss
    most = 0
    for tick in range(1_000):
        recorder.append(f'{{"tick": {tick}, "x": "{"x" * (MIB // 2)}"}}')
        await recorder.room()
        most = max(most, process.memory_info().rss - before)
    await recorder.close()
    assert recorder.error is None
    assert most < 200 * MIB


async def test_append_never_waits_for_the_disk(tmp_path: Path) -> None:
    """The file is a pipe that nobody reads: no disk is slower."""
    os.mkfifo(tmp_path / STREAM_NAME)
    recorder = Recorder(tmp_path)
    payload = bytes(MIB)
    for _ in range(64):
        recorder.append(payload)
    assert (len(recorder), recorder.written) == (64, 0)
    assert recorder.frame(0).payload == recorder.frame(63).payload == payload
    await asyncio.wait_for(recorder.room(), WAIT_SECONDS)
    recorder.append(payload)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(recorder.room(), 0.1)
    os.close(os.open(tmp_path / STREAM_NAME, os.O_RDONLY))
    await asyncio.wait_for(recorder.room(), WAIT_SECONDS)
    await recorder.close()
    assert recorder.error is not None


async def test_reading_while_it_is_written_and_closed(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    problems: list[str] = []
    done = threading.Event()

    def read(seed: int) -> None:
        chance = random.Random(seed)
        while not done.is_set():
            if count := len(recorder):
                seq = chance.randrange(count)
                if recorder.frame(seq).payload != numbered(seq):
                    problems.append(f"frame {seq} is {recorder.frame(seq).payload[:20]!r}")

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for seq in range(20_000):
        recorder.append(numbered(seq))
        if seq % 500 == 0:
            await asyncio.sleep(0)
    await recorder.close()
    done.set()
    for reader in readers:
        reader.join(WAIT_SECONDS)
    assert not problems


async def test_a_closed_recording_can_be_read_from_many_threads(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for seq in range(8_000):
        recorder.append(numbered(seq))
    await recorder.close()
    problems: list[int] = []

    def read(seed: int) -> None:
        chance = random.Random(seed)
        for seq in chance.choices(range(8_000), k=300):
            if recorder.frame(seq).payload != numbered(seq):
                problems.append(seq)

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(WAIT_SECONDS)
    assert not problems


KILLED = """
import asyncio, sys
from pathlib import Path
from coworld_tui.runner.recorder import Recorder

async def main():
    recorder = Recorder(Path(sys.argv[1]))
    for seq in range(10 ** 9):
        recorder.append(b"%d " % seq * 200)
        await recorder.room()
        if seq % 1000 == 0:
            print(recorder.written, flush=True)

asyncio.run(main())
"""


def test_a_kill_leaves_a_readable_prefix(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        written = next(count for count in map(int, process.stdout) if count > 5_000)
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_SECONDS)
    recording = recording_in(tmp_path)
    assert isinstance(recording, StreamFrames)
    assert len(recording) >= written
    check_source(recording, [b"%d " % seq * 200 for seq in range(len(recording))])


async def test_a_disk_with_room_for_the_stream_only_keeps_the_stream(mounted: Mount) -> None:
    artifacts = mounted("size=3m")
    recorder = Recorder(artifacts)
    noise = [random.Random(seq).randbytes(100_000) for seq in range(20)]
    for payload in noise:
        recorder.append(payload)
    await recorder.close()
    assert recorder.error is not None
    check(recorder, noise)
    recording = recording_in(artifacts)
    assert isinstance(recording, StreamFrames)
    check_source(recording, noise)
    recording.close()


async def test_a_disk_that_fills_up_keeps_a_prefix(mounted: Mount) -> None:
    artifacts = mounted("size=1m")
    recorder = Recorder(artifacts)
    for _ in range(30):
        recorder.append(bytes(100_000))
        wait_until(lambda: recorder.written == len(recorder) or recorder.error is not None)
    await recorder.close()
    assert isinstance(recorder.error, OSError)
    partial = recording_in(artifacts)
    assert partial is not None
    check_source(partial, [bytes(100_000)] * len(partial))
    assert 0 < len(partial) < 30
    partial.close()


async def test_an_artifact_folder_that_is_gone_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "gone")
    recorder.append("{}")
    await recorder.close()
    assert isinstance(recorder.error, OSError)


def numbered(seq: int) -> bytes:
    """A payload that tells its number, of a size that spreads frames over batches."""
    return b"%d" % seq * (1 + seq % 300)


def as_bytes(message: str | bytes) -> bytes:
    """The message on the wire."""
    return message if isinstance(message, bytes) else message.encode("utf-8", "surrogatepass")


def test_the_schema_is_what_the_design_says() -> None:
    assert SCHEMA.names == ["seq", "received_at", "tick", "kind", "payload"]
    assert SCHEMA.field("received_at").type == pa.timestamp("us", tz="UTC")
