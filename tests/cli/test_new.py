"""``new``: what it writes, says and refuses."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from .command import coworld


@pytest.mark.parametrize("what", ["player", "coworld"])
def test_json_names_what_was_written(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "My game"
    document = coworld("new", what, folder, "--json").document
    assert (document["kind"], document["name"], document["directory"]) == (what, "my-game", str(folder))
    assert all((folder / file).is_file() for file in document["files"])


@pytest.mark.parametrize("what", ["player", "coworld"])
def test_it_says_what_to_do_next(what: str, tmp_path: Path) -> None:
    done = coworld("new", what, "my stuff", "--name", "Bot 7", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    first, *commands = done.out.splitlines()
    assert first.startswith(f"{what} bot-7: ")
    assert shlex.split(commands[0]) == ["cd", "my stuff"]
    assert len(commands) == 3


def test_the_commands_of_a_player_work_as_they_are_printed(tmp_path: Path) -> None:
    told = coworld("new", "player", "bot", cwd=tmp_path).out
    assert "pip install -r requirements.txt" in told
    assert 'run demo --slot 0="cmd=python player.py"' in told
    # The Python of these tests has what that install would bring.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    slot = ("--slot", "0=cmd=python player.py")
    done = coworld("run", "demo", "--variant", "quick", *slot, cwd=tmp_path / "bot", env={"PATH": path})
    assert done.code == 0, done.err


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = coworld("new", "coworld", tmp_path, "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "folder_not_empty")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["", "-x", "a/b", "\x1b[31mred", "x" * 64, "\u00fcber"])
def test_a_name_that_will_not_do_is_refused(name: str, tmp_path: Path) -> None:
    done = coworld("new", "player", tmp_path / "new", f"--name={name}", "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "name_invalid")
    assert "\x1b" not in json.dumps(done.document, ensure_ascii=False) + done.err
    assert not (tmp_path / "new").exists()


def test_this_folder_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    assert coworld("new", "player", ".", cwd=folder).out.startswith("player here: ")
    assert (folder / "player.py").is_file()
