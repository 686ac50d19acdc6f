"""Logs of games and players: everything to disk, the latest lines to a bounded ring."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

from ..contract.text import safe_line
from ..runs.redact import Redactor

RING_LINES = 5_000
LINE_CHARACTERS = 4_000

_LAST_WORDS_LIMIT = 300


def last_words(lines: Sequence[str]) -> str:
    """The last of these lines that says anything, safe to show; empty without one."""
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return safe_line(last, _LAST_WORDS_LIMIT)


class LogRing:
    """The last lines of one source, each stamped with the local time of its arrival.

    ``first`` is the index of the oldest line still kept, ``total`` how many there ever were.
    Safe to fill from any thread. Lines are redacted when they are read: a flood of them passes
    through here and hardly any is ever looked at.
    """

    def __init__(self, redactor: Redactor, capacity: int = RING_LINES) -> None:
        self.total = 0
        # Longer than what is shown, so that a secret across the cut is seen whole and masked.
        self.longest = LINE_CHARACTERS + redactor.longest
        self._redactor = redactor
        self._lines: deque[tuple[str, str]] = deque(maxlen=capacity)
        self._lock = Lock()

    @property
    def first(self) -> int:
        """Index of the oldest line kept."""
        return self.total - len(self._lines)

    def line(self, index: int) -> str:
        """Line ``index``; empty when it has already left the ring or does not exist yet."""
        with self._lock:
            offset = index - self.first
            kept = self._lines[offset] if 0 <= offset < len(self._lines) else None
        return self._shown(*kept) if kept is not None else ""

    def tail(self, count: int) -> list[str]:
        """The last ``count`` lines."""
        with self._lock:
            kept = [self._lines[at] for at in range(-min(count, len(self._lines)), 0)]
        return [self._shown(*line) for line in kept]

    def add(self, lines: list[str]) -> None:
        """Append lines of any length."""
        stamp = f"{datetime.now():%H:%M:%S.%f}"[:10]
        kept = [(stamp, line[: self.longest]) for line in lines[-(self._lines.maxlen or 0) :]]
        with self._lock:
            self._lines.extend(kept)
            self.total += len(lines)

    def _shown(self, stamp: str, line: str) -> str:
        return f"{stamp}  {self._redactor.text(line)[:LINE_CHARACTERS].rstrip()}"


class LogFile:
    """One output stream of one process: bytes go to the file as they come, lines to the ring.

    Two files may share a ring. Lines longer than 4 000 characters are cut in the ring only.
    """

    def __init__(self, path: Path, ring: LogRing) -> None:
        self.path = path
        self.ring = ring
        self.size = 0
        self.write_error: OSError | None = None
        self._file = path.open("ab", buffering=0)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Take bytes. A full disk is remembered in ``write_error``; the stream keeps being read."""
        self.size += len(data)
        if self.write_error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.write_error = error
        *lines, rest = (self._rest + self._decoder.decode(data)).split("\n")
        self._rest = rest[: self.ring.longest]
        if lines:
            self.ring.add(lines)

    def close(self) -> None:
        """Flush the unfinished last line."""
        if self._rest:
            self.ring.add([self._rest])
            self._rest = ""
        self._file.close()
