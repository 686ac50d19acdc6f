"""What is taken from a role's folder: nothing vanishes without a word, nothing stands in for what is ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.roles.role_outputs import OUTPUT_LIMIT, collect, outputs_in, size_of

DEEP = "a/b/c/d/e/f/g/h/i"
FOLDERS = 2_000


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A role's folder with a grade in it."""
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "grade.json").write_text('{"score": 1}')
    return folder


def collected(output: Path) -> tuple[CoworldError | None, list[str]]:
    """What was refused, and the names of what was taken."""
    target = output.parent / "target"
    target.mkdir()
    error = collect("grader", output, target)
    found = outputs_in(target)
    return error, [Path(each.path).relative_to(target).as_posix() for each in found]


def test_a_small_tree_is_taken_whole(output: Path) -> None:
    (output / "a/b").mkdir(parents=True)
    (output / "a/b/more.md").write_text("# More")
    assert size_of(output) == 18
    assert collected(output) == (None, ["a/b/more.md", "grade.json"])


@pytest.mark.parametrize("name", [f"{DEEP}/big", f"{DEEP}/empty/"])
def test_what_lies_too_deep_is_too_much(output: Path, name: str) -> None:
    path = output / name
    path.parent.mkdir(parents=True)
    if name.endswith("/"):
        path.mkdir()
    else:
        with path.open("wb") as stream:
            stream.truncate(5 << 30)
    assert size_of(output) > OUTPUT_LIMIT
    error, names = collected(output)
    assert error is not None
    assert error.type == "role_output_refused"
    assert f"{DEEP} lies too deep" in error.cause
    assert names == ["grade.json"]


def test_too_many_folders_are_too_much(output: Path) -> None:
    for number in range(FOLDERS):
        (output / f"{number:04}").mkdir()
    (output / "0000/hidden").write_text("x")
    assert size_of(output) > OUTPUT_LIMIT
    error, _ = collected(output)
    assert error is not None
    assert "too many folders" in error.cause


def test_a_closed_folder_is_too_much(nobodys_folder: Path) -> None:
    output = nobodys_folder / "output"
    (output / "closed").mkdir(parents=True)
    (output / "closed").chmod(0o000)
    assert size_of(output) > OUTPUT_LIMIT
    error, _ = collected(output)
    assert error is not None
    assert "closed: Permission denied" in error.cause


def test_a_folder_that_goes_away_is_nothing(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A role that still runs may tidy up between our looking at a folder's name and into it."""
    (output / "work").mkdir()
    scandir = os.scandir

    def gone(place: str) -> object:
        if Path(place).name == "work":
            (output / "work").rmdir()
        return scandir(place)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", gone)
        assert size_of(output) == 12


@pytest.mark.parametrize("name", ["role.json", "role.json/x", "ROLE.JSON/x/y", "Role.stdout.log"])
def test_our_own_names_are_not_to_be_had(output: Path, name: str) -> None:
    (output / name).parent.mkdir(parents=True, exist_ok=True)
    (output / name).write_text("{}")
    error, names = collected(output)
    assert error is not None
    assert f"{name} is a name of ours" in error.cause
    assert names == ["grade.json"]
    assert [path.name for path in (output.parent / "target").iterdir()] == ["grade.json"]
