"""Boards are found by shape, and nothing a game sends breaks the search."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from coworld_tui.replay.lenses.shapes import MAX_TILES, read_grid

from .json_values import boards, unhurried, values
from .paintarena import state


def test_paintarena() -> None:
    grid = read_grid(state(tick=2))
    assert grid is not None
    assert (grid.width, grid.height) == (4, 3)
    assert list(grid.owners[:3]) == [0, 0, -1]
    assert grid.pieces == ((0, 0, 0), (1, 3, 2))
    assert grid.names == ("Sweep Painter 1", "Sweep Painter 2")
    assert grid.scores == (2, 0)


def test_a_full_board_of_owners_keeps_its_slots() -> None:
    grid = read_grid(state(tile_owners=[0, 1] * 6))
    assert grid is not None and list(grid.owners) == [0, 1] * 6


@pytest.mark.parametrize(
    ("frame", "size", "owners"),
    [
        ({"w": 3, "h": 2, "cells": [1, 0, 0, 0, 0, 2]}, (3, 2), [1, -1, -1, -1, -1, 2]),
        ({"board": [[1, 0, 2], [0, 0, 0]], "scores": [0, 0]}, (3, 2), [0, -1, 1, -1, -1, -1]),
        ({"board": [[None, 0], [1, None]]}, (2, 2), [-1, 0, 1, -1]),
        ({"state": {"size": [2, 2], "grid": [-1, 0, 1, -1]}}, (2, 2), [-1, 0, 1, -1]),
        ({"config": {"width": 2, "height": 2}, "field": [-1, 0, 1, -1]}, (2, 2), [-1, 0, 1, -1]),
        ([[0, -1], [1, -1]], (2, 2), [0, -1, 1, -1]),
        ({"map": ["1.", ".2"]}, (2, 2), [1, -1, -1, 2]),
        ({"visible": [[False, True, True], [True, False, False]]}, (3, 2), [-1, 1, 1, 1, -1, -1]),
    ],
)
def test_other_shapes(frame: Any, size: tuple[int, int], owners: list[int]) -> None:
    grid = read_grid(frame)
    assert grid is not None
    assert (grid.width, grid.height) == size
    assert list(grid.owners) == owners


def test_letters_keep_their_glyph_and_number_from_frame_to_frame() -> None:
    first, second = read_grid({"map": ["#.", ".A"]}), read_grid({"map": ["AA", "A#"]})
    assert first is not None and second is not None
    assert first.symbols == second.symbols
    assert first.owners[3] == second.owners[0]


@pytest.mark.parametrize(
    "pieces",
    [
        {"players": [{"x": 1, "y": 0, "name": "Ada", "score": 3}]},
        {"agents": [{"position": [1, 0]}]},
        {"units": [{"slot": 0, "pos": {"x": 1, "y": 0}}]},
        {"positions": [[1, 0], None, [99, 0], [0.5, 0], "x"]},
    ],
)
def test_pieces(pieces: dict[str, Any]) -> None:
    grid = read_grid({"board": [[-1, 0], [0, -1]], **pieces})
    assert grid is not None and grid.pieces == ((0, 1, 0),)


def test_names_and_scores_of_players_and_of_the_frame_around_the_board() -> None:
    players = [{"name": "Ada\x1b[31m", "score": 1}, {"name": "世界", "score": 2.5}]
    grid = read_grid({"players": players, "world": {"board": [[-1, 0], [0, 1]]}})
    assert grid is not None
    assert grid.names == ("Ada", "世界")
    assert grid.scores == (1, 2.5)


def test_trails() -> None:
    grid = read_grid(state(trails=[-1, 0, 1] * 4))
    assert grid is not None and grid.trails == [-1, 0, 1] * 4


@pytest.mark.parametrize(
    "frame",
    [
        None,
        7,
        "text",
        b"bytes",
        {},
        {"positions": [[0, 0], [11, 7]]},
        {"positions": [[0, 0, 1], [11, 7, 2], [3, 3, 3]]},
        {"player_names": ["Ada", "Bob"]},
        {"board": [[1, 2], [3]]},
        {"board": [[1, float("nan")], [3, 4]]},
        {"board": [[1, 10**30], [3, 4]]},
        {"width": 2, "height": 2, "board": [0, 0, 0]},
        {"width": -2, "height": -2, "board": [0, 0, 0, 0]},
        {"width": 1e400, "height": 2, "board": [0, 0, 0, 0]},
        {"width": 2, "height": 2, "board": ["abc", 0, 0, 0]},
    ],
)
def test_no_board(frame: object) -> None:
    assert read_grid(frame) is None


def test_a_huge_board_is_left_to_other_lenses() -> None:
    side = int(MAX_TILES**0.5) + 1
    assert read_grid({"width": side, "height": side, "board": [0] * side * side}) is None


def test_nesting_beyond_reason() -> None:
    frame: object = {"board": [[0, 1], [1, 0]]}
    for _ in range(50_000):
        frame = {"inner": frame}
    assert read_grid(frame) is None


@unhurried
@given(values | boards())
def test_any_frame_gives_a_consistent_grid_or_none(frame: object) -> None:
    grid = read_grid(frame)
    if grid is not None:
        assert len(grid.owners) == grid.width * grid.height
        assert grid.trails is None or len(grid.trails) == len(grid.owners)
        assert all(0 <= x < grid.width and 0 <= y < grid.height for _, x, y in grid.pieces)
