"""Texts of outside laid out as lines to read: paragraphs, facts with their labels, and what went wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, fit

if TYPE_CHECKING:
    from ..contract.errors import CoworldError

_LONGEST_LINE = 100
_LABEL = 13


def wrapped(text: str, width: int, limit: int = 2000) -> list[str]:
    """A text of outside as safe lines, not wider than one reads with ease."""
    width = max(20, min(width, _LONGEST_LINE))
    return textwrap.wrap(safe_line(text, limit), width, break_on_hyphens=False)


def paragraph(text: str, width: int, style: str = "") -> list[Line]:
    """A text of outside as lines of one style."""
    return [(Span(part, style),) for part in wrapped(text, width)]


def fact(label: str, value: str, width: int, style: str = "") -> list[Line]:
    """A label and its value, which goes on beneath itself where it is long; nothing without a value."""
    return [
        (Span(f"{fit('' if row else safe_line(label), _LABEL)} ", "muted"), Span(part, style))
        for row, part in enumerate(wrapped(value, width - _LABEL - 1))
    ]


def facts(entries: Iterable[tuple[str, str, str]], width: int) -> list[Line]:
    """A label, a value and its style each; those without a value are left out."""
    return [line for label, value, style in entries for line in fact(label, value, width, style)]


def error_lines(error: CoworldError, width: int) -> list[Line]:
    """What went wrong, why, and what to do next."""
    return [
        *(
            (Span("✗ " if row == 0 else "  ", "error"), Span(part, "strong"))
            for row, part in enumerate(wrapped(error.title, width - 2))
        ),
        *paragraph(error.cause, width),
        (),
        *fact("next", error.next_step, width, "accent"),
    ]
