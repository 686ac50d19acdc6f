"""Numbers of a replay as columns: one array over all frames for each path that is followed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .paths import Path, value_at
from .scanning import FieldDecoder, read_payloads
from .source import FrameSource

Column = NDArray[np.float64]

_FIRST_FRAMES = 8
_MOST_FRAMES = 1_024
_MOST_WORDS = 1_000
_ROOM = 256
_FIRST_WORD = -(2.0**52)  # and downwards: no replay counts there


class Columns:
    """The values of ``paths`` in every frame, gathered a few milliseconds at a time.

    Columns are float64 arrays as long as the frames ``covered``; NaN where there is no number. For the
    paths in ``words``, which may lead to texts, true and false as well, there are columns of codes,
    which ``word`` turns back. One thread drives ``advance``; columns handed out stay as they are.
    """

    def __init__(self, source: FrameSource, paths: Sequence[Path], words: Sequence[Path] = ()) -> None:
        self.source = source
        self.paths = tuple(dict.fromkeys(paths))
        self.covered = 0
        self._words: dict[Path, dict[str, float]] = {path: {} for path in words}
        self._decoder = FieldDecoder((*self.paths, *self._words))
        self._data = np.full((len(self.paths) + len(self._words), _ROOM), np.nan)
        self._row = {path: row for row, path in enumerate(self.paths)}
        self._word_row = {path: row for row, path in enumerate(self._words, len(self.paths))}
        self._ticks: Column = np.empty(0)
        self._batch = _FIRST_FRAMES

    def advance(self, seconds: float = 0.01) -> bool:
        """Cover further frames for about so long. False when all that are counted are covered."""
        end = time.perf_counter() + seconds
        while self.covered < len(self.source):
            began = time.perf_counter()
            self._cover(min(self._batch, len(self.source) - self.covered))
            now = time.perf_counter()
            if now - began < seconds / 8:
                self._batch = min(self._batch * 2, _MOST_FRAMES)
            elif now - began > seconds / 2:
                self._batch = max(self._batch // 2, 1)
            if now >= end:
                return True
        return False

    def values(self, path: Path) -> Column:
        """The column of a path. KeyError for one that is not followed."""
        return self._data[self._row[path], : self.covered]

    def has_numbers(self, path: Path) -> bool:
        """Whether any frame covered has a number there. KeyError for a path that is not followed."""
        return not bool(np.isnan(self.values(path)).all())

    def ticks(self) -> Column:
        """The tick of every frame covered; NaN where it has none. Asks the source for those not yet known."""
        known = len(self._ticks)
        ticks = [self.source.tick(index) for index in range(known, self.covered)]
        self._ticks = np.append(self._ticks, [math.nan if tick is None else _float(tick) for tick in ticks])
        return self._ticks

    def codes(self, path: Path) -> Column:
        """The column of a path in ``words``: numbers as they are, and a code for each word."""
        return self._data[self._word_row[path], : self.covered]

    def word(self, path: Path, code: float) -> str | None:
        """The word that a code in the column of ``path`` stands for; ``None`` when it is just a number."""
        return next((word for word, known in self._words[path].items() if known == code), None)

    def _cover(self, count: int) -> None:
        start, stop = self.covered, self.covered + count
        self._make_room(stop)
        payloads = enumerate(read_payloads(self.source, start, stop), start)
        frames = [
            self._decoder.decode(payload, partial(self.source.kind, index)) for index, payload in payloads
        ]
        for path, row in self._row.items():
            self._data[row, start:stop] = [_number(value_at(frame, path)) for frame in frames]
        for path, row in self._word_row.items():
            known = self._words[path]
            self._data[row, start:stop] = [_code(value_at(frame, path), known) for frame in frames]
        self.covered = stop

    def _make_room(self, needed: int) -> None:
        rows, room = self._data.shape
        if needed > room:
            larger = np.full((rows, max(needed, room * 2)), np.nan)
            larger[:, :room] = self._data
            self._data = larger


def _number(value: Any) -> float:
    return _float(value) if isinstance(value, int | float) else math.nan


def _code(value: Any, words: dict[str, float]) -> float:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, str):
        return _number(value)
    if value not in words and len(words) >= _MOST_WORDS:
        return math.nan
    return words.setdefault(value, _FIRST_WORD - len(words))


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
