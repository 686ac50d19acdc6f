"""The Coworld starter, played: its rules hold, seeds decide, the console draws it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from coworld_tui.contract.package import read_package
from coworld_tui.replay.lenses.shapes import read_grid

from ..cli.command import coworld
from .written import QUICK, played_episode, replay_of

BASKET = 5
WORTH = {sum(range(apples + 1)) for apples in range(BASKET + 1)}


def test_it_is_played_to_the_end(played: dict[str, Any]) -> None:
    assert played["status"] == "passed"
    assert played["results"]["ticks"] == QUICK["max_ticks"]
    assert all(score > 0 for score in played["scores"])
    assert played["phases"]["verifying_replay"] > 0


def test_the_rules_hold_in_every_tick(played: dict[str, Any]) -> None:
    replay = replay_of(played)
    frames = replay["frames"]
    assert [frame["tick"] for frame in frames] == list(range(QUICK["max_ticks"] + 1))
    assert [frame["done"] for frame in frames] == [False] * QUICK["max_ticks"] + [True]
    for before, after in pairwise(frames):
        assert after["positions"][0] != after["positions"][1]
        for slot in (0, 1):
            (x, y), (new_x, new_y) = before["positions"][slot], after["positions"][slot]
            assert abs(x - new_x) + abs(y - new_y) <= 1
            assert after["positions"][slot] != after["barns"][1 - slot]
            assert 0 <= after["carrying"][slot] <= BASKET
            gained = after["scores"][slot] - before["scores"][slot]
            assert gained in WORTH
            assert not gained or (
                after["positions"][slot] == after["barns"][slot] and not after["carrying"][slot]
            )
    assert frames[-1]["scores"] == replay["results"]["scores"]
    assert frames[0]["board"] == _mirrored(frames[0]["board"])


def test_events_are_those_of_the_frames(played: dict[str, Any]) -> None:
    events = json.loads(Path(played["workspace"], "events.json").read_bytes())
    delivered = [event for event in events if event["kind"] == "deliver"]
    assert [sum(each["agent"] == slot for each in delivered) for slot in (0, 1)] == played["results"][
        "deliveries"
    ]
    frames = replay_of(played)["frames"]
    for event in events:
        assert frames[event["tick"]]["positions"][event["agent"]] == [event["x"], event["y"]]


def test_the_same_seed_is_the_same_game(project: Path, played: dict[str, Any], tmp_path: Path) -> None:
    again = played_episode(project, tmp_path)
    assert Path(again["replay"]).read_bytes() == Path(played["replay"]).read_bytes()


def test_nothing_it_leaves_holds_a_token(played: dict[str, Any]) -> None:
    workspace = Path(played["workspace"])
    tokens = json.loads((workspace / "config.json").read_bytes())["tokens"]
    others = [path for path in _files(workspace) if path.name != "config.json"]
    assert {"replay", "results.json", "events.json", "game.stdout.log"} <= {path.name for path in others}
    for path in others:
        assert not any(token.encode() in path.read_bytes() for token in tokens), path


def test_the_console_draws_its_board(played: dict[str, Any]) -> None:
    frame = replay_of(played)["frames"][-1]
    grid = read_grid(frame)
    assert grid is not None
    assert (grid.width, grid.height, grid.names) == (16, 9, ("Hauler", "Sprinter"))
    assert grid.scores == tuple(frame["scores"])
    assert sorted(grid.pieces) == [(slot, *place) for slot, place in enumerate(frame["positions"])]
    assert set(grid.symbols.values()) == {"o"}
    for slot, (x, y) in enumerate(frame["barns"]):
        assert grid.owners[y * grid.width + x] == slot
    shown = coworld("frame", played["run_dir"], "--index", "-1", "--text")
    assert "Hauler" in shown.out
    assert "◆0" in shown.out


def test_its_manifest_says_all_that_both_generations_ask_for(project: Path) -> None:
    package = read_package(project)
    assert package.generation == "0.1.64"
    assert not package.unknown_keys
    pages = [page.id for page in package.manifest.game.docs.pages] if package.manifest.game.docs else []
    assert pages == ["rules.md", "play_apples.md"]  # as 0.1.11 wants them named


def _mirrored(board: list[str]) -> list[str]:
    return [row[::-1].translate(str.maketrans("01", "10")) for row in board]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
