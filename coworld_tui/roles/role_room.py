"""The two folders a role sees, in the cache while it runs. What a role leaves in them is outside data."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from time import time

from ..runs.paths import cache_dir

_OLD_SECONDS = 24 * 3600
_MOST_CLEARED = 20


def make_room() -> Path:
    """A new folder with ``input`` and ``output``, open to whatever user the role's container has.

    Rooms that nobody has touched for a day, of runs that were killed, are cleared away. OSError as
    the system gives it.
    """
    place = cache_dir() / "roles"
    place.mkdir(parents=True, exist_ok=True)
    for room in _forgotten(place)[:_MOST_CLEARED]:
        clear_room(room)
    room = Path(tempfile.mkdtemp(dir=place))
    for name, mode in (("input", 0o755), ("output", 0o777)):
        (room / name).mkdir()
        (room / name).chmod(mode)
    return room


def clear_room(room: Path) -> None:
    """Remove a room, folders that are closed or lie deeper than a path is long included. Never raises."""
    with contextlib.suppress(OSError):
        room.chmod(0o700)
        while folders := [entry for entry in os.scandir(room) if entry.is_dir(follow_symlinks=False)]:
            for folder in folders:
                Path(folder).chmod(0o700)
                for entry in list(os.scandir(folder)):
                    if entry.is_dir(follow_symlinks=False):
                        Path(entry).chmod(0o700)
                        Path(entry).rename(room / secrets.token_hex(8))
                    else:
                        Path(entry).unlink()
                Path(folder).rmdir()
        for entry in list(os.scandir(room)):
            Path(entry).unlink()
        room.rmdir()


def _forgotten(place: Path) -> list[Path]:
    before = time() - _OLD_SECONDS
    found: list[Path] = []
    for entry in os.scandir(place):
        with contextlib.suppress(OSError):  # another run clears it away just now
            if entry.is_dir(follow_symlinks=False) and entry.stat().st_mtime < before:
                found.append(Path(entry))
    return found
