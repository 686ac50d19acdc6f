"""The game's and the players' log: readable lines on standard output, there at once."""

from __future__ import annotations

import sys


def log(line: str) -> None:
    """Write one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
