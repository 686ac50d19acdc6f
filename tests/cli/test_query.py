"""``query``: values over ticks, and ticks that match."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from .command import coworld

FRAMES: list[dict[str, Any]] = [
    {
        "tick": tick,
        "scores": [tick, 2 * tick],
        "players": [{"name": "Ada", "hp": 10 - tick}, {"name": "Bo\x1b[31m", "hp": 10}],
        "done": tick == 9,
    }
    for tick in range(1, 10)
]


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    path = tmp_path / "replay.json"
    path.write_text(json.dumps({"frames": FRAMES}))
    return path


def rows(*arguments: str | Path) -> list[dict[str, Any]]:
    done = coworld("query", *arguments, "--format", "json")
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.document["rows"]
    assert done.document["count"] == len(found)
    return found


def test_rows_of_tick_and_value(replay: Path) -> None:
    assert rows(replay, "scores.1") == [
        {"frame": at, "tick": frame["tick"], "value": frame["scores"][1]} for at, frame in enumerate(FRAMES)
    ]
    two = rows(replay, "scores.0, done", "--limit", "1")
    assert two == [{"frame": 0, "tick": 1, "scores.0": 1, "done": False}]


def test_a_table_for_people(replay: Path) -> None:
    done = coworld("query", replay, "scores.0,players.1.name", "--limit", "2")
    assert done.out.splitlines() == [
        "frame  tick  scores.0  players.1.name",
        "    0     1         1  Bo",
        "    1     2         2  Bo",
    ]
    assert "2 rows" in done.err
    assert "1 to 2" in done.err


def test_a_range_of_ticks_a_condition_and_both(replay: Path) -> None:
    assert [row["tick"] for row in rows(replay, "done", "--from", "3", "--to", "5")] == [3, 4, 5]
    assert [row["tick"] for row in rows(replay, "scores.0 > 7 or scores.0 == 2")] == [2, 8, 9]
    assert [row["tick"] for row in rows(replay, "scores", "--where", "players.0.hp < 3")] == [8, 9]
    assert [row["tick"] for row in rows(replay, "scores.0 > 3", "--where", "scores.1 < 12")] == [4, 5]
    assert [row["tick"] for row in rows(replay, "done changed", "--from", "2")] == [9]
    assert rows(replay, "scores.0 > 100") == []
    assert rows(replay, "scores", "--from", "50", "--to", "60") == []


@pytest.mark.parametrize("has_ticks", [True, False])
def test_ranges_that_hold_nothing_or_reach_beyond(tmp_path: Path, has_ticks: bool) -> None:
    path = tmp_path / "replay.json"
    frames = [{"x": at, "tick": at} if has_ticks else {"x": at} for at in range(5)]
    path.write_text(json.dumps({"frames": frames}))
    for first, last, expected in (("3", "1", []), ("-5", "-2", []), ("-5", "1", [0, 1]), ("3", "99", [3, 4])):
        assert [row["value"] for row in rows(path, "x", f"--from={first}", f"--to={last}")] == expected


def test_values_are_compared_with_each_other(replay: Path) -> None:
    found = rows(replay, "players.0.hp < scores.1 and scores.1 < players.1.hp")
    assert found == [
        {"frame": 3, "tick": 4, "players.0.hp": 6, "scores.1": 8, "players.1.hp": 10},
    ]
    assert rows(replay, "players.0.name == Ada", "--limit", "1") == [{"frame": 0, "tick": 1, "value": "Ada"}]
    assert rows(replay, "players.0.name == name") == []


def test_a_player_is_found_however_the_game_keeps_them(replay: Path) -> None:
    for expression, path in (
        ("scores", "scores.1"),
        ("player__score", "scores.1"),
        ("hp", "players.1.hp"),
        ("players.hp", "players.1.hp"),
    ):
        done = coworld("query", replay, expression, "--player", "1", "--format", "json", "--limit", "1")
        assert done.document["paths"] == [path]
    done = coworld("query", replay, "scores", "--player", "7", "--format", "json")
    assert (done.code, done.document["error"]["type"]) == (2, "path_missing")


def test_csv_and_files_for_other_tools(replay: Path, tmp_path: Path) -> None:
    done = coworld("query", replay, "scores,done,players.0.name", "--format", "csv", "--limit", "1")
    assert list(csv.reader(io.StringIO(done.out))) == [
        ["frame", "tick", "scores", "done", "players.0.name"],
        ["0", "1", "[1,2]", "false", "Ada"],
    ]
    table, text = tmp_path / "out.parquet", tmp_path / "out.csv"
    for path in (table, text):
        assert coworld("query", replay, "scores.0,scores,done", "--output", path).code == 0
    found = pq.read_table(table)
    assert [str(kind) for kind in found.schema.types] == ["int64", "int64", "double", "string", "bool"]
    assert found["scores.0"].to_pylist() == list(range(1, 10))
    assert len(text.read_text().splitlines()) == 10
    assert coworld("query", replay, "done", "--output", text).code == 2, "it is there already"
    assert coworld("query", replay, "done", "--output", text, "--force").code == 0
    assert text.read_text().splitlines()[0] == "frame,tick,done"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["nothing.here"], "path_missing"),
        ([""], "query_empty"),
        (["done", "--where", ""], ""),
        (["done", "--format", "parquet"], "output_missing"),
        (["done", "--output", "x.docx"], "format_unknown"),
    ],
)
def test_what_cannot_be_asked_is_said(replay: Path, arguments: list[str], kind: str) -> None:
    done = coworld("query", replay, *arguments)
    assert done.code == (2 if kind else 0)
    assert kind in done.err


def test_no_such_replay() -> None:
    assert coworld("query", "/nonexistent", "x").code == 2


def test_it_works_without_the_screens(replay: Path) -> None:
    done = coworld("query", replay, "scores.0", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert "coworld_tui.replay.paths" in done.err, "imports are listed"
    assert not any(f" {name}" in done.err for name in ("textual", "rich", "pydantic"))
