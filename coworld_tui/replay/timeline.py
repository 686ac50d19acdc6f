"""The timeline as lines: how far it is, a series beneath, and marks where something happened."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..contract.text import safe_line
from .lenses.spans import Line, Span, cell_width, fit, slot_glyph
from .playback import Playback
from .series import sparkline
from .source import Event

_LEFT = 10


class Values(Protocol):
    """Numbers by index: a list, or an array that is too long to become one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> float: ...


@dataclass(frozen=True)
class TimelineState:
    """What a timeline shows. ``values`` are those of the series ``name``, a frame each, oldest first."""

    playback: Playback
    events: Sequence[Event] = ()
    markers: Sequence[int] = ()
    values: Values = ()
    name: str = ""
    style: str = "accent"
    progress: float = 1.0


def timeline_lines(state: TimelineState, width: int, rows: int) -> list[Line]:
    """Draw bar, series and marks in ``rows`` lines: one has the bar alone, two add marks, three all."""
    playback = state.playback
    right = _position(state)
    room = max(1, width - _LEFT - cell_width(right) - 1)
    at = column_of(playback.index, playback.length, room)
    head = Span(f" {'▶' if playback.playing else '‖'} ", "good" if playback.playing else "muted")
    speed = Span(f"{_speed(playback.speed) + ('↻' if playback.loop else ''):<{_LEFT - 4}} ", "strong")
    bar = (Span("━" * at, "accent"), Span("●", "warning"), Span("─" * (room - at - 1), "line"))
    lines: list[Line] = [(head, speed, *bar, Span(f" {right}", "strong"))]
    if rows > 2:
        label = Span(f" {fit(safe_line(state.name), _LEFT - 2)} ", "muted")
        lines.append((label, *_series(state, room, at)))
    if rows > 1:
        lines.append((Span(" " * _LEFT), *_marks(state, room)))
    return lines


def room_of(state: TimelineState, width: int) -> tuple[int, int]:
    """The first column of the bar and its width, to find the frame beneath a click."""
    return _LEFT, max(1, width - _LEFT - cell_width(_position(state)) - 1)


def column_of(index: int, length: int, room: int) -> int:
    """The column of a frame in a bar of ``room`` columns."""
    return round(min(index, length - 1) * (room - 1) / (length - 1)) if length > 1 else 0


def index_at(column: int, length: int, room: int) -> int:
    """The frame at a column of the bar."""
    share = max(0.0, min(1.0, column / (room - 1))) if room > 1 else 0.0
    return round(share * max(0, length - 1))


def neighbour(events: Sequence[Event], index: int, step: int) -> Event | None:
    """The first event after frame ``index`` (``step`` 1) or the last one before it (``step`` -1)."""
    indexes = [event.index for event in events]
    at = bisect_right(indexes, index) if step > 0 else bisect_left(indexes, index) - 1
    return events[at] if 0 <= at < len(events) else None


def event_text(event: Event) -> str:
    """What happened, beginning with the glyph of whose it is."""
    text = safe_line(event.text, 200)
    return text if event.slot < 0 or text.startswith("◆") else f"◆{slot_glyph(event.slot)} {text}"


def events_at(events: Sequence[Event], index: int) -> Sequence[Event]:
    """The events of frame ``index``."""
    indexes = [event.index for event in events]
    return events[bisect_left(indexes, index) : bisect_right(indexes, index)]


def _position(state: TimelineState) -> str:
    playback = state.playback
    known = "" if state.progress >= 1 else "+"
    digits = len(str(playback.length))
    place = min(playback.index + 1, playback.length)
    return f"{place:>{digits}}/{playback.length}{known} {playback.share:>4.0%} "


def _speed(speed: float) -> str:
    return f"{speed:g}x"


def _series(state: TimelineState, room: int, at: int) -> Iterable[Span]:
    count = len(state.values)
    bars = sparkline([state.values[column * count // room] for column in range(room)], room) if count else ""
    return (Span(bars[: at + 1], state.style), Span(bars[at + 1 :], "muted"))


def _marks(state: TimelineState, room: int) -> Iterable[Span]:
    """One glyph a column: a marker before an event, the event of this frame brightest."""
    length, index = state.playback.length, state.playback.index
    glyphs: dict[int, Span] = {}
    for event in state.events:
        column = column_of(event.index, length, room)
        if event.index == index:
            glyphs[column] = Span("▲", "warning")
        else:
            glyphs.setdefault(column, Span("▴", f"slot.{event.slot}" if event.slot >= 0 else "warning"))
    for marker in state.markers:
        glyphs[column_of(marker, length, room)] = Span("◆", "heading")
    spans: list[Span] = []
    end = 0
    for column in sorted(glyphs):
        spans += [Span(" " * (column - end)), glyphs[column]]
        end = column + 1
    return spans
