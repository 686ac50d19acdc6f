"""The text lens: text line by line, also where it is all there is in a JSON frame."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from ...contract.text import safe_line
from .spans import Line, Span

_MAX_DEPTH = 3
_MAX_MEMBERS = 200


class TextLines:
    """Text as lines, made printable only where looked at."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    @property
    def row_count(self) -> int:
        """Number of lines; empty text has one."""
        return len(self._lines)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        wanted = self._lines[max(0, start) : max(0, stop)]
        return [(Span(safe_line(line.removesuffix("\r"))),) for line in wanted]


def longest_text(frame: object) -> str:
    """Return the longest text in a frame, looked for in its objects; empty without any."""
    found = ""
    level = [frame]
    for _ in range(_MAX_DEPTH):
        texts = (value for value in level if isinstance(value, str))
        found = max([found, *texts], key=len)
        objects = [value for value in level[:_MAX_MEMBERS] if isinstance(value, Mapping)]
        level = [child for value in objects for child in islice(value.values(), _MAX_MEMBERS)]
    return found
