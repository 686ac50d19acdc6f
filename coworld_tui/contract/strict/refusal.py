"""One rule that a manifest breaks, and reading the parts of a manifest that may have any type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..generations import Generation

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Refusal:
    """One rule broken at ``place``, for one generation; ``message`` is not yet safe to show."""

    place: Place
    message: str
    generation: Generation


def as_object(value: Any) -> dict[str, Any]:
    """``value``, or an empty object where it is none."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in a list, with their places; nothing where it is no list."""
    for index, entry in enumerate(value if isinstance(value, list) else ()):
        if isinstance(entry, dict):
            yield index, entry
