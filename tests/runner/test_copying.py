"""Files to and from an engine elsewhere."""

from __future__ import annotations

import contextlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.runner import copying
from coworld_tui.runner.copying import TooLargeError, packed, unpack

LIMIT = 1 << 20


def archive_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def in_chunks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_a_folder_goes_there_and_comes_back(tmp_path: Path) -> None:
    here, back = tmp_path / "here", tmp_path / "back"
    (here / "logs").mkdir(parents=True)
    back.mkdir()
    (here / "config.json").write_text("{}")
    (here / "logs" / "game.log").write_bytes(b"x" * 5000)
    data = packed(here, "/coworld")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert {entry.name for entry in archive} >= {"coworld", "coworld/logs", "coworld/config.json"}
        assert archive.getmember("coworld").mode & 0o777 == 0o777
    assert unpack(in_chunks(data, 700), back, LIMIT) == []
    assert (back / "config.json").read_text() == "{}"
    assert (back / "logs" / "game.log").read_bytes() == b"x" * 5000


@pytest.mark.parametrize(
    "hostile",
    [
        member("coworld/../../outside"),
        member("coworld/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("coworld/hard", tarfile.LNKTYPE, "../outside"),
        member("coworld/device", tarfile.CHRTYPE),
        member("coworld/pipe", tarfile.FIFOTYPE),
        member("outside"),
    ],
    ids=["climbs out", "symlink", "hard link", "device", "pipe", "top level"],
)
def test_nothing_but_files_and_nothing_outside(tmp_path: Path, hostile: tarfile.TarInfo) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    good = (member("coworld/results.json"), b"{}")
    left = unpack([archive_of((hostile, b""), good)], folder, LIMIT)
    assert bool(left) == ("/" in hostile.name)
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "results.json"]


def test_what_lies_very_deep_is_left_out(tmp_path: Path) -> None:
    deep = "/".join("a" * 101)
    files = [(member(f"coworld/{name}"), b"x") for name in (deep, deep[2:])]
    assert unpack([archive_of(*files)], tmp_path, LIMIT) == [f"{deep} lies too deep"]
    assert (tmp_path / deep[2:]).read_text() == "x"


def test_an_archive_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLargeError, match="larger than 1 MiB"):
        unpack([archive_of((member("coworld/replay"), b"x" * (LIMIT + 1)))], tmp_path, LIMIT)
    monkeypatch.setattr(copying, "_MOST_MEMBERS", 3)
    with pytest.raises(TooLargeError, match="more than 3 files"):
        unpack([archive_of(*((member(f"coworld/{name}"), b"") for name in "abcd"))], tmp_path, LIMIT)


@given(data=st.binary(max_size=2000), size=st.integers(1, 600))
def test_bytes_that_are_no_archive_raise_what_callers_expect(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, size: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with contextlib.suppress(OSError, tarfile.TarError):
        unpack(in_chunks(data, size), folder, LIMIT)
    assert list(folder.iterdir()) == []
