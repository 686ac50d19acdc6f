"""JSON Schema draft 2020-12 as a list of problems with places, never as an exception."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, NoReturn

from jsonschema_rs import Draft202012Validator

from .text import safe_line

SCHEMA_PATH = "$schema"
"""The path of a problem that lies in the schema itself."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*\Z", re.ASCII)
_KEY_LIMIT = 60
_MESSAGE_HEAD = 120
_MESSAGE_TAIL = 80


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
    network or the disk. A schema that is itself wrong is one problem at ``$schema``.
    The work a hostile schema can ask for is not bounded here: call it off the event loop.
    """
    try:
        validator = Draft202012Validator(schema, validate_formats=True, retriever=_refuse_reference)
    except ValueError as error:  # every error of jsonschema_rs is one
        return [SchemaProblem(SCHEMA_PATH, _shortened(str(error).partition("\n")[0]))]
    try:
        return [
            SchemaProblem(dotted_path(error.instance_path), _shortened(error.message))
            for error in islice(validator.iter_errors(instance), limit)
        ]
    except ValueError as error:
        return [SchemaProblem("", _shortened(str(error)))]


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


def _refuse_reference(uri: str) -> NoReturn:
    raise ValueError("references outside the schema are not followed")


def _shortened(message: str) -> str:
    # Messages quote the instance first and the rule last: the middle is what can go.
    if len(message) > _MESSAGE_HEAD + _MESSAGE_TAIL:
        message = f"{message[:_MESSAGE_HEAD]}\u2026{message[-_MESSAGE_TAIL:]}"
    return safe_line(message)
