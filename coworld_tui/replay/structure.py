"""The brackets of JSON text, found a piece at a time without building a value of it.

Everything is numpy on whole pieces, which runs at the speed of memory and without the GIL. Only
ASCII characters matter, so UTF-8 (even broken) needs no care. Levels count from 1: the outermost
container of a document is at level 1, what lies directly in it at level 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Offsets = NDArray[np.int64]
_Words = NDArray[np.uint64]
Read = Callable[[int, int], bytes]
"""The bytes from ``start`` to ``stop``."""

OPEN_ARRAY = ord("[")
_OPEN_OBJECT = ord("{")
_CLOSE_OBJECT = ord("}")
_QUOTE = ord('"')
_BACKSLASH = ord("\\")
_WORD = 64
_KEY_LIMIT = 1024


@dataclass(frozen=True)
class Brackets:
    """Brackets outside strings, in order: offset, character, and the level of the container they bound."""

    offset: Offsets
    character: NDArray[np.uint8]
    level: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offset)

    @property
    def opens(self) -> NDArray[np.bool_]:
        """Which of them open a container."""
        return (self.character & 2).astype(bool)

    def where(self, chosen: NDArray[np.bool_] | slice) -> Brackets:
        """Some of them."""
        return Brackets(self.offset[chosen], self.character[chosen], self.level[chosen])


def joined(parts: list[Brackets]) -> Brackets:
    """Consecutive parts as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Brackets(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32))
    return Brackets(
        np.concatenate([part.offset for part in parts]),
        np.concatenate([part.character for part in parts]),
        np.concatenate([part.level for part in parts]),
    )


class Scanner:
    """Finds the brackets of consecutive pieces. Strings and escapes may cross from one to the next."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset
        self.depth = 0
        self.in_string = False
        self._escaped = False

    def feed(self, piece: bytes) -> Brackets:
        """The brackets of the next piece. A closing one too many has level 0 or less; nothing is checked."""
        if not piece:
            return joined([])
        data = np.frombuffer(piece, np.uint8)
        # In ASCII, [ and ] are { and } without the bit 0x20. Comparing is what numpy does fastest.
        folded = data | np.uint8(0x20)
        brackets = (folded == _OPEN_OBJECT) | (folded == _CLOSE_OBJECT)
        quotes, self._escaped = _quotes(piece, self._escaped)
        if self.in_string or quotes.any():
            words = _words(brackets)
            words &= ~self._inside(quotes)
            brackets = np.unpackbits(words.view(np.uint8), count=len(data), bitorder="little").view(np.bool_)
        offset = np.flatnonzero(brackets)
        character = data[offset]
        opens = character & np.uint8(2)
        level = np.cumsum(opens.view(np.int8) - np.int8(1), dtype=np.int32)
        level += self.depth
        if len(level):
            self.depth = int(level[-1])
        level += opens == 0
        offset += self.offset
        self.offset += len(piece)
        return Brackets(offset, character, level)

    def _inside(self, quotes: _Words) -> _Words:
        """A bit per byte, set within strings: where an odd number of quotes comes before."""
        # Every bit becomes the parity of the quotes up to it in its word (simdjson's prefix xor).
        for shift in (1, 2, 4, 8, 16, 32):
            quotes ^= quotes << np.uint64(shift)
        parity = quotes >> np.uint64(63)
        after = np.bitwise_xor.accumulate(parity) ^ np.uint64(self.in_string)
        quotes ^= np.uint64(0) - (after ^ parity)
        self.in_string = bool(after[-1])
        return quotes


def _words(bits: NDArray[np.bool_]) -> _Words:
    packed = np.packbits(bits, bitorder="little")
    words = np.zeros(-(-len(bits) // _WORD), np.dtype("<u8"))
    words.view(np.uint8)[: len(packed)] = packed
    return words


def _quotes(piece: bytes, escaped: bool) -> tuple[_Words, bool]:
    """The quotes that begin or end strings, a bit per byte, and whether what follows is escaped.

    ``escaped`` is whether the first byte is. Escaped is what follows an odd number of backslashes.
    """
    data = np.frombuffer(piece, np.uint8)
    quotes = _words(data == _QUOTE)
    if not escaped and b"\\" not in piece:
        return quotes, False
    # Adding the first bit of a run of ones carries to the bit behind it (simdjson, on one long integer).
    slashes = int.from_bytes(np.packbits(data == _BACKSLASH, bitorder="little").tobytes(), "little")
    slashes &= ~int(escaped)
    firsts = slashes & ~(slashes << 1)
    even = int.from_bytes(b"\x55" * (quotes.nbytes + 1), "little")
    behind_even = (slashes + (firsts & even)) & ~slashes
    behind_odd = (slashes + (firsts & ~even)) & ~slashes
    behind = (behind_even & ~even) | (behind_odd & even) | int(escaped)
    size = quotes.nbytes + 1
    bits = behind.to_bytes(size, "little")
    quotes &= ~np.frombuffer(bits, quotes.dtype, len(quotes))
    return quotes, bool(behind >> len(piece))


def string_spans(data: bytes, offset: int) -> tuple[Offsets, Offsets]:
    """Start and stop (quotes included) of the strings in ``data``, which begins outside any.

    ``offset`` is where ``data`` lies.
    """
    quotes, _ = _quotes(data, escaped=False)
    found = np.flatnonzero(np.unpackbits(quotes.view(np.uint8), bitorder="little"))
    found = found[: len(found) // 2 * 2] + offset
    return found[0::2], found[1::2] + 1


def key_before(read: Read, offset: int) -> str | None:
    """The key of the member whose value starts at ``offset``; ``None`` for an element of an array."""
    import json

    before = read(max(0, offset - _KEY_LIMIT), offset).rstrip()
    if not before.endswith(b":"):
        return None
    before = before[:-1].rstrip()
    if not before.endswith(b'"'):
        return None
    start = before.rfind(b'"', 0, -1)
    while start > 0 and _slashes(before, start) % 2:
        start = before.rfind(b'"', 0, start)
    try:
        return (
            str(json.loads(before[start:].decode("utf-8", "replace"), strict=False)) if start >= 0 else None
        )
    except ValueError:
        return None


def _slashes(data: bytes, stop: int) -> int:
    return stop - len(data[:stop].rstrip(b"\\"))
