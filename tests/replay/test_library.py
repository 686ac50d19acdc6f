"""The library remembers what it described, and sorts and filters its rows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.replay import library as library_module
from coworld_tui.replay.library import (
    SORT_KEYS,
    Library,
    LibraryRow,
    configured_folders,
    filtered,
    sorted_rows,
)
from coworld_tui.runs.owner import Owner
from coworld_tui.runs.paths import cache_dir, config_file

from .libraries import REPLAY_BYTES, file, listed, passed, rows_in, run


def row(**changes: Any) -> LibraryRow:
    name = str(changes.pop("name", "x"))
    blank = LibraryRow(f"/r/{name}", "file", (changes.pop("when", 0), 1), "", name, name)
    return blank._replace(**changes)


def test_a_run_that_goes_on_is_looked_at_again() -> None:
    folder = run("20260101T000000Z-00000001", passed(status="running", owner=str(Owner.current())))
    library = Library()
    (found,) = [library.describe(each) for each in listed(library)]
    assert (found.problem, found.is_described) == ("", False)
    run(folder.name, passed(operation="other:x"))
    assert library.describe(found).game == "other"
    assert [each.game for each in library.rows] == ["other"]


def test_descriptions_are_known_the_next_time_and_only_while_nothing_changed(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", REPLAY_BYTES, when=1_000_000_000)
    other = file(tmp_path / os.fsdecode(b"\xff.json"), REPLAY_BYTES, when=900_000_000)
    first = Library([tmp_path])
    assert [first.describe(each).players for each in listed(first)] == [("Ada", "Bob")] * 2
    first.save()
    (again, unknown) = listed(Library([tmp_path]))
    assert (again.players, again.is_described) == (("Ada", "Bob"), True)
    assert (unknown.where, unknown.is_described) == (str(other), False)
    file(path, {"player_names": ["New"], "frames": [{}]})
    library = Library([tmp_path])
    found = next(each for each in listed(library) if each.path == path)
    assert not found.is_described
    assert library.describe(found).players == ("New",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"/a": 1}', b'{"/a": [1, 2, {"players": 5}]}', b"\xff"]
)
def test_a_damaged_cache_is_ignored_and_written_anew(content: bytes, tmp_path: Path) -> None:
    file(tmp_path / "a.json", REPLAY_BYTES)
    file(cache_dir() / "library.json", content)
    library = Library([tmp_path])
    assert [library.describe(each).players for each in listed(library)] == [("Ada", "Bob")]
    library.save()
    assert listed(Library([tmp_path]))[0].is_described


def test_saving_after_every_page_does_not_write_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "_SAVE_SECONDS", 1e9)
    one, other = (file(tmp_path / name, REPLAY_BYTES) for name in ("a.json", "b.json"))
    library = Library([one, other])
    for row in listed(library):
        library.describe(row)
        library.save()
    assert [row.is_described for row in listed(Library([one, other]))] == [True, False]


def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path: Path, home: Path) -> None:
    file(tmp_path / "a.json", REPLAY_BYTES)
    file(home / "cache", b"a file where the folder should be")
    library = Library([tmp_path])
    assert [library.describe(each).length for each in listed(library)] == [7]
    library.save()
    assert (home / "cache").is_file()


def test_sorting() -> None:
    rows = [
        row(name="b", when=1, game="B", scores=(1.0, 9.0), length=5, size=10),
        row(name="a", when=2, game="a", scores=(2.0,), size=30),
        row(name="c", when=3, length=9, size=20, problem="is empty"),
    ]

    def order(key: Any, reverse: bool = False) -> str:
        return "".join(each.below for each in sorted_rows(rows, key, reverse))

    assert order("modified", True) == "cab"
    assert order("modified") == "bac"
    assert order("game") == "abc"
    assert order("scores", True) == "bac", "what has none comes last"
    assert order("scores") == "abc", "either way"
    assert (order("length"), order("length", True)) == ("bca", "cba")
    assert order("size", True) == "acb"
    assert order("problem") == "cab"
    assert order("kind") == "cab", "of equal ones the newest first"


def test_filtering(tmp_path: Path) -> None:
    run("20260101T000000Z-00000001", passed(status="failed"))
    file(tmp_path / "Ärger" / "Game 7.json", REPLAY_BYTES)
    file(tmp_path / "empty.json", b"")
    rows = rows_in(tmp_path)
    for text, names in (
        ("", 3),
        ("  ", 3),
        ("PAINTARENA", 1),
        ("ada", 2),
        ("ada paint", 1),
        ("bob failed", 1),
        ("ärger game", 1),
        ("ÄRGER", 1),
        ("is empty", 1),
        ("file", 2),
        (str(tmp_path.parent), 0),
        ("ada zzz", 0),
    ):
        assert len(filtered(rows, text)) == names, text


def test_a_limit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "ROW_LIMIT", 3)
    for number in range(5):
        file(tmp_path / f"{number}.json", b"{}")
    library = Library([tmp_path])
    assert len(listed(library)) == 3
    assert library.problem == "only the first 3 are listed"


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ('[library]\nfolders = ["/a", "~/b", 5]', [Path("/a"), Path("~/b")]),
        ('[library]\nfolders = "/a"', []),
        ("library = 5", []),
        ("[[[", []),
        ("", []),
    ],
)
def test_folders_come_from_the_settings(text: str, folders: list[Path]) -> None:
    file(config_file(), text.encode())
    assert configured_folders() == folders


def test_without_settings_there_are_no_folders() -> None:
    assert configured_folders() == []


def test_a_hundred_thousand_rows_filter_and_sort_quickly() -> None:
    rows = [
        row(name=f"episode {number}", when=number * 7919 % 100_003, game=f"game {number % 50}", size=number)
        for number in range(100_000)
    ]
    assert len(filtered(rows, "episode 12345")) == 1
    assert fastest(lambda: filtered(rows, "episode 99")) < 0.05
    for key in SORT_KEYS:
        assert fastest(partial(sorted_rows, rows, key, True)) < 0.3, key


def fastest(call: Callable[[], object]) -> float:
    """The processor time of the fastest of three calls."""
    times = []
    for _ in range(3):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)
