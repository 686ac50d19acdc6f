"""Exporting, as the command and the screen ask for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.exporting import Export, What, Written, export_replay
from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.source import Replay

from .paintarena import state
from .sources import ListSource

FRAMES = [state(tick, started=True) for tick in range(1, 9)]
EVERY: list[tuple[What, str]] = [
    ("frames", "x.jsonl"),
    ("frames", "x.parquet"),
    ("frames", "x"),
    ("series", "x.csv"),
    ("series", "x.json"),
    ("series", "x.parquet"),
    ("stats", "x.parquet"),
    ("cast", "x.cast"),
]


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Replay]:
    path = tmp_path / "replay.json"
    path.write_text(json.dumps({"config": {"tick_rate": 4}, "frames": FRAMES}))
    opened = open_replay(path)
    yield opened
    opened.close()


@pytest.mark.parametrize(("what", "name"), EVERY)
def test_each_kind_says_what_it_wrote(replay: Replay, tmp_path: Path, what: What, name: str) -> None:
    output = tmp_path / name
    written = export_replay(replay, Export(what, output, first=3, last=5, paths=(("scores", 0),)))
    assert (written.path, written.what) == (output, what)
    assert written.format == (output.suffix[1:] or "text")
    if what == "stats":
        assert written.rows == pq.read_metadata(output).num_rows > 3
    else:
        assert written.rows == 3
    if output.is_dir():
        assert sorted(path.name for path in output.iterdir()) == ["frame-2.txt", "frame-3.txt", "frame-4.txt"]


def test_usual_series_are_the_numbers_of_a_frame(replay: Replay, tmp_path: Path) -> None:
    export_replay(replay, Export("series", tmp_path / "x.json"))
    table = json.loads((tmp_path / "x.json").read_text())
    assert table["scores.0"] == [frame["scores"][0] for frame in FRAMES]
    assert "positions.1.0" in table


def test_a_cast_plays_as_fast_as_the_game_did_times_the_speed(replay: Replay, tmp_path: Path) -> None:
    export_replay(replay, Export("cast", tmp_path / "x.cast", speed=2.0, width=50, height=12, lens="tree"))
    header, *events = map(json.loads, (tmp_path / "x.cast").read_text().splitlines())
    assert (header["width"], header["height"]) == (50, 12)
    assert [event[0] for event in events[:3]] == [0.0, 1 / 8, 2 / 8]


@pytest.mark.parametrize(("what", "name"), EVERY)
def test_frames_that_are_gone_are_no_fault_of_the_output(
    replay: Replay, tmp_path: Path, what: What, name: str
) -> None:
    (tmp_path / "replay.json").write_bytes(b"")
    with pytest.raises(CoworldError) as caught:
        export_replay(replay, Export(what, tmp_path / name))
    assert caught.value.type == "frames_gone"
    assert [path.name for path in tmp_path.iterdir()] == ["replay.json"]


@pytest.mark.parametrize(("what", "name"), EVERY)
@pytest.mark.parametrize(
    ("first", "last", "title"),
    [
        (30, 5, "from 30 to 5 is backwards"),
        (900, None, "no frames from 900"),
        (None, -3, "no frames to -3"),
        (10, 20, "no frames from 10 to 20"),
    ],
)
def test_ticks_without_frames_give_no_file(
    replay: Replay, tmp_path: Path, what: What, name: str, first: int | None, last: int | None, title: str
) -> None:
    with pytest.raises(CoworldError) as caught:
        export_replay(replay, Export(what, tmp_path / name, first, last, force=True))
    assert (caught.value.type, caught.value.title) == ("nothing_to_export", title)
    assert [path.name for path in tmp_path.iterdir()] == ["replay.json"]


@pytest.mark.parametrize(("what", "name"), EVERY)
def test_a_replay_without_frames_gives_no_file(tmp_path: Path, what: What, name: str) -> None:
    empty = Replay(tmp_path / "none", "file", ListSource([]))
    with pytest.raises(CoworldError) as caught:
        export_replay(empty, Export(what, tmp_path / name))
    assert caught.value.type == "nothing_to_export"
    assert list(tmp_path.iterdir()) == []


def test_stats_are_of_results_alone_but_not_of_nothing(tmp_path: Path) -> None:
    output = tmp_path / "x.parquet"
    told = Replay(tmp_path / "told", "file", ListSource([]), results={"scores": [1, 2]})
    assert export_replay(told, Export("stats", output)).rows == 3
    output.unlink()
    with pytest.raises(CoworldError) as caught:
        export_replay(Replay(tmp_path / "prose", "file", ListSource(["once"])), Export("stats", output))
    assert caught.value.title == "these frames have no rows of stats"
    assert not output.exists()


def test_a_place_that_cannot_be_written_is_named(replay: Replay, tmp_path: Path) -> None:
    for what, name in EVERY:
        with pytest.raises(CoworldError) as caught:
            export_replay(replay, Export(what, tmp_path / "no" / name))
        assert caught.value.type == "output_lost"


def test_nobody_gets_a_hundred_thousand_files(tmp_path: Path) -> None:
    many = Replay(tmp_path / "many", "file", ListSource([0] * 100_001))
    with pytest.raises(CoworldError) as caught:
        export_replay(many, Export("frames", tmp_path / "texts"))
    assert caught.value.type == "too_many_files"
    assert list(tmp_path.iterdir()) == []


def test_only_force_replaces_a_file(replay: Replay, tmp_path: Path) -> None:
    wanted = Export("frames", tmp_path / "x.jsonl")
    assert export_replay(replay, wanted) == Written(wanted.output, "frames", "jsonl", len(FRAMES))
    with pytest.raises(CoworldError) as caught:
        export_replay(replay, wanted)
    assert caught.value.type == "output_exists"
    assert export_replay(replay, replace(wanted, force=True, last=1)).rows == 1


def test_series_that_no_frame_has_are_an_error(replay: Replay, tmp_path: Path) -> None:
    output = tmp_path / "x.csv"
    with pytest.raises(CoworldError) as caught:
        export_replay(replay, Export("series", output, paths=(("scroes", 0),)))
    assert caught.value.type == "path_missing"
    assert not output.exists()
    export_replay(replay, Export("series", output, paths=(("scroes", 0), ("scores", 0))))
    assert output.exists()
