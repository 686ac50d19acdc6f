"""The currency of every lens: a line is a tuple of spans, a span is text with a semantic style token.

Tokens name a meaning, never a colour; ``coworld_tui.widgets.palette`` turns them into colours:

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
==============================  ==============================================================
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

_SLOT_GLYPHS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Span(NamedTuple):
    """Printable text with one style token."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def text_of(lines: Iterable[Line]) -> str:
    """Join lines to plain text, without trailing blanks: for pipes, files and tests."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in lines)


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
