"""Keeping a folder of cached files within its size."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_room(folder: Path, limit: int) -> None:
    """Remove the files of ``folder`` that were not touched for longest until ``limit`` bytes are left.

    OSError when the folder cannot be read; files that cannot be removed stay.
    """
    found = []
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            status = entry.stat()
            found.append((status.st_mtime_ns, status.st_size, entry.path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            Path(path).unlink()
            total -= size
