"""A replay as an asciinema recording (format version 2): the view of a lens, frame after frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ..contract.text import safe_line
from .ansi import ansi_line
from .lenses.spans import Line

_CLEAR = "\x1b[2J\x1b[?25l"
_SHOW_CURSOR = "\x1b[?25h"
_END_OF_LINE = "\x1b[K"


def write_cast(
    stream: BinaryIO,
    views: Iterable[tuple[float, list[Line]]],
    width: int,
    height: int,
    title: str,
    *,
    colour: bool = True,
) -> int:
    """Write ``views``, each with its second, as a cast of ``width`` by ``height``; returns how many.

    Only lines that differ from the view before are drawn again.
    """
    header = {"version": 2, "width": width, "height": height, "title": safe_line(title, 200)}
    stream.write(json.dumps(header).encode() + b"\n")
    shown: list[str] = []
    count, second = 0, 0.0
    for second, lines in views:
        now = [ansi_line(line, colour=colour) for line in lines[:height]]
        text = "".join(_redrawn(shown, now))
        if not count:
            text = _CLEAR + text
        if text:
            _event(stream, second, text)
        shown = now
        count += 1
    # One second more, so that a player does not vanish with the last frame.
    _event(stream, second + 1, _SHOW_CURSOR)
    return count


def _redrawn(before: list[str], now: list[str]) -> Iterator[str]:
    for row in range(max(len(before), len(now))):
        was = before[row] if row < len(before) else ""
        line = now[row] if row < len(now) else ""
        if was != line:
            yield f"\x1b[{row + 1};1H{line}{_END_OF_LINE}"


def _event(stream: BinaryIO, second: float, text: str) -> None:
    stream.write(json.dumps([round(second, 6), "o", text]).encode() + b"\n")
