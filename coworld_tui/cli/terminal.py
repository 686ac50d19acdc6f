"""Whether this terminal can show a full screen."""

from __future__ import annotations

import os
import sys

SMALLEST = (60, 16)


def why_not_full() -> str:
    """Why no full screen can be shown here; empty when it can. An unknown size (0x0) is taken as 80x24."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "this is no terminal"
    term = os.environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return f"TERM is {term or 'not set'}"
    try:
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return "the terminal has no size"
    if 0 < columns < SMALLEST[0] or 0 < lines < SMALLEST[1]:
        return f"the window is {columns}x{lines}, and {SMALLEST[0]}x{SMALLEST[1]} is the smallest"
    return ""
