"""Runs open with their replay, their recording, or what a kill left of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from coworld_tui.replay.opening import open_replay
from coworld_tui.runs.owner import Owner

from .episodes import (
    NAMES,
    START,
    decoded,
    failure,
    frames,
    opened,
    write_closed,
    write_run,
    write_stream,
    write_zip,
)


def test_a_run_shows_its_replay_with_what_the_recording_adds(tmp_path: Path) -> None:
    replay = opened(write_run(tmp_path / "run", range(1, 4), frames([0, 0, 1, 2, 4])))
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3, 4]
    origins = [replay.source.origin(index) for index in range(5)]
    assert origins == ["recording", "replay", "replay", "replay", "recording"]
    assert (replay.kind, replay.game, replay.episode) == ("run", "paintarena", "run")
    assert (replay.players, replay.scores) == (("Ann", "Ben"), (41.0, 42.5))
    assert replay.note == "replay, times and 2 more frames from the recording"
    assert replay.source.time(1) is not None


def test_a_run_without_a_replay_shows_its_recording(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0, 1]))
    (path / "workspace" / "replay").unlink()
    replay = opened(path)
    assert (decoded(replay.source), replay.note) == (frames([0, 1]), "recording")
    assert replay.source.time(0) == START


@pytest.mark.parametrize("data", [b"\x00\x01binary", b""])
def test_a_replay_that_cannot_be_told_apart_gives_way_to_the_recording(tmp_path: Path, data: bytes) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0, 1]))
    (path / "workspace" / "replay").write_bytes(data)
    replay = opened(path)
    assert decoded(replay.source) == frames([0, 1])
    assert replay.note.startswith("recording; replay holds no frames")


def test_a_killed_run_shows_what_its_recording_has(tmp_path: Path) -> None:
    living = Owner.current()
    dead = Owner(living.machine, living.boot, living.pid, living.started - 1_000)
    path = write_run(tmp_path / "run", [], [], status="running", owner=str(dead))
    shutil.rmtree(path / "workspace")
    (path / "artifacts" / "frames.parquet").unlink()
    stream = write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2, 3]), ended=False)
    stream.write_bytes(stream.read_bytes()[:-100])
    replay = opened(path)
    assert decoded(replay.source) == frames([0, 1, 2])


def test_a_run_that_is_going_shows_its_growing_recording(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 9), [], status="running", owner=str(Owner.current()))
    (path / "artifacts" / "frames.parquet").unlink()
    data = write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2, 3]), ended=False).read_bytes()
    write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2]), ended=False)
    replay = open_replay(path)
    assert replay.note == "recording, still growing"
    assert (len(replay.source), replay.source.is_complete) == (3, False)
    (path / "artifacts" / "frames.arrows").write_bytes(data)
    replay.source.advance()
    assert len(replay.source) == 4
    replay.close()


@pytest.mark.parametrize("data", [b"PAR1 and no more", b"", b"hello"])
def test_a_broken_recording_is_a_problem_beside_the_replay(tmp_path: Path, data: bytes) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    (path / "artifacts" / "frames.parquet").write_bytes(data)
    replay = opened(path)
    assert decoded(replay.source) == frames([1, 2, 3])
    assert [problem.partition(":")[0] for problem in replay.problems] == ["recording unreadable"]


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"result_summary": {"slots": 3}}', "[" * 100_000])
def test_a_run_with_a_broken_manifest_still_opens(tmp_path: Path, manifest: str) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    (path / "run_manifest.json").write_text(manifest)
    replay = opened(path)
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3]
    assert replay.players == tuple(NAMES)


def test_a_run_that_has_nothing_but_a_broken_recording_says_so(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    shutil.rmtree(path / "workspace")
    (path / "artifacts" / "frames.parquet").write_bytes(b"PAR1")
    error = failure(path)
    assert (error.type, error.title.partition(":")[0]) == ("replay_unreadable", "recording unreadable")


def test_a_run_in_a_zip_opens_as_it_does_on_disk(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", range(1, 4), frames([0, 1, 4]))
    files = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    replay = opened(write_zip(tmp_path / "run.zip", files))
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3, 4]
    replay.close()


def test_recordings_open_by_themselves(tmp_path: Path) -> None:
    shown = frames([0, 1, 1, 7])
    for path in (
        write_closed(tmp_path / "frames.parquet", shown),
        write_stream(tmp_path / "frames.arrows", shown),
        write_stream(tmp_path / "renamed.json", shown),
    ):
        replay = opened(path)
        assert decoded(replay.source) == shown
        assert (replay.kind, replay.source.format, replay.players) == ("file", "recording", tuple(NAMES))
