"""Moving in a replay: playing, stepping, jumping, going from event to event."""

from __future__ import annotations

import time

from ..replay.timeline import neighbour
from .replay_base import ReplayBase

PLAY_HERTZ = 30


class Moving(ReplayBase):
    """The clock stands while nothing plays."""

    def on_mount(self) -> None:
        """Make the clock."""
        self._clock = self.set_interval(1 / PLAY_HERTZ, self._play_on, pause=True)

    def _play_on(self) -> None:
        viewing = self.viewing
        if viewing is None or not viewing.playback.playing:
            self._clock.pause()
            return
        if viewing.playback.advance(time.monotonic()):
            self.moved()
        elif not viewing.playback.playing:
            self.draw_timeline()

    def action_play(self) -> None:
        """Play or pause."""
        if self.viewing is not None:
            self.viewing.playback.toggle(time.monotonic())
            self._clock.resume()
            self.moved()

    def action_step(self, frames: int) -> None:
        """Step by frames."""
        if self.viewing is not None:
            self.go(self.viewing.playback.index + frames)

    def action_leap(self, share: float) -> None:
        """Move by a share of the replay."""
        if self.viewing is not None:
            self.viewing.playback.leap(share)
            self.moved()

    def action_share(self, share: float) -> None:
        """Go to a share of the replay."""
        if self.viewing is not None:
            self.viewing.playback.seek_share(share)
            self.moved()

    def action_tenth(self, tenth: int) -> None:
        """Go to 0 %, 10 % … 90 %."""
        self.action_share(tenth / 10)

    def action_speed(self, steps: int) -> None:
        """Play faster or slower."""
        if self.viewing is not None:
            self.viewing.playback.change_speed(steps)
            self.draw_timeline()

    def action_loop(self) -> None:
        """Begin anew at the end, or not."""
        if self.viewing is not None:
            self.viewing.playback.loop = not self.viewing.playback.loop
            self.draw_timeline()

    def action_event(self, step: int) -> None:
        """Go to the next event, or the one before."""
        viewing = self.viewing
        if viewing is None:
            return
        event = neighbour(viewing.events, viewing.playback.index, step)
        if event is not None:
            self.go(event.index)
        else:
            self.say("no event after this frame" if step > 0 else "no event before this frame")

    def go(self, index: int) -> None:
        """Go to a frame."""
        if self.viewing is not None:
            self.viewing.playback.seek(index)
            self.moved()
