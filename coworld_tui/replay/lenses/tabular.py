"""Values in columns: how a value is written in a cell, and how wide columns may be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard

from ...contract.text import safe_line
from .spans import Span, cell_width, fit

GAP = 2
_CELL_LIMIT = 24
LEAST_WIDTH = 10
_STEP = 2
_SHORT_LIST = 4


class Column(NamedTuple):
    """A column of a table: numbers stand to the right."""

    title: str
    width: int
    is_number: bool


def is_scalar(value: object) -> bool:
    """Whether a value fits one cell: a scalar, or a short list of numbers such as a position."""
    if isinstance(value, list):
        return 0 < len(value) <= _SHORT_LIST and all(map(is_number, value))
    return not isinstance(value, Mapping)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number; JSON's booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def cell_text(value: Any) -> str:
    """Write a value in at most 24 characters, on one printable line."""
    if isinstance(value, list):
        return safe_line(",".join(map(number_text, value)), _CELL_LIMIT)
    if value is None or isinstance(value, bool):
        return {None: "–", True: "true", False: "false"}[value]
    if is_number(value):
        return number_text(value)
    return safe_line(str(value).strip() if isinstance(value, str) else type(value).__name__, _CELL_LIMIT)


def number_text(number: int | float) -> str:
    """Write a number in about ten characters."""
    if isinstance(number, int) and abs(number) < 10**9:
        return str(number)
    try:
        number = float(number)
    except OverflowError:
        return "huge"
    return f"{number:.6g}" if math.isfinite(number) else str(number)


def column_of(title: str, values: Iterable[Any]) -> Column:
    """The column that has room for a title and all of ``values``."""
    shown = [value for value in values if value is not None]
    title = safe_line(title, _CELL_LIMIT)
    width = max((cell_width(cell_text(value)) for value in shown), default=1)
    return Column(title, max(width, cell_width(title)), bool(shown) and all(map(is_number, shown)))


def fitting(columns: Sequence[Column], width: int, least: int = LEAST_WIDTH) -> list[tuple[int, Column]]:
    """The columns within ``width``, each with its index: the last are left out where texts of ``least``
    cells would not do, then texts are shortened."""
    kept = list(enumerate(columns))
    while len(kept) > 1 and _total(_least_width(column, least) for _, column in kept) > width:
        kept.pop()
    while (excess := _total(column.width for _, column in kept) - width) > 0:
        texts = [at for at, (_, column) in enumerate(kept) if column.width > _least_width(column, least)]
        if not texts:
            return [(index, column._replace(width=max(0, width))) for index, column in kept]
        widest = max(texts, key=lambda at: kept[at][1].width)
        index, column = kept[widest]
        kept[widest] = (
            index,
            column._replace(width=max(_least_width(column, least), column.width - min(excess, _STEP))),
        )
    return kept


def _least_width(column: Column, least: int) -> int:
    """How narrow a column may become: a text may be shortened, half a number is another number."""
    return column.width if column.is_number else min(column.width, least)


def _total(widths: Iterable[int]) -> int:
    return sum(width + GAP for width in widths) - GAP


def cell_span(text: str, column: Column, style: str) -> Span:
    """A cell in exactly the width of its column."""
    if column.is_number:
        text = text if cell_width(text) <= column.width else "…"
        text = " " * (column.width - cell_width(text)) + text
    return Span(fit(text, column.width), style)
