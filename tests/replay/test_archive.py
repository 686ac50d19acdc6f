"""Zip archives as somebody hostile packs them."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.archive import Archive

from .episodes import write_zip
from .json_values import unhurried

LIMIT = 1 << 20


def entry(name: str, *, mode: int = stat.S_IFREG | 0o644, flags: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.filename = info.orig_filename = name  # the constructor would tidy it
    info.external_attr = mode << 16
    info.flag_bits = flags
    return info


def archive_of(path: Path, *entries: zipfile.ZipInfo) -> Archive:
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("good.json", b"{}")
        for info in entries:
            zipped.writestr(info, b"bad")
    return Archive(path)


def read_all(archive: Archive) -> dict[str, bytes]:
    return {name: archive.file(name).read(LIMIT) for name in archive.sizes}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_entries_are_read_whatever_they_are_packed_with(tmp_path: Path, method: int) -> None:
    files = {"a.json": b'{"x": 1}' * 5_000, "folder/b": os.urandom(70_000), "empty": b""}
    archive = Archive(write_zip(tmp_path / "a.zip", files, method))
    assert read_all(archive) == files
    assert archive.sizes == {name: len(data) for name, data in files.items()}
    assert archive.problems == []
    assert archive.file("folder/b").read(1_000) == files["folder/b"][:1_000]
    blob = archive.blob("a.json", LIMIT)
    while not blob.is_complete:
        blob.advance()
    assert blob.read(0, blob.size) == files["a.json"]
    blob.close()
    archive.close()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "absolute"),
        ("C:/boot.ini", "absolute"),
        ("../up.json", "leads outside"),
        ("a/../../up.json", "leads outside"),
        ("a\\..\\up.json", "not a name"),
    ],
)
def test_names_that_lead_elsewhere_are_left_out_and_named(tmp_path: Path, name: str, reason: str) -> None:
    archive = archive_of(tmp_path / "a.zip", entry(name))
    assert list(archive.sizes) == ["good.json"]
    assert len(archive.problems) == 1
    assert reason in archive.problems[0]
    assert name in archive.problems[0]
    with pytest.raises(KeyError):
        archive.file(name)


def test_a_name_of_nothing_is_left_out(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"x.json": b"1", "good.json": b"{}"})
    path.write_bytes(path.read_bytes().replace(b"x.json", b"\0.json"))
    archive = Archive(path)
    assert list(archive.sizes) == ["good.json"]
    assert len(archive.problems) == 1


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644])
def test_links_and_devices_are_left_out(tmp_path: Path, mode: int) -> None:
    archive = archive_of(tmp_path / "a.zip", entry("link", mode=mode))
    assert list(archive.sizes) == ["good.json"]
    assert archive.problems == ["left out of the archive, a link or device: link"]


def test_the_second_of_two_entries_with_one_name_is_left_out(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = archive_of(tmp_path / "a.zip", entry("good.json"))
    assert read_all(archive) == {"good.json": b"{}"}
    assert archive.problems == ["left out of the archive, the same name again: good.json"]


def test_an_entry_that_needs_a_password_is_left_out(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"secret"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at] |= 1
    path.write_bytes(data)
    archive = Archive(path)
    assert (list(archive.sizes), len(archive.problems)) == ([], 1)
    assert "password" in archive.problems[0]


def test_hostile_names_are_harmless_in_problems_and_bounded(tmp_path: Path) -> None:
    names = [f"../\x1b[31m\u202e{index}" for index in range(50)]
    archive = archive_of(tmp_path / "a.zip", *map(entry, names))
    (problem,) = archive.problems
    assert problem.isprintable()
    assert len(problem) < 500
    assert problem.endswith("and 45 more")


def test_an_archive_cut_anywhere_is_named(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a": b"x" * 100, "b": b"y" * 50}).read_bytes()
    path = tmp_path / "cut.zip"
    for size in range(0, len(data), 2):
        path.write_bytes(data[:size])
        with pytest.raises(CoworldError) as caught:
            Archive(path)
        assert (caught.value.type, caught.value.exit_code) == ("archive_broken", 2)


def test_damage_inside_an_entry_is_an_oserror(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": os.urandom(1_000)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(OSError, match="damaged at a"):
        Archive(path).file("a").read(LIMIT)


def test_only_as_much_is_inflated_as_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open("a", "w") as stream:
        for _ in range(200):
            stream.write(bytes(1 << 20))
    archive = Archive(path)
    assert archive.file("a").read(10) == bytes(10)
    with pytest.raises(CoworldError) as caught:
        archive.blob("a", LIMIT)
    assert caught.value.type == "inflated_too_large"
    assert "--max-inflated" in caught.value.next_step


def test_a_size_that_is_a_lie_does_not_raise_the_limit(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "bomb.zip", {"a": bytes(8 << 20)})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    path.write_bytes(data)
    blob = Archive(path).blob("a", LIMIT)
    while not blob.is_complete:
        blob.advance()
    assert blob.size <= LIMIT
    blob.close()


def test_a_hundred_thousand_entries_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        for index in range(100_000):
            zipped.writestr(f"{index:06}/replay.json", b"{}")
    archive = Archive(path)
    assert len(archive.sizes) == 100_000


def test_a_directory_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a": b"x" * (20 << 20)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x05\x06")
    struct.pack_into("<II", data, at + 12, at, 0)  # its directory would be the whole file
    path.write_bytes(data)
    with pytest.raises(CoworldError) as caught:
        Archive(path)
    assert caught.value.type == "archive_broken"


def test_a_closed_archive_gives_errors_and_no_bytes(tmp_path: Path) -> None:
    archive = Archive(write_zip(tmp_path / "a.zip", {"a": b"x"}))
    archive.close()
    with pytest.raises(OSError):
        archive.file("a").read(1)


@settings(unhurried, max_examples=150)
@given(at=st.integers(0, 10_000), change=st.binary(min_size=1, max_size=4))
def test_damage_anywhere_is_a_coworld_error_an_oserror_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: bytes
) -> None:
    base = tmp_path_factory.getbasetemp()
    path = base / "whole.zip"
    if not path.exists():
        write_zip(path, {"manifest.json": b"{}", "a/b": b"xyz" * 30, "c": b""})
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + len(change)] = change
    damaged = base / "damaged.zip"
    damaged.write_bytes(data)
    try:
        archive = Archive(damaged)
        for problem in archive.problems:
            assert problem.isprintable()
        read_all(archive)
        archive.close()
    except (CoworldError, OSError):
        pass
