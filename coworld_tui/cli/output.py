"""What every command shares: data on stdout, words on stderr, errors as sentences."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from ..contract.errors import EXIT_FAILED, EXIT_INTERRUPTED, CoworldError
from ..contract.text import safe_line


def say(line: str) -> None:
    """One line on stderr. A terminal that went away is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(safe_line(line) + "\n")
        sys.stderr.flush()


def tell(line: str) -> None:
    """One line on stdout."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(safe_line(line) + "\n")
        sys.stdout.flush()


def tell_json(value: Any) -> None:
    """One JSON document on one line of stdout."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()


def explain(error: CoworldError) -> None:
    """An error as people read it: what, why, whose, and what next."""
    say(f"✗ {error.title}")
    if error.cause:
        say(f"  why    {error.cause}")
    say(f"  owner  {error.owner}   ({error.type})")
    if error.next_step:
        say(f"  next   {error.next_step}")


def guarded(command: Callable[[], int]) -> int:
    """Run a command; whatever it raises becomes a sentence and an exit code, the trace a log entry."""
    try:
        return command()
    except CoworldError as error:
        if "--json" in sys.argv:
            tell_json({"status": "failed", "ok": False, "error": error.as_dict()})
        explain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader left; stop quietly, and keep the interpreter from flushing into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except Exception as error:
        from ..runs.paths import log_file

        with contextlib.suppress(OSError):
            log_file().parent.mkdir(parents=True, exist_ok=True)
            with log_file().open("a", encoding="utf-8") as stream:
                traceback.print_exc(file=stream)
        say(f"✗ coworld-tui itself failed: {type(error).__name__}: {error}")
        say(f"  next   report it with {log_file()}")
        return EXIT_FAILED
