"""A replay file and the recording of the same episode as one sequence of frames.

The replay is the truth. The recording adds when each tick was seen, and the frames of ticks that
the replay does not have: often the state before the first tick, or all after a replay that was cut.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

import numpy as np

from .recorded import NO_TICK, ClosedFrames, StreamFrames
from .source import FrameSource

_ADVANCE_SECONDS = 0.004
_LOOK_AT_CLOCK = 32


class MergedFrames:
    """Frames of ``replay`` in their order, with those of ``recording`` between whose ticks it lacks.

    Of several recorded frames of one tick the last counts, and the first tells the time. Where the
    replay's ticks decrease or are missing, nothing is put between any more.
    """

    def __init__(self, name: str, replay: FrameSource, recording: ClosedFrames | StreamFrames) -> None:
        self._name = name
        self._replay = replay
        self._recording = recording
        ticks = recording.ticks()
        rows = np.flatnonzero(ticks != NO_TICK)
        ticks = ticks[rows]
        self._can_align = bool(len(ticks)) and bool(np.all(ticks[1:] >= ticks[:-1]))
        distinct, firsts = np.unique(ticks, return_index=True)
        lasts = np.append(firsts[1:], len(ticks)) - 1 if len(ticks) else firsts
        usable = slice(None) if self._can_align else slice(0)
        self._ticks: list[int] = distinct[usable].tolist()
        self._firsts: list[int] = rows[firsts[usable]].tolist()
        self._lasts: list[int] = rows[lasts[usable]].tolist()
        self._order = array("q")  # a frame of the replay, or ~row of the recording
        self._taken = 0
        self._next = 0
        self._previous: int | None = None
        self._added = 0
        self._take(monotonic() + _ADVANCE_SECONDS)

    @property
    def format(self) -> str:
        """The format of the replay."""
        return self._replay.format

    @property
    def note(self) -> str:
        """Where the frames come from, in words."""
        if not self._can_align:
            return f"{self._name}, alone: its ticks or the recording's cannot be aligned"
        more = f" and {self._added} more frames" if self._added else ""
        return f"{self._name}, times{more} from the recording"

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read so far, of the replay: "is ...", "has a recording that is ..."."""
        recorded = (f"has a recording that {problem}" for problem in self._recording.problems)
        return (*getattr(self._replay, "problems", ()), *recorded)

    @property
    def is_complete(self) -> bool:
        """Whether every frame has its place."""
        return (
            self._replay.is_complete and self._taken == len(self._replay) and self._next == len(self._ticks)
        )

    @property
    def progress(self) -> float:
        """The share of the replay that has been read."""
        return self._replay.progress

    def __len__(self) -> int:
        return len(self._order)

    def advance(self) -> bool:
        """Count further frames of the replay and put the recorded ones between."""
        before = len(self._order)
        has_more = self._replay.advance()
        self._take(monotonic() + _ADVANCE_SECONDS)
        return has_more or len(self._order) > before

    def payload(self, index: int) -> bytes:
        """The bytes of a frame."""
        source, row = self._at(index)
        return source.payload(row)

    def payloads(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of frames ``start`` to ``stop``, those of the replay in as few reads as it can."""
        bulk = getattr(self._replay, "payloads", None)
        stop = min(stop, len(self._order))
        while start < stop:
            end = start + 1
            if bulk is None or self._order[start] < 0:
                yield self.payload(start)
            else:
                while end < stop and self._order[end] >= 0:
                    end += 1
                yield from bulk(self._order[start], self._order[end - 1] + 1)
            start = end

    def kind(self, index: int) -> str:
        """``json``, ``text`` or ``binary``."""
        source, row = self._at(index)
        return source.kind(row)

    def tick(self, index: int) -> int | None:
        """The frame's own tick."""
        source, row = self._at(index)
        return source.tick(row)

    def time(self, index: int) -> datetime | None:
        """When the frame, or the first of its tick, was received."""
        source, row = self._at(index)
        if source is self._recording:
            return source.time(row)
        tick = source.tick(row)
        if tick is not None:
            at = bisect_left(self._ticks, tick)
            if at < len(self._ticks) and self._ticks[at] == tick:
                return self._recording.time(self._firsts[at])
        return source.time(row)

    def origin(self, index: int) -> str:
        """``replay`` or ``recording``."""
        return "recording" if self._at(index)[0] is self._recording else "replay"

    def members(self) -> Mapping[str, Any]:
        """What stands around the frames in the replay's document."""
        members = getattr(self._replay, "members", None)
        return members() if members is not None else {}

    def close(self) -> None:
        """Let go of both files."""
        self._replay.close()
        self._recording.close()

    def _at(self, index: int) -> tuple[FrameSource, int]:
        if not 0 <= index < len(self._order):
            raise IndexError(index)
        row = self._order[index]
        return (self._replay, row) if row >= 0 else (self._recording, ~row)

    def _take(self, deadline: float) -> None:
        count = len(self._replay)
        while self._taken < count:
            if self._can_align:
                self._put_before(self._tick_of(self._taken))
            self._order.append(self._taken)
            self._taken += 1
            if not self._taken % _LOOK_AT_CLOCK and monotonic() > deadline:
                return
        if self._replay.is_complete and count == len(self._replay):
            while self._next < len(self._ticks):
                self._add_recorded()

    def _tick_of(self, index: int) -> int | None:
        try:
            return self._replay.tick(index)
        except OSError:
            return None  # the frame is gone; whoever looks at it is told

    def _put_before(self, tick: int | None) -> None:
        if tick is None or (self._previous is not None and tick < self._previous):
            self._can_align = False
            del self._ticks[self._next :]
            return
        self._previous = tick
        while self._next < len(self._ticks) and self._ticks[self._next] < tick:
            self._add_recorded()
        if self._next < len(self._ticks) and self._ticks[self._next] == tick:
            self._next += 1

    def _add_recorded(self) -> None:
        self._order.append(~self._lasts[self._next])
        self._next += 1
        self._added += 1
