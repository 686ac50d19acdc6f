"""What may be a replay is found by its name, the newest first, and no link is followed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coworld_tui.replay.library import Library
from coworld_tui.runs.paths import runs_dir

from .libraries import REPLAY_BYTES, file, listed, only, rows_in, run

not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def test_runs_come_newest_first_without_being_read() -> None:
    for number in (2, 3, 1):
        run(f"2026010{number}T000000Z-00000001", b"\0broken")
    (runs_dir() / "notes").mkdir()
    assert [found.path.name[:8] for found in listed(Library())] == ["20260103", "20260102", "20260101"]


def test_the_newest_of_a_folder_come_first(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        file(tmp_path / f"{number}.json", b"{}", when=1_000_000_000 + number)
    rows = listed(Library([tmp_path]))
    assert [each.below[-6] for each in rows] == ["3", "2", "1"]
    assert rows[0].modified == datetime.fromtimestamp(1_000_000_003, UTC)


def test_nothing_is_listed_twice(tmp_path: Path) -> None:
    file(tmp_path / "a" / "a.json", b"{}")
    assert len(rows_in(tmp_path, tmp_path / "a", tmp_path / "a" / "a.json")) == 1


def test_what_is_no_replay_is_not_listed(tmp_path: Path) -> None:
    for name in (
        "notes.md",
        "coworld_manifest.json",
        "results.json",
        ".hidden.json",
        ".hidden/a.json",
        "node_modules/a.json",
        "1/2/3/4/too_deep.json",
    ):
        file(tmp_path / name, b"{}")
    file(tmp_path / "1/2/3/deep.json", b"{}")
    assert [each.path.name for each in rows_in(tmp_path)] == ["deep.json"]


def test_links_are_not_followed_but_a_given_one_is(tmp_path: Path) -> None:
    real = tmp_path / "real"
    file(real / "a.json", b"{}")
    (real / "loop").symlink_to(real)
    (real / "b.json").symlink_to(real / "a.json")
    (tmp_path / "given").symlink_to(real)
    assert [each.path.name for each in rows_in(tmp_path / "given", real)] == ["a.json"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    assert rows_in(tmp_path) == []
    (found,) = rows_in(tmp_path / "a.json")
    assert (found.kind, found.problem) == ("folder", "cannot be opened: not a directory")
    file(tmp_path / "b.json", b"{}")
    library = Library([tmp_path])
    (row,) = listed(library)
    row.path.unlink()
    os.mkfifo(row.path)
    assert library.describe(row).problem == "cannot be read: is not a file"


def test_a_folder_that_is_missing_is_a_row_that_says_so(tmp_path: Path) -> None:
    found = only(tmp_path / "gone")
    assert (found.kind, found.problem) == ("folder", "cannot be opened: no such file or directory")


@not_as_root
def test_a_folder_that_may_not_be_read_is_a_row_that_says_so(tmp_path: Path) -> None:
    file(tmp_path / "a" / "b.json", b"{}")
    file(tmp_path / "c.json", b"{}").chmod(0)
    (tmp_path / "a").chmod(0)
    try:
        problems = {each.path.name: each.problem for each in rows_in(tmp_path)}
    finally:
        (tmp_path / "a").chmod(0o700)
    assert problems == {
        "a": "cannot be opened: permission denied",
        "c.json": "cannot be opened: permission denied",
    }


def test_single_files_may_be_given(tmp_path: Path) -> None:
    found = only(file(tmp_path / "notes.txt", REPLAY_BYTES))
    assert (found.kind, found.players, found.length) == ("file", ("Ada", "Bob"), 7)
