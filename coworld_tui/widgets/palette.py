"""From the tokens of the lenses to the colours of the present theme."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.theme import Theme

from ..replay.lenses.spans import Line, rgb_of

SLOT_COLOURS = tuple(
    map(Color.parse, ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00"))
)
"""Okabe and Ito's set, which stays apart for colour-blind eyes. Players beyond it start again."""

_DARK_INK, _LIGHT_INK = Color.parse("#0e1116"), Color.parse("#ffffff")
_TILE_STRENGTH, _TRAIL_STRENGTH = 0.34, 0.12
# Normal and bright ANSI colour and the ink on them, for the same seven players.
_ANSI_SLOTS = ((3, 11, 0), (6, 14, 0), (2, 10, 0), (5, 13, 0), (7, 15, 0), (4, 12, 15), (1, 9, 0))


class Palette:
    """Styles of one theme, each made once."""

    def __init__(self, theme: Theme) -> None:
        colours = theme.to_color_system().generate()
        self._ansi = theme.ansi
        self._contrast = float(theme.variables.get("text-contrast", "4.5"))
        self._ground = ground = Color.parse(colours["background"])
        self._text = text = Color.parse(colours["foreground"])
        self._panel = Color.parse(colours["panel"])
        muted, line, selected = (
            Color.parse(theme.variables[name]) if name in theme.variables else ground.blend(text, share)
            for name, share in (("muted", 0.55), ("line", 0.25), ("selected", 0.08))
        )
        inks = {
            "muted": muted,
            "line": line,
            "axis": muted,
            "accent": colours["accent"],
            "good": colours["success"],
            "warning": colours["warning"],
            "error": colours["error"],
            "key": colours["secondary"],
            "number": colours["accent"],
            "string": colours["success"],
        }
        self._styles = {token: Style(color=Color.parse(ink).rich_color) for token, ink in inks.items()}
        self._styles |= {
            "": Style(),
            "strong": Style(bold=True),
            "heading": Style(color=Color.parse(colours["accent"]).rich_color, bold=True),
            "brand": self._badge(Color.parse(colours["accent"])),
            "changed": Style(color=Color.parse(colours["warning"]).rich_color, bold=True),
            "selected": Style(bgcolor=selected.rich_color),
        }
        if theme.ansi:
            # No colour but the default one is sure to be readable, bright black least of all.
            self._styles |= dict.fromkeys(("muted", "axis", "line"), Style(dim=True))
            self._styles["selected"] = Style(reverse=True)

    def style(self, token: str) -> Style:
        """Return the style of a token; text of an unknown one looks ordinary."""
        style = self._styles.get(token)
        if style is None:
            if token.startswith("rgb."):
                return _rgb_style(token, self._ansi)
            family, _, number = token.partition(".")
            make = self._ansi_style if self._ansi else self._colour_style
            style = self._styles[token] = make(family, int(number)) if number.isdecimal() else Style()
        return style

    def _colour_style(self, family: str, number: int) -> Style:
        colour = SLOT_COLOURS[number % len(SLOT_COLOURS)]
        ground = self._ground
        match family:
            case "slot":
                return Style(color=self._readable(colour, ground).rich_color)
            case "piece":
                return self._badge(colour)
            case "tile" | "trail":
                tile = ground.blend(colour, _TILE_STRENGTH if family == "tile" else _TRAIL_STRENGTH)
                return Style(color=self._readable(colour, tile).rich_color, bgcolor=tile.rich_color)
            case "empty":
                tile = ground.blend(self._panel, 0.4 if number == 0 else 0.75)
                return Style(color=ground.blend(self._text, 0.3).rich_color, bgcolor=tile.rich_color)
            case _:
                return Style()

    def _ansi_style(self, family: str, number: int) -> Style:
        normal, bright, ink = _ANSI_SLOTS[number % len(_ANSI_SLOTS)]
        match family:
            case "slot" | "trail":
                return Style(color=f"color({normal})")
            case "piece":
                return Style(color="color(0)", bgcolor=f"color({bright})", bold=True)
            case "tile":
                return Style(color=f"color({ink})", bgcolor=f"color({normal})")
            case "empty":
                return Style(dim=True)
            case _:
                return Style()

    def _badge(self, colour: Color) -> Style:
        """Bold ink on a filled ground, whichever ink stands out more."""
        if self._ansi:
            return Style(color="color(0)", bgcolor=colour.rich_color, bold=True)
        ink = max(_DARK_INK, _LIGHT_INK, key=lambda ink: contrast(ink, colour))
        return Style(color=ink.rich_color, bgcolor=colour.rich_color, bold=True)

    def _readable(self, ink: Color, ground: Color) -> Color:
        """Move ``ink`` towards white or black until it stands out from ``ground``."""
        end = max(Color.parse("white"), Color.parse("black"), key=lambda end: contrast(end, ground))
        steps = (ink.blend(end, step / 10) for step in range(10))
        return next((mixed for mixed in steps if contrast(mixed, ground) >= self._contrast), end)


@lru_cache(maxsize=4_096)
def _rgb_style(token: str, is_ansi: bool) -> Style:
    """The style of a pixel; pictures have more colours than one would keep."""
    colours = rgb_of(token)
    if colours is None:
        return Style()
    ink, ground = (RichColor.parse(f"#{colour}") if colour else None for colour in colours)
    if is_ansi:
        ink, ground = (colour and colour.downgrade(ColorSystem.STANDARD) for colour in (ink, ground))
    return Style(color=ink, bgcolor=ground)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


_palettes: dict[str, tuple[Theme, Palette]] = {}


def palette_for(theme: Theme) -> Palette:
    """Return the palette of a theme, made at its first use."""
    theme_known, palette = _palettes.get(theme.name, (None, None))
    if palette is None or theme_known is not theme:
        palette = Palette(theme)
        _palettes[theme.name] = (theme, palette)
    return palette


def line_to_strip(line: Line, palette: Palette, width: int, background: Style) -> Strip:
    """Turn a line into a strip of exactly ``width`` cells, cut with an ellipsis where it is longer.

    Every segment is styled, over ``background``: Textual paints nothing behind unstyled ones.
    """
    segments: list[Segment] = []
    room = width
    for token, spans in groupby(line, key=itemgetter(1)):
        text = "".join(span.text for span in spans)
        style = background + palette.style(token)
        size = cell_len(text)
        if size > room:
            return Strip(_cut([*segments, Segment(text, style)], width), width)
        if size:
            segments.append(Segment(text, style))
            room -= size
    if room:
        segments.append(Segment(" " * room, background))
    return Strip(segments, width)


def _cut(segments: list[Segment], width: int) -> list[Segment]:
    """Keep one cell less than ``width`` and end with an ellipsis."""
    if width <= 0:
        return []
    kept: list[Segment] = []
    room = width - 1
    for text, style, _ in segments:
        part = text if cell_len(text) <= room else set_cell_size(text, room)
        room -= cell_len(part)
        if part:
            kept.append(Segment(part, style))
    return [*kept, Segment("…", segments[-1].style)]
