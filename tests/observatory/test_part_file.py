"""The part of a download: what it keeps for a later one, and what it trusts of an earlier one."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import transfer
from coworld_tui.observatory.part_file import MEMORY_LIMIT, PartFile, PartInfo

from .downloads import asking, names_in

LIMIT = 1_000_000
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".z": zlib.compress,
    "deflate": zlib.compress,
    ".gz": gzip.compress,
    "gzip": gzip.compress,
}
INFO = PartInfo("files/a", '"e1"', 10)


def opened(target: Path, source: str = "files/a") -> PartFile:
    part = PartFile(target, source)
    part.open()
    return part


def finish(part: PartFile, suffix: str | None = "") -> int:
    return part.finish(suffix=suffix, limit=LIMIT, size=None, sha256=None)


def test_what_came_is_there_the_next_time(tmp_path: Path) -> None:
    first = opened(tmp_path / "a")
    first.restart(INFO)
    first.hold([b"0123", b"4"])
    first.close()
    assert names_in(tmp_path) == ["a.part", "a.part.info"]
    second = opened(tmp_path / "a")
    assert (second.offset, second.info, second.is_whole) == (5, INFO, False)
    second.hold([b"56789"])
    assert second.is_whole
    assert finish(second) == 10
    second.close()
    assert names_in(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_without_a_mark_of_the_server_nothing_can_be_gone_on_with(tmp_path: Path) -> None:
    part = opened(tmp_path / "a")
    part.restart(PartInfo("files/a"))
    part.hold([b"0123"])
    part.close()
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "info",
    [
        "",
        "[]",
        "null",
        '{"source": "files/b", "etag": "\\"e1\\""}',
        '{"source": "files/a", "etag": 5}',
        '{"source": "files/a", "etag": "\\"e1\\"", "total": "x"}',
        '{"source": "files/a", "etag": "\\"e1\\"", "encoding": "br"}',
        '{"source": "files/a", "etag": "\\"e1\\"", "more": 1}',
        "[" * 100_000,
    ],
    ids=range(9),
)
def test_what_is_not_known_for_sure_begins_anew(tmp_path: Path, info: str) -> None:
    (tmp_path / "a.part").write_bytes(b"old")
    (tmp_path / "a.part.info").write_text(info)
    part = opened(tmp_path / "a")
    assert part.offset == 0
    part.restart(INFO)
    part.write([b"new"])
    assert finish(part) == 3
    part.close()
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names_in(tmp_path) == ["a"]


def test_two_downloads_of_one_file(tmp_path: Path) -> None:
    first = opened(tmp_path / "a")
    first.restart(INFO)
    first.write([b"0"])
    with pytest.raises(CoworldError) as caught:
        opened(tmp_path / "a")
    assert caught.value.type == "download_busy"
    first.close()
    second = opened(tmp_path / "a")
    assert second.offset == 1
    second.close()


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a.part").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic"):
        opened(tmp_path / "a")
    assert (tmp_path / "other").read_bytes() == b"other"


def test_being_stopped_while_inflating(tmp_path: Path) -> None:
    part = opened(tmp_path / "a")
    part.restart(INFO)
    part.hold([zlib.compress(bytes(1000))])
    part.is_stopped = True
    with pytest.raises(InterruptedError):
        finish(part, ".z")
    part.close()
    assert names_in(tmp_path) == ["a.part", "a.part.info"]


@given(
    data=st.binary(max_size=3000),
    cuts=st.lists(st.integers(0, 3000), max_size=6),
    suffix=st.sampled_from(["", ".z", ".gz"]),
    encoding=st.sampled_from(["", "gzip", "deflate"]),
    writes=st.lists(st.booleans(), min_size=7, max_size=7),
    again=st.booleans(),
)
def test_however_it_comes_it_is_the_same(
    data: bytes, cuts: list[int], suffix: str, encoding: str, writes: list[bool], again: bool
) -> None:
    sent = PACKED[encoding](PACKED[suffix](data))
    places = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    pieces = [sent[start:stop] for start, stop in pairwise(places)]
    with TemporaryDirectory() as folder:
        part = opened(Path(folder, "a"))
        part.restart(PartInfo("files/a", '"e1"', len(sent), encoding))
        for piece, writes_it in zip(pieces, writes, strict=False):
            if writes_it:
                part.write([piece])
            else:
                part.hold([piece])
            if again:
                part.close()
                part = opened(Path(folder, "a"))
        assert part.offset == len(sent)
        assert finish(part, suffix) == len(data)
        part.close()
        assert Path(folder, "a").read_bytes() == data
        assert names_in(Path(folder)) == ["a"]


@given(st.binary(max_size=400))
def test_no_info_surprises(info: bytes) -> None:
    with TemporaryDirectory() as folder:
        Path(folder, "a.part").write_bytes(b"old")
        Path(folder, "a.part.info").write_bytes(info)
        part = opened(Path(folder, "a"))
        assert part.offset in (0, 3)
        part.close()


def test_the_info_is_json(tmp_path: Path) -> None:
    part = opened(tmp_path / "a")
    part.restart(INFO)
    part.write([b"0"])
    part.close()
    assert json.loads((tmp_path / "a.part.info").read_bytes())["source"] == "files/a"


async def test_a_cancel_waits_for_the_thread_that_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the part's handle: closed under its hands, the bytes would go into another file."""
    monkeypatch.setattr(transfer, "_WRITE_BYTES", 1)
    loop, told = asyncio.get_running_loop(), []
    begun, may_write = asyncio.Event(), threading.Event()
    write, close = PartFile.write, PartFile.close

    def slow_write(part: PartFile, pieces: Sequence[bytes] = ()) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert may_write.wait(10)
        write(part, pieces)
        told.append("written")

    def told_close(part: PartFile) -> None:
        told.append("closed")
        close(part)

    monkeypatch.setattr(PartFile, "write", slow_write)
    monkeypatch.setattr(PartFile, "close", told_close)
    head = f'HTTP/1.1 200 OK\r\nContent-Length: {5_000_000}\r\nETag: "one"\r\n\r\n'.encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + bytes(MEMORY_LIMIT))
        await begun.wait()
        writer.write(bytes(4_800_000 - MEMORY_LIMIT))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, asking(f"{url}/api") as transfers:
        task = asyncio.create_task(transfers.save(f"{url}/replay", tmp_path / "replay"))
        await begun.wait()
        for _ in range(200):  # what is on its way arrives, and waits to be written
            await asyncio.sleep(0)
        task.cancel()
        for _ in range(200):
            await asyncio.sleep(0)
        may_write.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert told[:2] == ["written", "closed"]
    assert (tmp_path / "replay.part").stat().st_size >= MEMORY_LIMIT
