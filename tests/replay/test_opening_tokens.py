"""No token is told by a replay that was opened, wherever it stood."""

from __future__ import annotations

import json
from pathlib import Path

from coworld_tui.replay.blob import MIB
from coworld_tui.replay.opening import settle

from .episodes import TOKENS, frames, opened, workspace_files, write_folder


def test_tokens_are_hidden_wherever_they_are_shown(tmp_path: Path) -> None:
    files = {
        **workspace_files(),
        "notes.md": f"my token {TOKENS[1]}".encode(),
        "out.bin": b"\0" + TOKENS[0].encode(),
    }
    replay = opened(write_folder(tmp_path / "w", files))
    contents = {file.name: file.read(MIB) for file in replay.files}
    assert contents["notes.md"] == b"my token [redacted]"
    assert json.loads(contents["config.json"])["tokens"] == ["[redacted]"] * 2
    assert next(file for file in replay.files if file.name == "notes.md").read(12) == b"my token [re"
    assert TOKENS[0] not in str(replay.config)


def test_tokens_are_hidden_in_declared_events(tmp_path: Path) -> None:
    event = {"tick": 1, "kind": "say", "text": f"I am {TOKENS[0]}"}
    files = {
        **workspace_files(),
        "events.json": json.dumps([event]).encode(),
        "error_info.json": json.dumps({"message": f"refused {TOKENS[1]}"}).encode(),
    }
    replay = opened(write_folder(tmp_path / "w", files))
    assert [found.text for found in replay.declared] == ["I am [redacted]", "refused [redacted]"]


def test_short_tokens_are_hidden_by_their_key(tmp_path: Path) -> None:
    files = {**workspace_files(), "config.json": b'{"tokens": ["x", "y"], "width": 3}'}
    replay = opened(write_folder(tmp_path / "w", files))
    (config,) = [file for file in replay.files if file.name == "config.json"]
    assert json.loads(config.read(MIB)) == {"tokens": ["[redacted]"] * 2, "width": 3}
    assert replay.config == {"tokens": ["[redacted]"] * 2, "width": 3}


def test_tokens_around_the_frames_are_hidden_at_any_depth(tmp_path: Path) -> None:
    first, second = "s9cHUzfd14xAvOiJwl--UQ", "hRBfhVNdzfovz_Kim7QOLg"
    members = {
        "episode": {"config": {"tokens": [first, second], "width": 3}, "pieces": [{"token": "king"}]},
        "results": {"scores": [1, 2], "tokens": 512, "seats": [{"token": second, "link": f"x?t={first}"}]},
    }
    path = tmp_path / "replay.json"
    path.write_text(json.dumps({**members, "frames": frames()}))
    (tmp_path / "results.json").write_text("{}")
    (tmp_path / "notes.md").write_text(f"king {second}")
    replay = opened(path)
    settle(replay)
    assert replay.config == {
        "episode": {
            "config": {"tokens": ["[redacted]"] * 2, "width": 3},
            "pieces": [{"token": "[redacted]"}],
        }
    }
    (notes,) = [file for file in replay.files if file.name == "notes.md"]
    assert notes.read(MIB) == b"king [redacted]"
    (tmp_path / "results.json").unlink()
    replay = opened(path)
    assert replay.results == {
        "scores": [1, 2],
        "tokens": 512,
        "seats": [{"token": "[redacted]", "link": "x?t=[redacted]"}],
    }
