"""Where schema work is done: here when it is plainly small, else in a child process with a time limit.

Expressions, references and a few other keywords can ask for any amount of work, and an
expression that explodes cannot be interrupted inside the process that runs it.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from . import schema_work

SECONDS = 5.0
"""How long one manifest's schema work may take."""

_OPEN_ENDED = frozenset(
    {
        "$ref",
        "$dynamicRef",
        "pattern",
        "patternProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
_SMALL_PRODUCT = 100_000  # places in the schema times places in the configs: well under a second
_SMALL_DEPTH = 30
_CHARACTERS_A_PLACE = 50
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # it works for schemas of anybody


def schema_answer(job: schema_work.Job) -> schema_work.Answer:
    """Return ``schema_work.answer`` of ``job``; work that does not end is one problem of the schema."""
    if _is_small(job):
        return schema_work.answer(job)
    return _worker.answer(job)


def _is_small(job: schema_work.Job) -> bool:
    schema_places = _places(job["schema"], _OPEN_ENDED)
    if schema_places is None:
        return False
    config_places = 1
    for check in job["checks"]:
        places = _places(check["config"], frozenset())
        if places is None:
            return False
        config_places += places + int(check["tokens"])
    return schema_places * config_places <= _SMALL_PRODUCT


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


class _Worker:
    """One child, started when it is first needed and again after it had to be ended."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def answer(self, job: schema_work.Job) -> schema_work.Answer:
        with self._turn:
            child = self._running()
            assert child.stdin is not None and child.stdout is not None
            reply = ""
            try:
                json.dump({**job, "seconds": SECONDS}, child.stdin)
                child.stdin.write("\n")
                child.stdin.flush()
                reply = child.stdout.readline()
            except BrokenPipeError:
                pass  # it ended; why, the exit code says
            except BaseException:
                self.close()  # an interrupt: the answer that is still to come must not meet another job
                raise
            if reply:
                answer: schema_work.Answer = json.loads(reply)
                return answer
            return {"schema": [{"path": [], "message": self._epitaph(child)}], "checks": []}

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._child is not None and self._child.poll() is not None:
            self.close()
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-P", schema_work.__file__],  # -P: its folder is no place to import from
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _INHERITED if name in os.environ},
                encoding="ascii",
            )
        return self._child

    def _epitaph(self, child: subprocess.Popen[str]) -> str:
        code = child.wait()
        self.close()
        if code == -signal.SIGALRM:
            return f"checking configs against it takes longer than {SECONDS:g} s; make it simpler"
        return "checking configs against it takes more memory than there is; make it simpler"


_worker = _Worker()
atexit.register(_worker.close)
