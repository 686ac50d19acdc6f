"""What every command shares: data on stdout, words on stderr, errors as sentences."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable
from typing import Any, TextIO

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MISSING, CoworldError
from ..contract.text import safe_line

_READER_LEFT = (errno.EPIPE, errno.EIO)

_lost_data: list[OSError] = []


def say(line: str) -> None:
    """One line on stderr. A terminal that went away is no reason to stop."""
    _write(sys.stderr, safe_line(line))


def tell(line: str) -> None:
    """One line on stdout. A reader that left is no reason to stop; a full disk is remembered."""
    _write(sys.stdout, safe_line(line))


def tell_json(value: Any) -> None:
    """One JSON document on one line of stdout, in ASCII so that no terminal's encoding can break it."""
    _write(sys.stdout, json.dumps(value, default=str))


def tell_bytes(data: bytes) -> None:
    """Bytes on stdout, exactly. They are somebody else's: for a terminal, make them harmless first."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        _lost(sys.stdout, error)


def number(value: float) -> str:
    """A score without needless digits: ``53``, ``0.25``, ``1234567``."""
    return f"{value:.12g}"


def explain(error: CoworldError) -> None:
    """An error as people read it: what, why, whose, and what next."""
    say(f"✗ {error.title}")
    if error.cause:
        say(f"  why    {error.cause}")
    say(f"  owner  {error.owner}   ({error.type})")
    if error.next_step:
        say(f"  next   {error.next_step}")


def guarded(command: Callable[[], int], options: Namespace) -> int:
    """Run a command; whatever it raises becomes a sentence and an exit code, the trace a log entry."""
    logging.getLogger().addHandler(_ToLogFile())
    try:
        code = command()
        if _lost_data and code == EXIT_DONE:
            raise _output_lost(_lost_data[0])
        return code
    except CoworldError as error:
        return _failed(error, options)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        return _failed(_own_failure(error), options)


def _failed(error: CoworldError, options: Namespace) -> int:
    document = {"status": "failed", "ok": False, "error": error.as_dict()}
    if getattr(options, "display", None) == "json":
        tell_json({"kind": "outcome", **document})
    elif getattr(options, "json", False):
        tell_json(document)
    explain(error)
    return error.exit_code


def _own_failure(error: Exception) -> CoworldError:
    from ..runs.paths import log_file

    _note("".join(traceback.format_exception(error)))
    return CoworldError(
        "platform_error",
        "coworld-tui itself failed",
        cause=f"{type(error).__name__}: {error}",
        owner="coworld-tui",
        next_step=f"report it with {log_file()}",
        exit_code=EXIT_FAILED,
    )


class _ToLogFile(logging.Handler):
    """What libraries warn about, asyncio for one: it would otherwise be printed over what people read."""

    def emit(self, record: logging.LogRecord) -> None:
        _note(self.format(record) + "\n")


def _note(text: str) -> None:
    from ..runs.paths import log_file

    with contextlib.suppress(OSError):
        log_file().parent.mkdir(parents=True, exist_ok=True)
        with log_file().open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)


def _output_lost(error: OSError) -> CoworldError:
    return CoworldError(
        "output_lost",
        "the output could not be written",
        cause=error.strerror or str(error),
        next_step="free some space where stdout goes; a run's own files are kept",
        exit_code=EXIT_MISSING,
    )


def _write(stream: TextIO | None, line: str) -> None:
    """A line to whoever still reads. None is a stream that was closed before we started."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except OSError as error:
        _lost(stream, error)


def _lost(stream: TextIO, error: OSError) -> None:
    if stream is sys.stdout and error.errno not in _READER_LEFT:
        _lost_data.append(error)
    _send_nowhere(stream)


def _send_nowhere(stream: TextIO) -> None:
    """Keep the interpreter from complaining when it flushes what could not be written."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
