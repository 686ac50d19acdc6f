"""The hex lens: bytes nobody understands, sixteen a line, or eight."""

from __future__ import annotations

from .spans import Line, Span

_FULL, _HALF = 16, 8
_ASCII = "".join(chr(code) if 0x20 <= code < 0x7F else "·" for code in range(256))


class HexLines:
    """Offset, bytes and ASCII of binary data, drawn only where looked at."""

    def __init__(self, data: bytes, width: int | None = None) -> None:
        """Eight bytes a line where ``width`` cells are too few for sixteen."""
        self._data = data
        self._digits = max(4, len(f"{len(data):x}"))
        is_narrow = width is not None and width < self._digits + _cells_of(_FULL)
        self._per_line = _HALF if is_narrow else _FULL

    @property
    def row_count(self) -> int:
        """Number of lines; empty data has one, which says so."""
        return max(1, -(-len(self._data) // self._per_line))

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        return [self._line(row) for row in range(max(0, start), min(stop, self.row_count))]

    def _line(self, row: int) -> Line:
        if not self._data:
            return (Span("empty", "muted"),)
        start = row * self._per_line
        part = self._data[start : start + self._per_line]
        groups = (part[at : at + _HALF].hex(" ") for at in range(0, self._per_line, _HALF))
        return (
            Span(f"{start:0{self._digits}x}  ", "muted"),
            Span("".join(f"{group:<23}  " for group in groups)),
            Span("".join(_ASCII[byte] for byte in part), "string"),
        )


def _cells_of(count: int) -> int:
    """The cells that ``count`` bytes take beside the digits of their offset."""
    return 2 + count // _HALF * 25 + count
