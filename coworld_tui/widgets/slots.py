"""The slots of an episode: who plays, how they stand, how they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..contract.text import safe_line
from ..replay.lenses.grid import score_text
from ..replay.lenses.spans import Line, Span, cell_width, fit, slot_glyph
from ..replay.series import sparkline
from .line_view import LineView

_GLYPHS = {"good": "●", "accent": "◐", "warning": "▲", "error": "✗"}
_FULL_ROWS = 5
_BADGE = 4
_CURVE, _SHORT_CURVE = 24, 10
_LABEL = 8
_VALUE_AT = 11
_WORD = 12

_Scale = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot. ``history`` holds the scores so far, oldest first.

    ``source`` is written as on the command line (``image=REF``, ``cmd=COMMAND``, ``human``).
    ``state_kind`` is ``good accent warning error`` or ``muted``; ``detail`` stands muted behind the state.
    """

    slot: int
    name: str
    score: int | float | None = None
    history: tuple[float, ...] = ()
    source: str = ""
    state: str = ""
    state_kind: str = "muted"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SlotsState:
    """All slots at one moment, remarks on who leads and on frames, and the tick, of ``max_ticks``."""

    rows: tuple[SlotRow, ...] = ()
    leader: str = ""
    tick: int | None = None
    max_ticks: int | None = None
    frames: str = ""


class SlotsView(LineView):
    """Shows a ``SlotsState``: four lines a slot where there is room, otherwise one."""

    DEFAULT_CSS = """
    SlotsView {
        overflow: hidden;
        scrollbar-gutter: auto;
    }
    """

    _state = SlotsState()

    def show(self, state: SlotsState) -> None:
        """Show another state, repainting what differs."""
        if state != self._state:
            self._state = state
            self.update_lines()

    def lines_in_view(self) -> Sequence[Line]:
        return slots_lines(self._state, *self.room)


def slots_lines(state: SlotsState, width: int, height: int) -> list[Line]:
    """Draw the slots into ``width`` columns and at most ``height`` rows."""
    footer = _footer(state, width)
    scale = _scale(state.rows)
    if _FULL_ROWS * len(state.rows) + len(footer) <= height:
        lines = [line for row in state.rows for line in _full(row, width, scale)]
        return [*lines, *footer][:height]
    room = max(1, height - len(footer) - 1)
    rows = state.rows if len(state.rows) <= room else state.rows[: room - 1]
    lines = _compact(rows, width, scale)
    if len(rows) < len(state.rows):
        lines.append((Span(f" … {len(state.rows) - len(rows)} more", "muted"),))
    return [*lines, (), *footer][:height]


def _scale(rows: Sequence[SlotRow]) -> _Scale:
    """One scale for all curves, from zero, so that they compare."""
    values = [value for row in rows for value in row.history]
    return min([0, *values]), max([0, *values])


def _full(row: SlotRow, width: int, scale: _Scale) -> list[Line]:
    kind, separator, source = row.source.partition("=")
    label, value = (kind, source) if separator and kind in {"image", "cmd"} else ("source", row.source)
    curve = sparkline(row.history, min(_CURVE, width - _LABEL - 1), *scale)
    state = _state(row)
    if _VALUE_AT + sum(cell_width(span.text) for span in state) > width:
        state = state[:2]
    return [
        (_badge(row), Span(" "), Span(safe_line(row.name), "strong")),
        (Span(f"{score_text(row.score):>{_LABEL}} {curve}", f"slot.{row.slot}"),),
        (Span(f"    {label:<7}", "muted"), Span(safe_line(value) or "–")),
        (Span(f"    {'state':<7}", "muted"), *state),
        (),
    ]


def _compact(rows: Sequence[SlotRow], width: int, scale: _Scale) -> list[Line]:
    """One line a slot: badge, name, score and a glyph; curve and state as far as there is room."""
    names = [safe_line(row.name) for row in rows]
    scores = [score_text(row.score) for row in rows]
    score_room = max(map(len, scores), default=0)
    spare = width - _BADGE - score_room - 4
    name_room = max(4, min(spare, max(map(cell_width, names), default=0)))
    spare -= name_room
    curve_room = min(_SHORT_CURVE, spare - 1) if spare > 4 else 0
    with_word = spare - curve_room > _WORD
    lines = []
    for row, name, score in zip(rows, names, scores, strict=True):
        curve = fit(sparkline(row.history, curve_room, *scale), curve_room)
        lines.append(
            (
                _badge(row),
                Span(f" {fit(name, name_room)} ", "strong"),
                Span(f"{score:>{score_room}} {curve}{' ' if curve_room else ''}", f"slot.{row.slot}"),
                *_state(row)[: 2 if with_word else 1],
            )
        )
    return lines


def _badge(row: SlotRow) -> Span:
    return Span(f" ◆{slot_glyph(row.slot)} ", f"piece.{row.slot}")


def _state(row: SlotRow) -> tuple[Span, ...]:
    glyph = _GLYPHS.get(row.state_kind, "○")
    detail = f"   {safe_line(row.detail)}" if row.detail else ""
    return (
        Span(glyph, row.state_kind),
        Span(f" {safe_line(row.state)}", row.state_kind),
        Span(detail, "muted"),
    )


def _footer(state: SlotsState, width: int) -> list[Line]:
    lines: list[Line] = []
    if not state.rows:
        lines.append((Span("no players yet", "muted"),))
    if state.leader:
        lines.append((Span(f"{'leader':<{_LABEL}}", "muted"), Span(safe_line(state.leader))))
    if state.tick is not None:
        lines.append((Span(f"{'tick':<{_LABEL}}", "muted"), *_progress(state.tick, state.max_ticks, width)))
    if state.frames:
        lines.append((Span(f"{'frames':<{_LABEL}}", "muted"), Span(safe_line(state.frames))))
    return lines


def _progress(tick: int, max_ticks: int | None, width: int) -> tuple[Span, ...]:
    if not max_ticks:
        return (Span(str(tick)),)
    text = f"{tick:>{len(str(max_ticks))}} / {max_ticks}  "
    room = max(0, min(20, width - _LABEL - len(text)))
    done = max(0, min(room, room * tick // max_ticks))
    return (Span(text), Span("█" * done, "accent"), Span("░" * (room - done), "line"))
