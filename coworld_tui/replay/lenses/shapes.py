"""Finding a board in a frame by its shape, whatever the game calls it.

Frames are opaque to the contract (local.md section 5.1): nothing here trusts a key to exist, a list
to be regular or a number to be small. What does not look like a board is no board.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

from ...contract.text import safe_line
from .boards import MAX_TILES, Board, Size, read_board
from .cells import Cells, without_zero
from .grid import Grid, Number
from .planes import MAX_PLANES, Plane, home_of, stacked
from .sparse import place_of, point_of, read_sparse
from .words import BOARD_WORDS, NAME_WORDS, PIECE_WORDS, SCORE_WORDS, TRAIL_WORDS, speaks_of

MAX_SLOTS = 64
_MAX_OBJECTS = 64
_MAX_MEMBERS = 200
_MAX_DEPTH = 3
_NAME_LIMIT = 60

_SIZES = (("width", "height"), ("w", "h"), ("columns", "rows"), ("cols", "rows"))
_SIZE_PAIRS = ("size", "board_size", "grid_size", "dimensions", "shape")
_ENTRY_SCORES = ("reward", "score")

_Object = Mapping[str, Any]


class _Place(NamedTuple):
    """An object of the frame, and the size of boards as known there."""

    members: _Object
    size: Size | None


def read_grid(
    frame: object, config: Mapping[str, Any] | None = None, players: Sequence[str] = ()
) -> Grid | None:
    """Return the board in ``frame``, or ``None`` when it has none.

    A board is a flat list beside a width and a height, rows of equal length (lists or strings), text
    in rows, layers of these, or objects and places on a board of known size. Tiles are small
    integers, ``null`` or strings of one or two characters. Negative numbers, ``null`` and blanks
    are empty; zero is too when the frame has no other empty tiles and does not speak of owners.
    ``config`` is searched for a size, and for a board where the frame has only pieces; ``players`` are
    names where the frame has none. At most 250 000 tiles and 64 slots are read.
    """
    frame = _as_object(frame)
    known = next((place.size for place in _places(config, None) if place.size is not None), None)
    places = list(_places(frame, known))
    for place in places:
        board = _dense(place)
        if board is not None:
            return _complete(board, place.members, frame, places, players)
    backdrop = _backdrop(config)
    for place in places:
        board = _beneath_pieces(place, backdrop) or _sparse(place)
        if board is not None:
            return _complete(board, place.members, frame, places, players)
    return None


def _places(frame: object, size: Size | None) -> Iterator[_Place]:
    """Walk the objects of a frame, outermost first; a frame may be a list with one for each player."""
    entries = frame[:MAX_SLOTS] if isinstance(frame, list) else [frame]
    level: list[tuple[object, Size | None]] = [(entry, size) for entry in entries]
    seen = 0
    for _ in range(_MAX_DEPTH):
        below: list[tuple[object, Size | None]] = []
        for value, known in level:
            if not isinstance(value, Mapping) or seen >= _MAX_OBJECTS:
                continue
            seen += 1
            here = _size(value) or _size(value.get("config")) or known
            yield _Place(value, here)
            below += [(child, here) for _, child in _items(value) if isinstance(child, Mapping)]
        level = below


def _items(place: _Object) -> Iterator[tuple[str, Any]]:
    """The first members of an object, those with text keys."""
    return ((key, value) for key, value in islice(place.items(), _MAX_MEMBERS) if isinstance(key, str))


def _size(value: object) -> Size | None:
    if not isinstance(value, Mapping):
        return None
    pairs = [(value.get(wide), value.get(high)) for wide, high in _SIZES]
    named = [value.get(key) for key in _SIZE_PAIRS]
    for pair in (*pairs, *((side, side) if _is_whole(side) else side for side in named)):
        if _is_pair(pair) and min(pair) > 0 and pair[0] * pair[1] <= MAX_TILES:
            return pair[0], pair[1]
    return None


def _dense(place: _Place) -> Board | None:
    """The most board-like member, named like one first, then as they come; and what lies on it."""
    members = [
        (key, value)
        for key, value in _items(place.members)
        if isinstance(value, list | str) and value and not speaks_of(key, TRAIL_WORDS)
    ]
    for key, value in sorted(members, key=lambda member: not speaks_of(member[0], BOARD_WORDS)):
        board = read_board(key, value, place.size)
        if board is not None:
            return _with_layers(board, key, members)
    return None


def _with_layers(board: Board, home: str, members: Sequence[tuple[str, Any]]) -> Board:
    """Add the other boards of the same size, in the order of the frame."""
    size = (board.width, board.height)
    planes: list[Plane] = []
    for key, value in members:
        if key == home:
            planes += board.planes
        elif isinstance(value, list) and (board.width > 2 or not speaks_of(key, PIECE_WORDS)):
            other = read_board(key, value, size)
            if other is not None and (other.width, other.height) == size:
                planes += other.planes
    return board._replace(planes=tuple(planes[:MAX_PLANES])) if len(planes) > 1 else board


def _sparse(place: _Place) -> Board | None:
    """A board of which only what is on it is named; pieces may be all there is."""
    members = list(_items(place.members))
    board = read_sparse(members, place.size)
    if board is not None or place.size is None:
        return board
    width, height = place.size
    empty = Cells([-1] * (width * height), {}, {})
    return _beneath_pieces(place, Board(width, height, (Plane("", empty),)))


def _beneath_pieces(place: _Place, board: Board | None) -> Board | None:
    """The board, if the object has pieces for it."""
    if board is None or not _pieces(_items(place.members), board.width, board.height):
        return None
    return board


def _backdrop(config: _Object | None) -> Board | None:
    """The board of the configuration, which is why the frames need not repeat it."""
    boards = map(_dense, _places(config, None))
    return next(filter(None, boards), None)


def _as_object(frame: object) -> object:
    """Give a frame that may be the board itself a name for it; rows of text are text."""
    if isinstance(frame, list) and len(frame) > 1:
        if all(isinstance(row, str) for row in frame):
            frame = "\n".join(frame)
        elif isinstance(frame[0], list):
            return {"board": frame}
    return {"": frame} if isinstance(frame, str) else frame


def _complete(
    board: Board, place: _Object, frame: object, places: Sequence[_Place], players: Sequence[str]
) -> Grid:
    """Add pieces, names, scores and trails from beside the board, or from the top of the frame."""
    root = places[0].members
    around = [place] if place is root else [place, root]
    taken = {plane.name for plane in board.planes}
    lit = tuple((0, x, y) for x, y in board.lit[:MAX_SLOTS])
    beside = ([member for member in _items(where) if member[0] not in taken] for where in around)
    pieces = next(filter(None, (_pieces(members, board.width, board.height) for members in beside)), lit)
    names = _first(map(_names, _exactly(around, NAME_WORDS))) or tuple(
        safe_line(name, _NAME_LIMIT) for name in players[:MAX_SLOTS]
    )
    scores = _entry_scores(frame) or _first(map(_scores, _exactly(around, SCORE_WORDS)))
    slots = max(len(names), len(scores))
    home = home_of(board.planes)
    planes = tuple(_settled(plane, slots if at == home else 0) for at, plane in enumerate(board.planes))
    cells = stacked(planes)
    return Grid(
        board.width,
        board.height,
        cells.owners,
        pieces,
        _trails(around, board),
        names,
        scores,
        cells.symbols,
        cells.labels,
        planes if len(planes) > 1 else (),
    )


def _settled(plane: Plane, slots: int) -> Plane:
    """Make zero empty where it must be, and numbers slots where they count from one."""
    owners = plane.cells.owners
    if plane.cells.symbols or min(owners) != 0 or speaks_of(plane.name, ("owner",)):
        return plane
    return plane._replace(cells=plane.cells._replace(owners=without_zero(owners, 0 < max(owners) <= slots)))


def _pieces(members: Iterable[tuple[str, Any]], width: int, height: int) -> tuple[tuple[int, int, int], ...]:
    """The pieces of the first member that has some on the board, as ``(slot, x, y)``."""
    for key, value in members:
        if not speaks_of(key, PIECE_WORDS):
            continue
        alone = point_of(value)
        found = [(0, *alone)] if alone is not None else list(_placed(_short_list(value)))
        pieces = tuple(piece for piece in found if piece[1] < width and piece[2] < height)
        if pieces:
            return pieces
    return ()


def _placed(entries: Sequence[Any]) -> Iterator[tuple[int, int, int]]:
    for index, entry in enumerate(entries):
        slot = index
        if isinstance(entry, Mapping):
            point = place_of(entry)
            named = entry.get("slot")
            slot = named if _is_whole(named) and 0 <= named < MAX_SLOTS else index
        else:
            point = point_of(entry)
        if point is not None:
            yield slot, *point


def _names(value: object) -> tuple[str, ...]:
    entries = [entry.get("name") if isinstance(entry, Mapping) else entry for entry in _short_list(value)]
    if not any(isinstance(entry, str) for entry in entries):
        return ()
    return tuple(safe_line(entry, _NAME_LIMIT) if isinstance(entry, str) else "" for entry in entries)


def _scores(value: object) -> tuple[Number, ...]:
    entries = [entry.get("score") if isinstance(entry, Mapping) else entry for entry in _short_list(value)]
    numbers = tuple(entry for entry in entries if _is_number(entry))
    return numbers if len(numbers) == len(entries) else ()


def _entry_scores(frame: object) -> tuple[Number, ...]:
    """The scores of a frame that is a list with one entry for each player."""
    entries = _short_list(frame)
    if not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return ()
    lists = ([entry[key] for entry in entries if _is_number(entry.get(key))] for key in _ENTRY_SCORES)
    return next((tuple(numbers) for numbers in lists if len(numbers) == len(entries)), ())


def _trails(places: Iterable[_Object], board: Board) -> Sequence[int] | None:
    size = (board.width, board.height)
    for place in places:
        for key, value in _items(place):
            if speaks_of(key, TRAIL_WORDS) and isinstance(value, list) and value:
                trails = read_board(key, value, size)
                if trails is not None and (trails.width, trails.height) == size:
                    return trails.planes[0].cells.owners
    return None


def _exactly(places: Iterable[_Object], keys: Sequence[str]) -> Iterator[Any]:
    return (place[key] for place in places for key in keys if key in place)


def _first(values: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    return next((value for value in values if value), ())


def _short_list(value: object) -> list[Any]:
    return value if isinstance(value, list) and len(value) <= MAX_SLOTS else []


def _is_whole(value: object) -> TypeGuard[int]:
    return type(value) is int


def _is_pair(value: object) -> TypeGuard[Sequence[int]]:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_whole, value))


def _is_number(value: object) -> TypeGuard[Number]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)
