"""The official stats table."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.stats_table import StatsRow, stats_rows, write_stats

from .episodes import recorded_episode
from .json_values import unhurried, values
from .paintarena import state
from .sources import ListSource


def test_it_holds_the_rows_that_the_official_reporter_wrote() -> None:
    folder = recorded_episode("0.1.11")
    replay = open_replay(folder / "replay.json")
    while replay.source.advance() or not replay.source.is_complete:
        pass
    official = pq.read_table(folder / "supporting" / "stats.parquet")
    stream = io.BytesIO()
    count = write_stats(stats_rows(replay.source, len(replay.players), replay.results), stream)
    ours = pq.read_table(stream)
    assert ours.schema.equals(official.schema, check_metadata=False)
    assert count == ours.num_rows == official.num_rows
    assert rows_of(ours) == rows_of(official)


def rows_of(table: Any) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in table.to_pylist()}


def test_each_shape_of_member_has_its_rows() -> None:
    frame = state(3, 2, 2, hands=[["a"], []], phase="draw", lives=[1, 2], list=[1, 2, 3])
    rows = stats_rows(ListSource([frame]), 2, {"scores": [1.0, 2.0], "winner": 1})
    assert {(row.player, row.key, row.value) for row in rows} == {
        (-1, "arena", '{"height":2,"width":2}'),
        (-1, "tile_owners", "[0,0,0,-1]"),
        (-1, "scores", "[3,0]"),
        (-1, "phase", '"draw"'),
        (-1, "lives", "[1,2]"),
        (-1, "list", "[1,2,3]"),
        *((slot, "position", value) for slot, value in enumerate(("[0,0]", "[1,1]"))),
        *((slot, "score", value) for slot, value in enumerate(("3", "0"))),
        *((slot, "hand", value) for slot, value in enumerate(('["a"]', "[]"))),
        *((slot, "live", value) for slot, value in enumerate(("1", "2"))),
        (-1, "final_results", '{"scores":[1.0,2.0],"winner":1}'),
        (0, "final_score", "1.0"),
        (1, "final_score", "2.0"),
    }


def test_frames_that_are_lists_have_rows_by_player() -> None:
    frames = [[{"reward": 0, "status": "ACTIVE"}, {"reward": 1, "status": "DONE"}]]
    assert list(stats_rows(ListSource(frames), 2)) == [
        StatsRow(0, 0, "reward", "0"),
        StatsRow(0, 0, "status", '"ACTIVE"'),
        StatsRow(0, 1, "reward", "1"),
        StatsRow(0, 1, "status", '"DONE"'),
    ]


def test_of_several_frames_of_a_tick_the_last_counts() -> None:
    frames = [{"tick": 1, "x": 1}, {"tick": 1, "x": 2}, {"tick": 2, "x": 3}, "text", b"\xff"]
    assert [row[::3] for row in stats_rows(ListSource(frames))] == [(1, "2"), (2, "3")]


def test_a_part_of_the_frames() -> None:
    source = ListSource([{"tick": at, "x": at} for at in range(10)])
    assert [row.ts for row in stats_rows(source, frames=range(3, 5))] == [3, 4]


def test_an_empty_replay_makes_an_empty_table() -> None:
    stream = io.BytesIO()
    assert write_stats(stats_rows(ListSource([])), stream) == 0
    assert pq.read_table(stream).schema.names == ["ts", "player", "key", "value"]


@settings(unhurried, max_examples=60)
@given(
    st.lists(values, max_size=6), st.integers(0, 4), st.none() | st.dictionaries(st.text(max_size=4), values)
)
def test_any_frames_can_be_written(frames: list[Any], players: int, results: dict[str, Any] | None) -> None:
    payloads = [json.dumps(frame).encode() for frame in frames]
    stream = io.BytesIO()
    count = write_stats(stats_rows(ListSource(payloads), players, results), stream)
    table = pq.read_table(stream)
    assert table.num_rows == count
    assert table.schema.types == [pa.int64(), pa.int64(), pa.string(), pa.string()]
    for value in table["value"].to_pylist():
        json.loads(value)
