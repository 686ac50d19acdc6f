"""A JSON value as a few safe words."""

from __future__ import annotations

import json
from typing import Any

from .text import safe_line

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def json_words(value: Any, limit: int) -> str:
    """Return ``value`` as JSON on one safe line, cut after ``limit`` characters. The rest is no work."""
    if isinstance(value, str):
        value = value[:limit]
    words = ""
    try:
        for piece in _ENCODER.iterencode(value):
            words += piece
            if len(words) > limit:
                break
    except (ValueError, RecursionError):  # a whole number of thousands of digits, nesting without end
        words += "…"
    return safe_line(words, limit)
