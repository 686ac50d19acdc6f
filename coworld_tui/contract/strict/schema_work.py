"""JSON Schema as the published clients apply it to game configs: the same library, the same formats.

Also what a ``bounded.Child`` runs: it imports nothing of this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError, best_match  # type: ignore[import-untyped]
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

Job = dict[str, Any]
Problem = dict[str, Any]
Answer = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_FORMATS = ("date", "email", "idn-email", "idn-hostname", "ipv4", "ipv6", "regex", "time", "uuid")
"""What the clients' format checker knows with what they install; other formats are not checked."""
_MOST_PROBLEMS = 20
_MOST_CHARACTERS = 400


def answer(job: Job) -> Answer:
    """Check a schema, then configs under it.

    ``job`` is ``{schema, checks: [{config, tokens}]}``: ``tokens`` placeholder tokens are
    added to each config. The answer is ``{schema, checks}``: a list of problems
    ``{path, message}`` for the schema and, when there is none, one for each check. Nothing
    is read from the network or the disk.
    """
    formats = FormatChecker(_FORMATS)
    wrong = _schema_problems(job["schema"], formats)
    if wrong:
        return {"schema": wrong, "checks": []}
    try:
        validator = Draft202012Validator(job["schema"], format_checker=formats, registry=REGISTRY)
    except Exception as error:  # an $id that is no address, for one
        return {"schema": [{"path": [], "message": _reason(error)}], "checks": []}
    return {"schema": [], "checks": [_config_problems(validator, **check) for check in job["checks"]]}


def _schema_problems(schema: Any, formats: FormatChecker) -> list[Problem]:
    try:
        if _is_plainly_valid(schema):
            return []
        Draft202012Validator.check_schema(schema, format_checker=formats)
    except SchemaError as error:
        return [_problem(error)]
    except Exception as error:  # whatever a schema provokes, the clients would stop at it too
        return [{"path": [], "message": _reason(error)}]
    return []


def _is_plainly_valid(schema: Any) -> bool:
    """Whether the fast library is sure: the dialect is the one meant, every expression one of Python's."""
    nodes = list(_nodes(schema))
    if any(node.get("$schema", _DRAFT) != _DRAFT for node in nodes):
        return False
    try:
        for node in nodes:
            if isinstance(node.get("pattern"), str):
                re.compile(node["pattern"])
            if isinstance(node.get("patternProperties"), dict):
                for pattern in node["patternProperties"]:
                    re.compile(pattern)
        return bool(jsonschema_rs.meta.is_valid(schema))
    except (re.error, ValueError, RecursionError, OverflowError):
        return False


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document: more than there are schemas in it."""
    left = [schema]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left += node.values()
        elif isinstance(node, list):
            left += node


def _config_problems(validator: Any, config: dict[str, Any], tokens: int) -> list[Problem]:
    playable = {**config, "tokens": [f"token-{slot}" for slot in range(tokens)]}
    problems: list[Problem] = []
    try:
        for error in islice(validator.iter_errors(playable), _MOST_PROBLEMS):
            problems.append(_problem(error))
    except Exception as error:
        problems.append({"path": [], "message": _reason(error)})
    return problems


def _problem(error: Any) -> Problem:
    error = best_match([error]) if error.context else error
    message = error.message
    if len(message) > _MOST_CHARACTERS:  # it quotes the instance first and the rule last
        message = f"{message[: _MOST_CHARACTERS // 2]}\u2026{message[-_MOST_CHARACTERS // 2 :]}"
    return {"path": list(error.absolute_path), "message": message}


def _reason(error: Exception) -> str:
    if isinstance(error, Unresolvable):
        return f"$ref {error.ref!r} leads to nothing inside the schema; nothing else is followed"
    if isinstance(error, RecursionError):
        return "the schema refers to itself without end"
    if isinstance(error, re.error):
        return f"the pattern {error.pattern!r} is no regular expression: {error.msg}"
    return f"it cannot be applied: {type(error).__name__}: {error}"[:_MOST_CHARACTERS]
