"""Another replay beside the one in view: which of its frames goes with which, and how they differ."""

from __future__ import annotations

from ..replay.compare import Comparison, Pair, PathDifference
from ..replay.lenses.model import FrameView
from ..replay.lenses.spans import Line
from . import inspection
from .viewing import Viewing

_MOST_RANKED = 50


class Beside:
    """``work`` is called from a thread of its own, as that of ``Viewing``."""

    def __init__(self, main: Viewing, other: Viewing) -> None:
        self.main = main
        self.other = other
        self._comparison = Comparison(main.replay.source, other.replay.source)
        self._ranked: tuple[int, list[PathDifference]] = (0, [])

    @property
    def finished(self) -> bool:
        """Whether all frames have been compared."""
        return self.other.finished and self._comparison.is_complete

    @property
    def compared(self) -> int:
        """How many pairs of frames have been compared."""
        return self._comparison.compared

    @property
    def closed(self) -> bool:
        """Whether either replay was closed."""
        return self.main.closed or self.other.closed

    def close(self) -> None:
        """Let go of the other replay's files."""
        self.main.mark_difference(None)
        self.other.close()

    def work(self) -> bool:
        """Go on for some milliseconds; False when there is nothing to do for now."""
        if self.other.work():
            return True
        # The frames of the main one are counted by its own thread; they are paired when that is done.
        if not self.main.playback.complete:
            return False
        try:
            goes_on = self._comparison.advance()
        except OSError:
            return False
        self.main.mark_difference(self.first_difference())
        return goes_on

    def view(self) -> FrameView | None:
        """The frame of the other replay that goes with the one in view; ``None`` when there is none."""
        pair = self._pair()
        return self.other.view(pair.right) if pair is not None else None

    def first_difference(self) -> int | None:
        """The first frame here that differs from its other, as far as they are compared."""
        first = self._comparison.first_difference()
        return self._comparison.pairs[first].left if first is not None else None

    def lines(self, view: FrameView | None, width: int) -> list[Line]:
        """How the frame in view differs from its other, and the two replays altogether."""
        return [
            *inspection.pair_lines(self.main, view, self.other, self.view(), width),
            *inspection.comparison_lines(self._comparison, self._ranking(), self.first_difference(), width),
        ]

    def _ranking(self) -> list[PathDifference]:
        # Sorting all paths at every step would be felt.
        if self._ranked[0] != self.compared:
            self._ranked = self.compared, self._comparison.ranked()[:_MOST_RANKED]
        return self._ranked[1]

    def _pair(self) -> Pair | None:
        comparison, index = self._comparison, self.main.playback.index
        at = comparison.pair_of(index)
        if at is None:
            return None
        pair = comparison.pairs[at]
        if pair.left == index:
            return pair
        # Of several frames of one tick the last one is paired; the others go with the same frame.
        after = comparison.pairs[at + 1 : at + 2]
        tick = self.main.tick_here()
        return next((pair for pair in after if tick is not None and pair.tick == tick), None)
