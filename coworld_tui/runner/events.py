"""What happened in a run, in order: kept in memory, on disk, and told to whoever listens."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from ..runs.redact import Redactor
from ..runs.trace import note_trace

_KEPT_IN_MEMORY = 10_000


@dataclass(frozen=True)
class Event:
    """One engine event. ``wall`` is UTC, ``mono`` seconds on the monotonic clock; ``data`` is redacted."""

    seq: int
    wall: datetime
    mono: float
    kind: str
    message: str
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The JSON-lines form."""
        return {
            "seq": self.seq,
            "time": self.wall.isoformat(timespec="milliseconds"),
            "mono": round(self.mono, 6),
            "kind": self.kind,
            "message": self.message,
            **({"data": self.data} if self.data else {}),
        }


class EventLog:
    """Appends to ``logs/events.jsonl`` and to memory.

    One write a line, and a line that a full disk cuts short is taken back: whatever happens, the
    file holds whole lines. A listener that raises is noted in the log file and hears no more.
    """

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._file = path.open("ab", buffering=0)
        self._whole = 0
        self._redactor = redactor
        self.events: list[Event] = []
        self.count = 0
        self.listeners: list[Callable[[Event], None]] = []
        self.write_error: OSError | None = None

    def emit(self, kind: str, message: str, **data: Any) -> Event:
        """Record an event. A full disk is remembered in ``write_error``, never raised here."""
        event = Event(
            seq=self.count,
            wall=datetime.now(UTC),
            mono=monotonic(),
            kind=kind,
            message=self._redactor.text(message),
            data=self._redactor.value(data),
        )
        self.count += 1
        self.events.append(event)
        if len(self.events) > _KEPT_IN_MEMORY:
            del self.events[: _KEPT_IN_MEMORY // 10]
        self._write(json.dumps(event.as_dict(), ensure_ascii=False).encode(errors="replace") + b"\n")
        for listener in tuple(self.listeners):
            try:
                listener(event)
            except Exception as error:  # who looks on must not break the run
                self.listeners.remove(listener)
                note_trace(f"listening to {kind}", error, self._redactor)
        return event

    def _write(self, line: bytes) -> None:
        try:
            if self._file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._whole += len(line)
        except OSError as error:
            self.write_error = error
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)

    def close(self) -> None:
        """No more events."""
        self._file.close()
