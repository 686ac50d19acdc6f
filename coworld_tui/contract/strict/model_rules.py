"""What the strict models refuse, as sentences that say what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from ..generations import Generation
from ..manifest import REPORTER_TAGS
from . import generation_11, generation_64
from .fields import Model
from .refusal import Refusal

TYPED_LIMIT = 50_000
"""Most values outside schemas and configs: a model keeps a record of every wrong one."""

_FREE_KEYS = frozenset({"config_schema", "results_schema", "game_config", "attributes"})
_KEY = "[key]"  # how pydantic marks a problem of a key, not of its value

_Context = dict[str, Any]

_SENTENCES: dict[str, Callable[[_Context], str]] = {
    "missing": lambda rule: f"add {rule['key']}: it is required",
    "extra_forbidden": lambda rule: f"remove {rule['key']}: no such key is known here",
    "string_type": lambda rule: "make it a string",
    "list_type": lambda rule: "make it a list",
    "dict_type": lambda rule: "make it an object",
    "model_type": lambda rule: "make it an object",
    "int_type": lambda rule: "make it a whole number",
    "int_parsing": lambda rule: "make it a whole number",
    "int_from_float": lambda rule: "make it a whole number",
    "string_too_short": lambda rule: "write something: it must not be empty",
    "string_too_long": lambda rule: f"shorten it to {rule['max_length']} characters",
    "too_short": lambda rule: f"give it at least {rule['min_length']} {_entries(rule['min_length'])}",
    "too_long": lambda rule: f"leave at most {rule['max_length']} {_entries(rule['max_length'])}",
    "string_pattern_mismatch": lambda rule: f"make it match {rule['pattern']}",
    "literal_error": lambda rule: f"make it {rule['expected']}",
    "greater_than": lambda rule: f"make it greater than {rule['gt']}",
    "greater_than_equal": lambda rule: f"make it {rule['ge']} or more",
    "less_than_equal": lambda rule: f"make it {rule['le']} or less",
    "rule": lambda rule: str(rule["message"]),
}


def is_too_much(raw: dict[str, Any]) -> bool:
    """Whether ``raw`` holds more than ``TYPED_LIMIT`` values outside its schemas and configs."""
    count = 0
    left: list[Any] = [raw]
    while left and count <= TYPED_LIMIT:
        value = left.pop()
        children = (
            [child for key, child in value.items() if key not in _FREE_KEYS]
            if isinstance(value, dict)
            else value
        )
        count += len(children)
        left += [child for child in children if isinstance(child, dict | list)]
    return count > TYPED_LIMIT


def model_refusals(raw: dict[str, Any]) -> list[Refusal]:
    """Return the places where ``raw`` is no manifest of a generation."""
    newest = generation_64.ManifestV1 if "apiVersion" in raw else generation_64.Manifest
    return [*_refusals(generation_11.Manifest, raw, "0.1.11"), *_refusals(newest, raw, "0.1.64")]


def _refusals(model: type[Model], raw: dict[str, Any], generation: Generation) -> Iterator[Refusal]:
    try:
        model.model_validate(raw)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            place = tuple(part for part in problem["loc"] if part not in REPORTER_TAGS and part != _KEY)
            sentence = _SENTENCES.get(problem["type"])
            rule = {**problem.get("ctx", {}), "key": place[-1] if place else ""}
            message = sentence(rule) if sentence else f"mend it: {problem['msg']}"
            yield Refusal(place, message, generation)


def _entries(count: int) -> str:
    return "entry" if count == 1 else "entries"
