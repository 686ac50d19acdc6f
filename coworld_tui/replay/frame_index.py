"""Where the frames of a file lie: starts and stops in flat arrays that grow while others read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from .structure import Offsets

MOST_FRAMES = 10_000_000
"""Most frames counted in one file; their index takes 16 bytes each."""

_SPAN = 4 * 1024 * 1024
_SPAN_FRAMES = 16_384
_FIRST_ROOM = 1024


@dataclass(frozen=True)
class _Arrays:
    count: int
    starts: Offsets
    stops: Offsets


class FrameIndex:
    """Starts and stops of frames, in order. One thread adds; any thread reads what is there."""

    def __init__(self) -> None:
        # Replaced as a whole, so that a reader never sees a count without the offsets.
        self._now = _Arrays(0, np.empty(_FIRST_ROOM, np.int64), np.empty(_FIRST_ROOM, np.int64))

    @classmethod
    def of(cls, starts: Offsets, stops: Offsets) -> FrameIndex:
        """An index of frames that are all known."""
        index = cls()
        index._now = _Arrays(len(starts), starts, stops)
        return index

    def __len__(self) -> int:
        return self._now.count

    @property
    def is_full(self) -> bool:
        """Whether there are ``MOST_FRAMES``."""
        return len(self) >= MOST_FRAMES

    def add(self, starts: Offsets, stops: Offsets) -> None:
        """Append frames, as many as there is room for."""
        now = self._now
        added = min(len(starts), MOST_FRAMES - now.count)
        count = now.count + added
        if count > len(now.starts):
            room = max(count, 2 * len(now.starts))
            now = _Arrays(now.count, _grown(now.starts, room), _grown(now.stops, room))
        now.starts[now.count : count] = starts[:added]
        now.stops[now.count : count] = stops[:added]
        self._now = _Arrays(count, now.starts, now.stops)

    def end_last(self, stop: int) -> None:
        """Move the stop of the last frame: its line goes on."""
        self._now.stops[self._now.count - 1] = stop

    def span(self, index: int) -> tuple[int, int]:
        """Start and stop of a frame. IndexError outside ``0 <= index < len``."""
        now = self._now
        if not 0 <= index < now.count:
            raise IndexError(index)
        return int(now.starts[index]), int(now.stops[index])

    def arrays(self) -> tuple[Offsets, Offsets]:
        """All starts and all stops."""
        now = self._now
        return now.starts[: now.count], now.stops[: now.count]

    def payloads(self, read: Callable[[int, int], bytes], start: int, stop: int) -> Iterator[bytes]:
        """The bytes of frames ``start`` to ``stop``, as many as there are, read megabytes at a time."""
        starts, stops = self.arrays()
        start, stop = max(0, start), min(stop, len(starts))
        while start < stop:
            first = int(starts[start])
            after = start + int(np.searchsorted(stops[start : start + _SPAN_FRAMES], first + _SPAN, "right"))
            after = min(max(after, start + 1), stop)
            data = read(first, int(stops[after - 1]))
            begins = (starts[start:after] - first).tolist()
            ends = (stops[start:after] - first).tolist()
            for begin, end in zip(begins, ends, strict=True):
                yield data[begin:end]
            start = after


def _grown(array: Offsets, room: int) -> Offsets:
    grown = np.empty(room, np.int64)
    grown[: len(array)] = array
    return grown
