"""The rules of a JSON Schema in words: ``1 to 40, multiples of 5``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .json_words import json_words
from .text import safe_line

_CHOICES_SHOWN = 20
_WORD_LIMIT = 60
_FLAGS = {"readOnly": "read only", "writeOnly": "write only", "deprecated": "deprecated"}


def rule_words(schemas: Iterable[dict[str, Any]]) -> list[str]:
    """Return what the schemas of one place demand besides types and members, each a safe phrase."""
    return list(dict.fromkeys(words for schema in schemas for words in _rules(schema)))


def range_words(schema: dict[str, Any]) -> str:
    """Return the numbers a schema allows, as in ``1 to 40`` or ``above 0, at most 60``; empty for all."""
    lows = [("at least", "minimum"), ("above", "exclusiveMinimum")]
    highs = [("at most", "maximum"), ("below", "exclusiveMaximum")]
    low = [(words, _number(schema[key])) for words, key in lows if _is_number(schema.get(key))]
    high = [(words, _number(schema[key])) for words, key in highs if _is_number(schema.get(key))]
    if [words for words, _ in (*low, *high)] == ["at least", "at most"]:
        return f"{low[0][1]} to {high[0][1]}"
    return ", ".join(f"{words} {number}" for words, number in (*low, *high))


def _rules(schema: dict[str, Any]) -> Iterator[str]:
    if words := range_words(schema):
        yield words
    if _is_number(schema.get("multipleOf")):
        yield f"multiples of {_number(schema['multipleOf'])}"
    for least, greatest, one, many in (
        ("minLength", "maxLength", "character", "characters"),
        ("minItems", "maxItems", "item", "items"),
        ("minProperties", "maxProperties", "key", "keys"),
    ):
        if words := _counts(schema.get(least), schema.get(greatest), one, many):
            yield words
    if schema.get("uniqueItems") is True:
        yield "all different"
    if isinstance(choices := schema.get("enum"), list):
        shown = [json_words(choice, _WORD_LIMIT) for choice in islice(choices, _CHOICES_SHOWN)]
        more = f" and {len(choices) - _CHOICES_SHOWN} more" if len(choices) > _CHOICES_SHOWN else ""
        yield f"one of {', '.join(shown)}{more}" if shown else "one of nothing"
    if "const" in schema:
        yield f"always {json_words(schema['const'], _WORD_LIMIT)}"
    for key, words in (("pattern", "matches"), ("format", "format")):
        if isinstance(value := schema.get(key), str):
            yield f"{words} {safe_line(value, _WORD_LIMIT)}"
    if schema.get("additionalProperties") is False or schema.get("unevaluatedProperties") is False:
        yield "no other keys"
    if schema.get("items") is False and isinstance(schema.get("prefixItems"), list):
        yield "no other items"
    yield from (words for key, words in _FLAGS.items() if schema.get(key) is True)
    yield from _display(schema.get("x-display"))


def _display(hints: Any) -> Iterator[str]:
    """The annotations a viewer may use (local.md 1.9)."""
    if not isinstance(hints, dict):
        return
    for key, value in islice(hints.items(), _CHOICES_SHOWN):
        if key == "higher_is_better" and isinstance(value, bool):
            yield "higher is better" if value else "lower is better"
        elif key == "per_seat" and isinstance(value, bool):
            yield "one per slot" if value else "one for all slots"
        elif key == "unit" and isinstance(value, str):
            yield f"in {safe_line(value, _WORD_LIMIT)}"
        elif key == "label" and isinstance(value, str):
            yield f"shown as {safe_line(value, _WORD_LIMIT)}"
        else:
            yield f"{safe_line(str(key), _WORD_LIMIT)} {json_words(value, _WORD_LIMIT)}"


def _counts(least: Any, greatest: Any, one: str, many: str) -> str:
    low = _number(least) if _is_number(least) and least > 0 else ""
    high = _number(greatest) if _is_number(greatest) else ""
    if low and high:
        return f"{low} {one if low == '1' else many}" if low == high else f"{low} to {high} {many}"
    if low:
        return f"at least {low} {one if low == '1' else many}"
    return f"at most {high} {one if high == '1' else many}" if high else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Any) -> str:
    return json_words(value, _WORD_LIMIT)
