"""Drawing a board: glyphs, cell sizes, axes, exact widths."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.grid import (
    CELLS,
    Cell,
    Grid,
    board_size,
    cell_for,
    grid_lines,
    legend,
    score_text,
)
from coworld_tui.replay.lenses.shapes import read_grid
from coworld_tui.replay.lenses.spans import Line, Span, cell_width, fit, slot_glyph, text_of

from .json_values import boards, unhurried, values
from .paintarena import state

GRID = Grid(3, 2, [0, -1, 1, -1, 0, -1], pieces=((1, 2, 1),), names=("Ada", "世界"), scores=(2, 1.5))


def assert_printable(lines: list[Line]) -> None:
    """No control characters, none that reorder or hide text."""
    for line in lines:
        for span in line:
            assert not {unicodedata.category(character) for character in span.text} & {"Cc", "Cf", "Zl", "Zp"}


def test_text() -> None:
    assert text_of(grid_lines(GRID)) == "   0\n0  0 · 1\n1  · 0◆1"
    assert text_of(grid_lines(GRID, cell=(1, 1), axes=False)) == "0·1\n·01"


def test_large_cells_have_a_label_each() -> None:
    assert text_of(grid_lines(GRID, cell=(4, 2))) == "   0   1   2\n0  0   ·   1\n\n1  ·   0   ◆1\n"


def test_styles_name_owner_piece_and_shade() -> None:
    rows = grid_lines(GRID, cell=(2, 1), axes=False)
    assert [span.style for span in rows[0]] == ["tile.0", "empty.1", "tile.1"]
    assert [span.style for span in rows[1]] == ["empty.1", "tile.0", "piece.1"]


def test_trails_lie_beneath_owners() -> None:
    grid = Grid(2, 1, [0, -1], trails=[1, 1])
    assert grid_lines(grid, cell=(2, 1), axes=False) == [(Span(" 0", "tile.0"), Span("•1", "trail.1"))]


def test_window() -> None:
    grid = Grid(30, 20, [0] * 600)
    lines = grid_lines(grid, (1, 1), range(5, 8), range(10, 22))
    assert text_of(lines) == "   10        20\n 5 000000000000\n 6 000000000000\n 7 000000000000"


@pytest.mark.parametrize(
    ("room", "cell"), [((80, 40), CELLS[0]), ((9, 3), CELLS[1]), ((5, 3), CELLS[2]), ((1, 1), CELLS[2])]
)
def test_cell_for(room: tuple[int, int], cell: Cell) -> None:
    assert cell_for(GRID, *room) == cell


@unhurried
@given(st.integers(1, 60), st.integers(1, 30), st.sampled_from(CELLS))
def test_every_line_has_the_width_of_the_board(width: int, height: int, cell: Cell) -> None:
    grid = Grid(width, height, [index % 5 - 1 for index in range(width * height)], pieces=((0, 0, 0),))
    lines = grid_lines(grid, cell)
    columns, rows = board_size(grid, cell)
    assert len(lines) == rows
    assert {sum(cell_width(span.text) for span in line) for line in lines} == {columns}


@unhurried
@given(values | boards())
def test_whatever_is_read_can_be_drawn(frame: object) -> None:
    grid = read_grid(frame)
    if grid is not None:
        for cell in CELLS:
            lines = grid_lines(grid, cell)
            assert_printable(lines)
            assert len({sum(cell_width(span.text) for span in line) for line in lines}) == 1
        assert_printable(legend(grid))


def test_legend_says_who_is_who() -> None:
    assert text_of(legend(GRID)) == " ◆0  Ada       2\n ◆1  世界    1.5"


def test_legend_without_players_shows_the_symbols() -> None:
    grid = read_grid({"map": ["#.", ".A"]})
    assert grid is not None
    assert text_of(legend(grid)) == " #  A"


def test_numbers_that_are_no_players_are_written_where_there_is_room() -> None:
    grid = Grid(3, 1, [7, 12, 2048], names=("Ada",))
    assert text_of(grid_lines(grid, (4, 1), axes=False)) == " 7   12 2048"
    assert text_of(grid_lines(grid, (2, 1), axes=False)) == " 712 +"
    assert text_of(grid_lines(grid, (1, 1), axes=False)) == "7c+"
    assert text_of(legend(grid)) == " ◆0  Ada      –\n 7  12  2048"


def test_twelve_players_have_a_glyph_each_however_large_the_cell() -> None:
    grid = Grid(2, 1, [10, 11], scores=tuple(range(12)))
    assert text_of(grid_lines(grid, (4, 1), axes=False)) == " a   b"


def test_the_legend_of_symbols_with_words() -> None:
    grid = Grid(2, 1, [300, 301], symbols={300: "g", 301: "w"}, labels={300: "gold"})
    assert text_of(legend(grid)) == " g  gold\n w"


def test_long_legends_are_cut() -> None:
    assert len(legend(Grid(200, 1, list(range(200))))[0]) == 24


def test_paintarena_end_to_end() -> None:
    grid = read_grid(state(tick=5))
    assert grid is not None
    assert text_of(grid_lines(grid)) == "   0\n0 ◆0 0 0 0\n1  0 · · ·\n2  · · ·◆1"


def test_scores_stay_short() -> None:
    assert [score_text(value) for value in (None, 7, 2.5, 10**12, 10**400)] == [
        "–",
        "7",
        "2.5",
        "1e+12",
        "huge",
    ]


def test_fit_counts_cells() -> None:
    assert fit("世界", 5) == "世界 "
    assert fit("世界", 3) == "世…"
    assert fit("世界", 2) == "… "
    assert fit("e\u0301a", 2) == "e\u0301a"
    assert fit("abc", 0) == ""


@unhurried
@given(st.text(), st.integers(0, 20))
def test_fit_is_exact(text: str, width: int) -> None:
    assert cell_width(fit(text, width)) == width


def test_slot_glyphs() -> None:
    assert [slot_glyph(slot) for slot in (0, 9, 10, 35, 36, -1)] == ["0", "9", "a", "z", "+", "+"]
