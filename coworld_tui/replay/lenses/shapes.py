"""Finding a board in a frame by its shape, whatever the game calls it.

Frames are opaque to the contract (local.md section 5.1): nothing here trusts a key to exist, a list
to be regular or a number to be small. What does not look like a board is no board.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from ...contract.text import safe_line
from .grid import Grid, Number
from .spans import cell_width

MAX_TILES = 250_000
MAX_SLOTS = 64
_MAX_OBJECTS = 64
_MAX_DEPTH = 3
_MAX_OWNER = 1_000
_NAME_LIMIT = 60

_SIZES = (("width", "height"), ("w", "h"), ("columns", "rows"), ("cols", "rows"))
_SIZE_PAIRS = ("size", "board_size", "grid_size", "dimensions", "shape")
_BOARD_WORDS = ("tile", "board", "grid", "cell", "map", "owner", "field", "maze", "world")
_TRAIL_WORDS = ("trail", "visited", "history")
_PIECE_WORDS = ("position", "piece", "player", "agent", "unit", "cog", "snake", "head", "location")
_NAME_WORDS = ("player_names", "names", "policy_names", "players", "agents")
_SCORE_WORDS = ("scores", "score", "points", "rewards", "players", "agents")
_PLACE_WORDS = ("position", "pos", "location", "xy")
_EMPTY_SYMBOLS = frozenset({"", " ", ".", "-", "_", "·", "  ", ".."})

_Object = Mapping[str, Any]


class _Board(NamedTuple):
    key: str
    width: int
    height: int
    owners: Sequence[int]
    symbols: dict[int, str]


def read_grid(frame: object) -> Grid | None:
    """Return the board in ``frame``, or ``None`` when it has none.

    A board is a flat list beside a width and a height, or a list of rows of equal length. Tiles are
    small integers, ``null`` or strings of one or two characters. Negative numbers, ``null`` and blanks
    are empty; zero is too when the frame has no other empty tiles and does not speak of owners.
    At most 250 000 tiles and 64 slots are read.
    """
    if _is_rows_of_board(frame):
        frame = {"board": frame}
    objects = list(_objects(frame))
    for place, size in objects:
        board = _find_board(place, size)
        if board is not None:
            return _complete(board, place, objects[0][0])
    return None


def _objects(frame: object) -> Iterator[tuple[_Object, tuple[int, int] | None]]:
    """Walk the objects of a frame, outermost first, each with the board size known there."""
    level: list[tuple[object, tuple[int, int] | None]] = [(frame, None)]
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[tuple[object, tuple[int, int] | None]] = []
        for value, known in level:
            if not isinstance(value, Mapping) or seen >= _MAX_OBJECTS:
                continue
            seen += 1
            size = _size(value) or _size(value.get("config")) or known
            yield value, size
            below += [(child, size) for _, child in _items(value) if isinstance(child, Mapping)]
        level = below


def _items(place: _Object) -> Iterator[tuple[str, Any]]:
    """The first members of an object, those with text keys."""
    for _, (key, value) in zip(range(200), place.items(), strict=False):
        if isinstance(key, str):
            yield key, value


def _size(value: object) -> tuple[int, int] | None:
    if not isinstance(value, Mapping):
        return None
    pairs = [(value.get(wide), value.get(high)) for wide, high in _SIZES]
    for pair in (*pairs, *map(value.get, _SIZE_PAIRS)):
        if _is_pair(pair) and min(pair) > 0 and pair[0] * pair[1] <= MAX_TILES:
            return pair[0], pair[1]
    return None


def _find_board(place: _Object, size: tuple[int, int] | None) -> _Board | None:
    """Return the most board-like member: named like one first, then as they come."""
    members = [(key, value) for key, value in _items(place) if isinstance(value, list) and len(value) > 1]
    members.sort(key=lambda member: not _speaks_of(member[0], _BOARD_WORDS))
    for key, value in members:
        if not _speaks_of(key, _TRAIL_WORDS):
            board = _read_board(key, value, size)
            if board is not None:
                return board
    return None


def _read_board(key: str, value: Sequence[Any], size: tuple[int, int] | None) -> _Board | None:
    shape = _shape(key, value, size)
    if shape is None:
        return None
    width, height, cells = shape
    read = _owners(cells)
    return None if read is None else _Board(key, width, height, *read)


def _shape(
    key: str, value: Sequence[Any], size: tuple[int, int] | None
) -> tuple[int, int, Sequence[Any]] | None:
    """Return width, height and flat cells of a list which has the form of a board."""
    if size is not None and len(value) == size[0] * size[1]:
        return (*size, value)
    if not isinstance(value[0], list | str):
        return None
    width, height = len(value[0]), len(value)
    if not _is_rows(value, width) or width * height > MAX_TILES:
        return None
    if size != (width, height) and not _may_be_board(key, width, isinstance(value[0], str)):
        return None
    return width, height, [cell for row in value for cell in row]


def _may_be_board(key: str, width: int, is_text: bool) -> bool:
    """Tell rows of a board from coordinates and from lists of words, where no size is known."""
    if _speaks_of(key, _BOARD_WORDS):
        return width > 1
    return width > 2 and not is_text and not _speaks_of(key, _PIECE_WORDS)


def _is_rows(value: Sequence[Any], width: int) -> bool:
    kind = type(value[0])
    return all(type(row) is kind and len(row) == width for row in value)


def _is_rows_of_board(frame: object) -> bool:
    return isinstance(frame, list) and len(frame) > 1 and isinstance(frame[0], list)


def _owners(cells: Sequence[Any]) -> tuple[Sequence[int], dict[int, str]] | None:
    """Return slot numbers (negative for empty) and the glyphs of those that are text."""
    kinds = set(map(type, cells))
    if kinds == {int}:
        return (cells, {}) if min(cells) >= -_MAX_OWNER and max(cells) <= _MAX_OWNER else None
    if not kinds <= {int, bool, str, type(None)}:
        return None
    numbers: dict[Any, int] = {None: -1}
    symbols: dict[int, str] = {}
    for cell in set(cells):
        if isinstance(cell, str):
            if len(cell) > 2:
                return None
            symbol = safe_line(cell)
            if symbol in _EMPTY_SYMBOLS or not 1 <= cell_width(symbol) <= 2:
                numbers[cell] = -1
            elif symbol.isascii() and symbol.isdigit() and len(symbol) == 1:
                numbers[cell] = int(symbol)
            else:
                # From the text itself, so that a letter keeps its colour from frame to frame.
                number = sum(ord(character) << (8 * index) for index, character in enumerate(symbol))
                numbers[cell] = number
                symbols[number] = symbol
        elif cell is not None:
            if not -_MAX_OWNER <= cell <= _MAX_OWNER:
                return None
            numbers[cell] = int(cell)
    return [numbers[cell] for cell in cells], symbols


def _complete(board: _Board, place: _Object, root: _Object) -> Grid:
    """Add pieces, names, scores and trails from beside the board, or from the top of the frame."""
    places = [place] if place is root else [place, root]
    named = (value for key, value in _members(places, _PIECE_WORDS) if key != board.key)
    pieces = _first(_pieces(value, board) for value in named)
    names = _first(map(_names, _exactly(places, _NAME_WORDS)))
    scores = _first(map(_scores, _exactly(places, _SCORE_WORDS)))
    owners = board.owners
    players = max(len(names), len(scores))
    if not board.symbols and min(owners) == 0 and "owner" not in board.key.lower():
        one_based = 0 < max(owners) <= players
        owners = [owner - 1 if one_based or owner == 0 else owner for owner in owners]
    return Grid(
        board.width, board.height, owners, pieces, _trails(places, board), names, scores, board.symbols
    )


def _pieces(value: object, board: _Board) -> tuple[tuple[int, int, int], ...]:
    found = []
    for index, entry in enumerate(_short_list(value)):
        slot, place = index, entry
        if isinstance(entry, Mapping):
            named = entry.get("slot")
            slot = named if _is_whole(named) and 0 <= named < MAX_SLOTS else index
            place = _first([tuple(_point(entry)), *(tuple(_point(entry.get(key))) for key in _PLACE_WORDS)])
        x_y = _point(place)
        if x_y and 0 <= x_y[0] < board.width and 0 <= x_y[1] < board.height:
            found.append((slot, x_y[0], x_y[1]))
    return tuple(found)


def _point(value: object) -> tuple[int, int] | tuple[()]:
    if isinstance(value, Mapping):
        value = (value.get("x"), value.get("y"))
    if not _is_pair(value):
        return ()
    return value[0], value[1]


def _names(value: object) -> tuple[str, ...]:
    entries = [entry.get("name") if isinstance(entry, Mapping) else entry for entry in _short_list(value)]
    if not any(isinstance(entry, str) for entry in entries):
        return ()
    return tuple(safe_line(entry, _NAME_LIMIT) if isinstance(entry, str) else "" for entry in entries)


def _scores(value: object) -> tuple[Number, ...]:
    entries = [entry.get("score") if isinstance(entry, Mapping) else entry for entry in _short_list(value)]
    numbers = tuple(entry for entry in entries if _is_number(entry))
    return numbers if len(numbers) == len(entries) else ()


def _trails(places: Iterable[_Object], board: _Board) -> Sequence[int] | None:
    for key, value in _members(places, _TRAIL_WORDS):
        if isinstance(value, list) and value:
            trails = _read_board(key, value, (board.width, board.height))
            if trails is not None and (trails.width, trails.height) == (board.width, board.height):
                return trails.owners
    return None


def _members(places: Iterable[_Object], words: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for place in places:
        for key, value in _items(place):
            if _speaks_of(key, words):
                yield key, value


def _exactly(places: Iterable[_Object], keys: Sequence[str]) -> Iterator[Any]:
    return (place[key] for place in places for key in keys if key in place)


def _first(values: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return next((value for value in values if value), ())


def _short_list(value: object) -> list[Any]:
    return value if isinstance(value, list) and len(value) <= MAX_SLOTS else []


def _speaks_of(key: str, words: Sequence[str]) -> bool:
    lowered = key.lower()
    return any(word in lowered for word in words)


def _is_whole(value: object) -> TypeGuard[int]:
    return type(value) is int


def _is_pair(value: object) -> TypeGuard[Sequence[int]]:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_whole, value))


def _is_number(value: object) -> TypeGuard[Number]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)
