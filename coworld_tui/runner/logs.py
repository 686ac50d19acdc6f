"""Logs of games and players: everything to disk, the latest lines to a bounded ring."""

from __future__ import annotations

import codecs
from collections import deque
from datetime import datetime
from pathlib import Path
from threading import Lock

from ..runs.redact import Redactor

RING_LINES = 5_000
LINE_CHARACTERS = 4_000


class LogRing:
    """The last lines of one source. Safe to fill from any thread.

    ``first`` is the index of the oldest line still kept, ``total`` how many there ever were.
    """

    def __init__(self, redactor: Redactor, capacity: int = RING_LINES) -> None:
        self._redactor = redactor
        self._lines: deque[str] = deque(maxlen=capacity)
        self._lock = Lock()
        self.total = 0

    @property
    def first(self) -> int:
        """Index of the oldest line kept."""
        return self.total - len(self._lines)

    def line(self, index: int) -> str:
        """Line ``index``; empty when it has already left the ring or does not exist yet."""
        with self._lock:
            offset = index - self.first
            return self._lines[offset] if 0 <= offset < len(self._lines) else ""

    def tail(self, count: int) -> list[str]:
        """The last ``count`` lines."""
        with self._lock:
            return list(self._lines)[-count:]

    def add(self, lines: list[str]) -> None:
        """Append lines, redacted, cut and stamped with the local time of their arrival."""
        stamp = f"{datetime.now():%H:%M:%S.%f}"[:10]
        kept = lines[-(self._lines.maxlen or 0) :]
        ready = [f"{stamp}  {self._redactor.text(line.rstrip()[:LINE_CHARACTERS])}" for line in kept]
        with self._lock:
            self._lines.extend(ready)
            self.total += len(lines)


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
        self._rest = rest[: LINE_CHARACTERS + 1]
        self.ring.add(lines)

    def close(self) -> None:
        """Flush the unfinished last line."""
        if self._rest:
            self.ring.add([self._rest])
            self._rest = ""
        self._file.close()
