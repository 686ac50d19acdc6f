"""From one member of a frame to a board: rows, flat lists, text, planes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from .cells import read_cells
from .planes import MAX_PLANES, Plane
from .text_board import read_text_board
from .words import BOARD_WORDS, PIECE_WORDS, plain_name, speaks_of

MAX_TILES = 250_000

_PICTURE_SIDE = 8
_FEWEST_TILES = 9
_LEAST_SIDE = 4
_MANY_KINDS = 12
_PLACE_AND_VALUE = 3
_CERTAIN_WORDS = ("board", "grid", "tile", "cell")
_TEXT_WORDS = ("render", "ascii", "screen", "display", "view", "fen", *BOARD_WORDS)

Size = tuple[int, int]


class Board(NamedTuple):
    """A board of one or more layers. ``lit`` are tiles marked by their ground, where it is text."""

    width: int
    height: int
    planes: tuple[Plane, ...]
    lit: tuple[tuple[int, int], ...] = ()


def read_board(key: str, value: object, size: Size | None) -> Board | None:
    """Return the board in the member ``key`` of a frame, or ``None``.

    ``size`` is the width and height known from elsewhere. Without it, what is no text must be named
    like a board or look like nothing else.
    """
    if isinstance(value, str):
        return _text(key, value)
    if not isinstance(value, list) or len(value) < (2 if size is None else 1):
        return None
    if size is not None and len(value) == size[0] * size[1]:
        return _board(key, *size, value, amounts=True)
    first = value[0]
    if not isinstance(first, list | str) or not first:
        return _guessed(key, value) if size is None else None
    width, height = len(first), len(value)
    if width * height > MAX_TILES or not _is_rows(value, width):
        return None
    if isinstance(first[0], list) and first[0]:
        return _planes(key, value, size)
    known = size == (width, height)
    cells = [cell for row in value for cell in row]
    if not known and not _may_be_board(key, width, cells, isinstance(first, str)):
        return None
    if not known and size is not None and width <= _PLACE_AND_VALUE:
        return None
    amounts = known or (speaks_of(key, BOARD_WORDS) and min(width, height) >= _LEAST_SIDE)
    return _board(key, width, height, cells, amounts)


def is_picture(value: Sequence[Any]) -> bool:
    """Whether rows of rows are pixels, red, green and blue, rather than three layers of a board."""
    rows = value[:: max(1, len(value) // 16)]
    if len(value) < _PICTURE_SIDE or not all(isinstance(row, list) for row in rows):
        return False
    pixels = [pixel for row in rows for pixel in row[:: max(1, len(row) // 16)]]
    if len(value[0]) < _PICTURE_SIDE or any(type(pixel) is not list or len(pixel) != 3 for pixel in pixels):
        return False
    numbers = {number for pixel in pixels for number in pixel if type(number) is int}
    # Layers of a board hold few and small numbers.
    return bool(numbers) and min(numbers) >= 0 and 15 < max(numbers) <= 255


def _board(key: str, width: int, height: int, cells: Sequence[Any], amounts: bool) -> Board | None:
    read = read_cells(cells, amounts)
    return None if read is None else Board(width, height, (Plane(plain_name(key), read),))


def _text(key: str, value: str) -> Board | None:
    board = read_text_board(value, speaks_of(key, _TEXT_WORDS))
    if board is None:
        return None
    return Board(board.width, board.height, (Plane(plain_name(key), board.cells),), board.lit)


def _guessed(key: str, value: Sequence[Any]) -> Board | None:
    """A flat list whose size nobody says: as square as its length allows."""
    if not speaks_of(key, _CERTAIN_WORDS) or not _FEWEST_TILES <= len(value) <= MAX_TILES:
        return None
    height = next(side for side in range(math.isqrt(len(value)), 0, -1) if len(value) % side == 0)
    width = len(value) // height
    return _board(key, width, height, value, amounts=True) if width <= 2 * height else None


def _may_be_board(key: str, width: int, cells: Sequence[Any], is_text: bool) -> bool:
    """Tell rows of a board from coordinates, lists of words and records, where no size is known."""
    if speaks_of(key, BOARD_WORDS):
        return width > 1
    if width <= 2 or is_text or speaks_of(key, PIECE_WORDS):
        return False
    return all(isinstance(cell, Hashable) for cell in cells) and len(set(cells)) <= _MANY_KINDS


def _planes(key: str, value: Sequence[Sequence[Any]], size: Size | None) -> Board | None:
    """Layers of a board, whichever of the outer and the inner index counts them."""
    outer, middle, inner = len(value), len(value[0]), len(value[0][0])
    if outer * middle * inner > MAX_TILES or not all(_is_rows(rows, inner) for rows in value):
        return None
    if inner == 3 and is_picture(value):
        return None
    sizes = {True: (middle, outer), False: (inner, middle)}
    fitting = [last for last, found in sizes.items() if found == size]
    last = fitting[0] if fitting else _counts_last(outer, middle, inner)
    (width, height), count = sizes[last], inner if last else outer
    unlikely = inner == 2 or min(width, height) < _LEAST_SIDE
    if not fitting and unlikely and not speaks_of(key, BOARD_WORDS):
        return None
    if count > MAX_PLANES or min(width, height) < 2:
        return None
    planes = []
    for at in range(count):
        rows = ([cell[at] for cell in row] for row in value) if last else value[at]
        flat = [cell for row in rows for cell in row]
        read = read_cells(flat, amounts=True)
        if read is None:
            return None
        planes.append(Plane(plain_name(key) if count == 1 else str(at), read))
    return Board(width, height, tuple(planes))


def _counts_last(outer: int, middle: int, inner: int) -> bool:
    if inner == 1 or outer == 1:
        return inner == 1
    if outer == middle or middle == inner:
        return outer == middle
    return inner < outer


def _is_rows(value: Sequence[Any], width: int) -> bool:
    kind = type(value[0])
    return all(type(row) is kind and len(row) == width for row in value)
