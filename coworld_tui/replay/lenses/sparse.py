"""Boards of which a frame names only the tiles where something is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeGuard

from ...contract.text import safe_line
from .boards import MAX_TILES, Board, Size
from .cells import Cells, symbol_number
from .planes import MAX_PLANES, Plane
from .words import BOARD_WORDS, PIECE_WORDS, PLACE_WORDS, TRAIL_WORDS, plain_name, speaks_of

_KEY = re.compile(r"\s*[(\[]?\s*(\d{1,6})\s*[,;:x_| ]\s*(\d{1,6})\s*[)\]]?\s*\Z")
_MAX_MARKS = 20_000
_MAX_WORD = 40
_FEWEST_UNSIZED = 3
_COUNTED = ("score", "reward", "stat", "result", "time", "range", "shape", "size")
_TOLD = ("action", "move", "legal", "log", "event", "param", "config")
_NO_PLACES = (*_COUNTED, *_TOLD, *TRAIL_WORDS)
_SLOT_KEYS = ("slot", "owner", "player", "team", "player_id", "id")
_WORD_KEYS = ("type", "kind", "name", "symbol", "value", "color", "terrain")
_TYPE_KEYS = ("type", "kind", "owner", "team")
_BODY_KEYS = ("body", "cells", "tiles", "segments", "positions", "coords", "territory", "points", "squares")


class _Mark(NamedTuple):
    """Something at a place: a slot, or a word, or just what the member is called."""

    x: int
    y: int
    what: int | str | None


def read_sparse(members: Sequence[tuple[str, Any]], size: Size | None) -> Board | None:
    """Return the board that the members of an object name tiles of, each member one layer.

    Places are ``{"3,4": value}``, ``[x, y]``, ``[x, y, value]``, objects with ``x`` and ``y`` or a
    position, objects with a body of places, and, where ``size`` is known, numbers of tiles. Without it
    the board reaches as far as what is on it, and only what cannot be anything else counts.
    """
    found: list[tuple[str, list[_Mark]]] = []
    room = _MAX_MARKS
    for key, value in members:
        if room < 0 or not _may_name_places(key, value, size is not None):
            continue
        marks = _keyed(value) if isinstance(value, Mapping) else _listed(value)
        if marks and (size is None or all(mark.x < size[0] and mark.y < size[1] for mark in marks)):
            found.append((key, marks))
            room -= len(marks)
    if size is not None and not found:
        found = list(_numbered(members, size))
    if not found:
        return None
    every = [mark for _, marks in found for mark in marks]
    width, height = size or (1 + max(mark.x for mark in every), 1 + max(mark.y for mark in every))
    if width * height > MAX_TILES or (size is None and min(width, height) < 2):
        return None
    planes = (_plane(key, marks, width, height) for key, marks in found[:MAX_PLANES])
    return Board(width, height, tuple(planes))


def point_of(value: object) -> tuple[int, int] | None:
    """The place that ``[x, y]`` or an object with ``x`` and ``y`` names."""
    if isinstance(value, Mapping):
        value = [value.get("x"), value.get("y")]
    if isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_place, value)):
        return value[0], value[1]
    return None


def place_of(entry: Mapping[str, Any]) -> tuple[int, int] | None:
    """The place of an object: its ``x`` and ``y``, or its position by one of several names."""
    for value in (entry, *(entry.get(key) for key in PLACE_WORDS)):
        point = point_of(value)
        if point is not None:
            return point
    return None


def _may_name_places(key: str, value: object, is_sized: bool) -> bool:
    if not isinstance(value, Mapping | list) or not value or speaks_of(key, _NO_PLACES):
        return False
    if isinstance(value, Mapping):
        return True
    if not is_sized and (len(value) < _FEWEST_UNSIZED or not speaks_of(key, BOARD_WORDS)):
        return False
    return not speaks_of(key, PIECE_WORDS) or not all(map(_is_piece, value))


def _is_piece(entry: object) -> bool:
    """Whether this is a player, of whom nothing but the place matters."""
    if not isinstance(entry, Mapping):
        return point_of(entry) is not None
    return place_of(entry) is not None and not any(key in entry for key in (*_TYPE_KEYS, *_BODY_KEYS))


def _keyed(value: Mapping[str, Any]) -> list[_Mark]:
    """``{"3,4": value}``; every key must be a place."""
    if len(value) > _MAX_MARKS:
        return []
    marks = []
    for key, what in value.items():
        place = _KEY.match(key) if isinstance(key, str) else None
        if place is None:
            return []
        marks.append(_Mark(int(place[1]), int(place[2]), _what(what)))
    return marks


def _listed(value: Sequence[Any]) -> list[_Mark]:
    """Places one after the other; every one must be understood."""
    if len(value) > _MAX_MARKS:
        return []
    marks: list[_Mark] = []
    for index, entry in enumerate(value):
        more = list(_entry(index, entry))
        if not more or len(marks) > _MAX_MARKS:
            return []
        marks += more
    return marks


def _entry(index: int, entry: object) -> Iterator[_Mark]:
    if isinstance(entry, Mapping):
        place = place_of(entry)
        body = next((body for body in map(entry.get, _BODY_KEYS) if isinstance(body, list) and body), None)
        if body is not None:
            points = [point_of(part) for part in body[:_MAX_MARKS]]
            yield from (_Mark(*point, _slot(entry, index)) for point in reversed(points) if point)
        elif place is not None:
            yield _Mark(*place, _what(entry))
    elif isinstance(entry, list):
        point = point_of(entry)
        if point is not None:
            yield _Mark(*point, None)
        elif len(entry) == 3 and point_of(entry[:2]) is not None:
            yield _Mark(entry[0], entry[1], _what(entry[2]))
        elif entry and all(point_of(part) is not None for part in entry[:_MAX_MARKS]):
            points = [point_of(part) for part in entry[:_MAX_MARKS]]
            yield from (_Mark(*point, index) for point in reversed(points) if point)


def _numbered(members: Sequence[tuple[str, Any]], size: Size) -> Iterator[tuple[str, list[_Mark]]]:
    """Lists of tile numbers, counted row by row, one list for each owner; beside them single lists."""
    width, height = size
    lists = [
        (key, value)
        for key, value in members
        if isinstance(value, list) and value and len(value) <= _MAX_MARKS and not speaks_of(key, _NO_PLACES)
    ]
    owned = [(key, value) for key, value in lists if all(_are_tiles(part, width * height) for part in value)]
    if not any(part for _, value in owned for part in value):
        return
    for key, value in lists:
        if (key, value) in owned:
            pairs = ((index, tile) for index, part in enumerate(value) for tile in reversed(part))
            yield key, [_Mark(tile % width, tile // width, index) for index, tile in pairs]
        elif _are_tiles(value, width * height):
            yield key, [_Mark(tile % width, tile // width, None) for tile in value]


def _are_tiles(value: object, tiles: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= tiles
        and all(_is_place(tile) and tile < tiles for tile in value)
        and len(set(value)) == len(value)
    )


def _what(value: object) -> int | str | None:
    """The slot or the word for what is at a place."""
    if isinstance(value, Mapping):
        owner = next((value[key] for key in _SLOT_KEYS if _is_place(value.get(key))), None)
        word = next((value[key] for key in _WORD_KEYS if isinstance(value.get(key), str | int)), None)
        return _what(word if owner is None else owner)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value if 0 <= value < 1_000 else str(value) if abs(value) < 10**9 else None
    return value[:_MAX_WORD] if isinstance(value, str) and value.strip() else None


def _slot(entry: Mapping[str, Any], index: int) -> int:
    return next((entry[key] for key in _SLOT_KEYS if _is_place(entry.get(key)) and entry[key] < 1_000), index)


def _plane(key: str, marks: Sequence[_Mark], width: int, height: int) -> Plane:
    owners = [-1] * (width * height)
    symbols: dict[int, str] = {}
    labels: dict[int, str] = {}
    name = plain_name(key)
    for x, y, what in islice(marks, _MAX_MARKS):
        if isinstance(what, int):
            owners[y * width + x] = what
            continue
        word = plain_name(what) if what else name
        symbol = next((letter for letter in safe_line(word) if letter.isascii() and letter.isalnum()), "*")
        number = symbol_number(word[:4])
        owners[y * width + x] = number
        symbols[number], labels[number] = symbol, word
    return Plane(name, Cells(owners, symbols, labels), any(isinstance(mark.what, int) for mark in marks))


def _is_place(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < MAX_TILES
