"""Bytes by offset out of whatever they are wrapped in, and a plain word when they cannot be had."""

from __future__ import annotations

import gzip
import io
import os
import random
import resource
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import EXIT_USAGE, CoworldError
from coworld_tui.replay.blob import MIB, Blob, InflatedBlob, PlainBlob, open_blob, open_entry

from .blobs import zstd
from .json_values import unhurried

Pack = Callable[[bytes], bytes]


def _members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


PACKED: dict[str, tuple[Pack, tuple[str, ...]]] = {
    "gzip": (gzip.compress, ("gzip",)),
    "gzip members": (_members, ("gzip",)),
    "zlib": (zlib.compress, ("zlib",)),
    "zlib fast": (lambda data: zlib.compress(data, 1), ("zlib",)),
    "zstd": (zstd, ("zstd",)),
    "zlib in gzip": (lambda data: gzip.compress(zlib.compress(data)), ("gzip", "zlib")),
    "gzip in zstd": (lambda data: zstd(gzip.compress(data)), ("zstd", "gzip")),
    "utf-16": (lambda data: data.decode().encode("utf-16"), ("utf-16",)),
    "utf-16 without a mark": (lambda data: data.decode().encode("utf-16-be"), ("utf-16",)),
    "utf-16 in gzip": (lambda data: gzip.compress(data.decode().encode("utf-16-le")), ("gzip", "utf-16")),
}
_NOISE = random.Random(3).randbytes(3000)
TEXT = b'{"frames":[' + b",".join(b'{"tick":%d,"who":"\xe4\xb8\x96"}' % tick for tick in range(99)) + b"]}"


def _all(blob: Blob) -> bytes:
    while not blob.is_complete:
        blob.advance()
    return blob.read(0, blob.size)


def _opened(path: Path, data: bytes, **limits: int) -> Blob:
    path.write_bytes(data)
    return open_blob(path, **limits)


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_is_unpacked_whatever_the_suffix(tmp_path: Path, name: str) -> None:
    pack, containers = PACKED[name]
    blob = _opened(tmp_path / "replay.txt", pack(TEXT))
    assert _all(blob) == TEXT
    assert (blob.containers, blob.problems, blob.progress) == (containers, (), 1.0)
    assert blob.read(5, 9) == TEXT[5:9]
    blob.close()


@pytest.mark.parametrize("data", [b"", b"{", b"x^ is no zlib, only text", b"\x1f\x8b", b"\x28\xb5", TEXT])
def test_what_is_not_packed_is_read_in_place(tmp_path: Path, data: bytes) -> None:
    blob = _opened(tmp_path / "replay.json.z", data)
    assert isinstance(blob, PlainBlob)
    assert _all(blob) == data
    assert not blob.advance()


@pytest.mark.parametrize("name", ["gzip", "zlib", "zstd", "zlib in gzip"])
@unhurried
@given(st.data())
def test_a_cut_archive_gives_what_came_before_and_says_so(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    packed = PACKED[name][0](_NOISE + TEXT)
    cut = data.draw(st.integers(8, len(packed) - 1))
    blob = _opened(tmp_path_factory.getbasetemp() / "cut", packed[:cut])
    inflated = _all(blob)
    assert inflated[3000:] == TEXT[: max(0, len(inflated) - 3000)]
    if blob.containers:
        assert "damaged or cut off" in blob.problems[0]
    blob.close()


@pytest.mark.parametrize("name", ["gzip", "zlib", "zstd"])
@unhurried
@given(st.integers(0, 100), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, damage: bytes
) -> None:
    packed = PACKED[name][0](TEXT)
    blob = _opened(
        tmp_path_factory.getbasetemp() / "damaged", packed[:at] + damage + packed[at + len(damage) :]
    )
    assert len(_all(blob)) == blob.size
    blob.close()


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstd], ids=["gzip", "zlib", "zstd"])
def test_a_bomb_stops_at_the_limit_and_names_the_option(tmp_path: Path, pack: Pack) -> None:
    blob = _opened(tmp_path / "bomb", pack(bytes(8 * MIB)), limit=3 * MIB)
    assert _all(blob) == bytes(3 * MIB)
    assert "3,145,728" in blob.problems[0]
    assert "--max-inflated" in blob.problems[0]
    exact = _opened(tmp_path / "exact", pack(bytes(3 * MIB)), limit=3 * MIB)
    assert (len(_all(exact)), exact.problems) == (3 * MIB, ())


def test_a_bomb_inside_a_bomb_is_no_way_around_the_limit(tmp_path: Path) -> None:
    inner = zlib.compressobj()
    head = inner.compress(b"x") + inner.flush(zlib.Z_FULL_FLUSH)
    # Deflate blocks without content: they inflate to nothing, however many there are.
    blob = _opened(tmp_path / "bomb", gzip.compress(head + b"\x00\x00\x00\xff\xff" * MIB), limit=MIB)
    assert _all(blob) == b"x"
    assert "--max-inflated" in blob.problems[0]


def test_inflating_takes_room_on_disk_not_in_memory(tmp_path: Path, home: Path) -> None:
    packed = gzip.compress(bytes(64 * MIB), 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    blob = _opened(tmp_path / "zeros", packed)
    assert blob.progress < 1.0
    while not blob.is_complete:
        blob.advance()
    assert blob.size == 64 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert list((home / "cache" / "inflated").iterdir()) == []


def test_a_cache_that_cannot_be_written_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path / "file"))
    assert _all(_opened(tmp_path / "replay", gzip.compress(TEXT))) == TEXT


def _refused(path: Path) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        open_blob(path)
    error = caught.value
    assert (error.type, error.exit_code) == ("replay_unreadable", EXIT_USAGE)
    assert error.next_step
    return error


def test_what_is_no_readable_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "No such file" in _refused(tmp_path / "missing").cause
    assert "is not a file" in _refused(tmp_path).cause
    assert "is not a file" in _refused(tmp_path / "pipe").cause
    assert "is not a file" in _refused(Path("/dev/zero")).cause
    assert _refused(tmp_path / "loop").cause
    assert _refused(tmp_path / "nul\0").cause
    assert "\x1b" not in _refused(tmp_path / "\x1b[31mred").title


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(TEXT)
    (tmp_path / "secret").chmod(0)
    assert "ermission" in _refused(tmp_path / "secret").cause


def test_a_file_that_shrinks_is_an_error_and_one_that_vanishes_is_none(tmp_path: Path) -> None:
    path = tmp_path / "replay"
    blob = _opened(path, TEXT)
    path.unlink()
    assert _all(blob) == TEXT
    blob = _opened(path, TEXT)
    os.truncate(path, 10)
    with pytest.raises(OSError, match="ends at byte 10"):
        blob.read(5, 20)


def test_a_file_that_grows_is_seen_to(tmp_path: Path) -> None:
    path = tmp_path / "replay"
    blob = _opened(path, b"one")
    path.write_bytes(b"one two")
    assert blob.size == 3
    assert blob.advance()
    assert _all(blob) == b"one two"


def test_a_closed_blob_reads_nothing(tmp_path: Path) -> None:
    for name, data in (("plain", TEXT), ("packed", gzip.compress(TEXT))):
        blob = _opened(tmp_path / name, data)
        _all(blob)
        blob.close()
        blob.close()
        with pytest.raises(OSError, match="closed"):
            blob.read(0, 1)


def test_an_entry_of_an_archive_is_a_blob_too() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("replay.json.z", zlib.compress(TEXT))
    archive = zipfile.ZipFile(file)
    blob = open_entry("replay.json.z", lambda: archive.open("replay.json.z"), 10_000)  # type: ignore[arg-type,return-value]
    assert isinstance(blob, InflatedBlob)
    assert _all(blob) == TEXT
    assert (blob.containers, blob.problems) == (("zlib",), ())


def test_an_entry_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(CoworldError) as caught:
        open_entry("big\x1b[2J", io.BytesIO, 2 * MIB, limit=MIB)
    assert caught.value.type == "inflated_too_large"
    assert "--max-inflated 2097152" in caught.value.next_step
    assert "\x1b" not in caught.value.title


def test_an_entry_that_lies_about_its_size_stops_at_the_limit() -> None:
    blob = open_entry("liar", lambda: io.BytesIO(bytes(2 * MIB)), 10, limit=MIB)
    assert len(_all(blob)) == MIB
    assert "--max-inflated" in blob.problems[0]


class _Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= 6:
            raise zipfile.BadZipFile("Bad CRC-32 for file 'x'")
        return super().read(6)


def test_an_entry_that_breaks_gives_what_came_before() -> None:
    blob = open_entry("broken", lambda: _Broken(b"abcdefgh"), 8)
    assert _all(blob) == b"abcdef"
    assert "Bad CRC-32" in blob.problems[0]


def test_an_entry_that_cannot_be_opened_is_refused() -> None:
    def encrypted() -> io.BytesIO:
        raise RuntimeError("File 'x' is encrypted, password required for extraction")

    with pytest.raises(CoworldError) as caught:
        open_entry("x", encrypted, 8)
    assert "encrypted" in caught.value.cause
