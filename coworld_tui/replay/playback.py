"""Where in a replay the view is, and how it moves. The clock is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
DEFAULT_RATE = 10.0
_SLOWEST, _FASTEST = 0.1, 1_000.0


def rate_of(config: Mapping[str, Any] | None) -> float:
    """Frames a second as they were played, where the configuration of an episode says so."""
    rate = config.get("tick_rate") if config is not None else None
    if isinstance(rate, int | float) and not isinstance(rate, bool) and _SLOWEST <= rate <= _FASTEST:
        return float(rate)
    return DEFAULT_RATE


class Playback:
    """A position among ``length`` frames, which plays at ``rate * speed`` frames a second.

    ``length`` may grow. While it is not ``complete``, playing waits at the last frame for the next.
    """

    def __init__(self, rate: float = DEFAULT_RATE) -> None:
        self.rate = rate
        self.length = 0
        self.complete = False
        self.index = 0
        self.playing = False
        self.loop = False
        self._follows = False
        self._speed = SPEEDS.index(1.0)
        self._at = 0.0
        self._now = 0.0

    @property
    def speed(self) -> float:
        """How many times faster than ``rate``; one of ``SPEEDS``."""
        return SPEEDS[self._speed]

    @property
    def last(self) -> int:
        """The index of the last frame there is; 0 when there is none."""
        return max(0, self.length - 1)

    @property
    def share(self) -> float:
        """The position as 0 to 1."""
        return self.index / self.last if self.last else 0.0

    def grow(self, length: int, complete: bool) -> bool:
        """Take note of how many frames there are. Whether that is news.

        Who went to the last frame of what still grows stays at the last one.
        """
        before = self.length, self.complete
        self.length, self.complete = length, complete
        if self._follows and self.index < self.last:
            self.index = self.last
            self._at = float(self.index)
        return before != (length, complete)

    def seek(self, index: int) -> None:
        """Go to a frame; beyond either end, to that end."""
        self.index = max(0, min(index, self.last))
        self._at = float(self.index)
        self._follows = not self.complete and 0 < self.index == self.last

    def seek_share(self, share: float) -> None:
        """Go to a share of what there is, 0 to 1."""
        self.seek(round(share * self.last))

    def leap(self, share: float) -> None:
        """Move by a share of what there is, at least by one frame."""
        frames = max(1, round(abs(share) * self.last))
        self.seek(self.index + (frames if share > 0 else -frames))

    def change_speed(self, steps: int) -> None:
        """The next faster or slower of ``SPEEDS``."""
        self._speed = max(0, min(self._speed + steps, len(SPEEDS) - 1))

    def toggle(self, now: float) -> None:
        """Play or pause. Played from the last frame of a complete replay, it begins anew."""
        self.playing = not self.playing
        self._now = now
        if self.playing and self.complete and self.index == self.last:
            self.seek(0)
        self._at = float(self.index)

    def advance(self, now: float) -> bool:
        """Move on as far as the clock says, in seconds. Whether the frame changed."""
        elapsed, self._now = now - self._now, now
        if not self.playing or not self.length:
            return False
        self._at += max(0.0, elapsed) * self.rate * self.speed
        if self._at > self.last:
            self._at = self._beyond()
        before, self.index = self.index, int(self._at)
        return self.index != before

    def _beyond(self) -> float:
        if not self.complete:
            return float(self.last)
        if self.loop:
            return self._at % self.length
        self.playing = False
        return float(self.last)
