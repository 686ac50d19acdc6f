"""The text lens: frames that are not JSON, line by line."""

from __future__ import annotations

from ...contract.text import safe_line
from .spans import Line, Span


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
