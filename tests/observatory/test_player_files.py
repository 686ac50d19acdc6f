"""The bytes of players that are files or folders."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.player_files import player_file


def test_a_folder_is_the_same_zip_whatever_its_dates_and_modes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "b.txt").write_text("b" * 1000)
        (folder / "a.txt").write_text("a")
    os.utime(other / "a.txt", (0, 0))
    (other / "a.txt").chmod(0o700)
    content = player_file(one)
    assert content.data == player_file(other).data
    with zipfile.ZipFile(io.BytesIO(content.data)) as archive:
        assert archive.namelist() == ["a.txt", "inner/b.txt"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o644}


def refused(path: Path, root: Path | None = None) -> str:
    with pytest.raises(CoworldError) as caught:
        player_file(path, root)
    assert (caught.value.type, caught.value.exit_code) == ("player_file", 2)
    return caught.value.cause


def test_files_that_cannot_be_sent(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "file").write_text("x")
    (package / "link").symlink_to(package / "file")
    (tmp_path / "outside").write_text("x")
    (package / "folder").mkdir()
    (package / "folder" / "link").symlink_to("/etc")
    assert "is a link" in refused(package / "link")
    assert "is a link" in refused(package / "folder")
    assert "there is no" in refused(package / "nothing")
    assert "outside the package" in refused(Path("../outside"), package)
    assert "outside the package" in refused(tmp_path / "outside", package)
    with (package / "large").open("wb") as file:
        file.truncate((100 << 20) + 1)
    assert "larger than 100 MiB" in refused(package / "large")
    assert "larger than 100 MiB" in refused(tmp_path / "package" / "large", package)
    shutil.rmtree(package / "folder")
    (package / "link").unlink()
    assert "larger than 100 MiB" in refused(package)


@settings(max_examples=30, deadline=None)
@given(
    files=st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1, max_size=5),
        st.binary(max_size=200),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_packed_can_be_unpacked(
    tmp_path_factory: pytest.TempPathFactory, files: Mapping[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("player")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(io.BytesIO(player_file(folder).data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
