"""A line of a log: its time apart from the rest, which has the colour of its level."""

from __future__ import annotations

import pytest

from coworld_tui.replay.lenses.spans import Span
from coworld_tui.replay.log_line import log_line


def test_levels_and_times() -> None:
    assert log_line("02:40:41.3  INFO  up") == (Span("02:40:41.3  ", "muted"), Span("INFO  up", "muted"))
    assert log_line("02:40:41.3  ready")[1] == Span("ready", "")
    assert log_line("2026-01-01T02:40:41Z WARNING slow")[1].style == "warning"
    assert log_line("Traceback (most recent call last):")[1].style == "error"
    assert log_line("INFORMATION")[1].style == ""


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ("12:00:05 ERROR it broke", "error"),
        ("ValueError: bad", "error"),
        ("UserWarning: old", "warning"),
        ("terror", ""),
        ("2026-01-01 12:00:05,123 +01:00 INFO fine", "muted"),
        ("what is said far from the beginning of a line is no level: ERROR", ""),
    ],
)
def test_a_line_has_the_colour_of_the_first_word_of_a_level_near_its_beginning(line: str, style: str) -> None:
    stamp, said = log_line(line)
    assert stamp.text + said.text == line
    assert said.style == style
