"""``--watch``: runs again when files change, and only then."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from coworld_tui.cli.watched_files import FILE_LIMIT, WatchedFiles

from ..processes import started_for
from .command import Running, coworld, manifests_of
from .conftest import write_package

Start = Callable[..., Running]

BOT = """\
import runpy, sys
sys.argv = ["player", "--policy", "hunter"]
runpy.run_module("coworld_tui.demo.player", run_name="__main__")
"""
WATCHING = "◌ watching"


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    """A player's script with a folder of its own."""
    path = tmp_path / "bot" / "bot.py"
    path.parent.mkdir()
    path.write_text(BOT)
    return path


def watched(package: Path, bot: Path, *more: str) -> list[str]:
    """The arguments of a run that watches ``bot``."""
    command = shlex.join([sys.executable, str(bot)])
    return ["run", str(package), "--backend", "process", "--watch", "--slot", f"0=cmd={command}", *more]


def test_a_change_runs_again_and_ctrl_c_between_runs_is_no_failure(
    moment: Path, bot: Path, home: Path, start: Start
) -> None:
    running = start(*watched(moment, bot, "--json", "--display", "plain"))
    running.says(WATCHING)
    (bot.parent / "notes.log").write_text("written by the player")
    (bot.parent / "helper.py").write_text("x = 1\n")
    running.says("↻ helper.py changed")
    running.says(WATCHING, times=2)
    bot.write_text("raise SystemExit(7)\n")
    running.says(WATCHING, times=3)
    running.signal(signal.SIGINT)
    done = running.ends()
    assert done.code == 0
    outcomes = [json.loads(line) for line in done.out.splitlines()]
    assert [outcome["status"] for outcome in outcomes] == ["passed", "passed", "failed"]
    assert outcomes[2]["error"]["slot"] == 0
    assert sorted(manifest["status"] for manifest in manifests_of(home)) == ["failed", "passed", "passed"]


def test_a_change_cancels_the_episode_that_runs_and_ctrl_c_during_one_is_130(
    endless: Path, bot: Path, home: Path, start: Start
) -> None:
    running = start(*watched(endless, bot, "--display", "plain"))
    running.says("◐ playing")
    bot.write_text(BOT + "# changed\n")
    running.says("↻ bot.py changed")
    running.says("◐ playing", times=2)
    running.signal(signal.SIGINT)
    assert running.ends().code == 130
    assert [manifest["status"] for manifest in manifests_of(home)] == ["cancelled", "cancelled"]
    assert started_for(home) == []


def test_a_manifest_that_breaks_meanwhile_is_said_and_waited_for(
    tmp_path: Path, home: Path, start: Start
) -> None:
    manifest = write_package(tmp_path / "package")
    text = manifest.read_text()
    running = start("run", manifest, "--backend", "process", "--watch", "--display", "json")
    running.says(WATCHING)
    manifest.write_text("{")
    running.says("That is not a Coworld manifest")
    running.says(WATCHING, times=2)
    manifest.write_text(text + "\n")
    running.says(WATCHING, times=3)
    running.signal(signal.SIGTERM)
    done = running.ends()
    assert done.code == 0
    ends = [line for line in map(json.loads, done.out.splitlines()) if line["kind"] == "outcome"]
    assert [line["status"] for line in ends] == ["passed", "failed", "passed"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["demo", "--watch", "--display", "plain"], "there is nothing to watch"),
        (["demo", "--watch", "--display", "full"], "--watch has no full screen"),
        (["demo", "--watch", "--output-dir", "out"], "--watch has no --output-dir"),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments: list[str], says: str, home: Path) -> None:
    done = coworld(*arguments)
    assert done.code == 2
    assert says in done.err
    assert manifests_of(home) == []


def test_which_files_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        *("bot/main.py", "bot/deep/part.py", "bot/weights.bin", "bot/state.json", "bot/.git/hook.py"),
        *(
            "bot/__pycache__/main.py",
            "bot/env/pyvenv.cfg",
            "bot/env/lib.py",
            "package/one.py",
            "alone",
            "other.py",
        ),
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("")
    Path("bot/loop").symlink_to("..")
    commands = [
        ["python", "bot/main.py", "bot/weights.bin", "absent.py"],
        ["python", "-m", "package"],
        ["./alone"],
    ]
    files = WatchedFiles.of(commands)
    names = {Path(path).relative_to(tmp_path).as_posix() for path in files.state()}
    assert names == {"bot/main.py", "bot/deep/part.py", "bot/weights.bin", "package/one.py", "alone"}
    assert WatchedFiles.of([["python", "-c", "print()"], ["human"]]).is_empty


def test_a_folder_of_any_size_is_watched_in_part(tmp_path: Path) -> None:
    for number in range(FILE_LIMIT + 10):
        (tmp_path / f"f{number}.py").touch()
    assert len(WatchedFiles([], [tmp_path]).state()) == FILE_LIMIT


async def test_changes_are_told_once_they_are_quiet(tmp_path: Path) -> None:
    first, gone, new = (tmp_path / name for name in ("first.py", "gone.py", "new.py"))
    first.write_text("1")
    gone.write_text("1")
    files = WatchedFiles([], [tmp_path])
    before = files.state()
    waiting = asyncio.create_task(files.changed(before))
    first.write_text("22")
    gone.unlink()
    new.write_text("3")
    async with asyncio.timeout(10):
        assert await waiting == sorted(map(str, (first, gone, new)))


@pytest.mark.parametrize("word", ["x" * 5_000, "a\0b", "\udc80"])
def test_any_word_of_a_command_is_looked_at(word: str) -> None:
    assert WatchedFiles.of([["python", "-c", word]]).is_empty
