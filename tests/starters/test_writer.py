"""Writing a starter: all of it or nothing, and only where nothing is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import EXIT_USAGE, CoworldError
from coworld_tui.starters.writer import KINDS, StarterKind, image_name, write_starter

LONGEST_PATH = 4095
LONGEST_NAME = 255

# What a registry takes as the last part of a repository's name.
REPOSITORY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_is_written_and_every_name_filled_in(kind: StarterKind, tmp_path: Path) -> None:
    starter = write_starter(kind, tmp_path / "new", "My Game 2")
    assert starter.name == "my-game-2"
    found = [path for path in (tmp_path / "new").rglob("*") if path.is_file()]
    assert sorted(str(path.relative_to(tmp_path / "new")) for path in found) == sorted(starter.files)
    assert {"README.md"} < set(starter.files)
    assert not any("@NAME@" in text or "@TITLE@" in text for text in map(Path.read_text, found))
    assert "# My Game 2" in (tmp_path / "new" / "README.md").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_compiled_modules_beside_the_template_are_not_written(kind: StarterKind, tmp_path: Path) -> None:
    starter = write_starter(kind, tmp_path / "one")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(tmp_path / "one")], check=True)
    assert not any(file.endswith(".pyc") for file in write_starter(kind, tmp_path / "two").files)
    assert starter.files == write_starter(kind, tmp_path / "three").files


def test_an_empty_folder_will_do_and_gives_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "Ada's bots" / "bot_1"
    folder.mkdir(parents=True)
    assert write_starter("player", folder).name == "bot-1"
    assert (folder / "player.py").is_file()


@pytest.mark.parametrize("there", ["file", "hidden", "folder", "broken link"])
def test_what_is_there_stays_alone(there: str, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    if there == "folder":
        (folder / "game").mkdir()
    elif there == "broken link":
        (folder / "README.md").symlink_to("nowhere")
    else:
        (folder / (".git" if there == "hidden" else "notes")).write_text("mine")
    before = sorted(folder.iterdir())
    with pytest.raises(CoworldError) as caught:
        write_starter("coworld", folder)
    assert (caught.value.type, caught.value.exit_code) == ("folder_not_empty", EXIT_USAGE)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_halfway_leaves_nothing(exists: bool, tmp_path: Path) -> None:
    """Two files fit below the longest path there may be, the next ones do not."""
    folder = tmp_path / "deep"
    while (room := LONGEST_PATH - len("/compose.yaml") - len(str(folder))) > 1:
        folder /= "x" * min(room - 1, LONGEST_NAME)
    if exists:
        folder.mkdir(parents=True)
    (folder if exists else tmp_path / "fits").mkdir(parents=True, exist_ok=True)
    with pytest.raises(CoworldError) as caught:
        write_starter("coworld", folder, "deep")
    assert (caught.value.type, caught.value.exit_code) == ("folder_unwritable", EXIT_USAGE)
    assert "too long" in caught.value.cause
    assert folder.exists() == exists
    if exists:
        assert not list(folder.iterdir())
    else:
        assert [path.name for path in tmp_path.iterdir()] == ["fits"]


@pytest.mark.parametrize("place", ["/dev/null", "/dev/null/below", "with\0null"])
def test_a_place_that_is_no_folder_is_refused(place: str) -> None:
    with pytest.raises(CoworldError) as caught:
        write_starter("player", Path(place), "name")
    assert (caught.value.type, caught.value.exit_code) == ("folder_unwritable", EXIT_USAGE)


@given(st.text() | st.from_regex(r"[A-Za-z0-9 ._-]{0,70}"))
def test_a_name_is_fit_for_an_image_or_refused(name: str) -> None:
    try:
        slug = image_name(name)
    except CoworldError as error:
        assert (error.type, error.exit_code) == ("name_invalid", EXIT_USAGE)
    else:
        assert REPOSITORY.match(slug)
        assert len(slug) <= 63
