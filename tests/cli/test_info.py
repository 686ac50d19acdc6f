"""``--version``, ``--help``, ``paths``, ``keys``, ``doctor``, and streams that cannot be written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coworld_tui import __version__
from coworld_tui.keys import KEYS

from .command import PROGRAM, coworld

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent"}


def test_version_and_help() -> None:
    assert coworld("--version").out == f"coworld-tui {__version__}\n"
    help_ = coworld("--help").out
    for command in ("run", "demo", "play", "inspect", "doctor", "paths", "keys"):
        assert f"\n    {command} " in help_
        assert coworld(command, "--help").code == 0
    assert "130 interrupted" in help_


def test_the_console_script_is_the_module() -> None:
    from importlib.metadata import entry_points

    (script,) = entry_points(group="console_scripts", name="coworld-tui")
    assert script.value == "coworld_tui.cli:main"


def test_paths(home: Path) -> None:
    done = coworld("paths", "--json")
    assert done.code == 0
    assert done.document == {
        "home": str(home),
        "runs": str(home / "runs"),
        "config": str(home / "config.toml"),
        "log": str(home / "coworld-tui.log"),
    }
    plain = coworld("paths")
    assert [line.split() for line in plain.out.splitlines()] == [list(item) for item in done.document.items()]


def test_keys() -> None:
    rows = json.loads(coworld("keys", "--json").out)
    assert [row["id"] for row in rows] == [key.id for key in KEYS]
    plain = coworld("keys").out.splitlines()
    assert len(plain) == len(KEYS) + 2
    assert plain[0].startswith("| where | key |")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_no_line_is_lost_to_a_narrow_encoding(encoding: str) -> None:
    done = coworld("keys", env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert len(done.out.splitlines()) == len(KEYS) + 2


def test_doctor_without_an_engine() -> None:
    done = coworld("doctor", "--json", env=NO_ENGINE)
    assert done.code == 3
    assert done.document["ok"] is False
    checks = {check["id"]: check for check in done.document["checks"]}
    assert checks.keys() == {"disk", "terminal", "engine"}
    assert checks["engine"].keys() == {"id", "status", "detail", "next_step"}
    assert checks["engine"]["status"] == "missing"
    assert checks["engine"]["next_step"]
    plain = coworld("doctor", env=NO_ENGINE)
    assert plain.code == 3
    assert "✗ engine" in plain.out
    assert plain.err == ""


def test_doctor_says_what_it_reaped() -> None:
    # How many there are is not for us to say: other tests kill their runs meanwhile.
    done = coworld("doctor", "--reap", "--json", env=NO_ENGINE)
    assert done.document["reaped"].keys() == {"containers", "processes"}
    assert "removed leftovers: 0 containers, " in coworld("doctor", "--reap", env=NO_ENGINE).out


def test_doctor_of_a_manifest_that_is_not_there() -> None:
    done = coworld("doctor", "/nonexistent", "--json")
    assert done.code == 2
    assert done.document["error"]["type"] == "manifest_missing"


@pytest.mark.docker
def test_doctor_knows_the_images(peer_manifest: Callable[[str], Path], tmp_path: Path) -> None:
    manifest = peer_manifest("0.1.64")
    done = coworld("doctor", manifest, "--json")
    assert done.code == 0, done.out
    ids = [check["id"] for check in done.document["checks"]]
    assert "image coworld-paintarena:0.1.64" in ids
    absent = json.loads(manifest.read_text())
    absent["game"]["runnable"]["image"] = "coworld-tui-test:nobody-made-it"
    (tmp_path / "coworld_manifest.json").write_text(json.dumps(absent))
    missing = coworld("doctor", tmp_path, "--json")
    assert missing.code == 3
    checks = {check["id"]: check for check in missing.document["checks"]}
    assert checks["image coworld-tui-test:nobody-made-it"]["status"] == "missing"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "stdin is no terminal"),
        (["rnu"], "there is no rnu"),
        (["/nonexistent/manifest.json"], "there is no /nonexistent/manifest.json"),
    ],
)
def test_the_console_says_why_it_does_not_open(arguments: list[str], words: str, tmp_path: Path) -> None:
    done = coworld(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert done.out == ""
    assert words in done.err


def test_a_reader_that_leaves_is_no_error() -> None:
    pipeline = 'set -o pipefail; "$@" | head -n 1'
    done = subprocess.run(
        ["bash", "-c", pipeline, "bash", *PROGRAM, "keys"], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("| where")


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(redirection: str) -> None:
    for command in (["paths"], ["demo", "--variant", "nope"]):
        done = subprocess.run(
            ["bash", "-c", f'"$@" {redirection}', "bash", *PROGRAM, *command],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == (0 if command == ["paths"] else 2), done.stderr
        assert "itself failed" not in done.stderr


def test_a_full_disk_beneath_stdout_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*PROGRAM, "paths"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 3
    assert "the output could not be written" in done.stderr
    assert "Traceback" not in done.stderr
