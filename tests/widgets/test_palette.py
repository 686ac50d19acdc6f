"""Tokens become readable colours in every theme, lines become strips of exact width."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from coworld_tui.replay.lenses.spans import Span
from coworld_tui.styles.themes import ANSI, CONTRAST, DARK, LIGHT, THEMES
from coworld_tui.widgets.palette import SLOT_COLOURS, contrast, line_to_strip, palette_for

FAMILIES = ("slot", "tile", "trail", "piece")


def contrast_of(style: Style, theme: Theme) -> float:
    ink, ground = style.color, style.bgcolor
    assert ink is not None
    back = Color.parse(theme.background or "black") if ground is None else Color.from_rich_color(ground)
    return contrast(Color.from_rich_color(ink), back)


@pytest.mark.parametrize(("theme", "least"), [(DARK, 4.4), (LIGHT, 4.4), (CONTRAST, 6.9)])
def test_players_stand_out(theme: Theme, least: float) -> None:
    palette = palette_for(theme)
    for family in ("slot", "tile", "trail"):
        for slot in range(len(SLOT_COLOURS)):
            assert contrast_of(palette.style(f"{family}.{slot}"), theme) >= least
    for slot in range(len(SLOT_COLOURS)):
        assert contrast_of(palette.style(f"piece.{slot}"), theme) >= 4


@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST])
def test_words_stand_out(theme: Theme) -> None:
    palette = palette_for(theme)
    for token in (
        "muted",
        "accent",
        "brand",
        "good",
        "warning",
        "error",
        "key",
        "string",
        "number",
        "changed",
    ):
        assert contrast_of(palette.style(token), theme) >= 4.4, token


@pytest.mark.parametrize("theme", THEMES)
def test_players_differ(theme: Theme) -> None:
    palette = palette_for(theme)
    for family in FAMILIES:
        assert len({palette.style(f"{family}.{slot}") for slot in range(7)}) == 7
    assert len({palette.style(f"{family}.0") for family in FAMILIES}) >= 3
    assert palette.style("tile.7") == palette.style("tile.0")


def test_sixteen_colours_only() -> None:
    palette = palette_for(ANSI)
    tokens = ["muted", "accent", "brand", "changed", "selected", "line", "empty.0", "empty.1"]
    for token in tokens + [f"{family}.{slot}" for family in FAMILIES for slot in range(9)]:
        style = palette.style(token)
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.number is None or colour.number < 16
            assert colour is None or colour.triplet is None


@pytest.mark.parametrize("theme", BUILTIN_THEMES.values(), ids=lambda theme: theme.name)
def test_every_theme_of_textual_has_a_palette(theme: Theme) -> None:
    assert palette_for(theme).style("muted") != Style()


@pytest.mark.parametrize("token", ["", "nothing", "tile.x", "tile.", "tile.-1", "tile.²", "a.b.c", "what.3"])
def test_an_unknown_token_is_ordinary(token: str) -> None:
    assert palette_for(DARK).style(token) == Style()


def test_pixels_have_the_colours_of_the_picture() -> None:
    style = palette_for(DARK).style("rgb.0A0B0C.FF0000")
    assert style.color is not None and style.color.triplet == (10, 11, 12)
    assert style.bgcolor is not None and style.bgcolor.triplet == (255, 0, 0)
    assert palette_for(DARK).style("rgb.0A0B0C").bgcolor is None


@pytest.mark.parametrize("token", ["rgb.", "rgb.xyz", "rgb.12345", "rgb.1234567", "rgb.000000.1", "rgb.3"])
def test_what_is_no_colour_is_ordinary(token: str) -> None:
    assert palette_for(DARK).style(token) == palette_for(ANSI).style(token) == Style()


def test_pixels_of_sixteen_colours() -> None:
    style = palette_for(ANSI).style("rgb.FE0102.010203")
    for colour in (style.color, style.bgcolor):
        assert colour is not None and colour.triplet is None
        assert colour.number is not None and colour.number < 16


def test_a_palette_is_made_once() -> None:
    assert palette_for(DARK) is palette_for(DARK)
    assert palette_for(DARK).style("tile.1") is palette_for(DARK).style("tile.1")


def test_a_long_line_ends_with_an_ellipsis() -> None:
    line = (Span("abc", "key"), Span("世界世界"))
    assert line_to_strip(line, palette_for(DARK), 7, Style()).text == "abc世 …"
    assert line_to_strip(line, palette_for(DARK), 1, Style()).text == "…"
    assert line_to_strip(line, palette_for(DARK), 0, Style()).text == ""


def test_equal_neighbours_share_a_segment() -> None:
    line = (Span("a", "tile.0"), Span("b", "tile.0"), Span("c", "tile.1"))
    assert [segment.text for segment in line_to_strip(line, palette_for(DARK), 5, Style())] == [
        "ab",
        "c",
        "  ",
    ]


@settings(deadline=None)
@given(
    st.lists(st.builds(Span, st.text(st.characters(exclude_categories=["C"]), max_size=8), st.just("key"))),
    st.integers(0, 30),
)
def test_strips_are_exact_and_styled_throughout(spans: list[Span], width: int) -> None:
    strip = line_to_strip(tuple(spans), palette_for(DARK), width, Style(bgcolor="black"))
    assert strip.cell_length == width
    assert sum(segment.cell_length for segment in strip) == width
    assert all(segment.style is not None and segment.style.bgcolor is not None for segment in strip)
