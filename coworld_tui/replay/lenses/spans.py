"""The currency of every lens: a line is a tuple of spans, a span is text with a semantic style token.

Tokens name a meaning, not a colour; ``coworld_tui.widgets.palette`` turns them into colours:

==============================  ==============================================================
``""`` ``strong`` ``muted``     ordinary text, names, labels
``heading``                     above a group of lines
``accent`` ``brand``            what matters most, as text and as a filled badge
``line``                        rules and the empty part of a bar
``good warning error``          states
``key string number changed``   parts of a JSON value; a value that differs from the frame before
``slot.N``                      text in the colour of player N
``tile.N`` ``trail.N``          a tile owned by, or merely visited by, player N
``piece.N``                     the piece of player N, brightest thing on the board
``empty.0`` ``empty.1``         the two shades of the empty board
``axis``                        row and column labels
``rgb.RRGGBB``                  text in a colour of the frame's own, six hex digits
``rgb.RRGGBB.RRGGBB``           the same on a ground: pictures, whose pixels mean nothing but themselves
==============================  ==============================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

HALF_BLOCK = "▀"
"""Two pixels: the upper one in ink, the lower one in ground."""

_SHADES = " ░▒▓█"
_RGB = re.compile(r"rgb\.([0-9A-Fa-f]{6})(?:\.([0-9A-Fa-f]{6}))?")
_SLOT_GLYPHS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Span(NamedTuple):
    """Printable text with one style token."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def text_of(lines: Iterable[Line]) -> str:
    """Join lines to plain text, without trailing blanks: for pipes, files and tests.

    Pictures, which are nothing without colour, become shades of their brightness.
    """
    return "\n".join("".join(map(_plain, line)).rstrip() for line in lines)


def rgb_of(style: str) -> tuple[str, str | None] | None:
    """Return the colours of an ``rgb`` token, ink and ground, six hex digits each; ``None`` for others."""
    found = _RGB.fullmatch(style)
    return None if found is None else (found[1], found[2])


def _plain(span: Span) -> str:
    colours = rgb_of(span.style) if span.style.startswith("rgb.") else None
    if colours is None:
        return span.text
    ink, ground = colours
    brightness = (_brightness(ink) + (_brightness(ground) if ground else 0)) / 2
    return span.text.replace(HALF_BLOCK, _SHADES[min(len(_SHADES) - 1, int(brightness * len(_SHADES)))])


def _brightness(colour: str) -> float:
    red, green, blue = bytes.fromhex(colour)
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def slot_glyph(slot: int) -> str:
    """Return the one character that stands for a player wherever colour alone would not do."""
    return _SLOT_GLYPHS[slot] if 0 <= slot < len(_SLOT_GLYPHS) else "+"


def cell_width(text: str) -> int:
    """Return how many terminal cells ``text`` takes: two for wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fit(text: str, width: int) -> str:
    """Return ``text`` in exactly ``width`` cells, padded with blanks or cut with an ellipsis."""
    if width <= 0:
        return ""
    size = cell_width(text)
    if size <= width:
        return text + " " * (width - size)
    kept: list[str] = []
    room = width - 1
    for character in text:
        room -= _character_width(character)
        if room < 0:
            break
        kept.append(character)
    cut = "".join(kept) + "…"
    return cut + " " * (width - cell_width(cut))


def line_width(line: Line) -> int:
    """Return how many terminal cells a line takes."""
    return sum(cell_width(span.text) for span in line)


def clip(line: Line, width: int) -> Line:
    """Return ``line`` as it is when it takes at most ``width`` cells, else cut with an ellipsis."""
    if line_width(line) <= width:
        return line
    kept: list[Span] = []
    room = width - 1
    for span in line:
        size = cell_width(span.text)
        if size > room:
            # With an ellipsis of its own the text is too wide for certain, so that fit puts one last.
            kept.append(span._replace(text=fit(span.text + "…", room + 1)))
            break
        kept.append(span)
        room -= size
    return tuple(kept) if width > 0 else ()
