"""Where a game keeps what events are made of: scores, the numbers of each player, how things stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .columns import Columns
from .paths import Path, numeric_paths, value_at
from .source import FrameSource

MAX_SLOTS = 64
_NUMBERS_OF_A_PLAYER = 16
_MOST_STATES = 64

_SCORES = ("scores", "score", "points", "rewards", "reward", "total_reward", "totals")
_SCORE = ("score", "points", "reward", "total")
_STATES = ("done", "status", "phase", "winner", "game_over", "finished", "terminated", "truncated", "result")


@dataclass(frozen=True)
class Watched:
    """Paths whose values make events. ``scores`` and ``numbers`` are by slot."""

    scores: tuple[Path, ...] = ()
    numbers: tuple[tuple[Path, ...], ...] = ()
    states: tuple[tuple[Path, int], ...] = ()
    """Each with the slot it belongs to, -1 for the game itself."""

    def columns(self, source: FrameSource) -> Columns:
        """Columns of all of them, to be advanced and given to ``derive_events``."""
        numbers = [*self.scores, *(path for paths in self.numbers for path in paths)]
        return Columns(source, numbers, words=[path for path, _ in self.states])


def watch(frame: object, players: int = 0) -> Watched:
    """What to watch in frames like this one. ``players`` is their number where it is known.

    A frame from the middle serves best: in the first one much is still empty.
    """
    scores = next(_score_lists(frame, players), ())
    count = players or len(scores)
    return Watched(scores, _numbers(frame, count), tuple(_states(frame, count))[:_MOST_STATES])


def _score_lists(frame: object, players: int) -> Iterator[tuple[Path, ...]]:
    for paths in _candidates(frame):
        if (len(paths) == players or not players) and 0 < len(paths) <= MAX_SLOTS:
            yield paths


def _candidates(frame: object) -> Iterator[tuple[Path, ...]]:
    places = list(_places(frame))
    for path, place in places:
        for word in _SCORES:
            yield _numbers_within((*path, word), place.get(word))
    for path, value in _lists(frame):
        for word in _SCORE:
            if all(_has_number(item, word) for item in value):
                yield tuple((*path, slot, word) for slot in range(len(value)))


def _places(frame: object) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """The frame itself and the objects right in it."""
    if isinstance(frame, Mapping):
        yield (), frame
        yield from (((str(key),), child) for key, child in frame.items() if isinstance(child, Mapping))


def _lists(frame: object) -> Iterator[tuple[Path, list[object]]]:
    """The lists that may hold one thing for each player: not longer than there may be players."""
    if isinstance(frame, list) and len(frame) <= MAX_SLOTS:
        yield (), frame
    for path, place in _places(frame):
        for key, value in place.items():
            if isinstance(value, list) and len(value) <= MAX_SLOTS:
                yield (*path, str(key)), value


def _numbers_within(path: Path, value: object) -> tuple[Path, ...]:
    """A path for each member of a list, or an object, of nothing but numbers."""
    if isinstance(value, list) and all(isinstance(item, int | float) for item in value):
        return tuple((*path, slot) for slot in range(len(value)))
    if isinstance(value, Mapping) and all(isinstance(item, int | float) for item in value.values()):
        return tuple((*path, str(key)) for key in value)
    return ()


def _has_number(item: object, word: str) -> bool:
    return isinstance(value_at(item, (word,)), int | float)


def _numbers(frame: object, count: int) -> tuple[tuple[Path, ...], ...]:
    """What is counted of each player: in every list with one item a player."""
    if not 0 < count <= MAX_SLOTS:
        return ()
    found: list[list[Path]] = [[] for _ in range(count)]
    for path, value in _lists(frame):
        if len(value) == count:
            for slot, item in enumerate(value):
                room = _NUMBERS_OF_A_PLAYER - len(found[slot])
                if room > 0:
                    found[slot] += [(*path, slot, *rest) for rest in numeric_paths(item, limit=room)]
    return tuple(map(tuple, found))


def _states(frame: object, count: int) -> Iterator[tuple[Path, int]]:
    for path, place in _places(frame):
        yield from (((*path, word), -1) for word in _STATES if _is_scalar(place, word))
    for path, value in _lists(frame):
        if len(value) == count:
            for slot, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from (((*path, slot, word), slot) for word in _STATES if _is_scalar(item, word))


def _is_scalar(place: Mapping[str, object], word: str) -> bool:
    return word in place and not isinstance(place[word], list | Mapping)
