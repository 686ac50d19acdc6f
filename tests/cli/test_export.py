"""``export``: each kind of file, and nothing lost by it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from tests.replay.paintarena import state

from .command import Done, coworld

FRAMES = [state(tick, started=True) for tick in range(1, 9)]


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    path = tmp_path / "replay.json"
    names = ["Ada", "Bo<&>"]
    path.write_text(json.dumps({"player_names": names, "frames": FRAMES, "results": {"scores": [8.0, 0.0]}}))
    return path


def export(replay: Path, what: str, output: Path, *arguments: str) -> Done:
    return coworld("export", replay, "--what", what, "--output", output, "--json", *arguments)


def test_frames(replay: Path, tmp_path: Path) -> None:
    done = export(replay, "frames", tmp_path / "f.jsonl", "--from", "3", "--to", "4")
    assert done.document == {
        "path": str(tmp_path / "f.jsonl"),
        "what": "frames",
        "format": "jsonl",
        "rows": 2,
    }
    assert [json.loads(line) for line in (tmp_path / "f.jsonl").open()] == FRAMES[2:4]
    assert export(replay, "frames", tmp_path / "f.parquet").document["rows"] == len(FRAMES)
    assert [json.loads(value.as_py()) for value in pq.read_table(tmp_path / "f.parquet")["payload"]] == FRAMES
    assert export(replay, "frames", tmp_path / "text").document["format"] == "text"
    files = sorted((tmp_path / "text").iterdir())
    assert [path.name for path in files] == [f"frame-{at}.txt" for at in range(8)]
    assert "◆0" in files[0].read_text()


def test_series(replay: Path, tmp_path: Path) -> None:
    assert export(replay, "series", tmp_path / "all.csv").code == 0
    header = (tmp_path / "all.csv").read_text().splitlines()[0].split(",")
    assert {"frame", "tick", "scores.0", "positions.1.0"} <= set(header)
    assert export(replay, "series", tmp_path / "s.json", "--path", "scores.0", "--to", "2").code == 0
    assert json.loads((tmp_path / "s.json").read_text()) == {
        "frame": [0, 1],
        "tick": [1, 2],
        "scores.0": [1, 2],
    }


def test_stats(replay: Path, tmp_path: Path) -> None:
    document = export(replay, "stats", tmp_path / "s.parquet").document
    table = pq.read_table(tmp_path / "s.parquet")
    assert document["rows"] == table.num_rows
    assert {"arena", "score", "position", "final_score"} <= set(table["key"].to_pylist())


def test_a_cast(replay: Path, tmp_path: Path) -> None:
    document = export(replay, "cast", tmp_path / "c.cast", "--speed", "2", "--width", "60").document
    header, *events = map(json.loads, (tmp_path / "c.cast").open())
    assert (document["rows"], header["version"], header["width"]) == (8, 2, 60)
    assert [event[0] for event in events] == [at / 20 for at in range(8)] + [7 / 20 + 1]
    assert "38;5;" in events[0][2]


def test_an_svg_that_loads_nothing(replay: Path, tmp_path: Path) -> None:
    assert export(replay, "svg", tmp_path / "p.svg", "--from", "4").code == 0
    text = (tmp_path / "p.svg").read_text()
    ElementTree.fromstring(text)
    assert "frame" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace(
        "https://www.textualize.io", ""
    )
    assert "url(" not in text.replace("url(#", "")


@pytest.mark.parametrize(
    ("what", "name", "arguments", "kind"),
    [
        ("series", "x.docx", [], "format_unknown"),
        ("stats", "x.csv", [], "format_unknown"),
        ("svg", "x.svg", ["--from", "100"], "nothing_to_export"),
        ("svg", "x.svg", ["--lens", "nope"], "lens_missing"),
        ("series", "x.csv", ["--path", "a..b"], "path_invalid"),
        ("frames", "no/where.jsonl", [], "output_lost"),
        ("frames", "replay.json", [], "format_unknown"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    replay: Path, tmp_path: Path, what: str, name: str, arguments: list[str], kind: str
) -> None:
    before = replay.read_bytes()
    done = export(replay, what, tmp_path / name, *arguments)
    assert (done.code, done.document["error"]["type"]) == (2, kind)
    assert list(tmp_path.iterdir()) == [replay]
    assert replay.read_bytes() == before


def test_what_is_there_is_replaced_only_by_force(replay: Path, tmp_path: Path) -> None:
    output = tmp_path / "s.csv"
    output.write_text("mine")
    assert export(replay, "series", output).document["error"]["type"] == "output_exists"
    assert output.read_text() == "mine"
    assert export(replay, "series", output, "--force").code == 0
