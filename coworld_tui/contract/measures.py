"""Sizes and ages as people read them."""

from __future__ import annotations

from datetime import UTC, datetime


def age(moment: datetime | str | None, now: datetime | None = None) -> str:
    """How long ago a moment (an ISO text too) was: ``now``, ``2 m``, ``3 h``, ``5 d``; empty when it is none.

    A moment without zone is UTC. One to come is ``now``: clocks differ.
    """
    try:
        then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        if then is None:
            return ""
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    except (ValueError, OverflowError):
        return ""
    if seconds < 60:
        return "now"
    size, unit = next(
        (size, unit)
        for limit, size, unit in ((3600, 60, "m"), (86400, 3600, "h"), (float("inf"), 86400, "d"))
        if seconds < limit
    )
    return f"{int(seconds // size)} {unit}"


def size_text(size: int) -> str:
    """A number of bytes as people read it: ``64 B``, ``8 MiB``, ``1.5 GiB``."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if amount >= 100 or amount == int(amount) else f"{amount:.1f} {unit}"
