"""What text must be like to be shown."""

from __future__ import annotations

from coworld_tui.contract.text import safe_line


def is_shown_as_it_is(text: str) -> bool:
    """Whether ``text`` is one line without anything a terminal or a reader would be misled by."""
    return safe_line(text, len(text) + 1) == text
