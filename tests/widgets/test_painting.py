"""What is sent to the terminal when a part of the screen changed."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from coworld_tui.paced_app import ChangesUpdate


def sent(*spans: tuple[int, int, int]) -> str:
    """What is written for row, first column and the column after the last, of two widgets side by side."""
    rows: list[dict[int, Strip | None]] = [
        {0: Strip([Segment("abcdef")], 6), 6: Strip([Segment("ghij")], 4)},
        {0: None, 6: Strip([Segment("klmn")], 4)},
    ]
    console = Console(color_system=None, force_terminal=True)
    return ChangesUpdate(rows, list(spans), [[6, 10], [6, 10]]).render_segments(console)


def test_the_middle_of_a_widget_is_sent_alone() -> None:
    assert sent((0, 2, 4)) == "\x1b[1;3Hcd"


def test_what_spans_two_widgets_is_sent_from_both() -> None:
    assert sent((0, 4, 8)) == "\x1b[1;5Hef\x1b[1;7Hgh"


def test_whole_widgets_several_rows_and_rows_that_were_not_drawn() -> None:
    assert sent((0, 0, 6), (1, 0, 9)) == "\x1b[1;1Habcdef\x1b[2;7Hklm"


def test_a_wide_character_is_not_cut_in_half() -> None:
    rows: list[dict[int, Strip | None]] = [{0: Strip([Segment("a漢b")], 4)}]
    console = Console(color_system=None, force_terminal=True)
    assert ChangesUpdate(rows, [(0, 1, 3)], [[4]]).render_segments(console) == "\x1b[1;2H漢"
