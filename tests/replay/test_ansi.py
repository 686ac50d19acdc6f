"""Style tokens as escape sequences."""

from __future__ import annotations

import re

import pytest

from coworld_tui.replay.ansi import ansi_line, sgr, uses_colour
from coworld_tui.replay.lenses.spans import Span
from coworld_tui.widgets.palette import SLOT_COLOURS

SGR = re.compile(r"\x1b\[[0-9;]*m")


def test_spans_of_one_style_share_a_sequence() -> None:
    line = (Span("a", "strong"), Span("b", "strong"), Span(" "), Span("c", "slot.1"))
    assert ansi_line(line) == "\x1b[1mab\x1b[0m \x1b[38;5;74mc\x1b[0m"
    assert ansi_line(line, colour=False) == "ab c"
    assert ansi_line(()) == ""


@pytest.mark.parametrize("token", ["", "unknown", "slot.x", "slot", "tile.0.1", "rgb.zz", "rgb", "rgb.12345"])
def test_what_has_no_colour_is_ordinary_text(token: str) -> None:
    assert ansi_line((Span("x", token),)) == "x"


def test_every_player_can_be_told_by_ground_and_ink() -> None:
    for family in ("slot", "tile", "piece"):
        assert len({sgr(f"{family}.{slot}") for slot in range(len(SLOT_COLOURS))}) == len(SLOT_COLOURS)
        assert sgr(f"{family}.0") == sgr(f"{family}.{len(SLOT_COLOURS)}")


@pytest.mark.parametrize(
    ("token", "parameters"),
    [
        ("rgb.ff0000", "38;5;196"),
        ("rgb.000000.ffffff", "38;5;16;48;5;231"),
        ("rgb.808080", "38;5;244"),
        ("rgb.5f87af", "38;5;67"),
    ],
)
def test_colours_of_pictures_are_the_nearest_of_256(token: str, parameters: str) -> None:
    assert sgr(token) == parameters


def test_colours_are_left_out_where_nobody_wants_them() -> None:
    assert uses_colour({"TERM": "xterm-256color"})
    assert uses_colour({"NO_COLOR": ""})
    assert not uses_colour({"NO_COLOR": "1"})
    assert not uses_colour({"TERM": "dumb"})
