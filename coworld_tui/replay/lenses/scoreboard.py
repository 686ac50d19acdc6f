"""The scoreboard lens: one row for each player, with everything the frame says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from ...contract.text import safe_line
from .model import FixedLines, FrameView, LineModel
from .spans import Line, Span, clip, fit, slot_glyph
from .tabular import GAP, LEAST_WIDTH, Column, cell_span, cell_text, column_of, fitting, is_number
from .words import NAME_WORDS, PIECE_WORDS, PLACE_WORDS, SCORE_WORDS, speaks_of

MAX_PLAYERS = 64

_MAX_DEPTH = 3
_MAX_OBJECTS = 64
_MAX_MEMBERS = 200
_MAX_COLUMNS = 16
_NAME_WIDTH = 24
_LEAST_NAME = 6
_BAR_WIDTH = 20
_LEAST_BAR = 5
_STATES = ("status", "state", "alive", "done", "phase")
_SCORES = ("score", "reward", *SCORE_WORDS)
_NO_FACTS = ("size", "shape", "dimension", "direction", "color", "range", *PLACE_WORDS, *PIECE_WORDS)
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_GAP = Span(" " * GAP)
_SCORE = 1
"""The place of the score among the columns: after the name."""


class Scores(NamedTuple):
    """What a frame says of its players. ``facts`` are values by slot, under what the frame calls them."""

    names: tuple[str, ...]
    score: str
    facts: Mapping[str, Sequence[Any]]

    @property
    def players(self) -> int:
        """How many there are."""
        return len(self.names)


class ScoreboardLens:
    """Who leads, by how much, and what else is known of each player."""

    name = "scoreboard"

    def fits(self, view: FrameView) -> bool:
        """Whether the frame has numbers of players."""
        return _scores_of(view) is not None

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """A row for each player: name, score, bar, status and every other number."""
        scores = _scores_of(view)
        if scores is None:
            raise ValueError("the frame says nothing of players")
        return FixedLines(_drawn(scores, read_scores(view.before, view.players), width))


def read_scores(frame: object, players: Sequence[str] = ()) -> Scores | None:
    """Return what a frame says of its players, or ``None`` when there are no numbers of them.

    How many there are is the number of entries in a frame that is a list of objects, of the names,
    or of the scores; every array of that length belongs to them, and so do the objects in one.
    """
    places = list(_places(frame))
    entries = frame if isinstance(frame, list) else None
    if entries is not None and (not _are_objects(entries) or len(entries) < 2):
        return None
    named = next(filter(None, (_names(place.get(key)) for place in places for key in NAME_WORDS)), ())
    names = (
        tuple(players) if entries is not None and len(players) == len(entries) else named or tuple(players)
    )
    count = len(entries) if entries is not None else len(names) or _length_of_scores(places)
    if not 1 <= count <= MAX_PLAYERS:
        return None
    facts = _facts(places, entries, count)
    score = next((key for key in _SCORES if all(map(is_number, facts.get(key, [None])))), "")
    if not any(is_number(value) for values in facts.values() for value in values):
        return None
    padded = [safe_line(name, _NAME_WIDTH) for name in names[:count]]
    return Scores((*padded, *[""] * (count - len(padded))), score, facts)


def _scores_of(view: FrameView) -> Scores | None:
    if "scores" not in view.found:
        view.found["scores"] = read_scores(view.decoded, view.players)
    scores: Scores | None = view.found["scores"]
    return scores


def _places(frame: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a frame, outermost first."""
    level = frame[:MAX_PLAYERS] if isinstance(frame, list) else [frame]
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[object] = []
        for place in level:
            if isinstance(place, Mapping) and seen < _MAX_OBJECTS:
                seen += 1
                yield place
                below += [child for _, child in _members(place) if isinstance(child, Mapping)]
        level = below


def _members(place: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in islice(place.items(), _MAX_MEMBERS) if isinstance(key, str))


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_PLAYERS:
        return ()
    entries = [entry.get("name") if isinstance(entry, Mapping) else entry for entry in value]
    names = tuple(entry for entry in entries if isinstance(entry, str))
    return names if len(names) == len(entries) else ()


def _length_of_scores(places: Sequence[Mapping[str, Any]]) -> int:
    lists = (place[key] for place in places for key in SCORE_WORDS if isinstance(place.get(key), list))
    return next((len(scores) for scores in lists if scores and _are_of_players(scores)), 0)


def _are_of_players(values: Sequence[Any]) -> bool:
    return all(map(is_number, values)) or _are_objects(values)


def _are_objects(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _facts(
    places: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]] | None, count: int
) -> dict[str, list[Any]]:
    """Values by slot: from arrays as long as there are players, and from the objects in such arrays."""
    facts: dict[str, list[Any]] = {}
    if entries is not None:
        _take_objects(facts, entries)
    for place in places:
        for key, value in _members(place):
            if not isinstance(value, list) or len(value) != count or key in facts:
                continue
            if _are_objects(value):
                _take_objects(facts, value)
            elif not speaks_of(key, _NO_FACTS) and all(map(_is_fact, value)) and _is_worth_it(key, value):
                facts[key] = value
    return dict(islice(facts.items(), _MAX_COLUMNS))


def _take_objects(facts: dict[str, list[Any]], entries: Sequence[Mapping[str, Any]]) -> None:
    keys = {key: None for entry in entries for key, value in _members(entry) if _is_fact(value)}
    for key in keys:
        values = [entry.get(key) for entry in entries]
        if key not in facts and not speaks_of(key, _NO_FACTS) and _is_worth_it(key, values):
            facts[key] = values


def _is_fact(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _is_worth_it(key: str, values: Sequence[Any]) -> bool:
    """Numbers are; of words only a status is."""
    return any(map(is_number, values)) or (
        key.lower() in _STATES and any(_is_fact(value) for value in values)
    )


def _drawn(scores: Scores, before: Scores | None, width: int) -> list[Line]:
    order = sorted(scores.facts, key=lambda key: (key != scores.score, key.lower() not in _STATES))
    columns = [column_of("player", scores.names)]
    columns += [column_of(key, [value for value in scores.facts[key] if _is_fact(value)]) for key in order]
    kept = _kept(columns, width - 4)
    room = min(_BAR_WIDTH, width - 4 - sum(column.width + GAP for _, column in kept))
    has_bars = scores.score and len(kept) > _SCORE and room >= _LEAST_BAR
    bars = _bars(scores, room) if has_bars else []
    titles: list[Span] = [Span("    ")]
    for at, column in kept:
        titles += [cell_span(column.title, column, "muted"), _GAP]
        titles += [Span(" " * room), _GAP] if at == _SCORE and bars else []
    lines = [tuple(titles)]
    for slot in range(scores.players):
        line = [Span(" "), Span(f"◆{slot_glyph(slot)}", f"piece.{slot}"), Span(" ")]
        for at, column in kept:
            line += [_cell(scores, before, slot, order[at - 1] if at else "", column), _GAP]
            line += [bars[slot], _GAP] if at == _SCORE and bars else []
        lines.append(tuple(line))
    return [clip(line[:-1], width) for line in lines]


def _kept(columns: Sequence[Column], width: int) -> list[tuple[int, Column]]:
    """What fits, with its place: the names are shortened first, the score is the last to go."""
    kept = fitting(columns, width, LEAST_WIDTH)
    if len(kept) <= _SCORE:
        kept = fitting(columns, width, _LEAST_NAME)
    if len(kept) > _SCORE:
        return kept
    score = columns[_SCORE]
    return [(_SCORE, score._replace(width=min(score.width, max(0, width))))]


def _cell(scores: Scores, before: Scores | None, slot: int, key: str, column: Column) -> Span:
    if not key:
        return Span(fit(scores.names[slot], column.width), f"slot.{slot}")
    value = scores.facts[key][slot]
    style = "strong" if key == scores.score else "number" if is_number(value) else ""
    if before is not None and before.players == scores.players:
        earlier = before.facts.get(key)
        style = "changed" if earlier is not None and earlier[slot] != value else style
    return cell_span(cell_text(value) if _is_fact(value) else "…", column, style)


def _bars(scores: Scores, room: int) -> list[Span]:
    """The share of each score in the largest one; negative scores have none."""
    values = [min(max(0.0, _float(value)), 1e300) for value in scores.facts[scores.score]]
    most = max(values)
    spans = []
    for slot, value in enumerate(values):
        eighths = round(8 * room * value / most) if most > 0 else 0
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        spans.append(Span(fit(bar, room), f"slot.{slot}"))
    return spans


def _float(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        return 0.0
    return number if number == number else 0.0
