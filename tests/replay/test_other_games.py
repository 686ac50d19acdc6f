"""Replays of games that nobody here wrote: every step is a frame, and the best lens shows what happened."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.lenses.model import FrameView
from coworld_tui.replay.lenses.registry import lenses_for
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.replay.metadata import settle
from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.paths import MISSING

DATA = Path(__file__).parent / "data" / "other_games"
STEPS = {
    "connectx.json": "steps",
    "hungry_geese.json.gz": "steps",
    "halite.json.gz": "steps",
    "overcooked.json": "ep_states",
    "chess.json": "states",
    "frozen_lake.jsonl": "",
    "taxi.jsonl": "",
    "backgammon.jsonl": "",
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path))


def document(name: str) -> Any:
    """The file as plain Python reads it; JSON lines as a list."""
    data = (DATA / name).read_bytes()
    text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
    return [json.loads(line) for line in text.splitlines()] if ".jsonl" in name else json.loads(text)


def frames_of(name: str) -> list[Any]:
    whole = document(name)
    frames: list[Any] = whole[STEPS[name]] if STEPS[name] else whole
    return frames


def views(name: str) -> Iterator[FrameView]:
    """The frames as they are opened, each with the one before and what stands around them."""
    replay = open_replay(DATA / name)
    source = replay.source
    while source.advance():
        pass
    settle(replay)
    assert not replay.problems
    before: object = MISSING
    for index in range(len(source)):
        payload, kind = source.payload(index), source.kind(index)
        decoded = decode_frame(payload, kind)
        yield FrameView(payload, kind, decoded, before, replay.players, replay.config)
        before = decoded
    replay.close()


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_a_frame(name: str) -> None:
    assert [view.decoded for view in views(name)] == frames_of(name)


@pytest.mark.parametrize("name", STEPS)
def test_every_frame_is_a_board_of_one_size(name: str) -> None:
    sizes = set()
    for view in views(name):
        lens = lenses_for(view)[0]
        assert lens.name == "grid"
        model = lens.model(view, 80, 24)
        sizes.add(text_of(model.lines(0, 1)))
    assert len(sizes) == 1, "the axis is the same in every frame"


def picture(name: str, index: int, lens: str, height: int) -> str:
    """Frame ``index`` as that lens draws it in a window of 60 columns by ``height``."""
    view = list(views(name))[index]
    model = next(fitting for fitting in lenses_for(view) if fitting.name == lens).model(view, 60, height)
    return text_of(model.lines(0, model.row_count))


def test_connectx_won_by_four_in_a_column() -> None:
    # Flat, 42 tiles, the winner's four on the right: player 1 counts as 2 in the frame.
    assert picture("connectx.json", 13, "grid", 12) == (
        "   0         5\n"
        "0  · · · · · · ·\n"
        "1  · · · · · · 1\n"
        "2  · · · · · 0 1\n"
        "3  · · · · · 0 1\n"
        "4  1 · · · · 0 0\n"
        "5  0 · 1 · 0 0 1\n"
        "\n"
        " ◆0        1\n"
        " ◆1       -1"
    )


def test_four_geese_and_their_food() -> None:
    assert picture("hungry_geese.json.gz", 20, "grid", 14) == (
        "   0         5\n"
        "0  1 1 1 1 · · · · · · ·\n"
        "1  · 2 2 2 2 · · · · · ·\n"
        "2  · 0 0 0 · · · · · · ·\n"
        "3  · 0 · · · · f · · · ·\n"
        "4  · · · · · f · · · · ·\n"
        "5  · · · · · 3 · · · · ·\n"
        "6  · · · · · 3 · · · · ·\n"
        "\n"
        " ◆0     2104\n"
        " ◆1     2104\n"
        " ◆2     2104\n"
        " ◆3     2102\n"
        " f  food"
    )
    assert picture("hungry_geese.json.gz", 20, "scoreboard", 14) == (
        "    player  reward                        status\n"
        " ◆0           2104  ████████████████████  ACTIVE\n"
        " ◆1           2104  ████████████████████  ACTIVE\n"
        " ◆2           2104  ████████████████████  ACTIVE\n"
        " ◆3           2102  ████████████████████  ACTIVE"
    )


def test_halite_lies_where_it_lies() -> None:
    drawn = picture("halite.json.gz", 8, "grid", 24).splitlines()
    assert drawn[1:4] == [
        " 0 ██ ·▒▒ · · · · ·▒▒ ·██",
        " 1 ▒▒ · ·▒▒ · · ·▒▒ · ·▒▒",
        " 2  ·██ · ·██▒▒██ · ·██ ·",
    ]
    assert drawn[-4:] == [" ░  ≤ 125", " ▒  ≤ 250", " ▓  ≤ 375", " █  ≤ 500"]


def test_where_the_player_stands_on_the_frozen_lake() -> None:
    assert picture("frozen_lake.jsonl", 12, "grid", 12) == (
        "   0         5\n"
        "0  S F F F F F F F\n"
        "1  F F F F F F F F\n"
        "2 ◆0 F F H F F F F\n"
        "3  F F F F F H F F\n"
        "4  F F F H F F F F\n"
        "5  F H H F F F H F\n"
        "6  F H F F H F H F\n"
        "7  F F F H F F F G\n"
        "\n"
        " F  G  H  S"
    )


def test_the_taxi_between_its_walls() -> None:
    assert picture("taxi.jsonl", 20, "grid", 12).startswith(
        "   0         5\n"
        "0  + - - - - - - - - - +\n"
        "1  | R : · | · : · : G |\n"
        "2  | · : · | · : · : · |\n"
        "3  | · : · : · : · : · |\n"
        "4  | · | · : · |◆0 : · |\n"
        "5  | Y | · : · | B : · |\n"
        "6  + - - - - - - - - - +\n"
    )


def test_cooks_in_a_kitchen_that_the_frames_do_not_repeat() -> None:
    assert picture("overcooked.json", 40, "grid", 10).startswith(
        "   0\n0  X X P X X\n1  O ·◆0 · O\n2  X · ·◆1 X\n3  X D X S X\n"
    )
    assert picture("overcooked.json", 40, "entities", 10) == (
        "players  2\n"
        "position  orientation\n"
        "2,1       1,0\n"
        "3,2       0,1\n"
        "\n"
        "objects  1\n"
        "name   position\n"
        "onion  3,0"
    )


def test_backgammon_as_drawn_and_as_written() -> None:
    drawn = picture("backgammon.jsonl", 20, "grid", 12).splitlines()
    assert drawn[1:4] == [" 0 +------|------+", " 1 |ox·x··|xoxxxo|", " 2 |o·····|·o·xxo|"]
    written = picture("backgammon.jsonl", 20, "text", 40)
    assert written == frames_of("backgammon.jsonl")[20]["state"]


def test_a_chess_position() -> None:
    assert picture("chess.json", 39, "grid", 12).startswith(
        "   0         5\n"
        "0  r · · · · · n ·\n"
        "1  p · q b · · k ·\n"
        "2  n · p p · b p r\n"
        "3  · p · · p · · p\n"
        "4  P P · · P P · P\n"
        "5  R · · B · · · ·\n"
        "6  · · P P N · · N\n"
        "7  · · B Q · R K ·\n"
    )
