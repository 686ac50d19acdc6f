"""Noticing that a manifest was saved."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int]


def stamp_of(path: str) -> Stamp | None:
    """What changes when a file is saved: inode, time, size. None for a file that is not there."""
    try:
        details = Path(path).stat()
    except (OSError, ValueError):
        return None
    return details.st_ino, details.st_mtime_ns, details.st_size
