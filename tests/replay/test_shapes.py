"""Boards are found by shape, and nothing a game sends breaks the search."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from coworld_tui.replay.lenses.boards import MAX_TILES
from coworld_tui.replay.lenses.grid import grid_lines, legend
from coworld_tui.replay.lenses.shapes import read_grid
from coworld_tui.replay.lenses.spans import text_of

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


def owners_of(frame: object, **known: Any) -> list[int]:
    grid = read_grid(frame, **known)
    assert grid is not None
    return list(grid.owners)


def drawn(frame: object, cell: tuple[int, int] = (1, 1), **known: Any) -> str:
    grid = read_grid(frame, **known)
    assert grid is not None
    return text_of(grid_lines(grid, cell, axes=False))


def test_a_flat_board_of_unknown_size_is_as_square_as_it_can_be() -> None:
    grid = read_grid({"board": [0, 1, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0]})
    assert grid is not None and (grid.width, grid.height) == (4, 3)
    assert read_grid({"board": [0, 1] * 7 + [1]}) is not None, "5 x 3"
    assert read_grid({"board": [0, 1] * 6 + [1]}) is None, "a prime number of tiles"
    assert read_grid({"deck": [0, 1, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0]}) is None


@pytest.mark.parametrize("config", [{"size": 3}, {"game": {"columns": 3, "rows": 3}}, {"w": 3, "h": 3}])
def test_a_size_in_the_configuration(config: dict[str, Any]) -> None:
    assert owners_of({"ore": [0, 0, 1, 0, 0, 0, 2, 0, 0]}, config=config) == [
        -1,
        -1,
        1,
        -1,
        -1,
        -1,
        2,
        -1,
        -1,
    ]


def test_whole_floats_are_numbers_and_fractions_are_shades() -> None:
    assert owners_of({"board": [[0.0, 1.0], [2.0, 0.0]]}) == [-1, 1, 2, -1]
    assert drawn({"field": [[0, 0.1, 0.5, 1.0]] * 4}).splitlines()[0] == "·░▒█"
    assert drawn({"field": [[0, 12_345, 50_000, 99_000]] * 4}).splitlines()[0] == "·░▓█"


def test_many_different_and_large_numbers_are_amounts_but_few_are_tiles() -> None:
    many = [[3 * (x + 8 * y) for x in range(8)] for y in range(8)]
    assert drawn({"ore": many}, config={"size": 8}).splitlines()[:2] == ["·░░░░░░░", "░░░░░░░░"]
    assert drawn({"board": [[2, 4, 8, 16], [0, 0, 128, 2048]]}, (4, 1)) == (
        " 2   4   8   16\n ·   ·   1282048"
    )


def test_pieces_below_zero_are_the_other_sides() -> None:
    assert drawn({"board": [[-4, -2, 0], [0, 0, 0], [4, 2, 1]]}, (2, 1)) == "-4-2 ·\n · · ·\n 4 2 1"
    assert owners_of({"board": [[-1, -1], [-2, 1]]}) == [-1, -1, -2, 1], "nobody, in two ways"


def test_tiles_that_are_objects() -> None:
    assert owners_of({"board": [[{"owner": 1}, {}], [{"type": "#", "hp": 3}, None]]}) == [1, -1, 35, -1]


# -- text --------------------------------------------------------------------------------------


def test_text_in_rows() -> None:
    assert drawn("S..\n.H.\n..G\n") == "S··\n·H·\n··G"
    assert drawn(["S..", ".H.", "..G"]) == "S··\n·H·\n··G"
    assert read_grid(["Ada", "Bob"]) is None
    assert drawn({"screen": "+--+\n|1.|\n+--+\n\nYour move: "}) == "+--+\n|1·|\n+--+"
    assert drawn({"board": "x o\no x"}) == "xo\nox", "blanks that keep columns apart are left out"


def test_remarks_around_a_board_of_text() -> None:
    assert drawn("  (Left)\nSF\x1b[41mF\x1b[0mFFFFF\nFFFFFFFF\nFFFFFFFG\n") == "SF0FFFFF\nFFFFFFFF\nFFFFFFFG"


@pytest.mark.parametrize("code", ["41", "7", "1;37;44", "103"])
def test_a_coloured_ground_marks_a_piece(code: str) -> None:
    grid = read_grid(f"...\n.\x1b[{code}m#\x1b[0m.\n...\n")
    assert grid is not None and grid.pieces == ((0, 1, 1),)


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "ab\ncd\nef",
        "You are in a maze of twisty little passages,\nall alike. There is a mailbox.\n> open mailbox\n",
        "...\n..\n.\n",
        "alpha    103  yes\nbravo     47  no \ncharlie   12  yes\ndeltawing 9  why",
    ],
)
def test_text_that_is_no_board(text: str) -> None:
    assert read_grid(text) is None


def test_a_chess_position_has_two_sides() -> None:
    grid = read_grid({"fen": "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"})
    assert grid is not None
    assert text_of(grid_lines(grid, (1, 1), axes=False)).splitlines()[::7] == ["r···k··r", "R···K··R"]
    assert len({owner % 7 for owner in grid.owners if owner >= 0}) == 2
    assert read_grid("r3k2r/8/8/8/8/8/8/R3K2 w") is None


# -- places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tiles",
    [
        {"cells": {"2,1": 1, "0,0": 0}},
        {"cells": {"(2, 1)": 1, "(0, 0)": 0}},
        {"cells": [[2, 1, 1], [0, 0, 0], [2, 1, 1]], "width": 3, "height": 2},
        {"cells": [{"x": 2, "y": 1, "owner": 1}, {"x": 0, "y": 0, "owner": 0}], "size": [3, 2]},
        {"snakes": [{"body": [[0, 0]]}, {"body": [{"x": 2, "y": 1}]}], "size": [3, 2]},
        {"trails_of": None, "worms": [[[0, 0]], [[2, 1]]], "size": [3, 2]},
        {"geese": [[0], [5]], "size": [3, 2]},
    ],
)
def test_tiles_by_their_places(tiles: dict[str, Any]) -> None:
    grid = read_grid(tiles)
    assert grid is not None
    assert (grid.width, grid.height) == (3, 2)
    assert list(grid.owners) == [0, -1, -1, -1, -1, 1]


def test_places_with_words_become_letters_with_a_legend() -> None:
    frame = {"size": [3, 2], "items": [{"x": 0, "y": 0, "type": "gold"}, {"x": 2, "y": 1, "kind": "wall"}]}
    assert drawn(frame) == "g··\n··w"
    assert drawn({"size": [3, 2], "food": [[1, 1]]}) == "···\n·f·"
    grid = read_grid(frame)
    assert grid is not None and text_of(legend(grid)) == " g  gold\n w  wall"


def test_the_first_of_a_body_lies_on_top() -> None:
    frame = {"size": [3, 1], "snakes": [{"id": 7, "body": [[0, 0], [1, 0]]}, {"body": [[1, 0], [2, 0]]}]}
    assert drawn(frame) == "711"


def test_only_pieces_on_a_board_of_known_size() -> None:
    grid = read_grid({"width": 3, "height": 2, "robots": [], "agents": [{"pos": [1, 1]}]})
    assert grid is not None
    assert grid.pieces == ((0, 1, 1),)
    assert set(grid.owners) == {-1}


def test_pieces_on_the_board_of_the_configuration() -> None:
    config = {"params": {"terrain": ["#.#", "#.."]}}
    assert drawn({"players": [{"position": [1, 0]}]}, config=config) == "#0#\n#··"
    assert read_grid({"tick": 3}, config) is None, "a frame without pieces does not speak of it"


@pytest.mark.parametrize(
    "frame",
    [
        {"cells": {"3,4": 1, "total": 2}},
        {"points": [{"x": 0.5, "y": 2, "type": "a"}]},
        {"items": [{"x": 1, "y": 2}], "note": "no size"},
        {"size": [3, 2], "items": [{"x": 7, "y": 2}]},
        {"size": [3, 2], "scores": [[1, 1], [2, 0]]},
        {"cells": {"99999,99999": 1}},
    ],
)
def test_places_that_make_no_board(frame: object) -> None:
    assert read_grid(frame) is None


# -- a list with one entry for each player -----------------------------------------------------


def test_the_board_in_the_first_observation_that_has_one() -> None:
    frame = [
        {"observation": {"step": 3}, "reward": 2, "status": "ACTIVE"},
        {"observation": {"board": [0, 1, 0, 0, 2, 0, 0, 0, 0]}, "reward": 5, "status": "DONE"},
    ]
    grid = read_grid(frame, players=["Ada\x1b[0m", "Bob"])
    assert grid is not None
    assert list(grid.owners) == [-1, 0, -1, -1, 1, -1, -1, -1, -1]
    assert grid.names == ("Ada", "Bob")
    assert grid.scores == (2, 5)


# -- layers ------------------------------------------------------------------------------------

TERRAIN = [[1, 1, 2], [1, 0, 0]]
LAYERED = {
    "terrain": TERRAIN,
    "owners": [[-1, 0, -1], [-1, -1, 1]],
    "bombs": [[0, 0, 1], [0, 3, 0]],
    "visible": [[1, 1, 1], [1, 1, 1]],
}


def test_boards_of_one_size_are_layers_seen_from_above() -> None:
    grid = read_grid(LAYERED)
    assert grid is not None
    assert grid.layers == ("terrain", "owners", "bombs", "visible")
    assert text_of(grid_lines(grid, axes=False)) == " T 0 B\n TB3 1"
    assert text_of(legend(grid)).splitlines() == [" T   terrain", " B   bombs", " B3  bombs 3", " 0  1"]


def test_one_layer_alone() -> None:
    grid = read_grid(LAYERED)
    assert grid is not None
    assert list(grid.of_layer(0).owners) == [1, 1, 2, 1, -1, -1]
    assert list(grid.of_layer(1).owners) == [-1, 0, -1, -1, -1, 1]
    assert grid.of_layer(1).of_layer(None) == grid
    with pytest.raises(IndexError):
        grid.of_layer(4)


def test_layers_keep_their_glyphs_when_others_are_empty() -> None:
    alone = read_grid({**LAYERED, "bombs": [[0, 0, 1], [0, 0, 0]], "owners": [[-1, 1, -1], [-1, -1, -1]]})
    assert alone is not None
    assert text_of(grid_lines(alone, axes=False)) == " T 1 B\n T · ·"


@pytest.mark.parametrize(
    "planes",
    [
        [[[1, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]], [[0, 0, 1], [0, 0, 0]], [[0] * 3] * 2],
        [[[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]], [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]],
    ],
)
def test_planes_of_one_array_whichever_index_counts_them(planes: object) -> None:
    grid = read_grid({"width": 3, "height": 2, "board": planes})
    assert grid is not None
    assert grid.layers == ("0", "1", "2", "3")
    assert text_of(grid_lines(grid, (1, 1), axes=False)) == "0·2\n··1"


def test_planes_without_a_known_size() -> None:
    first = [[[int(x == y == plane) for x in range(8)] for y in range(8)] for plane in range(3)]
    last = [[[int(x == y == plane) for plane in range(3)] for x in range(8)] for y in range(8)]
    assert drawn({"obs": first}) == drawn({"obs": last})
    assert drawn({"obs": first}).splitlines()[:4] == ["0·······", "·1······", "··2·····", "········"]


def test_the_first_of_planes_with_numbers_says_what_is_there() -> None:
    frame = {"grid": [[[2, 5, 0], [1, 0, 0]], [[4, 1, 2], [1, 0, 0]]]}
    assert drawn(frame) == "21\n41"


def test_an_array_of_one_plane_is_a_plain_board() -> None:
    plain = owners_of({"board": [[1, 0, 2], [0, 0, 0]]})
    assert owners_of({"board": [[[1], [0], [2]], [[0], [0], [0]]]}) == plain
    assert owners_of({"board": [[[1, 0, 2], [0, 0, 0]]], "w": 3, "h": 2}) == plain


def test_pixels_are_no_board() -> None:
    assert read_grid({"frame": [[[x * 9, y * 9, 128] for x in range(12)] for y in range(9)]}) is None


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
        {"fleets": [[0, 15, 15, 22, 59, 1], [1, 6, 24, 33, 73, 5], [2, 27, 12, 34, 22, 9]]},
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
