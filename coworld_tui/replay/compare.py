"""Two replays side by side: which frames belong together, where they first differ, and by how much."""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from dataclasses import dataclass

from .changes import Change, changes
from .lenses.choose import decode_frame
from .paths import Path, dotted
from .source import FrameSource

_CHANGES_A_PAIR = 500
_MOST_PATHS = 2_000
_LOOK_AT_CLOCK = 16


@dataclass(frozen=True)
class Pair:
    """A frame of each. ``tick`` is ``None`` when they are paired by index."""

    left: int
    right: int
    tick: int | None


@dataclass
class PathDifference:
    """How a value differs over the pairs looked at. ``total`` and ``largest`` are of numbers, unsigned."""

    path: Path
    first: int
    """The first pair in which it differs."""
    count: int = 0
    numbers: int = 0
    total: float = 0.0
    largest: float = 0.0

    @property
    def mean(self) -> float | None:
        """Mean difference of the pairs that differ in it, both being numbers; ``None`` when none are."""
        return self.total / self.numbers if self.numbers else None


class Comparison:
    """Two sources locked by tick: frames of one tick are a pair, the last where there are several.

    Where a tick is missing or goes backwards, frames are paired by index instead. ``advance`` pairs
    the frames, then compares the pairs; one thread drives it, and both sources, while others may read.
    """

    def __init__(self, left: FrameSource, right: FrameSource) -> None:
        self.left = left
        self.right = right
        self.pairs: list[Pair] = []
        self.compared = 0
        """How many pairs have been looked at."""
        self.differing = 0
        self.paths: dict[Path, PathDifference] = {}
        self._first: int | None = None
        self._ticks: tuple[list[int], list[int]] = ([], [])
        self._by_tick = True

    @property
    def is_by_tick(self) -> bool:
        """Whether the frames are paired by tick, and not by index."""
        return self._by_tick

    @property
    def is_complete(self) -> bool:
        """Whether all frames there are have been paired and compared."""
        return self._is_paired() and self.compared == len(self.pairs)

    @property
    def progress(self) -> float:
        """The share that is done, 0 to 1."""
        length = len(self.left) + len(self.right)
        read = sum(map(len, self._ticks)) if self._by_tick else length
        shares = (read / length if length else 1.0, self.compared / len(self.pairs) if self.pairs else 0.0)
        return 1.0 if self.is_complete else sum(shares) / 2

    def advance(self, seconds: float = 0.01) -> bool:
        """Go on for about so long. False when there is nothing to do (for now)."""
        end = time.perf_counter() + seconds
        while not self._is_paired():
            self._pair_some()
            if time.perf_counter() >= end:
                return True
        while self.compared < len(self.pairs):
            self._compare(self.compared)
            self.compared += 1
            if time.perf_counter() >= end:
                return True
        return False

    def first_difference(self) -> int | None:
        """The first pair that differs, of those looked at; ``None`` when none does so far."""
        return self._first

    def differences(self, pair: int, limit: int = _CHANGES_A_PAIR) -> list[Change]:
        """What differs in a pair: ``before`` is the left value, ``now`` the right one. IndexError outside."""
        if pair < 0:
            raise IndexError(pair)
        found = self.pairs[pair]
        left, right = self.left.payload(found.left), self.right.payload(found.right)
        if left == right:
            return []
        one = decode_frame(left, self.left.kind(found.left))
        return changes(one, decode_frame(right, self.right.kind(found.right)), limit)

    def pair_of(self, index: int, side: str = "left") -> int | None:
        """The pair that a frame of ``side`` (``left`` or ``right``) is in, else the one before it."""
        at = bisect_right(self.pairs, index, key=lambda pair: pair.left if side == "left" else pair.right)
        return at - 1 if at else None

    def ranked(self) -> list[PathDifference]:
        """What differs most often first."""
        return sorted(self.paths.values(), key=lambda found: (-found.count, found.first, dotted(found.path)))

    def _is_paired(self) -> bool:
        lengths = len(self.left), len(self.right)
        if self._by_tick:
            return (len(self._ticks[0]), len(self._ticks[1])) == lengths
        return len(self.pairs) == min(lengths)

    def _pair_some(self) -> None:
        if self._by_tick:
            for source, ticks in zip((self.left, self.right), self._ticks, strict=True):
                for index in range(len(ticks), min(len(source), len(ticks) + _LOOK_AT_CLOCK)):
                    tick = source.tick(index)
                    if tick is None or (ticks and tick < ticks[-1]):
                        self._pair_by_index()
                        return
                    ticks.append(tick)
            if self._is_paired():
                self._pair_by_tick()
        else:
            known, length = len(self.pairs), min(len(self.left), len(self.right))
            self.pairs += [Pair(index, index, None) for index in range(known, length)]

    def _pair_by_index(self) -> None:
        self._by_tick = False
        self._forget()

    def _pair_by_tick(self) -> None:
        left, right = ({tick: index for index, tick in enumerate(ticks)} for ticks in self._ticks)
        pairs = [Pair(index, right[tick], tick) for tick, index in left.items() if tick in right]
        if pairs[: len(self.pairs)] != self.pairs:
            self._forget()  # another frame of a tick that was paired already
        self.pairs = pairs

    def _forget(self) -> None:
        self.pairs = []
        self.compared = self.differing = 0
        self.paths = {}
        self._first = None

    def _compare(self, pair: int) -> None:
        found = self.differences(pair)
        if not found:
            return
        self.differing += 1
        if self._first is None:
            self._first = pair
        for change in found:
            known = self.paths.get(change.path)
            if known is None:
                if len(self.paths) >= _MOST_PATHS:
                    continue
                known = self.paths[change.path] = PathDifference(change.path, pair)
            known.count += 1
            size = _distance(change)
            if size is not None:
                known.numbers += 1
                known.total += size
                known.largest = max(known.largest, size)


def _distance(change: Change) -> float | None:
    if not isinstance(change.before, int | float) or not isinstance(change.now, int | float):
        return None
    try:
        size = abs(float(change.before) - float(change.now))
    except OverflowError:
        return None
    return size if math.isfinite(size) else None
