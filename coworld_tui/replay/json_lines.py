"""A frame a line: JSON lines, with the odd line of text between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .blob import MIB, Blob
from .decoding import LENIENT_LIMIT, decode_json, is_json
from .index_cache import StoredIndex
from .indexed_file import IndexedFile
from .structure import Offsets

_PIECE = 2 * MIB
_NEWLINE = ord("\n")
_HEAD = 4096


class LinesLayout(msgspec.Struct, tag="lines"):
    """Where a header lies, where the last line starts, and whether it is counted without its end."""

    header: tuple[int, int] | None
    line_start: int
    last_grows: bool


class JsonLines(IndexedFile):
    """The lines of a file that are not blank. The file may grow: ``advance`` looks for more lines.

    ``is_complete`` is whether all lines there were at the last ``advance`` are counted. A last line
    without its end counts once it is whole JSON, or text.
    """

    format = "json lines"

    def __init__(
        self, blob: Blob, start: int = 0, *, header: tuple[int, int] | None = None, piece: int = _PIECE
    ) -> None:
        """Nothing is read yet. ``header`` spans a first line that is no frame; ``piece`` is in bytes."""
        super().__init__(blob, header[1] if header else start, piece)
        self._header = header
        self._line_start = self._scanned
        self._last_grows = False
        self._cut_at = -1

    @classmethod
    def restored(cls, blob: Blob, layout: LinesLayout, stored: StoredIndex) -> JsonLines:
        """Lines whose index was kept."""
        lines = cls(blob, header=layout.header)
        lines._line_start = layout.line_start
        lines._last_grows = layout.last_grows
        lines._restore(stored)
        return lines

    def kind(self, index: int) -> str:
        """``json``, or ``text`` for a line that is none."""
        return "json" if is_json(self.payload(index)) else "text"

    def members(self) -> dict[str, Any]:
        """What the header line holds, if there is one."""
        if self._header is None:
            return {}
        try:
            value = decode_json(self._blob.read(*self._header))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def _take(self, piece: bytes) -> None:
        self._cut_at = -1
        data = np.frombuffer(piece, np.uint8)
        ends = np.flatnonzero(data == _NEWLINE) + self._scanned
        stop = self._scanned + len(piece)
        if self._last_grows:
            self._index.end_last(int(ends[0]) if len(ends) else stop)
        if len(ends):
            starts = np.concatenate(([self._line_start], ends[:-1] + 1))
            self._line_start = int(ends[-1]) + 1
            if self._last_grows:
                starts, ends = starts[1:], ends[1:]
            self._last_grows = False
            filled = self._filled(piece, data, starts, ends)
            self._index.add(starts[filled], ends[filled])

    def _filled(
        self, piece: bytes, data: NDArray[np.uint8], starts: Offsets, ends: Offsets
    ) -> NDArray[np.bool_]:
        """Which lines are not blank. Only those that start with a space or a control may be."""
        filled: NDArray[np.bool_] = starts < ends
        if len(starts) and starts[0] < self._scanned:  # it began in an earlier piece
            filled[0] = filled[0] and not self._is_blank(int(starts[0]), int(ends[0]))
        inside = np.flatnonzero(filled & (starts >= self._scanned))
        begins = starts[inside] - self._scanned
        for place in inside[data[begins] <= ord(" ")].tolist():
            line = piece[int(starts[place]) - self._scanned : int(ends[place]) - self._scanned]
            filled[place] = not line.isspace()
        return filled

    def _is_blank(self, start: int, stop: int) -> bool:
        return all(
            self._blob.read(at, min(at + self._piece, stop)).isspace()
            for at in range(start, stop, self._piece)
        )

    def _end(self) -> None:
        start, stop = self._line_start, self._scanned
        if self._last_grows or self._is_blank(start, stop):
            return
        if self._is_whole(start, stop):
            self._index.add(np.array([start]), np.array([stop]))
            self._last_grows = True
        else:
            self._cut_at = stop

    def _is_whole(self, start: int, stop: int) -> bool:
        if not self._blob.read(start, min(start + _HEAD, stop)).lstrip().startswith((b"{", b"[")):
            return True  # text: nobody can tell
        if stop - start > LENIENT_LIMIT:
            return self._blob.read(stop - 1, stop) in (b"}", b"]")
        return is_json(self._blob.read(start, stop))

    def _problems(self) -> Iterator[str]:
        if self._cut_at >= 0:
            yield f"the last line is cut off at byte {self._cut_at:,}"

    def _layout_json(self) -> bytes | None:
        return msgspec.json.encode(LinesLayout(self._header, self._line_start, self._last_grows))
