"""The hex lens: bytes nobody understands, sixteen a line."""

from __future__ import annotations

from .spans import Line, Span

_BYTES = 16
_ASCII = "".join(chr(code) if 0x20 <= code < 0x7F else "·" for code in range(256))


class HexLines:
    """Offset, bytes and ASCII of binary data, drawn only where looked at."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._digits = max(4, len(f"{len(data):x}"))

    @property
    def row_count(self) -> int:
        """Number of lines; empty data has one, which says so."""
        return max(1, -(-len(self._data) // _BYTES))

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        return [self._line(row) for row in range(max(0, start), min(stop, self.row_count))]

    def _line(self, row: int) -> Line:
        if not self._data:
            return (Span("empty", "muted"),)
        part = self._data[row * _BYTES : (row + 1) * _BYTES]
        half = _BYTES // 2
        return (
            Span(f"{row * _BYTES:0{self._digits}x}  ", "muted"),
            Span(f"{part[:half].hex(' '):<23}  {part[half:].hex(' '):<23}  "),
            Span("".join(_ASCII[byte] for byte in part), "string"),
        )
