"""One replay as it is looked at, worked out without a screen: frames decoded, series, events, position."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..replay.lenses.choose import decode_frame
from ..replay.lenses.model import FrameView
from ..replay.paths import MISSING, Path, dotted, numeric_paths, parse_path
from ..replay.playback import DEFAULT_RATE, Playback
from ..replay.source import Event, Replay
from ..replay.timeline import TimelineState, Values, event_text, events_at

if TYPE_CHECKING:
    from ..replay.columns import Column, Columns
    from ..replay.watched import Watched

LARGEST_DECODED = 4 << 20
_KEPT_FRAMES = 32
_SLICE_SECONDS = 0.01
_MOST_RATE = 60.0
_COUNTERS = ("tick", "step", "turn", "move", "frame", "time")


class Viewing:
    """A replay, where one is in it, and what was found out about it so far.

    ``work`` is called again and again from one thread of its own; everything else is for the screen.
    """

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.playback = Playback(_rate_of(replay))
        self.markers: set[int] = set()
        self.lens = self.split = self.asked = ""
        self.events: Sequence[Event] = ()
        self.columns: Columns | None = None
        self._watched: Watched | None = None
        self.followed: list[Path] = []
        self.finished = False
        self.closed = False
        self.goes_on = False
        self.trouble = ""
        self.has_news = True
        """Whether ``work`` found something that ``take_news`` has not told of yet."""
        self._key = ""
        self._sought = 0
        self._charted = 0
        self._found: Sequence[Event] = ()
        self._difference: int | None = None
        self._derived = -1, False
        self._is_read = False
        self._lock = Lock()
        self._kept: OrderedDict[int, tuple[bytes, str, object]] = OrderedDict()
        self._size = _size_of(replay)
        self.refresh_length()

    @property
    def title(self) -> str:
        """The game, else the name of the file."""
        return self.replay.game or self.replay.path.name

    @property
    def file_stem(self) -> str:
        """What files made from this replay are named after."""
        path = self.replay.path
        name = path.name if path.is_dir() else path.stem
        return "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".")[:60] or "replay"

    def close(self) -> None:
        """Let go of the files; ``work`` ends by itself."""
        self.closed = True
        self.replay.close()

    # -- what is remembered -----------------------------------------------------------------

    def recall(self) -> None:
        """Go where the reader was last time."""
        from ..replay.memory import key_of, remembered

        self._key = key_of(self.replay.path)
        memory = remembered(self._key)
        self.markers = set(memory.markers.values())
        with suppress(CoworldError):
            self.followed = [parse_path(path) for path in memory.series]
        self.lens, self.split = memory.lens, memory.split
        self.asked = memory.filters.get("find", "")
        # The frame may not be counted yet: it is sought again as they are.
        self._sought = memory.position
        self.refresh_length()

    def remember(self) -> None:
        """Note where the reader is."""
        from ..replay.memory import Memory, remember

        if self._key:
            series = tuple(dotted(path) for path in self.followed)
            markers = {str(number): index for number, index in enumerate(sorted(self.markers), 1)}
            filters = {"find": self.asked} if self.asked else {}
            remember(
                self._key,
                Memory(self.playback.index, self.lens, self.split, filters, markers, series),
            )

    def has_grown(self) -> bool:
        """Whether a file that was read to its end got longer since this was last asked."""
        if not self.finished or self.closed:
            return False
        before, self._size = self._size, _size_of(self.replay)
        return self._size > before

    # -- frames -----------------------------------------------------------------------------

    def is_running(self) -> bool:
        """Whether this is a run that goes on. Reads its manifest."""
        from ..runs.index import read_run

        return self.replay.kind == "run" and read_run(self.replay.path).status == "running"

    def refresh_length(self) -> bool:
        """Take over how many frames are counted by now. Whether that changed anything."""
        source = self.replay.source
        is_news = self.playback.grow(len(source), source.is_complete)
        if self._sought and self.playback.index == 0:
            if self._sought < self.playback.length:
                self.playback.seek(self._sought)
                self._sought = 0
        else:
            self._sought = 0
        return is_news

    def view(self, index: int) -> FrameView | None:
        """Frame ``index`` with the one before it; ``None`` where there is no frame.

        A frame that cannot be read any more is a text frame which says so.
        """
        if not 0 <= index < len(self.replay.source):
            return None
        payload, kind, decoded = self._frame(index)
        before = self._frame(index - 1)[2] if index else MISSING
        return FrameView(payload, kind, decoded, before, self.replay.players, self.replay.config)

    def _frame(self, index: int) -> tuple[bytes, str, object]:
        kept = self._kept.get(index)
        if kept is not None:
            self._kept.move_to_end(index)
            return kept
        source = self.replay.source
        try:
            payload, kind = source.payload(index), source.kind(index)
            decoded = decode_frame(payload, kind) if len(payload) <= LARGEST_DECODED else MISSING
        except (OSError, IndexError) as error:
            text = f"this frame cannot be read any more: {error}"
            return text.encode(), "text", text
        self._kept[index] = payload, kind, decoded
        while len(self._kept) > _KEPT_FRAMES or (
            len(self._kept) > 2 and sum(len(frame[0]) for frame in self._kept.values()) > 4 * LARGEST_DECODED
        ):
            self._kept.popitem(last=False)
        return self._kept[index]

    def mark_difference(self, index: int | None) -> None:
        """Put the first difference from a replay beside this one among the events, or take it away."""
        if index != self._difference:
            self._difference = index
            self._gather_events(self._found)

    # -- what is found out in the background ------------------------------------------------

    def work(self) -> bool:
        """Read on for some milliseconds. False when there is nothing to do, for now or for good.

        Files that are gone end it, and ``trouble`` says so.
        """
        try:
            return self._work()
        except OSError as error:
            self.trouble = f"cannot be read any more: {error}"
            self.finished = self.has_news = True
            return False

    def _work(self) -> bool:
        from ..replay.opening import settle

        source = self.replay.source
        if source.advance():
            return True
        if self.columns is None:
            if not len(source):
                self.finished = source.is_complete
                return False
            self._begin_columns()
        columns = self.columns
        if columns is None or columns.advance(_SLICE_SECONDS):
            self.has_news = True
            return True
        if self._derived != (columns.covered, source.is_complete):
            if source.is_complete:
                settle(self.replay)
            self._derived = columns.covered, source.is_complete
            self._find_events()
        self.finished = source.is_complete
        return False

    def begin_reading(self) -> bool:
        """Whether a thread should begin to call ``work``: none does yet."""
        with self._lock:
            begins, self._is_read = not self._is_read, True
        return begins

    def end_reading(self) -> bool:
        """Whether the thread that calls ``work`` may end: all is found out."""
        with self._lock:
            self._is_read = not self.finished
        return not self._is_read

    def follow(self, path: Path) -> None:
        """Add a series, or take it away again; ``work`` has to be called until it is read."""
        followed = [each for each in self.followed if each != path]
        with self._lock:
            self.followed = followed if len(followed) < len(self.followed) else [*followed, path]
            self.columns, self.finished, self._derived = None, False, (-1, False)

    def _begin_columns(self) -> None:
        from ..replay.columns import Columns
        from ..replay.watched import watch

        source = self.replay.source
        at = len(source) // 2
        middle = decode_frame(source.payload(at), source.kind(at))
        self._watched = watch(middle, len(self.replay.players))
        if not self.followed:
            self.followed = list(self._watched.scores) or first_numbers(middle)
        numbers = [path for paths in self._watched.numbers for path in paths]
        self.columns = Columns(
            source,
            [*self.followed, *self._watched.scores, *numbers],
            words=[path for path, _ in self._watched.states],
        )

    def _find_events(self) -> None:
        from ..replay.events import derive_events

        if self.columns is not None and self._watched is not None:
            self._gather_events(derive_events(self.columns, self._watched, self.replay.declared))

    def _gather_events(self, found: Sequence[Event]) -> None:
        self._found = found
        # Declared events have no frame of their own until all frames are counted.
        events = [event for event in found if event.index >= 0]
        if self._difference is not None:
            tick = self._tick(self._difference)
            events.append(Event(self._difference, tick, "difference", "first difference"))
        self.events = sorted(events, key=lambda event: event.index)
        self.has_news = True

    def slot_of(self, path: Path) -> int | None:
        """Whose number a path leads to, if it is a player's."""
        if self._watched is None:
            return None
        if path in self._watched.scores:
            return self._watched.scores.index(path)
        return next((slot for slot, paths in enumerate(self._watched.numbers) if path in paths), None)

    def values(self, path: Path) -> Column:
        """The numbers at ``path`` as far as they are read; empty where they are not followed yet."""
        import numpy as np

        columns = self.columns
        return columns.values(path) if columns is not None and path in columns.paths else np.empty(0)

    def take_news(self) -> bool:
        """Whether ``work`` found anything since this was last asked."""
        news, self.has_news = self.has_news, False
        return self.refresh_length() or news

    # -- places -----------------------------------------------------------------------------

    def index_of_tick(self, tick: int) -> int | None:
        """The first frame of a tick, or of the next tick there is. May take long in an unordered replay."""
        from ..replay.ticks import find_tick

        return find_tick(self.replay.source, tick)

    def tick_here(self) -> int | None:
        """The tick of the frame in view."""
        return self._tick(self.playback.index)

    def time_here(self) -> datetime | None:
        """When the frame in view was received."""
        return self._time(self.playback.index)

    @property
    def start(self) -> datetime | None:
        """When the first frame was received."""
        return self._time(0)

    def _tick(self, index: int) -> int | None:
        with suppress(OSError, IndexError):
            return self.replay.source.tick(index)
        return None

    def _time(self, index: int) -> datetime | None:
        with suppress(OSError, IndexError):
            return self.replay.source.time(index)
        return None

    def place(self) -> str:
        """Where the view is, in words: tick, time, origin, and the event of this frame."""
        source, index = self.replay.source, self.playback.index
        if index >= len(source):
            return "no frames" if source.is_complete else "reading …"
        tick, moment, origin = self._tick(index), self._time(index), source.origin(index)
        parts = [f"frame {index + 1}" if tick is None else f"tick {tick}"]
        if moment is not None:
            start = self.start
            parts.append(_clock(moment - start) if start is not None else f"{moment:%H:%M:%S}")
        if origin:
            parts.append(f"from the {safe_line(origin, 20)}")
        if self.goes_on:
            parts.append("still playing")
        parts += [event_text(event) for event in events_at(self.events, index)][:2]
        problems = [self.trouble] if self.trouble else self.replay.problems
        parts += [f"! {safe_line(problem, 70)}" for problem in problems[:1]]
        return " · ".join(parts)

    def mark(self) -> None:
        """Set a marker at the frame in view, or take it away."""
        self.markers ^= {self.playback.index}

    def scores_here(self) -> list[int | float]:
        """The followed scores at the frame in view, by slot, as far as they are read."""
        if self.columns is None:
            return []
        index = self.playback.index
        columns = [self.values(path) for path in (self._watched.scores if self._watched else ())]
        return [float(values[index]) for values in columns if index < len(values)]

    # -- for the timeline -------------------------------------------------------------------

    def chart_next(self) -> str:
        """Show the next of the followed series on the timeline; returns its name."""
        self._charted += 1
        return dotted(self.followed[self._charted % len(self.followed)]) if self.followed else ""

    def timeline(self) -> TimelineState:
        """The state of the timeline, with one of the followed series."""
        values: Values = ()
        name, style = "", "accent"
        if self.columns is not None and self.followed:
            path = self.followed[self._charted % len(self.followed)]
            name, values = dotted(path), self.values(path)
            slot = self.slot_of(path)
            style = "accent" if slot is None else f"slot.{slot}"
        return TimelineState(
            self.playback,
            self.events,
            sorted(self.markers),
            values,
            name,
            style,
            progress=self.replay.source.progress,
        )


def first_numbers(frame: object) -> list[Path]:
    """The first number of a frame that does not just count the frames, where there is one."""

    def counts(path: Path) -> bool:
        return isinstance(path[-1], str) and any(word in path[-1].lower() for word in _COUNTERS)

    return [path for path in numeric_paths(frame, 64) if path and not counts(path)][:1]


def _clock(elapsed: timedelta) -> str:
    minutes, seconds = divmod(max(0.0, elapsed.total_seconds()), 60)
    return f"{int(minutes):02}:{seconds:04.1f}"


def _size_of(replay: Replay) -> int:
    try:
        return replay.path.stat().st_size
    except OSError:
        return 0


def _rate_of(replay: Replay) -> float:
    rate = (replay.config or {}).get("tick_rate")
    if isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate <= _MOST_RATE:
        return float(rate)
    return DEFAULT_RATE
