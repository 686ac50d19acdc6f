"""JSON Schema draft 2020-12 as a list of problems with places, never as an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bounded
from .text import safe_line

SCHEMA_PATH = "$schema"
"""The path of a problem that lies in the schema itself."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*\Z", re.ASCII)
_KEY_LIMIT = 60
_child = bounded.Child(str(Path(__file__).with_name("schema_check.py")))


@dataclass(frozen=True)
class SchemaProblem:
    """One place where an instance and its schema disagree.

    ``path`` reads like ``slots[2].name`` and is empty for the document itself; both fields
    are safe to show.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def schema_problems(schema: Any, instance: Any, limit: int = 20) -> list[SchemaProblem]:
    """Return the first ``limit`` problems of ``instance`` under ``schema``; an empty list means it fits.

    Formats are checked and references stay inside the schema: nothing is read from the
    network or the disk. A schema that is itself wrong, or asks for more than ``bounded.SECONDS``
    of work, is one problem at ``$schema``. Call it off the event loop.
    """
    job = {"schema": schema, "instance": instance, "limit": limit}
    try:
        answer = (
            _answer_here(job) if bounded.is_small(schema, [instance]) else _child.answer(job, bounded.SECONDS)
        )
    except bounded.UnfinishedWorkError as error:
        return [SchemaProblem(SCHEMA_PATH, f"checking against it {error}; make it simpler")]
    except (TypeError, ValueError, RecursionError) as error:  # values that no JSON document holds
        return [SchemaProblem("", safe_line(str(error)))]
    if answer["broken"] is not None:
        return [SchemaProblem(SCHEMA_PATH, safe_line(answer["broken"]))]
    return [
        SchemaProblem(dotted_path(problem["path"]), safe_line(problem["message"]))
        for problem in answer["problems"]
    ]


def dotted_path(parts: Iterable[str | int]) -> str:
    """Return ``slots[2].name`` for ``("slots", 2, "name")``; keys that are no plain names are quoted."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            path += f".{part[:_KEY_LIMIT]}" if path else part[:_KEY_LIMIT]
        else:
            path += f"[{json.dumps(safe_line(part, _KEY_LIMIT), ensure_ascii=False)}]"
    return path


def _answer_here(job: dict[str, Any]) -> dict[str, Any]:
    from . import schema_check  # loads a library that a child may make needless here

    return schema_check.answer(job)
