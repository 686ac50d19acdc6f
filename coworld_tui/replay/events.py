"""Where in a replay something notable happened, worked out from its numbers."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..contract.text import safe_line
from .columns import Column, Columns
from .lenses.spans import slot_glyph
from .paths import Path
from .source import Event
from .watched import Watched

MOST_EVENTS = 500
_MOST_JUMPS = 20
_JUMP_FACTOR = 4.0
_SILENT_SHARE = 0.2
_SHORTEST_SILENCE = 10
_WORD_LIMIT = 24
_WORD = re.compile(r"[^\W_]+")
# What stays when there are too many: what the game declared, then the rarest.
_ORDER = ("silent", "state", "jump", "first", "last", "lead")


def derive_events(columns: Columns, watched: Watched, declared: Iterable[Event] = ()) -> list[Event]:
    """The events of the frames covered so far, with those the replay came with, in order; at most 500.

    ``lead`` (somebody else has the highest score), ``jump`` (a score moves by more than four times the
    usual step; the twenty largest), ``silent`` (no number of a player moves during the last fifth or
    more, while another's do), ``first`` and ``last`` (change of a score), ``state`` (the first and the
    last change of a word like ``status`` or ``done``), and whatever kinds were declared. What the replay
    itself says of a player at a frame (a kind like ``lead`` or ``lead_change``) is not said again.
    """
    found = [
        *_leads(columns, watched),
        *_jumps(columns, watched),
        *_silences(columns, watched),
        *_scorings(columns, watched),
        *_states(columns, watched),
    ]
    return _merged(list(declared), found)


def _leads(columns: Columns, watched: Watched) -> Iterator[Event]:
    if len(watched.scores) < 2:
        return
    scores = np.stack([columns.values(path) for path in watched.scores])
    places = np.flatnonzero(~np.isnan(scores).any(axis=0))
    scores = scores[:, places]
    ahead = scores == scores.max(axis=0, initial=-math.inf)
    alone = np.flatnonzero(ahead.sum(axis=0) == 1)  # a tie leaves the lead where it was
    leaders = ahead[:, alone].argmax(axis=0)
    for at in np.flatnonzero(np.diff(leaders, prepend=-1)):
        slot = int(leaders[at])
        yield _event(columns, int(places[alone[at]]), "lead", f"{_who(slot)} takes the lead", slot)


def _jumps(columns: Columns, watched: Watched) -> Iterator[Event]:
    steps = [(slot, *_steps(columns.values(path))) for slot, path in enumerate(watched.scores)]
    sizes = np.concatenate([np.abs(deltas) for _, _, deltas in steps]) if steps else np.empty(0)
    if not len(sizes):
        return
    usual = float(np.median(sizes))
    least = max(_JUMP_FACTOR * usual, float(np.sort(sizes)[-_MOST_JUMPS:][0]))
    for slot, places, deltas in steps:
        for at in np.flatnonzero((np.abs(deltas) >= least) & (np.abs(deltas) > _JUMP_FACTOR * usual)):
            text = f"{_who(slot)} {float(deltas[at]):+.6g}"
            yield _event(columns, int(places[at]), "jump", text, slot)


def _silences(columns: Columns, watched: Watched) -> Iterator[Event]:
    last = [
        max((_last_change(columns.values(path)) for path in paths), default=-1) for paths in watched.numbers
    ]
    length = columns.covered
    for slot, (at, paths) in enumerate(zip(last, watched.numbers, strict=True)):
        silence = length - 1 - at
        is_long = silence >= max(_SILENT_SHARE * length, _SHORTEST_SILENCE)
        if paths and is_long and max(last) > at:
            text = f"{_who(slot)} goes silent" if at > 0 else f"{_who(slot)} is silent throughout"
            yield _event(columns, at, "silent", text, slot)


def _scorings(columns: Columns, watched: Watched) -> Iterator[Event]:
    for slot, path in enumerate(watched.scores):
        places, _ = _steps(columns.values(path))
        if len(places):
            yield _event(columns, int(places[0]), "first", f"{_who(slot)} first score", slot)
        if len(places) > 1:
            yield _event(columns, int(places[-1]), "last", f"{_who(slot)} last score", slot)


def _states(columns: Columns, watched: Watched) -> Iterator[Event]:
    for path, slot in watched.states:
        values = columns.codes(path)
        places = np.flatnonzero(_differs(values)) + 1
        for at in dict.fromkeys((*places[:1].tolist(), *places[-1:].tolist())):
            before, now = (_shown(columns, path, float(values[index])) for index in (at - 1, at))
            name = safe_line(str(path[-1]), _WORD_LIMIT) if slot < 0 else f"{_who(slot)} {path[-1]}"
            yield _event(columns, at, "state", f"{name} {before} → {now}", slot)


def _steps(values: Column) -> tuple[NDArray[np.intp], Column]:
    """The frames where a number moved, and by how much. Missing and infinite ones are passed over."""
    known = np.flatnonzero(np.isfinite(values))
    deltas = np.diff(values[known])
    moved = np.flatnonzero(deltas)
    return known[moved + 1], deltas[moved]


def _differs(values: Column) -> NDArray[np.bool_]:
    """Whether each value but the first differs from the one before; NaN does not differ from NaN."""
    before, now = values[:-1], values[1:]
    differs: NDArray[np.bool_] = (before != now) & ~(np.isnan(before) & np.isnan(now))
    return differs


def _last_change(values: Column) -> int:
    places = np.flatnonzero(_differs(values))
    return int(places[-1]) + 1 if len(places) else 0


def _shown(columns: Columns, path: Path, code: float) -> str:
    word = columns.word(path, code)
    if word is not None:
        return safe_line(word, _WORD_LIMIT)
    return "—" if math.isnan(code) else f"{code:.6g}"


def _who(slot: int) -> str:
    return f"◆{slot_glyph(slot)}"


def _event(columns: Columns, index: int, kind: str, text: str, slot: int) -> Event:
    return Event(index, columns.source.tick(index), kind, text, slot)


def _merged(declared: list[Event], derived: list[Event]) -> list[Event]:
    kept = _thinned(declared, MOST_EVENTS)
    said: dict[tuple[int, int], list[str]] = defaultdict(list)
    for event in kept:
        said[event.index, event.slot] += _WORD.findall(event.kind.lower())
    news = [
        event
        for event in derived
        if not any(word.startswith(event.kind) for word in said.get((event.index, event.slot), ()))
    ]
    for kind in _ORDER:
        kept += _thinned([event for event in news if event.kind == kind], MOST_EVENTS - len(kept))
    return sorted(kept, key=lambda event: (event.index, event.kind, event.slot))


def _thinned(events: list[Event], room: int) -> list[Event]:
    """As many as there is room for, spread over the whole."""
    if len(events) <= room:
        return events
    return [events[at * len(events) // room] for at in range(room)]
