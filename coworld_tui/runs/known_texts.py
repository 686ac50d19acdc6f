"""Replacing many known texts in bytes, in time that does not grow with their number."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST = 4
"""Bytes that a known text has at least."""

_TABLE_BITS = 20
_MIX = 0x9E3779B1


class KnownTexts:
    """Replaces texts by what is given for each. Where several begin at one place the longest counts."""

    def __init__(self, texts: Mapping[bytes, bytes]) -> None:
        """ValueError for a text shorter than ``SHORTEST``."""
        if any(len(text) < SHORTEST for text in texts):
            raise ValueError(f"a known text has {SHORTEST} bytes or more")
        self._texts = dict(texts)
        self.longest = max(map(len, texts), default=0)
        if texts:
            self._prepare()

    def _prepare(self) -> None:
        import numpy as np

        # By the first four bytes: the lengths of the texts that begin so, as negative numbers in order.
        self._lengths: dict[bytes, list[int]] = {}
        for text in self._texts:
            lengths = self._lengths.setdefault(text[:SHORTEST], [])
            if -len(text) not in lengths:
                insort(lengths, -len(text))
        self._heads = np.sort(np.frombuffer(b"".join(self._lengths), "<u4"))
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[self._slots(self._heads)] = True

    def replaced(self, data: bytes) -> bytes:
        """``data`` with each of the texts replaced."""
        parts = []
        at = 0
        for start in self._begins(data):
            if start < at:
                continue
            for length in self._lengths[data[start : start + SHORTEST]]:
                new = self._texts.get(data[start : start - length])
                if new is not None:
                    parts += [data[at:start], new]
                    at = start - length
                    break
        return b"".join([*parts, data[at:]]) if parts else data

    def _begins(self, data: bytes) -> list[int]:
        """Where one of the texts may begin: its first four bytes are there."""
        if not self._texts:
            return []
        import numpy as np

        found = []
        for shift in range(min(SHORTEST, len(data) - SHORTEST + 1)):
            words = np.frombuffer(data, "<u4", (len(data) - shift) // SHORTEST, shift)
            # A look into a small table leaves few to be looked up among all.
            places = np.flatnonzero(self._table[self._slots(words)])
            near = words[places]
            at = np.minimum(np.searchsorted(self._heads, near), len(self._heads) - 1)
            found.append(places[self._heads[at] == near] * SHORTEST + shift)
        return np.sort(np.concatenate(found)).tolist() if found else []

    @staticmethod
    def _slots(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
        import numpy as np

        return (words * np.uint32(_MIX)) >> np.uint32(32 - _TABLE_BITS)
