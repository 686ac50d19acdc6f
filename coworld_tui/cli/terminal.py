"""Whether this terminal can show a full screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
import termios

SMALLEST = (60, 16)
_USUAL = (80, 24)


def why_not_full() -> str:
    """Why no full screen can be shown here; empty when it can.

    All three streams count: the screen reads keys from stdin, is painted on stderr and has its
    size from stdout. A stream that was closed before the start is None.
    """
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr)):
        if stream is None or not stream.isatty():
            return f"{name} is no terminal"
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


def assume_size() -> None:
    """Give a terminal that does not know its size the usual one, until it tells its own.

    Textual and Rich each guess such a size, differently, and repaint for ever.
    """
    with contextlib.suppress(OSError):
        columns, lines = os.get_terminal_size(sys.stdout.fileno())
        if not (columns and lines):
            size = struct.pack("HHHH", lines or _USUAL[1], columns or _USUAL[0], 0, 0)
            fcntl.ioctl(sys.stdout.fileno(), termios.TIOCSWINSZ, size)
