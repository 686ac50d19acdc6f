"""Several series as one plot."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.lenses.spans import cell_width, text_of
from coworld_tui.replay.plot import PlotSeries, plot_lines

from .json_values import texts, unhurried


def test_two_series_share_a_scale() -> None:
    up = PlotSeries("scores.0", list(range(40)), "slot.0")
    down = PlotSeries("scores.1", [39 - at for at in range(40)], "slot.1")
    lines = plot_lines([up, down], 30, 7)
    assert text_of(lines).splitlines() == [
        "━ scores.0 39  ━ scores.1 0",
        "39 ⠉⠓⠲⢤⣀⡀                ⣀⣠⠴⠒⠋",
        "        ⠉⠙⠒⠦⢤⣀     ⢀⣠⠤⠖⠚⠉⠁",
        "             ⢈⣉⡷⠶⠶⣏⣉",
        "        ⣀⣠⠤⠖⠚⠉     ⠈⠙⠒⠦⢤⣀⡀",
        " 0 ⣀⡤⠴⠚⠉⠁                ⠉⠙⠲⠤⣄",
        "   1                        40",
    ]
    styles = {span.style for line in lines for span in line}
    assert {"slot.0", "slot.1", "axis", "strong"} <= styles


def test_the_cursor_stands_at_its_frame_and_names_the_values_there() -> None:
    lines = plot_lines([PlotSeries("x", [0.0] * 50 + [1.0] * 50, "accent")], 24, 6, cursor=25)
    assert "x 0" in text_of(lines[:1])
    marked = [span for line in lines for span in line if span.style == "warning"]
    assert len(marked) == 4, "every row of the picture"


def test_a_peak_of_one_frame_is_seen_among_half_a_million() -> None:
    values = np.zeros(500_000)
    values[123_456] = 9.0
    top = text_of(plot_lines([PlotSeries("x", values)], 80, 10)[1:2])
    assert top.startswith("9 ")
    assert len(top.split()) == 2


def test_without_numbers_it_says_so() -> None:
    assert text_of(plot_lines([], 40, 5)).strip() == "no numbers"
    assert "no numbers" in text_of(plot_lines([PlotSeries("x", [math.nan, math.inf])], 40, 5))
    assert plot_lines([PlotSeries("x", [1])], 0, 5) == []


@settings(unhurried, max_examples=80)
@given(
    st.lists(st.tuples(texts, st.lists(st.floats(), max_size=60), st.just("accent")), max_size=4),
    st.integers(0, 60),
    st.integers(0, 12),
    st.none() | st.integers(-3, 80),
)
def test_no_line_is_ever_wider_or_more_than_asked_for(
    series: list[tuple[str, list[float], str]], width: int, height: int, cursor: int | None
) -> None:
    lines = plot_lines([PlotSeries(*one) for one in series], width, height, cursor)
    assert len(lines) <= height
    for line in lines:
        assert cell_width("".join(span.text for span in line)) <= width
        assert all(span.text.isprintable() for span in line)
