"""``bundle``: what it prints, what it asks, and what it refuses."""

from __future__ import annotations

import json
import os
import pty
import zipfile
from pathlib import Path

import pytest

from tests.replay.episodes import TOKENS, decoded, opened, workspace_files, write_folder

from .command import PROGRAM, Done, coworld


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "workspace", workspace_files("0.1.11"))


def held(path: Path) -> bytes:
    """All that is in a zip."""
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def test_a_run_of_ours(played: Done, tmp_path: Path) -> None:
    output = tmp_path / "episode.zip"
    done = coworld("bundle", played.document["run_dir"], "--output", output, "--json")
    assert done.code == 0
    document = done.document
    assert document["path"] == str(output)
    assert document["include"][:2] == ["results", "replay"]
    assert set(document["files"]["player_logs"]) == {"0", "1"}
    config = json.loads(Path(played.document["workspace"], "config.json").read_bytes())
    assert not [token for token in config["tokens"] if token.encode() in held(output)]
    replay = opened(output)
    assert decoded(replay.source) == json.loads(Path(played.document["replay"]).read_bytes())["frames"]
    assert list(replay.scores) == played.document["scores"]
    assert coworld("inspect", output, "--json").document["problems"] == []


def test_refusals(workspace: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    for arguments, kind in (
        (["--raw"], "raw_unconfirmed"),
        (["--include", "results,nonsense"], "include_unknown"),
        (["--include", " , "], "include_unknown"),
    ):
        done = coworld("bundle", workspace, "--output", output, "--json", *arguments)
        assert (done.code, done.document["error"]["type"]) == (2, kind)
        assert not output.exists()
    assert coworld("bundle", tmp_path, "--output", output).code == 2
    assert coworld("bundle", "20260102T030405Z-00000009", "--output", output).code == 2
    assert coworld("bundle", workspace, "--output", tmp_path / "no" / "such" / "place.zip").code == 2
    output.write_bytes(b"mine")
    assert coworld("bundle", workspace, "--output", output).code == 2
    assert output.read_bytes() == b"mine"
    done = coworld("bundle", workspace, "--output", output, "--force", "--generation", "0.1.64")
    assert (done.code, done.out) == (0, f"{output}  0.1.64: results, replay, game_logs, player_logs\n")


def test_raw_in_a_script(workspace: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    done = coworld("bundle", workspace, "--output", output, "--raw", "--yes", "--json")
    assert (done.code, done.document["raw"]) == (0, True)
    assert TOKENS[0].encode() in held(output)


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 2), (b"\x04", 2)])
def test_raw_asks(workspace: Path, tmp_path: Path, answer: bytes, code: int) -> None:
    output = tmp_path / "out.zip"
    process, terminal = pty.fork()
    if not process:
        os.execv(PROGRAM[0], [*PROGRAM, "bundle", str(workspace), "--output", str(output), "--raw"])
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(terminal, 4096)
    assert b"tokens" in seen
    os.write(terminal, answer)
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # its end
        pass
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == code
    assert output.exists() is (code == 0)


def test_what_is_not_there_is_said(workspace: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.zip"
    done = coworld("bundle", workspace, "--output", output, "--include", "results,error_info", "--json")
    assert done.document["include"] == ["results"]
    assert "error_info" in done.err
