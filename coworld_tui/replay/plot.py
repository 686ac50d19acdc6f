"""Several series over the frames of a replay as one plot of dots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..contract.text import safe_line
from .lenses.spans import Line, Span, cell_width, fit

_NAME_LIMIT = 40
_NARROWEST_WITH_LABELS = 24
_LOWEST_WITH_LEGEND = 3
_LOWEST_WITH_FRAMES = 6
# The bit of each of the 2 x 4 dots of a braille character, left then right, top down.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.uint8)


class PlotSeries(NamedTuple):
    """A line of the plot: ``values`` one a frame, NaN where there is none; ``style`` is a token."""

    name: str
    values: Sequence[float] | NDArray[np.float64]
    style: str = "accent"


def plot_lines(
    series: Sequence[PlotSeries], width: int, height: int, cursor: int | None = None
) -> list[Line]:
    """Draw the series on one scale in ``height`` lines of at most ``width`` cells.

    Above stand their names with the values at frame ``cursor`` (else the last), on the left the
    largest and smallest number, beneath the first and last frame, each where there is room. Peaks of a
    single frame stay visible however many frames share a column.
    """
    if width <= 0 or height <= 0:
        return []
    columns = [np.where(np.isfinite(found := _floats(one.values)), found, np.nan) for one in series]
    length = max(map(len, columns), default=0)
    lines: list[Line] = []
    if height >= _LOWEST_WITH_LEGEND:
        lines.append(_legend(series, columns, width, cursor))
    bounds = _bounds(columns)
    if bounds is None:
        return [*lines, (Span(fit("no numbers", width).rstrip(), "muted"),)][:height]
    has_frames = height >= _LOWEST_WITH_FRAMES
    rows = height - len(lines) - has_frames
    labels = _labels(bounds, rows) if width >= _NARROWEST_WITH_LABELS else [""] * rows
    left = max(map(cell_width, labels))
    room = width - left
    picture = _Picture(room, rows)
    for at, column in enumerate(columns):
        picture.draw(column, length, bounds, at)
    mark = None if cursor is None or not 0 <= cursor < length else _column_of(cursor, length, room)
    styles = [one.style for one in series]
    for row, label in enumerate(labels):
        lines.append((Span(f"{label:>{left}}", "axis"), *picture.spans(row, styles, mark)))
    if has_frames:
        first, last = "1", str(length)
        gap = room - len(first) - len(last)
        lines.append((Span(" " * left + (first + " " * gap + last if gap > 0 else ""), "axis"),))
    return lines


class _Picture:
    """Dots, and for each cell the series that was drawn there last."""

    def __init__(self, width: int, height: int) -> None:
        self._dots = np.zeros((height * 4, width * 2), dtype=bool)
        self._owner = np.full((height, width), -1, dtype=np.int32)

    def draw(self, column: NDArray[np.float64], length: int, bounds: tuple[float, float], owner: int) -> None:
        rows, places = self._dots.shape
        low, high = _envelope(column, length, places)
        bottom, top = (_level(values, bounds, rows) for values in (low, high))
        for place in np.flatnonzero(~np.isnan(low)):
            first, last = rows - 1 - int(top[place]), rows - 1 - int(bottom[place])
            self._dots[first : last + 1, place] = True
            self._owner[first // 4 : last // 4 + 1, place // 2] = owner

    def spans(self, row: int, styles: Sequence[str], mark: int | None) -> Iterator[Span]:
        """One line of the picture; blank cells of column ``mark`` hold the cursor."""
        dots = self._dots[row * 4 : row * 4 + 4]
        bits = sum(
            (dots[down, right::2] * _DOTS[down, right] for down in range(4) for right in range(2)),
            start=np.zeros(dots.shape[1] // 2, dtype=np.uint8),
        )
        cells = []
        for at, (pattern, owner) in enumerate(zip(bits.tolist(), self._owner[row].tolist(), strict=True)):
            if at == mark:
                cells.append(("│", "warning") if not pattern else (chr(0x2800 + pattern), "warning"))
            else:
                cells.append((chr(0x2800 + pattern) if pattern else " ", styles[owner] if pattern else ""))
        for style, group in groupby(cells, key=lambda cell: cell[1]):
            yield Span("".join(text for text, _ in group), style)


def _floats(values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _bounds(columns: Sequence[NDArray[np.float64]]) -> tuple[float, float] | None:
    known = [column[~np.isnan(column)] for column in columns]
    filled = [values for values in known if len(values)]
    if not filled:
        return None
    return min(float(values.min()) for values in filled), max(float(values.max()) for values in filled)


def _envelope(
    column: NDArray[np.float64], length: int, places: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and the highest value at each place, reaching to its left neighbour so that lines join."""
    padded = np.full(length, np.nan)
    padded[: len(column)] = column
    if length > places:
        starts = np.arange(places) * length // places
        low, high = np.fmin.reduceat(padded, starts), np.fmax.reduceat(padded, starts)
        before = padded[starts[1:] - 1]
    else:
        low = np.interp(np.linspace(0, length - 1, places), np.arange(length), padded)
        high, before = low.copy(), low[:-1].copy()
    low[1:] = np.where(np.isnan(low[1:]), np.nan, np.fmin(low[1:], before))
    high[1:] = np.where(np.isnan(high[1:]), np.nan, np.fmax(high[1:], before))
    return low, high


def _level(values: NDArray[np.float64], bounds: tuple[float, float], rows: int) -> NDArray[np.int64]:
    # Halved first: the distance between two floats can be larger than any float.
    low, high = bounds[0] / 2, bounds[1] / 2
    share = (values / 2 - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.0)
    dots: NDArray[np.int64] = np.rint(np.clip(np.nan_to_num(share), 0, 1) * (rows - 1)).astype(np.int64)
    return dots


def _labels(bounds: tuple[float, float], rows: int) -> list[str]:
    low, high = (f"{value:.5g} " for value in bounds)
    if rows == 1 or low == high:
        return [" "] * (rows - 1) + [high]
    return [high, *[" "] * (rows - 2), low]


def _column_of(index: int, length: int, room: int) -> int:
    return round(index * (room - 1) / (length - 1)) if length > 1 else 0


def _legend(
    series: Sequence[PlotSeries], columns: Sequence[NDArray[np.float64]], width: int, cursor: int | None
) -> Line:
    spans: list[Span] = []
    room = width
    for one, column in zip(series, columns, strict=True):
        at = len(column) - 1 if cursor is None else cursor
        value = float(column[at]) if 0 <= at < len(column) else math.nan
        number = "—" if math.isnan(value) else f"{value:.6g}"
        for text, style in (
            ("━ ", one.style),
            (f"{safe_line(one.name, _NAME_LIMIT)} ", ""),
            (f"{number}  ", "strong"),
        ):
            shown = text if cell_width(text) <= room else fit(text, room)
            if shown:
                spans.append(Span(shown, style))
            room -= cell_width(shown)
    return tuple(spans)
