"""Of a line that changed, what differs is painted, and all of it."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from coworld_tui.replay.lenses.spans import Line, Span
from coworld_tui.styles.themes import THEMES
from coworld_tui.widgets.line_view import changed_columns
from coworld_tui.widgets.palette import line_to_strip, palette_for

SPANS = st.builds(Span, st.text("ab漢·", max_size=3), st.sampled_from(["", "muted", "tile.0"]))
LINES = st.lists(SPANS, max_size=8).map(tuple)


def painted(line: Line, width: int) -> list[tuple[str, Style | None]]:
    """What each column of the row shows; the second one of a wide character nothing of its own."""
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in line_to_strip(line, palette_for(THEMES[0]), width, Style()):
        for character in text:
            cells += [(character, style), ("", style)][: cell_len(character)]
    return cells


@given(LINES, LINES, st.integers(1, 24))
@example((Span("abcdefghij"), Span("k")), (Span("abcdefghij"),), 10)
@example((Span("ab漢"),), (Span("ab漢"), Span("a")), 4)
@settings(max_examples=300, deadline=None)
def test_what_lies_outside_the_changed_columns_looks_the_same(old: Line, new: Line, width: int) -> None:
    before, now = painted(old, width), painted(new, width)
    assert len(before) == len(now) == width
    ranges = changed_columns(old, new, width)
    for start, stop in ranges:
        before[start:stop] = now[start:stop]
    assert before == now
    assert ranges == sorted(ranges)
    assert all(0 <= start < stop <= width for start, stop in ranges)


def test_equal_lines_have_no_changed_columns() -> None:
    line = (Span("board.1  "), Span("0", "error"), Span(" → 1", "good"))
    assert changed_columns(line, line, 40) == []


def test_two_changes_far_apart_leave_what_is_between() -> None:
    old = tuple(Span(character) for character in "........................")
    new = tuple(Span(character) for character in ".x..................yz..")
    assert changed_columns(old, new, 24) == [(1, 2), (20, 22)]


def test_changes_close_together_are_painted_at_once() -> None:
    old = tuple(Span(character) for character in "..........")
    new = tuple(Span(character) for character in ".x.x...x..")
    assert changed_columns(old, new, 10) == [(1, 8)]


def test_a_line_that_got_shorter_is_blanked_to_its_old_end() -> None:
    assert changed_columns((Span("abc"), Span("def")), (Span("abc"),), 80) == [(3, 6)]
