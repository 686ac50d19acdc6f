"""Replays in folders are found by their names, and nothing outside is."""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path

from coworld_tui.replay.opening import replays_in

from .blobs import zstd
from .episodes import (
    bundle_files,
    document,
    failure,
    frames,
    opened,
    workspace_files,
    write_folder,
    write_run,
    write_zip,
)


def test_what_a_folder_holds_is_found_without_following_links(tmp_path: Path) -> None:
    workspace = write_folder(tmp_path / "out" / "w", workspace_files())
    run = write_run(tmp_path / "runs" / "r", range(1, 2), frames([0]))
    bundle = write_zip(tmp_path / "b.zip", bundle_files())
    extracted = write_folder(tmp_path / "x", {**bundle_files(), "results.json": b"{}"})
    single = tmp_path / "deep" / "er" / "match.jsonl"
    write_folder(single.parent, {"match.jsonl": b"{}\n"})
    write_folder(
        tmp_path / "no", {"coworld_manifest.json": b"{}", "notes.txt": b"", "policy_artifact_0.zip": b""}
    )
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.json").symlink_to(single)
    os.mkfifo(tmp_path / "pipe.json")
    assert replays_in(tmp_path) == sorted([workspace, run, bundle, extracted, single])
    assert failure(tmp_path).type == "many_replays"


def test_a_compressed_copy_is_no_second_replay(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    write_folder(tmp_path, {"match.json": data, "match.json.z": zlib.compress(data), "b.zst": zstd(data)})
    assert replays_in(tmp_path) == [tmp_path / "b.zst", tmp_path / "match.json"]


def test_links_in_a_folder_are_followed_within_it_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"scores": [1, 2]}')
    folder = write_folder(tmp_path / "w", workspace_files())
    (folder / "results.json").unlink()
    (folder / "results.json").symlink_to(secret)
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / "again.log").symlink_to(folder / "config.json")
    replay = opened(folder)
    assert [file.name for file in replay.files if file.name.endswith(("results.json", "secret"))] == []
    assert "again.log" in [file.name for file in replay.files]
    assert replay.problems == ("links that lead outside are left out: elsewhere, results.json",)
