"""An episode is the same in every form it comes in."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from coworld_tui.replay.blob import MIB

from .blobs import zstd
from .episodes import (
    GENERATIONS,
    NAMES,
    bundle_files,
    decoded,
    frames,
    opened,
    recorded_episode,
    workspace_files,
    write_folder,
    write_zip,
)

Make = Callable[[Path, bytes, Mapping[str, bytes]], Path]


def _file(name: str, pack: Callable[[bytes], bytes]) -> Make:
    def make(folder: Path, replay: bytes, files: Mapping[str, bytes]) -> Path:
        path = folder / name
        path.write_bytes(pack(replay))
        return path

    return make


FORMS: dict[str, Make] = {
    "plain": _file("match.json", bytes),
    "wrong suffix": _file("match.zip", bytes),
    "no suffix": _file("match", bytes),
    "zlib": _file("match.json.z", zlib.compress),
    "gzip": _file("match.json.gz", gzip.compress),
    "zstd": _file("match.zst", zstd),
    "gzip under a plain name": _file("match.json", gzip.compress),
    "byte order mark": _file("match.json", b"\xef\xbb\xbf".__add__),
    "workspace": lambda folder, replay, files: write_folder(folder / "w", files),
    "its replay": lambda folder, replay, files: write_folder(folder, files) / _name(files),
    "folder above": lambda folder, replay, files: write_folder(folder / "w" / "deep", files).parent,
    "zipped workspace": lambda folder, replay, files: write_zip(folder / "w.zip", files),
    "zipped folder": lambda folder, replay, files: write_zip(
        folder / "w.zip", {f"out/{name}": data for name, data in files.items()}
    ),
    "compressed in a zip": lambda folder, replay, files: write_zip(
        folder / "w.zip", {"replay.json.z": zlib.compress(replay)}
    ),
    "compressed workspace": lambda folder, replay, files: write_folder(
        folder / "w", {"replay.json.z": zlib.compress(replay), "config.json": files["config.json"]}
    ),
    "bundle": lambda folder, replay, files: write_zip(folder / "b.zip", _bundle(replay, files)),
    "bundle in a folder of the zip": lambda folder, replay, files: write_zip(
        folder / "b.zip", {f"ereq_1/{name}": data for name, data in _bundle(replay, files).items()}
    ),
    "extracted bundle": lambda folder, replay, files: write_folder(folder / "b", _bundle(replay, files)),
}


def _name(files: Mapping[str, bytes]) -> str:
    return "replay" if "replay" in files else "replay.json"


def _bundle(replay: bytes, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A bundle whose manifest alone tells which of two results and of two replays is meant."""
    decoys = {"results.json": b'{"scores": [0, 0]}', "replay": b"[]"}
    own = {
        "out/the.bin": replay,
        "out/scores.txt": files["results.json"],
        "config.json": files["config.json"],
    }
    return {**bundle_files(), **decoys, **own}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_recorded_episode_equals_its_json_in_every_form(tmp_path: Path, generation: str, form: str) -> None:
    folder = recorded_episode(generation)
    name = "replay.json" if generation == "0.1.11" else "replay"
    data = (folder / name).read_bytes()
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".zip" and not path.name.endswith(".z")
    }
    replay = opened(FORMS[form](tmp_path, data, files))
    expected = json.loads(data)
    assert decoded(replay.source) == expected["frames"]
    assert [replay.source.tick(index) for index in range(60)] == list(range(1, 61))
    assert replay.players == tuple(expected["player_names"])
    assert replay.scores == (41.0, 42.0)
    assert replay.results == expected["results"]
    assert replay.problems == ()
    replay.close()


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", ["", "bundle.zip", "replay.json.z"])
def test_a_recorded_episode_equals_its_json_where_it_lies(generation: str, name: str) -> None:
    folder = recorded_episode(generation)
    if not (folder / name).exists():
        pytest.skip("this generation has none")
    plain = folder / ("replay.json" if generation == "0.1.11" else "replay")
    replay = opened(folder / name)
    assert decoded(replay.source) == json.loads(plain.read_bytes())["frames"]
    assert set(replay.logs) >= {"game", "player 0", "player 1"}
    config = json.loads((folder / "config.json").read_bytes())
    for file in (*replay.files, *replay.logs.values()):
        if not file.name.endswith((".z", ".zip", ".parquet")):
            for token in config["tokens"]:
                assert token.encode() not in file.read(MIB)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_form_opens_with_its_frames_and_facts(tmp_path: Path, generation: str, form: str) -> None:
    files = workspace_files(generation)
    replay = opened(FORMS[form](tmp_path, files[_name(files)], files))
    assert decoded(replay.source) == frames()
    assert replay.players == tuple(NAMES)
    assert replay.scores == (41.0, 42.5)
    assert replay.config is not None
    assert replay.config["tokens"] == ["[redacted]"] * 2
    assert replay.results == {"scores": [41.0, 42.5], "ticks": 5}
    assert replay.problems == ()
    replay.close()
