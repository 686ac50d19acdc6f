"""Frames and series as files for other tools."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import stat
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.export import (
    covered,
    format_of,
    new_file,
    new_folder,
    write_frames_table,
    write_json_lines,
    write_series,
)
from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.recording import SCHEMA

from .json_values import unhurried, values
from .paintarena import state
from .sources import MORNING, ListSource

GAME = ListSource([state(tick) for tick in range(10)])


def lines_of(source: ListSource, frames: range | None = None) -> list[Any]:
    stream = io.BytesIO()
    frames = range(len(source)) if frames is None else frames
    assert write_json_lines(stream, source, frames) == len(frames)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_frames_become_a_line_each() -> None:
    assert lines_of(GAME) == GAME.frames
    assert lines_of(GAME, range(3, 5)) == GAME.frames[3:5]
    assert lines_of(ListSource([])) == []


def test_frames_that_are_no_json_become_some() -> None:
    class Spread(ListSource):
        def payload(self, index: int) -> bytes:
            return json.dumps(self.frames[index], indent=2).encode()

    assert lines_of(Spread(GAME.frames[:2])) == GAME.frames[:2], "over several lines"
    text, data = lines_of(ListSource(["line\none", b"\xff\x00"]))
    assert text == "line\none"
    assert base64.b64decode(data["base64"]) == b"\xff\x00"


@settings(unhurried, max_examples=50)
@given(st.lists(values.filter(lambda frame: not isinstance(frame, str | bytes)), max_size=5))
def test_every_frame_is_one_line(frames: list[Any]) -> None:
    assert [repr(line) for line in lines_of(ListSource(frames))] == [
        repr(json.loads(json.dumps(f))) for f in frames
    ]


def test_exported_frames_open_as_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "frames.parquet"
    with new_file(path) as stream:
        assert write_frames_table(stream, GAME, range(2, 8)) == 6
    assert pq.read_schema(path).equals(SCHEMA)
    source = open_replay(path).source
    assert [json.loads(source.payload(at)) for at in range(len(source))] == GAME.frames[2:8]
    assert [source.tick(at) for at in range(len(source))] == list(range(2, 8))
    assert source.time(0) is not None
    assert source.time(1) != MORNING


def test_frames_that_nobody_received_open_as_they_were_without_times(tmp_path: Path) -> None:
    replay, table = tmp_path / "replay.json", tmp_path / "x.parquet"
    replay.write_text(json.dumps({"frames": GAME.frames}))
    with contextlib.closing(open_replay(replay)) as opened:
        before = opened.source
        with new_file(table) as stream:
            write_frames_table(stream, before, range(len(before)))
        with contextlib.closing(open_replay(table)) as reopened:
            after = reopened.source
            assert (len(after), after.format, reopened.problems) == (len(before), "recording", ())
            for at in range(len(before)):
                assert after.payload(at) == before.payload(at)
                assert (after.kind(at), after.tick(at), after.time(at)) == ("json", before.tick(at), None)


def series_of(kind: str, frames: range) -> bytes:
    source = ListSource(
        [{"tick": at + 100, "x": value} for at, value in enumerate([1, 2.5, None, float("inf"), 4])]
    )
    stream = io.BytesIO()
    columns = covered(source, [("x",), ("a b", 0)])
    assert write_series(stream, columns, frames, kind) == len(frames)
    return stream.getvalue()


def test_series_as_csv() -> None:
    rows = list(csv.reader(io.StringIO(series_of("csv", range(5)).decode())))
    assert rows[0] == ["frame", "tick", "x", '"a b".0']
    assert rows[1:] == [
        ["0", "100", "1", ""],
        ["1", "101", "2.5", ""],
        ["2", "102", "", ""],
        ["3", "103", "", ""],
        ["4", "104", "4", ""],
    ]


def test_series_as_json_and_as_parquet() -> None:
    expected = {"frame": [1, 2, 3], "tick": [101, 102, 103], "x": [2.5, None, None], '"a b".0': [None] * 3}
    assert json.loads(series_of("json", range(1, 4))) == expected
    table = pq.read_table(io.BytesIO(series_of("parquet", range(1, 4))))
    assert table.to_pydict() == expected
    assert [str(kind) for kind in table.schema.types] == ["int64", "int64", "double", "double"]


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(RuntimeError), new_file(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with new_file(path) as stream:
        stream.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_is_there_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("mine")
    with pytest.raises(CoworldError) as caught, new_file(path):
        pass
    assert (caught.value.type, path.read_text()) == ("output_exists", "mine")
    with new_file(path, force=True) as stream:
        stream.write(b"new")
    assert path.read_text() == "new"
    for folder in (new_file(tmp_path, force=True), new_folder(tmp_path)):
        with pytest.raises(CoworldError) as caught, folder:
            pass
        assert caught.value.type == "output_exists"


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "frames") as folder:
        (folder / "1.txt").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "frames") as folder:
        (folder / "1.txt").write_text("x")
    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["1.txt"]


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    for made in (new_file(tmp_path / "no" / "where.csv"), new_folder(tmp_path / "no" / "where")):
        with pytest.raises(CoworldError) as caught, made:
            pass
        assert caught.value.type == "output_lost"
        assert caught.value.cause


def test_the_name_tells_the_format() -> None:
    assert format_of(Path("a/b.CSV"), ("csv", "json")) == "csv"
    assert format_of(Path("frames"), ("jsonl", "text")) == "text"
    for name in ("x.docx", "x.json", "x"):
        with pytest.raises(CoworldError) as caught:
            format_of(Path(name), ("csv", "parquet"))
        assert ".csv, .parquet" in caught.value.next_step
