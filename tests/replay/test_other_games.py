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


PICTURES = {
    # Flat, 42 tiles, the winner's four on the right: player 1 counts as 2 in the frame.
    "four in a column win": (
        ("connectx.json", 13, "grid", 12),
        """\
   0         5
0  · · · · · · ·
1  · · · · · · 1
2  · · · · · 0 1
3  · · · · · 0 1
4  1 · · · · 0 0
5  0 · 1 · 0 0 1

 ◆0        1
 ◆1       -1""",
    ),
    "four geese and their food": (
        ("hungry_geese.json.gz", 20, "grid", 14),
        """\
   0         5
0  1 1 1 1 · · · · · · ·
1  · 2 2 2 2 · · · · · ·
2  · 0 0 0 · · · · · · ·
3  · 0 · · · · f · · · ·
4  · · · · · f · · · · ·
5  · · · · · 3 · · · · ·
6  · · · · · 3 · · · · ·

 ◆0     2104
 ◆1     2104
 ◆2     2104
 ◆3     2102
 f  food""",
    ),
    "what four geese have": (
        ("hungry_geese.json.gz", 20, "scoreboard", 14),
        """\
    player  reward                        status
 ◆0           2104  ████████████████████  ACTIVE
 ◆1           2104  ████████████████████  ACTIVE
 ◆2           2104  ████████████████████  ACTIVE
 ◆3           2102  ████████████████████  ACTIVE""",
    ),
    "halite lies where it lies": (
        ("halite.json.gz", 8, "grid", 24),
        """\
    0         5
 0 ██ ·▒▒ · · · · ·▒▒ ·██
 1 ▒▒ · ·▒▒ · · ·▒▒ · ·▒▒
 2  ·██ · ·██▒▒██ · ·██ ·
 3 ░░ · ·░░██▒▒██░░ · ·░░
 4  ·██ ·░░ · · ·░░ ·██ ·
 5 ██▒▒ ·░░▓▓██▓▓░░ ·▒▒██
 6  ·██ ·░░ · · ·░░ ·▓▓ ·
 7 ░░ · ·░░██▒▒██░░ · ·░░
 8  ·██ · ·██▒▒██ · ·██ ·
 9 ▒▒ · ·▒▒ · · ·▒▒ · ·▒▒
10 ██ ·▒▒ · · · · ·▒▒ ·██

 ◆0     3148
 ◆1     2500
 ░  ≤ 125
 ▒  ≤ 250
 ▓  ≤ 375
 █  ≤ 500""",
    ),
    "where the player stands on the frozen lake": (
        ("frozen_lake.jsonl", 12, "grid", 12),
        """\
   0         5
0  S F F F F F F F
1  F F F F F F F F
2 ◆0 F F H F F F F
3  F F F F F H F F
4  F F F H F F F F
5  F H H F F F H F
6  F H F F H F H F
7  F F F H F F F G

 F  G  H  S""",
    ),
    "the taxi between its walls": (
        ("taxi.jsonl", 20, "grid", 12),
        """\
   0         5
0  + - - - - - - - - - +
1  | R : · | · : · : G |
2  | · : · | · : · : · |
3  | · : · : · : · : · |
4  | · | · : · |◆0 : · |
5  | Y | · : · | B : · |
6  + - - - - - - - - - +

 +  -  :  B  G  R  Y  |""",
    ),
    "cooks in a kitchen that the frames do not repeat": (
        ("overcooked.json", 40, "grid", 10),
        """\
   0
0  X X P X X
1  O ·◆0 · O
2  X · ·◆1 X
3  X D X S X

 D  O  P  S  X""",
    ),
    "the cooks and what lies about": (
        ("overcooked.json", 40, "entities", 10),
        """\
players  2
position  orientation
2,1       1,0
3,2       0,1

objects  1
name   position
onion  3,0""",
    ),
    "backgammon as drawn": (
        ("backgammon.jsonl", 20, "grid", 12),
        """\
   0         10
 0 +------|------+
 1 |ox·x··|xoxxxo|
 2 |o·····|·o·xxo|
 3 |······|····x·|
 4 |······|······|
 5 |······|······|
 6 |······|······|
 7 |······|······|
 8 |x·····|o·····|
 9 |x·····|o··o··|
10 |x·····|o··o··|
11 |x···x·|o··ox·|
12 +------|------+

 +  -  o  x  |""",
    ),
    "a chess position": (
        ("chess.json", 39, "grid", 12),
        """\
   0         5
0  r · · · · · n ·
1  p · q b · · k ·
2  n · p p · b p r
3  · p · · p · · p
4  P P · · P P · P
5  R · · B · · · ·
6  · · P P N · · N
7  · · B Q · R K ·

 B  K  N  P  Q  R  b  k  n  p  q  r""",
    ),
}


@pytest.mark.parametrize(("frame", "drawn"), PICTURES.values(), ids=PICTURES)
def test_a_frame_is_drawn_as_its_game_looks(frame: tuple[str, int, str, int], drawn: str) -> None:
    assert picture(*frame) == drawn


def test_backgammon_as_written() -> None:
    written = picture("backgammon.jsonl", 20, "text", 40)
    assert written == frames_of("backgammon.jsonl")[20]["state"]
