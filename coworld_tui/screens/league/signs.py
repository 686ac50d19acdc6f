"""How states, scores and ages read: one glyph and one word, few digits, short."""

from __future__ import annotations

from datetime import UTC, datetime

from ...contract.measures import age
from ...contract.text import safe_line
from ...observatory.models.policies import Player
from ...replay.lenses.spans import Span

_STATES = {
    "completed": ("●", "good"),
    "placed": ("●", "good"),
    "competing": ("●", "good"),
    "active": ("●", "good"),
    "ready": ("●", "good"),
    "running": ("◐", "accent"),
    "claimed": ("◐", "accent"),
    "submitted": ("◐", "accent"),
    "processing": ("◐", "accent"),
    "qualifying": ("◐", "accent"),
    "pending": ("○", "muted"),
    "failed": ("✗", "error"),
    "rejected": ("✗", "error"),
    "disqualified": ("✗", "error"),
    "cancelled": ("–", "warning"),
    "canceled": ("–", "warning"),
    "withdrawn": ("–", "warning"),
    "paused": ("‖", "warning"),
    "locked": ("‖", "warning"),
}
"""The states of hosted.md 6. Others are shown as they are."""

_LONGEST_STATE = 20
_LARGE = 1e8


def state(status: str | None) -> Span:
    """A state, whatever it is called."""
    if not status:
        return Span("–", "muted")
    glyph, style = _STATES.get(status, ("·", ""))
    return Span(f"{glyph} {safe_line(status, _LONGEST_STATE)}", style)


def score(value: float | None) -> str:
    """A score on any scale: four decimals where it is small, as elsewhere on the hosted side, else one."""
    if value is None:
        return "–"
    if abs(value) >= _LARGE:
        return f"{value:.3e}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.1f}"


def took(start: datetime | None, end: datetime | None) -> str:
    """How long something took: ``12 s``, ``3 m``, ``2 h``; empty while that is not known."""
    if start is None or end is None:
        return ""
    start, end = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in (start, end))
    seconds = max(0.0, (end - start).total_seconds())
    return f"{seconds:.0f} s" if seconds < 60 else age(start, end)


def name_of(player: Player | None) -> str:
    """A player's name, or the id of one without."""
    return safe_line((player.name or player.id) if player is not None else "", 60)


def short_id(text: str) -> str:
    """Enough of an id to tell it from its neighbours: the prefix and the first block."""
    prefix, mark, rest = text.partition("_")
    return safe_line(f"{prefix}{mark}{rest.partition('-')[0]}", 24)
