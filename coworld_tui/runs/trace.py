"""Tracebacks go to the log file, never to the terminal."""

from __future__ import annotations

import contextlib
import traceback

from .paths import log_file
from .redact import Redactor


def note_trace(about: str, error: BaseException, redactor: Redactor) -> None:
    """Append the trace of ``error`` to the log file. Never raises: there is nowhere else to tell it."""
    trace = redactor.text("".join(traceback.format_exception(error)))
    with contextlib.suppress(OSError):
        log_file().parent.mkdir(parents=True, exist_ok=True)
        with log_file().open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(f"{about}\n{trace}\n")
