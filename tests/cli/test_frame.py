"""``frame``: one frame as it was recorded, or as a lens shows it."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import subprocess
from pathlib import Path

import pytest

from ..replay.episodes import document, frames, write_run
from ..test_imports import _COMMAND as COMMAND
from ..test_imports import loaded_by
from .command import PROGRAM, WAIT_SECONDS, coworld


@pytest.fixture
def match(tmp_path: Path) -> Path:
    """A replay of five frames, ticks 1 to 5."""
    path = tmp_path / "match.json"
    path.write_text(json.dumps(document()))
    return path


def raw(*arguments: str | Path) -> bytes:
    """The bytes a command writes into a pipe."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=WAIT_SECONDS * 2,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def on_a_terminal(*arguments: str | Path) -> bytes:
    """What a command writes to a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=follower, stderr=subprocess.DEVNULL
    ) as process:
        os.close(follower)
        data = b""
        while select.select([leader], [], [], WAIT_SECONDS)[0]:
            try:
                piece = os.read(leader, 1 << 16)
            except OSError:
                break
            data += piece
    os.close(leader)
    assert process.returncode == 0
    return data.replace(b"\r\n", b"\n")


def test_a_frame_by_number_and_by_tick(match: Path) -> None:
    for arguments, tick in (
        (("--index", "0"), 1),
        (("--index", "-1"), 5),
        (("--tick", "3"), 3),
        (("--tick", "3", "--json"), 3),
    ):
        assert coworld("frame", match, *arguments).document == frames([tick])[0]


def test_a_run_is_found_by_its_id(home: Path) -> None:
    run = write_run(home / "runs" / "20260101T000000Z-0123abcd", range(1, 4), frames([0, 1]))
    assert coworld("frame", run.name, "--tick", "0").document == frames([0])[0]


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("--index", "5"), "its frames are 0 to 4"),
        (("--index", "-6"), "its frames are 0 to 4"),
        (("--tick", "6"), "its ticks are 1 to 5"),
        (("--tick", "0"), "its ticks are 1 to 5"),
        (("--tick", "9" * 40), "its ticks are 1 to 5"),
    ],
)
def test_a_frame_that_is_not_there(match: Path, arguments: tuple[str, str], cause: str) -> None:
    done = coworld("frame", match, *arguments)
    assert done.code == 2
    assert cause in done.err


@pytest.mark.parametrize(
    "arguments", [(), ("--index", "x"), ("--index", "1", "--tick", "1"), ("--index", "1.5")]
)
def test_usage(match: Path, arguments: tuple[str, ...]) -> None:
    assert coworld("frame", match, *arguments).code == 2


def test_the_text_form_is_the_picture_of_the_best_lens(match: Path) -> None:
    out = coworld("frame", match, "--tick", "3", "--text", "--width", "40").out
    assert "Ada" in out
    assert max(map(len, out.splitlines())) <= 40
    tree = coworld("frame", match, "--tick", "3", "--lens", "tree").out
    assert "positions" in tree
    done = coworld("frame", match, "--tick", "3", "--lens", "nonsense")
    assert done.code == 2
    assert "grid" in done.err


def test_in_a_pipe_bytes_are_exact(tmp_path: Path) -> None:
    data = bytes(range(256)) * 3
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    assert raw("frame", path, "--index", "0") == data
    described = json.loads(raw("frame", path, "--index", "0", "--json"))
    assert base64.b64decode(described.pop("base64")) == data
    assert described == {"index": 0, "tick": None, "kind": "binary", "bytes": 768}


def test_tokens_stay_in_a_pipe_and_are_shown_nowhere(tmp_path: Path) -> None:
    token = "s9cHUzfd14xAvOiJwl--UQ"
    data = b'{"width": 3, "tokens": ["%s"], "players": [{"name": "Ada"}]}\n' % token.encode()
    path = tmp_path / "config.json"
    path.write_bytes(data)
    assert raw("frame", path, "--index", "0") == data
    shown = on_a_terminal("frame", path, "--index", "0").decode()
    assert json.loads(shown)["tokens"] == ["*" * len(token)]
    for arguments in (["frame", "--index", "0", "--text"], ["frame", "--index", "0", "--lens", "tree"]):
        done = coworld(arguments[0], path, *arguments[1:])
        assert done.out
        assert token not in done.out
    assert "s9cHU" not in coworld("frame", path, "--index", "0", "--lens", "hex").out
    for arguments in (["inspect", "--json"], ["query", "tokens"], ["query", ". changed or width > 0"]):
        assert token not in coworld(arguments[0], path, *arguments[1:]).out


def test_json_in_a_pipe_is_as_it_was_recorded_and_on_one_line_when_asked(tmp_path: Path) -> None:
    frame = b'{ "tick": 1,\n  "x":1.50 }'
    path = tmp_path / "x.json"
    path.write_bytes(b"[%s, {}]" % frame)
    assert raw("frame", path, "--index", "0") == frame + b"\n"
    assert raw("frame", path, "--index", "0", "--json") == b'{ "tick": 1,   "x":1.50 }\n'


def test_json_that_is_not_strict_is_described(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'[{"tick": 1, "x": NaN}, {"tick": 2, "x": 1}]')
    assert raw("frame", path, "--index", "0") == b'{"tick": 1, "x": NaN}\n'
    described = json.loads(raw("frame", path, "--index", "0", "--json"))
    assert base64.b64decode(described["base64"]) == b'{"tick": 1, "x": NaN}'


def test_a_terminal_gets_nothing_it_would_obey(tmp_path: Path) -> None:
    evil = "\x9b31m\x7f\u202e\U000e0001"
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"tick": 1, "name": evil}, {"tick": 2}], ensure_ascii=False))
    out = on_a_terminal("frame", path, "--index", "0")
    assert json.loads(out) == {"tick": 1, "name": evil}
    assert out.decode().rstrip("\n").isprintable()
    text = tmp_path / "x.txt"
    text.write_bytes(b"plain \x1b]0;title\x07 and \xff\n" * 3)
    binary = tmp_path / "x.bin"
    binary.write_bytes(bytes(range(256)))
    for other in (text, binary):
        shown = on_a_terminal("frame", other, "--index", "0")
        assert shown
        assert all(line.isprintable() for line in shown.decode().split("\n"))


def test_a_long_frame_is_not_cut_on_a_terminal(tmp_path: Path) -> None:
    frame = {"tick": 1, "cells": list(range(5_000))}
    path = tmp_path / "x.json"
    path.write_text(json.dumps([frame, frame]))
    assert json.loads(on_a_terminal("frame", path, "--index", "0")) == frame


@pytest.mark.parametrize(
    "command", [["frame", "--index", "0"], ["frame", "--index", "0", "--text"], ["inspect"]]
)
def test_a_plain_replay_needs_nothing_heavy(match: Path, command: list[str]) -> None:
    loaded = loaded_by(COMMAND.format(arguments=[command[0], str(match), *command[1:]]))
    assert not loaded & {"textual", "rich", "pydantic", "pyarrow", "docker", "httpx", "PIL", "psutil"}


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"cells": list(range(200_000))}] * 2))
    with subprocess.Popen(
        [*PROGRAM, "frame", str(path), "--index", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_json_is_utf_8_whatever_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b'[{"tick": 1, "s": "\xc3"}, {"tick": 2, "s": "\xc3\xa4"}]')
    described = json.loads(raw("frame", path, "--index", "0", "--json").decode())
    assert base64.b64decode(described["base64"]) == b'{"tick": 1, "s": "\xc3"}'
    assert described["tick"] == 1
    assert json.loads(raw("frame", path, "--index", "1", "--json").decode())["s"] == "\u00e4"
