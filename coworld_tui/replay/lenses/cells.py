"""From what a game puts into its tiles to slot numbers and glyphs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ...contract.text import safe_line
from .spans import cell_width, slot_glyph

MAX_OWNER = 9_999
"""Largest number of an owner; above it numbers are amounts."""

_MANY, _LARGE = 12, 99

_MAX_AMOUNT = 10.0**12
_EMPTY_SYMBOLS = frozenset({"", " ", ".", "-", "_", "·", "  ", ".."})
SHADES = "░▒▓█"
# Amounts share one colour, and so do the pieces of the side that is counted below zero.
_AMOUNT, _BELOW_ZERO = 70_001, 80_002
_COLOURS = 7
_CELL_KEYS = ("owner", "player", "team", "slot", "value", "type", "kind", "symbol", "color")


class Cells(NamedTuple):
    """Tiles as numbers, negative for empty; glyphs and words for numbers that are no slots."""

    owners: Sequence[int]
    symbols: dict[int, str]
    labels: dict[int, str]


def read_cells(cells: Sequence[Any], amounts: bool = False) -> Cells | None:
    """Read the tiles of a board; ``None`` when they cannot be tiles.

    Tiles are small integers, booleans, ``null``, strings of one or two characters, or objects with
    one of these inside. Where ``amounts`` is set, fractions, and numbers of which there are many and
    large ones, become shades.
    """
    kinds = set(map(type, cells))
    if kinds == {int} and min(cells) >= -1 and max(cells) <= _LARGE:
        return Cells(cells, {}, {})
    if dict in kinds:
        cells = [_inner(cell) if isinstance(cell, Mapping) else cell for cell in cells]
        kinds = set(map(type, cells))
    if not kinds <= {int, float, bool, str, type(None)}:
        return None
    numbers = (
        cells if kinds <= {int, float} else [cell for cell in set(cells) if isinstance(cell, int | float)]
    )
    if numbers and not _are_bounded(numbers):
        return None
    if amounts and numbers and str not in kinds and _are_amounts(numbers):
        return _shaded(cells, max(numbers))
    if any(number != int(number) or abs(number) > MAX_OWNER for number in numbers):
        return None
    # Minus one alone is nobody. Several numbers on both sides of zero are the pieces of two players.
    distinct = set(cells)
    sides = Counter(number > 0 for number in set(numbers) if number)
    return _numbered(cells, distinct, two_sided=0 in distinct and min(sides[True], sides[False]) > 1)


def without_zero(owners: Sequence[int], one_based: bool) -> Sequence[int]:
    """Make zero empty; with ``one_based``, 1 becomes slot 0."""
    return [owner - 1 if one_based or owner == 0 else owner for owner in owners]


def glyph_of(owner: int, symbols: Mapping[int, str], slots: int = 0, room: int = 4) -> str:
    """The glyph of a tile: its own symbol, that of one of ``slots`` players, or the number if it fits."""
    symbol = symbols.get(owner)
    if symbol is not None:
        # The beginning of a symbol still says what it is, that of a number something else.
        return symbol if cell_width(symbol) <= room else symbol[0]
    if owner < slots or len(str(owner)) > room:
        return slot_glyph(owner)
    return str(owner)


def symbol_number(symbol: str) -> int:
    """A number made from the text itself, so that a letter keeps its colour from frame to frame."""
    return sum(ord(character) << (8 * index) for index, character in enumerate(symbol))


def side_number(symbol: str, side: int) -> int:
    """The same for a piece of one of several sides: all pieces of a side share its colour."""
    return symbol_number(symbol) * _COLOURS + side


def _numbered(cells: Sequence[Any], distinct: Collection[Any], two_sided: bool) -> Cells | None:
    numbers: dict[Any, int] = {None: -1}
    symbols: dict[int, str] = {}
    labels: dict[int, str] = {}
    for cell in distinct:
        if isinstance(cell, str):
            if len(cell) > 2:
                return None
            symbol = safe_line(cell)
            if symbol in _EMPTY_SYMBOLS or not 1 <= cell_width(symbol) <= 2:
                numbers[cell] = -1
            elif symbol.isascii() and symbol.isdigit() and len(symbol) == 1:
                numbers[cell] = int(symbol)
            else:
                numbers[cell] = symbol_number(symbol)
                symbols[numbers[cell]] = symbol
        elif cell is not None:
            number = numbers[cell] = int(cell)
            if two_sided and number == 0:
                numbers[cell] = -1
            elif two_sided and number < 0:
                numbers[cell] = _BELOW_ZERO - _COLOURS * number
                symbols[numbers[cell]] = f"-{-number}" if number > -10 else "-"
                labels[numbers[cell]] = str(number)
    return Cells([numbers[cell] for cell in cells], symbols, labels)


def _are_amounts(numbers: Sequence[float]) -> bool:
    if any(number != int(number) or abs(number) > MAX_OWNER for number in numbers):
        return True
    return max(numbers) > _LARGE and len(set(numbers)) > _MANY


def _shaded(cells: Sequence[Any], largest: float) -> Cells | None:
    """Four shades from nothing to the largest amount there is."""
    if largest <= 0:
        return None
    step = largest / len(SHADES)
    levels = [_AMOUNT + _COLOURS * level for level in range(len(SHADES))]
    labels = {number: f"≤ {step * (level + 1):.4g}" for level, number in enumerate(levels)}
    top = len(SHADES) - 1
    owners = [
        levels[min(top, math.ceil(cell / step) - 1)] if cell is not None and cell > 0 else -1
        for cell in cells
    ]
    return Cells(owners, dict(zip(levels, SHADES, strict=True)), labels)


def _inner(cell: Mapping[str, Any]) -> object:
    if not cell:
        return None
    found = (cell[key] for key in _CELL_KEYS if isinstance(cell.get(key), int | float | str))
    return next(found, cell)


def _are_bounded(numbers: Sequence[float]) -> bool:
    """Whether all are numbers one can draw; a NaN hides from the comparisons, but not from the sum."""
    return -_MAX_AMOUNT <= min(numbers) <= max(numbers) <= _MAX_AMOUNT and not math.isnan(sum(numbers))
