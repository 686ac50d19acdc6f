"""The console in a real terminal: its keys, its end, and that it leaves the terminal as it was."""

from __future__ import annotations

import json
import select
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from coworld_tui.demo import manifest_path

from ..processes import started_for
from .conftest import Open
from .pseudo import WAIT_SECONDS, Terminal

ENTER, CTRL_Q = "\r", "\x11"
LONG = ("demo", "--variant", "wide")


def manifests(home: Path) -> list[dict[str, Any]]:
    """The run manifests of this home."""
    return [json.loads(path.read_bytes()) for path in home.glob("runs/*/run_manifest.json")]


def playing(terminal: Open, *arguments: str, size: tuple[int, int] = (100, 30)) -> Terminal:
    """A console whose episode plays and draws frames."""
    console = terminal(*(arguments or LONG), size=size)
    console.shows("playing", "tick 2")
    return console


def four_seconds(folder: Path) -> tuple[str, ...]:
    """The arguments of a run that takes four seconds, drawn at 20 frames a second."""
    manifest = json.loads(manifest_path().read_bytes())
    manifest["certification"]["game_config"]["max_ticks"] = 120
    for part in (manifest["game"]["runnable"], *manifest["player"]):
        part["run"][0] = sys.executable
    (folder / "coworld_manifest.json").write_text(json.dumps(manifest))
    return ("run", str(folder), "--backend", "process")


def test_the_demo_is_launched_by_keys_and_shows_its_result(home: Path, terminal: Open) -> None:
    console = terminal()
    console.shows("packages", "enclosure", "Wanderer")
    form = console.press("r")
    console.shows("variant", "backend", "enter launch", since=form)
    # The variant is chosen by the arrows: duel, three, four, quick.
    chosen = console.press(*["\x1b[C"] * 4)
    console.shows("quick", since=chosen)
    run = console.press(ENTER)
    console.shows("playing", "Hunter", "Rover", since=run)
    shown = console.shows("passed", str(home / "runs"), since=run)
    assert "replay" in shown
    console.press(CTRL_Q)
    assert console.ends() == 0
    assert console.left_over_modes() == []
    assert [manifest["status"] for manifest in manifests(home)] == ["passed"]
    assert started_for(home) == []


@pytest.mark.docker
def test_a_peer_package_is_launched_by_keys(
    home: Path, tmp_path: Path, terminal: Open, peer_manifest: Callable[[str], Path]
) -> None:
    document = json.loads(peer_manifest("0.1.64").read_bytes())
    document["certification"]["game_config"]["max_ticks"] = 40
    manifest = tmp_path / "coworld_manifest.json"
    manifest.write_text(json.dumps(document))
    console = terminal(str(manifest))
    console.shows("paintarena", "Sweep Painter")
    form = console.press("r")
    console.shows("enter launch", since=form)
    run = console.press(ENTER)
    console.shows("passed", str(home / "runs"), since=run)
    console.press(CTRL_Q)
    assert console.ends() == 0
    assert console.left_over_modes() == []
    (run_manifest,) = manifests(home)
    assert (run_manifest["status"], run_manifest["provider"]) == ("passed", "docker")


def test_quitting_asks_and_can_stop_what_runs(home: Path, terminal: Open) -> None:
    console = playing(terminal)
    asked = console.press(CTRL_Q)
    console.shows("An episode is running.", "stop, keep what was recorded", since=asked)
    console.press("s")
    assert console.ends() == 130
    assert console.left_over_modes() == []
    assert started_for(home) == []
    (manifest,) = manifests(home)
    assert manifest["status"] == "cancelled"
    after = console.text[-400:]
    assert "cancelled" in after
    assert manifest["run_id"] in after


def test_quitting_can_let_it_finish_in_the_plain_terminal(home: Path, tmp_path: Path, terminal: Open) -> None:
    console = playing(terminal, *four_seconds(tmp_path))
    asked = console.press(CTRL_Q)
    console.shows("finish them", since=asked)
    answered = console.press("f")
    console.shows("still running: 1", "passed", since=answered)
    assert console.ends() == 0
    assert console.left_over_modes() == []
    assert [manifest["status"] for manifest in manifests(home)] == ["passed"]


def test_what_finishes_in_the_plain_terminal_can_be_interrupted(home: Path, terminal: Open) -> None:
    console = playing(terminal)
    asked = console.press(CTRL_Q)
    console.shows("finish them", since=asked)
    answered = console.press("f")
    console.shows("still running: 1", since=answered)
    console.press("\x03")
    assert console.ends() == 130
    assert started_for(home) == []
    assert [manifest["status"] for manifest in manifests(home)] == ["cancelled"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_console_and_its_episode(
    number: signal.Signals, home: Path, terminal: Open
) -> None:
    console = playing(terminal)
    console.process.send_signal(number)
    assert console.ends() == 130
    assert console.left_over_modes() == []
    assert started_for(home) == []
    (manifest,) = manifests(home)
    assert manifest["status"] == "cancelled"
    assert manifest["run_id"] in console.text[-400:]
    assert "Traceback" not in console.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_the_first_paint(number: signal.Signals, terminal: Open) -> None:
    console = terminal()
    console.shows_bytes(b"?1049h")
    console.process.send_signal(number)
    assert console.ends() == 130
    assert console.left_over_modes() == []
    assert "NoMatches" not in console.text


def test_a_terminal_that_goes_away_ends_everything(home: Path, terminal: Open) -> None:
    console = playing(terminal)
    console.hang_up()
    assert console.ends() == 130
    assert started_for(home) == []
    assert [manifest["status"] for manifest in manifests(home)] == ["cancelled"]
    assert not (home / "coworld-tui.log").exists()


def test_a_terminal_that_goes_away_ends_a_plain_run(home: Path, terminal: Open) -> None:
    console = terminal(*LONG, "--display", "plain")
    console.shows("◐ playing")
    console.hang_up()
    assert console.ends() == 130
    assert started_for(home) == []
    assert [manifest["status"] for manifest in manifests(home)] == ["cancelled"]


def test_ctrl_c_ends_a_plain_run(home: Path, terminal: Open) -> None:
    console = terminal(*LONG, "--display", "plain")
    console.shows("◐ playing")
    console.press("\x03")
    assert console.ends() == 130
    assert started_for(home) == []
    assert "Traceback" not in console.text


def test_a_terminal_that_stalls_holds_nothing_up(home: Path, tmp_path: Path, terminal: Open) -> None:
    console = playing(terminal, *four_seconds(tmp_path), size=(200, 60))
    # Nothing is read from now on, as with a stopped terminal (ctrl+s) or a dead SSH connection.
    deadline = monotonic() + WAIT_SECONDS
    while [manifest["status"] for manifest in manifests(home)] != ["passed"]:
        assert monotonic() < deadline
        select.select([], [], [], 0.1)
    console.hang_up()
    assert console.ends() == 130


def test_an_idle_console_is_idle(terminal: Open) -> None:
    console = terminal(env={"DOCKER_HOST": "unix:///nonexistent"})
    console.shows("enclosure", "no docker", "Wanderer")
    while console.read(0.5):
        pass
    process = psutil.Process(console.process.pid)
    before, written = process.cpu_times(), len(console.written)
    console.read(2.0)
    after = process.cpu_times()
    assert len(console.written) == written
    assert after.user + after.system - before.user - before.system <= 0.1


def test_sizes_may_change_while_it_runs(terminal: Open) -> None:
    console = playing(terminal)
    for columns, lines in ((40, 10), (1, 1), (160, 50), (5, 40)):
        console.resize(columns, lines)
        for _ in range(8):
            console.read(0.2)
    back = len(console.written)
    console.resize(90, 28)
    console.shows("Hunter", "Rover", since=back)
    assert console.process.poll() is None
    assert "Traceback" not in console.text


@pytest.mark.parametrize(
    ("env", "size"),
    [({"NO_COLOR": "1"}, (80, 24)), ({}, (0, 0)), ({}, (60, 16)), ({"TERM": "xterm-ghostty"}, (80, 24))],
)
def test_unusual_terminals_get_a_working_screen(
    env: dict[str, str | None], size: tuple[int, int], terminal: Open
) -> None:
    console = terminal(env=env, size=size)
    console.shows("packages", "enclosure")
    help_ = console.press("?")
    console.shows("open the launch form", since=help_)
    console.press("q", CTRL_Q)
    assert console.ends() == 0
    assert console.left_over_modes() == []


@pytest.mark.parametrize(
    ("env", "size", "reason"),
    [
        ({"TERM": "dumb"}, (100, 30), "TERM is dumb"),
        ({"TERM": None}, (100, 30), "TERM is not set"),
        ({}, (40, 10), "the window is 40x10, and 60x16 is the smallest"),
    ],
)
def test_other_terminals_get_one_plain_line(
    env: dict[str, str | None], size: tuple[int, int], reason: str, terminal: Open
) -> None:
    console = terminal(env=env, size=size)
    assert console.ends() == 2
    assert [reason in line for line in console.text.splitlines()] == [True]
    assert b"\x1b" not in console.written


def test_a_plain_terminal_gets_the_plain_display(terminal: Open) -> None:
    demo = terminal("demo", "--variant", "quick", env={"TERM": "dumb"})
    assert demo.ends() == 0
    assert demo.text.splitlines()[0] == "plain display: TERM is dumb"
    assert "passed" in demo.text
    assert b"\x1b" not in demo.written


def test_the_full_display_can_end_with_json(terminal: Open) -> None:
    console = terminal("demo", "--variant", "quick", "--display", "full", "--json")
    console.shows("passed")
    console.press(CTRL_Q)
    assert console.ends() == 0
    document = json.loads(console.text[console.text.rindex('{"run_id"') :])
    assert document["status"] == "passed"


def test_episodes_get_output_folders_of_their_own(tmp_path: Path, terminal: Open) -> None:
    place = tmp_path / "out"
    console = terminal("demo", "--episodes", "2", "--jobs", "2", "--output-dir", str(place))
    deadline = monotonic() + WAIT_SECONDS
    while len(list(place.glob("*"))) < 2:
        assert monotonic() < deadline
        console.read(0.1)
    assert sorted(path.name for path in place.iterdir()) == ["episode-0001", "episode-0002"]


def test_a_run_of_the_bundled_game_lists_it_once(terminal: Open) -> None:
    console = terminal("demo", "--variant", "quick", env={"DOCKER_HOST": "unix:///nonexistent"})
    console.shows("passed")
    since = console.press("q")
    console.shows("built in", since=since)
    assert "unreadable" not in console.text[since:]


def test_a_certification_on_a_screen_of_its_own(home: Path, terminal: Open) -> None:
    console = terminal("certify", "demo", "--display", "full", size=(100, 30))
    console.shows("checklist", "certifying", "smoke-episode", "playing")
    shown = console.shows("✓ passed", "10 of 10 steps passed")
    assert "supporting-roles" in shown
    console.press(CTRL_Q)
    assert console.ends() == 0
    assert "certification passed: 10 of 10" in console.text
    assert console.left_over_modes() == []
    assert started_for(home) == []


def test_a_certification_that_is_left_is_stopped(home: Path, terminal: Open) -> None:
    console = terminal("certify", "demo", "--display", "full", size=(100, 30))
    console.shows("certifying", "playing")
    question = console.press(CTRL_Q)
    console.shows("Something is running.", since=question)
    console.press("s")
    assert console.ends() == 130
    assert started_for(home) == []
    assert [manifest["status"] for manifest in manifests(home)] == ["cancelled"]


def test_the_editor_has_the_terminal_and_its_ctrl_c_is_its_own(
    home: Path, tmp_path: Path, terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "coworld_manifest.json"
    package.write_bytes(manifest_path().read_bytes())
    monkeypatch.setenv("VISUAL", "sh -c 'echo EDITING \"$0\"; read line; echo never'")
    console = terminal(str(package))
    console.shows("packages", "Two to four players")
    away = console.press("e")
    console.shows(f"EDITING {package}", since=away)
    back = console.press("\x03")
    console.shows("packages", "Two to four players", since=back)
    assert "never" not in console.text
    console.press(CTRL_Q)
    assert console.ends() == 0
    assert console.left_over_modes() == []
    assert started_for(home) == []
