"""Schema work that must end: what is plainly small is done here, the rest in a child with limits.

Expressions, references and a few other keywords can ask for any amount of work, and work that
explodes cannot be interrupted inside the process that does it.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import Any

from . import bounded_child

SECONDS = 5.0
"""How long one job may take."""

_OPEN_ENDED = frozenset(
    {
        "$ref",
        "$dynamicRef",
        "$recursiveRef",
        "pattern",
        "patternProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_SMALL_PRODUCT = 100_000  # places in the schema times places in the instances: well under a second
_SMALL_DEPTH = 30
_CHARACTERS_A_PLACE = 50
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # it works for schemas of anybody


class UnfinishedWorkError(Exception):
    """Work that asked for more than it gets; the message completes the sentence "it ..."."""


def is_small(schema: Any, instances: Iterable[Any], more: int = 0) -> bool:
    """Whether checking ``instances``, and ``more`` values beside them, can only take a moment."""
    schema_places = _places(schema, _OPEN_ENDED)
    if schema_places is None:
        return False
    instance_places = 1 + more
    for instance in instances:
        places = _places(instance, frozenset())
        if places is None:
            return False
        instance_places += places
    return schema_places * instance_places <= _SMALL_PRODUCT


def _places(document: Any, open_ended: frozenset[str]) -> int | None:
    """How many values there are, long texts counting more; None when that says too little about the work."""
    count, level = 0, [document]
    for _ in range(_SMALL_DEPTH):
        children: list[Any] = []
        for value in level:
            count += 1
            if isinstance(value, dict):
                if not open_ended.isdisjoint(value):
                    return None
                children += value.values()
            elif isinstance(value, list):
                children += value
            elif isinstance(value, str):
                count += len(value) // _CHARACTERS_A_PLACE
        if not children:
            return count
        if count + len(children) > _SMALL_PRODUCT:
            return None
        level = children
    return None


class Child:
    """One child process for jobs of one kind, started for the first and again after it had to be ended.

    ``program`` is the path of a module with a function ``answer`` from a job, a JSON object, to a
    JSON value. The module can import nothing of this package, so that the child starts quickly.
    """

    def __init__(self, program: str) -> None:
        self._program = program
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        atexit.register(self._end)

    def answer(self, job: dict[str, Any], seconds: float) -> Any:
        """What the program answers to ``job``. Jobs of several threads wait for one another.

        Raises UnfinishedWorkError when that takes more than ``seconds`` or too much memory;
        TypeError, ValueError or RecursionError for a job that is not JSON.
        """
        line = json.dumps({"seconds": seconds, "job": job})
        with self._turn:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            reply = ""
            try:
                process.stdin.write(line + "\n")
                process.stdin.flush()
                reply = process.stdout.readline()
            except BrokenPipeError:
                pass  # it ended; why, the exit code says
            except BaseException:
                self._end()  # an interrupt: the answer that is still to come must not meet another job
                raise
            if reply:
                return json.loads(reply)
            code = process.wait()
            self._end()
        if code == -signal.SIGALRM:
            raise UnfinishedWorkError(f"takes longer than {seconds:g} s")
        raise UnfinishedWorkError("takes more memory than there is")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is not None:
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                # -P: the folder of the program is no place to import from
                [sys.executable, "-P", bounded_child.__file__, self._program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                encoding="ascii",
            )
        return self._process
