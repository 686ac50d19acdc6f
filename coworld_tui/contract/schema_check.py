"""One instance under one schema of draft 2020-12.

Also what a ``bounded.Child`` runs: it imports nothing of this package.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, NoReturn

from jsonschema_rs import Draft202012Validator

_MESSAGE_HEAD = 120
_MESSAGE_TAIL = 80
_LONGEST_PART = 200


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """``job`` is ``{schema, instance, limit}``, the answer ``{broken, problems}``.

    ``broken`` is what is wrong with the schema itself, None when nothing is; ``problems`` has the
    first ``limit`` problems as ``{path, message}``. Nothing is read from the network or the disk.
    """
    try:
        validator = Draft202012Validator(job["schema"], validate_formats=True, retriever=_refuse_reference)
    except ValueError as error:  # every error of jsonschema_rs is one
        return {"broken": _shortened(str(error).partition("\n")[0]), "problems": []}
    try:
        problems = [
            {"path": [_cut(part) for part in error.instance_path], "message": _shortened(error.message)}
            for error in islice(validator.iter_errors(job["instance"]), job["limit"])
        ]
    except ValueError as error:
        problems = [{"path": [], "message": _shortened(str(error))}]
    return {"broken": None, "problems": problems}


def _refuse_reference(uri: str) -> NoReturn:
    raise ValueError("references outside the schema are not followed")


def _cut(part: str | int) -> str | int:
    return part if isinstance(part, int) else part[:_LONGEST_PART]


def _shortened(message: str) -> str:
    # Messages quote the instance first and the rule last: the middle is what can go.
    if len(message) > _MESSAGE_HEAD + _MESSAGE_TAIL:
        message = f"{message[:_MESSAGE_HEAD]}\u2026{message[-_MESSAGE_TAIL:]}"
    return message
