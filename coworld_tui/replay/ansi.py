"""Lines for a terminal: style tokens as escape sequences of the 256 colours that every terminal has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import groupby

from .lenses.spans import Line

_RESET = "\x1b[0m"
_PLAIN = {
    "strong": "1",
    "muted": "38;5;245",
    "heading": "1;38;5;80",
    "accent": "38;5;80",
    "brand": "1;38;5;16;48;5;80",
    "line": "38;5;240",
    "good": "38;5;71",
    "warning": "38;5;214",
    "error": "38;5;203",
    "key": "38;5;110",
    "string": "38;5;108",
    "number": "38;5;80",
    "changed": "1;38;5;214",
    "axis": "38;5;245",
    "empty.0": "38;5;240;48;5;234",
    "empty.1": "38;5;240;48;5;235",
}
# Okabe and Ito's colours as the nearest of the 256, and a dark ground of the same hue for tiles.
_SLOTS = ((214, 94), (74, 24), (36, 22), (175, 89), (227, 58), (32, 17), (166, 52))
_CUBE = (0, 95, 135, 175, 215, 255)


def uses_colour(environment: Mapping[str, str]) -> bool:
    """Whether colours are wanted: ``NO_COLOR`` set to anything says no, and so does a dumb terminal."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def ansi_line(line: Line, *, colour: bool = True) -> str:
    """The text of a line with its styles as SGR sequences; each leaves the terminal as it found it."""
    if not colour:
        return "".join(span.text for span in line)
    parts = []
    for style, spans in groupby(line, key=lambda span: span.style):
        code, text = sgr(style), "".join(span.text for span in spans)
        parts.append(f"\x1b[{code}m{text}{_RESET}" if code and text else text)
    return "".join(parts)


@cache
def sgr(token: str) -> str:
    """The SGR parameters of a style token, empty for ordinary text and for unknown ones."""
    if token in _PLAIN:
        return _PLAIN[token]
    family, *rest = token.split(".")
    if family == "rgb":
        grounds = zip(("38;5;", "48;5;"), map(_nearest, rest), strict=False)
        return ";".join(f"{ground}{colour}" for ground, colour in grounds if colour is not None)
    if len(rest) != 1 or not rest[0].isdecimal():
        return ""
    bright, dark = _SLOTS[int(rest[0]) % len(_SLOTS)]
    return {
        "slot": f"38;5;{bright}",
        "trail": f"2;38;5;{bright}",
        "tile": f"38;5;{bright};48;5;{dark}",
        "piece": f"1;38;5;16;48;5;{bright}",
    }.get(family, "")


def _nearest(digits: str) -> int | None:
    """The colour of the 6 x 6 x 6 cube, or the grey, that is closest to six hex digits."""
    try:
        rgb = bytes.fromhex(digits)
    except ValueError:
        return None
    if len(rgb) != 3:
        return None
    steps = [min(range(6), key=lambda step, part=part: abs(_CUBE[step] - part)) for part in rgb]  # type: ignore[misc]
    grey = max(0, min(23, round((sum(rgb) / 3 - 8) / 10)))
    cube_error = sum((_CUBE[step] - part) ** 2 for step, part in zip(steps, rgb, strict=True))
    grey_error = sum((8 + 10 * grey - part) ** 2 for part in rgb)
    return 232 + grey if grey_error < cube_error else 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
