"""Lines that are already there, for ``LinesView``."""

from __future__ import annotations

from collections.abc import Sequence

from ..replay.lenses.spans import Line


class StaticLines:
    """A model over a sequence of lines."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)

    @property
    def row_count(self) -> int:
        """Number of lines."""
        return len(self._lines)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Lines ``start`` up to but not including ``stop``."""
        return self._lines[start:stop]
