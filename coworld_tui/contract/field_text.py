"""The value of a form's field as the text people type, and back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .jsontext import UnreadableJson, read_json
from .schema_parts import Parts
from .text import safe_line

Kind = Literal["integer", "number", "boolean", "string", "enum", "json"]

UNSET: Final = object()
"""Stands for a value that is not there."""

_CHOICES_LIMIT = 200
_CHOICE_LIMIT = 200
_SHOWN = 40
_INTEGER = re.compile(r"[+-]?[0-9]{1,300}\Z")
_NUMBER = re.compile(r"[+-]?([0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})([eE][+-]?[0-9]{1,4})?\Z")
_PLAIN: dict[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "string",
}
_WORDS = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True)
class FieldType:
    """How a field is written. ``choices`` are the values of an ``enum`` by their texts.

    ``is_nullable``: the text ``null`` is no value, and not a missing one either.
    """

    kind: Kind
    is_nullable: bool = False
    choices: dict[str, Any] = field(default_factory=dict)


def field_type(parts: Parts) -> FieldType:
    """Return how values are written where ``parts`` hold: as JSON where the schema has no plain type."""
    allowed = parts.first("enum")
    if allowed is None and any("const" in schema for schema in parts.schemas):
        allowed = [parts.first("const")]
    if isinstance(allowed, list) and 0 < len(allowed) <= _CHOICES_LIMIT:
        choices = [*allowed, None] if parts.is_nullable else allowed
        if not any(isinstance(choice, dict | list) for choice in choices):
            are_texts = all(isinstance(choice, str) for choice in choices)
            write = _string_text if are_texts else _json_text
            by_text = {write(choice): choice for choice in choices}
            if all(len(text) <= _CHOICE_LIMIT for text in by_text):
                return FieldType("enum", choices=by_text)
    kinds = parts.types()
    plain = [kind for kind in kinds if kind != "null"]
    if set(plain) == {"integer", "number"}:
        plain = ["number"]
    if len(plain) == 1 and plain[0] in _PLAIN:
        return FieldType(_PLAIN[plain[0]], is_nullable="null" in kinds)
    return FieldType("json")


def text_of(value: Any, kind: FieldType) -> str:
    """Return the text of a value, printable and of any length; empty for ``UNSET``."""
    if value is UNSET:
        return ""
    if kind.kind == "enum":
        matching = (text for text, choice in kind.choices.items() if _is_same(choice, value))
        return next(matching, _json_text(value))
    if kind.kind == "string" and isinstance(value, str) and not (kind.is_nullable and value == "null"):
        return _string_text(value)
    return _json_text(value)


def parsed(text: str, kind: FieldType, limit: int) -> tuple[Any, str]:
    """Return the value of ``text`` and an empty string, or ``UNSET`` and a sentence saying what is wrong.

    The empty text is ``UNSET`` without being wrong. At most ``limit`` characters.
    """
    if len(text) > limit:
        return UNSET, f"The text is longer than {limit} characters."
    if not text or (kind.kind != "string" and not text.strip()):
        return UNSET, ""
    if kind.is_nullable and text.strip() == "null":
        return None, ""
    if kind.kind == "enum":
        if text in kind.choices:
            return kind.choices[text], ""
        return UNSET, f"Choose one of {safe_line(', '.join(kind.choices), 200)}."
    try:
        return _READERS[kind.kind](text), ""
    except UnreadableJson as error:
        return UNSET, f"{_shown(text)} {error}."
    except ValueError as error:
        return UNSET, f"{_shown(text)} is not {error}."


def _integer(text: str) -> int:
    if not _INTEGER.match(text.strip()):
        raise ValueError("a whole number")
    return int(text)


def _number(text: str) -> int | float:
    text = text.strip()
    if _INTEGER.match(text):
        return int(text)
    if not _NUMBER.match(text) or not math.isfinite(value := float(text)):
        raise ValueError("a number")
    return value


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word not in _WORDS:
        raise ValueError("true or false")
    return _WORDS[word]


def _string(text: str) -> str:
    """Plain text as it is; in double quotes as JSON has it, for empty texts and invisible characters."""
    if text.startswith('"'):
        value = _json(text)
        if not isinstance(value, str):
            raise ValueError("a text")
        return value
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a text that a file can hold") from None
    return text


def _json(text: str) -> Any:
    return read_json(text.encode(errors="surrogatepass"))


_READERS: dict[Kind, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "json": _json,
}


def _string_text(value: str) -> str:
    is_plain = value and not value.startswith('"') and safe_line(value, len(value)) == value
    return value if is_plain else _json_text(value)


def _json_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if safe_line(text, len(text)) == text else json.dumps(value)


def _is_same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _shown(text: str) -> str:
    return safe_line(text, _SHOWN)
