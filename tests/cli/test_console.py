"""What the console opens on: a package, or a replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coworld_tui.cli.console import is_replay
from tests.contract import builders
from tests.screens.replays import workspace


def test_packages_and_replays_are_told_apart(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    manifest = package / "coworld_manifest.json"
    manifest.write_text(json.dumps(builders.old_manifest()))
    renamed = package / "tiles.json"
    renamed.write_text(json.dumps(builders.old_manifest()))
    place = workspace(tmp_path)
    assert [is_replay(path) for path in (package, manifest, renamed)] == [False] * 3
    assert [is_replay(path) for path in (place, place / "replay.json")] == [True] * 2


@pytest.mark.parametrize("content", ["", "{", '{"game": 1}'])
def test_a_broken_manifest_is_no_replay(tmp_path: Path, content: str) -> None:
    path = tmp_path / "coworld_manifest.json"
    path.write_text(content)
    assert not is_replay(path)
    assert not is_replay(tmp_path / "gone.json")
