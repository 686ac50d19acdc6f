"""Noticing that a manifest was saved, on a thread of its own: a mount that hangs holds up nobody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .packages import Found

_LOOK_SECONDS = 0.1
"""What is saved is to be shown within 0.2 seconds."""


class Follower:
    """Looks at one file at a time; ``on_saved`` is told, on the thread, what it reads as now."""

    def __init__(self, on_saved: Callable[[Found], object]) -> None:
        self._on_saved = on_saved
        self._found: Found | None = None
        self._has_ended = threading.Event()

    def start(self) -> None:
        """Begin looking. Nobody waits for the thread: it may hang."""
        threading.Thread(target=self._look, name="follower", daemon=True).start()

    def follow(self, found: Found | None) -> None:
        """Look at the file of another package, or of the same one read anew; at none while None."""
        self._found = found

    def stop(self) -> None:
        """Look no more."""
        self._has_ended.set()

    def _look(self) -> None:
        while not self._has_ended.wait(_LOOK_SECONDS):
            found = self._found
            again = _read_if_saved(found) if found is not None else None
            if again is not None and self._found is found and not self._has_ended.is_set():
                self._on_saved(again)


def _read_if_saved(found: Found) -> Found | None:
    """The package read anew, when its file is not the one that was read."""
    from .packages import read, stamp_of  # they take time to load: not before the first paint

    return read(Path(found.source)) if stamp_of(found.source) != found.stamp else None
