"""The program of ``bounded.Child``: one job a line on stdin, one answer a line on stdout.

Its argument is the path of the module that answers. A job that takes longer than its
``seconds`` ends the process.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import resource
import signal
import sys

_MOST_MEMORY = 2 << 30


def main(program: str) -> None:
    """Answer jobs until stdin ends."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # it ends the process, whatever holds the interpreter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this is told, and closes stdin
    with contextlib.suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    spec = importlib.util.spec_from_file_location("work", program)
    assert spec is not None and spec.loader is not None
    work = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(work)
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        reply = json.dumps(work.answer(request["job"]))
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.stdout.write(reply + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
