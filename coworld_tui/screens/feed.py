"""What the live screen shows of an episode, worked out without a screen: frame, slots, phases, result."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from ..contract.request import Seat
from ..contract.text import safe_line
from ..replay.frame import Frame
from ..replay.lenses.choose import decode_frame
from ..replay.lenses.grid import Grid
from ..replay.lenses.model import FrameView
from ..replay.lenses.registry import grid_of
from ..replay.lenses.spans import Line, Span, cell_width, slot_glyph
from ..replay.paths import MISSING
from ..runner.episode import Episode
from ..runner.launch import runs_as_process, warms_up
from ..runner.phases import LABELS, Phase
from ..widgets.slots import SlotRow, SlotsState
from .viewing import LARGEST_DECODED

_HISTORY = 1_200
_ORDER = tuple(LABELS)[:-3]


class Feed:
    """The view of one episode: which frame is shown, and how the scores went so far.

    ``at`` is the frame scrubbed to, None while following the newest; ``paused`` freezes the view
    while everything is still recorded.
    """

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.at: int | None = None
        self.paused = False
        self.shown: Frame | None = None
        self.view: FrameView | None = None
        self._ticks: list[int] = []
        self._scores: list[tuple[float, ...]] = []

    @property
    def following(self) -> bool:
        """Whether the newest frame is shown as it comes."""
        return self.at is None and not self.paused

    def advance(self) -> bool:
        """Take the newest frame if the view follows; True when another frame is shown now."""
        recorder = self.episode.recorder
        latest = recorder.latest if recorder is not None else None
        if latest is None or not self.following or (self.shown is not None and latest.seq == self.shown.seq):
            return False
        self.episode.drawn += 1
        self._show(latest)
        self._remember(latest)
        return True

    @property
    def decoded(self) -> object:
        """The frame as a JSON value, text or bytes; ``None`` without one, or for one that is too large."""
        return None if self.view is None or self.view.decoded is MISSING else self.view.decoded

    @property
    def grid(self) -> Grid | None:
        """The board of the frame, if it has one."""
        return grid_of(self.view) if self.view is not None else None

    def seek(self, seq: int) -> bool:
        """Show recorded frame ``seq``, kept within what there is; False when it cannot be read."""
        recorder = self.episode.recorder
        if recorder is None or not recorder.count:
            return False
        seq = max(0, min(seq, recorder.count - 1))
        try:
            frame = recorder.frame(seq)
        except (IndexError, OSError):
            return False
        self.at = seq
        self._show(frame)
        return True

    def follow(self) -> None:
        """Back to the newest frame."""
        self.at = None
        self.paused = False

    def position(self) -> str:
        """``frame 41/100 · tick 41 · following``; empty before the first frame."""
        recorder = self.episode.recorder
        if self.shown is None or recorder is None:
            return ""
        tick = f" · tick {self.shown.tick}" if self.shown.tick is not None else ""
        mode = (
            "paused" if self.paused and self.at is None else "following" if self.at is None else "scrubbing"
        )
        if self.episode.phase.is_final and self.at is None:
            mode = "last"
        return f"frame {self.shown.seq + 1}/{recorder.count}{tick} · {mode}"

    def slots(self) -> SlotsState:
        """The slots at the shown frame."""
        scores = _numbers(self._field("scores"))
        stop = len(self._ticks)
        if self.at is not None and self.shown is not None and self.shown.tick is not None:
            stop = bisect_right(self._ticks, self.shown.tick)
        rows = []
        for seat in self.episode.plan.seats:
            slot = seat.slot
            state, kind = self._seat_state(seat)
            history = tuple(past[slot] for past in self._scores[:stop] if slot < len(past))
            score = scores[slot] if slot < len(scores) else None
            rows.append(SlotRow(slot, seat.name, score, history, self._source(seat), state, kind))
        tick = self.shown.tick if self.shown is not None else None
        maximum = self._field("max_ticks")
        return SlotsState(
            rows=tuple(rows),
            leader=_leader(scores, [seat.name for seat in self.episode.plan.seats]),
            frames=self._counters(),
            tick=tick,
            max_ticks=maximum if type(maximum) is int and maximum > 0 else None,
        )

    def _counters(self) -> str:
        recorder = self.episode.recorder
        if recorder is None or not recorder.count:
            return ""
        return f"{self.episode.drawn} of {recorder.count} drawn"

    def _show(self, frame: Frame) -> None:
        small = len(frame.payload) <= LARGEST_DECODED
        decoded = decode_frame(frame.payload, frame.kind) if small else MISSING
        before = self.view.decoded if self.view is not None else MISSING
        plan = self.episode.plan
        names = tuple(seat.name for seat in plan.seats)
        self.shown = frame
        self.view = FrameView(frame.payload, frame.kind, decoded, before, names, plan.game_config)

    def _remember(self, frame: Frame) -> None:
        scores = tuple(float(score) for score in _numbers(self._field("scores")))
        if not scores or frame.tick is None or (self._ticks and frame.tick <= self._ticks[-1]):
            return
        self._ticks.append(frame.tick)
        self._scores.append(scores)
        if len(self._ticks) > _HISTORY:
            del self._ticks[::2], self._scores[::2]

    def _source(self, seat: Seat) -> str:
        if seat.kind == "human":
            return "human"
        if runs_as_process(seat, self.episode.options):
            return "cmd=" + " ".join(seat.command or seat.run)
        return f"image={seat.image}"

    def _field(self, name: str) -> Any:
        return self.decoded.get(name) if isinstance(self.decoded, dict) else None

    def _seat_state(self, seat: Seat) -> tuple[str, str]:
        if seat.kind == "human":
            return "yours: l shows the link", "accent"
        if seat.slot not in self.episode.exits:
            return "waiting", "muted"
        ended = self.episode.exits[seat.slot]
        if ended is None:
            return "running", "accent"
        if ended.code == 0:
            return "finished", "good"
        return f"exit {ended.code}" + (f" {ended.reason}" if ended.reason else ""), "error"


class EventLines:
    """The engine's events as lines of a log."""

    def __init__(self, episode: Episode) -> None:
        self._episode = episode

    @property
    def first(self) -> int:
        """Index of the oldest event kept."""
        events = self._episode.events
        return events.events[0].seq if events is not None and events.events else 0

    @property
    def total(self) -> int:
        """How many events there were."""
        return self._episode.events.count if self._episode.events is not None else 0

    def line(self, index: int) -> str:
        """One event: local time, kind, message, and how long the phase left behind took."""
        events = self._episode.events
        if events is None or not self.first <= index < self.total:
            return ""
        event = events.events[index - self.first]
        stamp = f"{event.wall.astimezone():%H:%M:%S.%f}"[:10]
        seconds = event.data.get("seconds")
        took = (
            f"   {event.data.get('left', '').replace('_', ' ')} took {seconds:.3f} s"
            if seconds is not None
            else ""
        )
        return f"{stamp}  {event.kind:<9} {event.message}{took}"


def phase_line(episode: Episode, width: int, position: str = "") -> Line:
    """Every phase with its state and time, shortened until it fits; ``position`` stands at the right."""
    room = width - cell_width(position) - 2
    forms = [
        _phases(episode, names=True, times=True, rest=True),
        _phases(episode, names=True, times=True),
        _phases(episode, names=True),
        _phases(episode),
        _now(episode),
    ]
    line = next((form for form in forms if _width(form) <= room), forms[-1])
    gap = max(1, width - 1 - _width(line) - cell_width(position))
    return (*line, Span(" " * gap), Span(position, "muted"))


def _phases(episode: Episode, *, names: bool = False, times: bool = False, rest: bool = False) -> Line:
    clock = episode.clock
    skipped = set() if episode.options.verify_replay else {Phase.VERIFYING_REPLAY}
    if not any(warms_up(seat, episode.options) for seat in episode.plan.seats):
        skipped.add(Phase.WARMING_UP)
    spans: list[Span] = [Span(" ")]
    for phase in _ORDER:
        if phase in skipped:
            continue
        if phase is clock.phase:
            spans += _now(episode)
        elif phase in clock.durations:
            spans.append(Span("✓", "good"))
            if names:
                spans.append(Span(f" {LABELS[phase]}"))
            if times:
                spans.append(Span(f" {clock.durations[phase]:.1f}s", "muted"))
            spans.append(Span("  " if names else " "))
        elif rest and not clock.phase.is_final:
            spans.append(Span(f"○ {LABELS[phase]}  ", "muted"))
    return (*spans, *_now(episode)) if clock.phase.is_final else tuple(spans)


def _width(line: Line) -> int:
    return sum(cell_width(span.text) for span in line)


def _now(episode: Episode) -> Line:
    clock = episode.clock
    if clock.phase.is_final:
        ends = {Phase.PASSED: ("✓", "good"), Phase.FAILED: ("✗", "error")}
        glyph, style = ends.get(clock.phase, ("○", "warning"))
        return (Span(f"{glyph} {LABELS[clock.phase]}", style), Span(f" {clock.total():.1f}s  ", "strong"))
    minutes, seconds = divmod(int(clock.elapsed()), 60)
    time = Span(f" {minutes:02}:{seconds:02}  ", "strong")
    return (Span("◐ ", "accent"), Span(LABELS[clock.phase], "heading"), time)


def result_lines(episode: Episode) -> list[Line]:
    """How it ended: scores, or what went wrong, and where everything lies."""
    outcome = episode.outcome
    if outcome is None:
        return [(Span("the result comes when the episode has ended", "muted"),)]
    lines: list[Line] = []
    if outcome.error is not None:
        error = outcome.error
        lines += [
            (Span("✗ ", "error"), Span(safe_line(error.title), "strong"), Span(f"   {error.type}", "muted")),
            (Span("why     ", "muted"), Span(safe_line(error.cause))),
            (Span("next    ", "muted"), Span(safe_line(error.next_step), "accent")),
            (Span("owner   ", "muted"), Span(safe_line(error.owner))),
        ]
    scores: list[Span] = []
    for slot, name in enumerate(outcome.slots):
        score = f"{outcome.scores[slot]:g}" if outcome.scores and slot < len(outcome.scores) else "—"
        scores += [Span(f" ◆{slot_glyph(slot)} ", f"piece.{slot}"), Span(f" {score} ", f"slot.{slot}")]
        scores.append(Span(f"{safe_line(name, 24)}   ", "muted"))
    lines.append(tuple(scores))
    lines += [
        (Span("run     ", "muted"), Span(outcome.run_dir or "—")),
        (Span("replay  ", "muted"), Span(outcome.replay or "none")),
        (Span("frames  ", "muted"), Span(f"{outcome.recorded} recorded · {outcome.recording or 'no file'}")),
    ]
    return lines


def episodes_line(episodes: tuple[Episode, ...], current: Episode, width: int) -> Line:
    """A glyph an episode, the current one marked, and the tally; cut to ``width`` around the current one."""
    glyphs = {Phase.PASSED: ("✓", "good"), Phase.FAILED: ("✗", "error"), Phase.CANCELLED: ("○", "warning")}
    done = sum(episode.outcome is not None for episode in episodes)
    at = episodes.index(current)
    room = max(1, (width - 40) // 2)
    start = max(0, min(at - room // 2, len(episodes) - room))
    spans = [Span(f" episode {at + 1}/{len(episodes)}  ", "strong"), Span("… " if start else "", "muted")]
    for episode in episodes[start : start + room]:
        waiting = ("·", "muted") if episode.events is None else ("◐", "accent")
        glyph, style = glyphs.get(episode.phase, waiting)
        spans.append(Span(f"{glyph} ", "brand" if episode is current else style))
    spans.append(Span("… " if start + room < len(episodes) else " ", "muted"))
    spans.append(Span(f"{done} done   n N switch", "muted"))
    return tuple(spans)


def _numbers(value: object) -> list[int | float]:
    if not isinstance(value, list) or not all(isinstance(item, int | float) for item in value[:64]):
        return []
    return value[:64]


def _leader(scores: list[int | float], names: list[str]) -> str:
    ranked = sorted(zip(scores, names, strict=False), key=lambda pair: pair[0], reverse=True)
    if len(ranked) < 2:
        return ""
    (best, name), (second, _) = ranked[:2]
    return "even" if best == second else f"{safe_line(name, 30)} by {best - second:g}"
