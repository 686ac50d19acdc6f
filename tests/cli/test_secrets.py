"""``--secret-env``: the player gets the value, and nothing else shows it."""

from __future__ import annotations

import secrets
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..processes import command_lines, started_for
from .command import PROGRAM, Running, coworld, until

# This process's own: a command of another worker may just show its value before it starts anew.
SECRET = f"sesame-open-{secrets.token_hex(8)}"
# Writes what it got where only this test looks, then waits to be looked at.
PLAYER = "import os, pathlib, signal; pathlib.Path({path!r}).write_text(os.environ['KEY']); {then}"


def player(path: Path, then: str) -> str:
    """A --slot command that notes its KEY in a file."""
    return f"0=cmd={shlex.join([sys.executable, '-c', PLAYER.format(path=str(path), then=then)])}"


def files_with(word: str, root: Path) -> list[str]:
    return [
        str(path.relative_to(root))
        for path in root.glob("**/*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


@pytest.mark.parametrize("form", ["--secret-env KEY={}", "--secret-env=KEY={}", "KEY"])
def test_the_player_alone_gets_the_value(
    form: str,
    home: Path,
    endless: Path,
    tmp_path: Path,
    start: Callable[..., Running],
) -> None:
    noted = tmp_path / "noted"
    words = form.format(SECRET).split() if form != "KEY" else ["--secret-env", "KEY"]
    running = start(
        *("run", endless, "--backend", "process", "--display", "plain", *words),
        *("--slot", player(noted, "signal.pause()"), "--timeout-seconds", "60"),
        env={"KEY": SECRET} if form == "KEY" else {},
    )
    running.says("◐ frames")
    until(lambda: noted.exists() and noted.read_text() == SECRET)
    assert not [line for line in command_lines() if SECRET in line]
    game = [process for process in started_for(home) if "demo.game" in " ".join(process.cmdline())]
    assert game
    if form != "KEY":
        assert not any(SECRET in str(process.environ()) for process in game)
    running.process.terminate()
    done = running.ends()
    assert done.code == 130
    assert SECRET not in done.out + done.err
    assert files_with(SECRET, home) == []


def test_a_crash_that_prints_the_value_is_redacted(home: Path, endless: Path) -> None:
    crash = f"0=cmd={shlex.join([sys.executable, '-c', 'import os; raise SystemExit(os.environ[chr(75)])'])}"
    arguments = ("run", endless, "--backend", "process", "--slot", crash, "--secret-env", f"K={SECRET}")
    done = coworld(*arguments, "--display", "plain", "--json")
    assert done.code == 1
    assert "[redacted]" in done.document["error"]["cause"]
    assert SECRET not in done.out + done.err
    # On disk the player's own words stand as it wrote them; everything of ours is redacted.
    assert [Path(path).name for path in files_with(SECRET, home)] == ["policy_agent_0.log"]


def test_starting_anew_finds_the_same_modules(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("coworld-tui")
    if not script.exists():
        pytest.skip("the console script is not installed beside this Python")
    (tmp_path / "psutil.py").write_text("raise SystemExit('the folder of the user shadows a module')")
    done = subprocess.run(
        [script, "doctor", "--secret-env", f"K={SECRET}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "unrecognized arguments: --secret-env" in done.stderr
    assert SECRET not in done.stderr
    done = subprocess.run(
        [script, "run", "demo", "--variant", "nope", "--secret-env", f"K={SECRET}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert 'no variant "nope"' in done.stderr


def test_the_value_is_in_no_error(moment: Path) -> None:
    for arguments in (["--secret", f"K={SECRET}"], ["--secret-env", f"={SECRET}"], ["--variant", "nope"]):
        done = subprocess.run(
            [*PROGRAM, "run", str(moment), *arguments, "--secret-env", f"K={SECRET}"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        if "--secret" not in arguments:
            assert SECRET not in done.stdout + done.stderr
