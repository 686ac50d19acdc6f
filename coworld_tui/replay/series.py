"""Numbers over ticks, drawn small."""

from __future__ import annotations

import math
from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int, lo: float | None = None, hi: float | None = None) -> str:
    """Draw ``values`` as block characters, oldest first, in at most ``width`` cells.

    Longer series are sampled, always keeping the newest value. ``lo`` and ``hi`` fix the scale,
    so that several lines can be compared; without them the values shown span it. What is no
    finite number is drawn as a blank.
    """
    if width <= 0 or not values:
        return ""
    count = min(width, len(values))
    sample = [_finite(values[(index + 1) * len(values) // count - 1]) for index in range(count)]
    known = [value for value in sample if value is not None]
    if not known:
        return " " * count
    low, high = _bound(lo, min(known)), _bound(hi, max(known))
    return "".join(" " if value is None else _BARS[_level(value, low, high)] for value in sample)


def _bound(given: float | None, found: float) -> float:
    finite = None if given is None else _finite(given)
    return found if finite is None else finite


def _finite(value: float) -> float | None:
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _level(value: float, low: float, high: float) -> int:
    # Halved first: the distance between two floats can be larger than any float.
    extent = high / 2 - low / 2
    if not extent > 0:
        return 0
    part = (value / 2 - low / 2) / extent  # infinite, where the scale is almost nothing
    return min(len(_BARS) - 1, int(max(0.0, min(1.0, part)) * len(_BARS)))
