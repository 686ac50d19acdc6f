"""A JSON Schema as an outline people can read: a row for every place, with its type and rules in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .json_words import json_words
from .schema_parts import Chain, Parts, SchemaReader
from .schema_rules import rule_words
from .text import safe_line
from .validation import dotted_path

ROW_LIMIT = 2_000
"""Most rows of an outline; the last one says that there would be more."""

DEPTH_LIMIT = 12
"""Deepest level that is unfolded."""

_NAME_LIMIT = 60
_PATH_LIMIT = 200
_TEXT_LIMIT = 300
_DEFAULT_LIMIT = 80
_TYPES_LIMIT = 10

_UNIONS = {"oneOf": "exactly one", "anyOf": "any"}
_CONDITIONS = {"if": "if", "then": "then", "else": "else", "not": "must not be"}
_ARRAYS = {"items": "each item", "contains": "at least one item", "unevaluatedItems": "any other item"}
_OBJECTS = {
    "additionalProperties": "any other key",
    "unevaluatedProperties": "any other key",
    "propertyNames": "names of keys",
}
_NESTING = frozenset(
    ("properties", "patternProperties", "dependentSchemas", "prefixItems", *_UNIONS, *_CONDITIONS, *_ARRAYS)
) | frozenset(_OBJECTS)


@dataclass(frozen=True)
class OutlineRow:
    """One place of a schema; every text is one safe line.

    ``depth`` starts at 0 with the document itself. ``path`` is where the value stands, as in
    ``slots[].name``; ``name`` is what the row is called. ``type`` is in words, ``rule`` what else
    holds (ranges, choices, units), ``default`` JSON or empty.
    """

    depth: int
    path: str
    name: str
    type: str
    required: bool
    rule: str
    default: str
    description: str


def schema_outline(schema: Any, limit: int = ROW_LIMIT) -> list[OutlineRow]:
    """Return the outline of a JSON Schema (draft 2020-12), or of any JSON in its place.

    Local references are followed, once on each way down; ``↻ name`` marks where one would come
    round again. References elsewhere are named and never fetched. At most ``limit`` rows,
    ``DEPTH_LIMIT`` levels.
    """
    rows = list(itertools.islice(_Walk(schema).rows(), limit + 1))
    if len(rows) <= limit:
        return rows
    last = rows[limit - 1]
    return [*rows[: limit - 1], OutlineRow(last.depth, "", "…", "", False, "the rest is not shown", "", "")]


@dataclass(frozen=True)
class _Place:
    depth: int
    path: str
    name: str
    required: bool = False
    chain: Chain = frozenset()


class _Walk:
    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._reader = SchemaReader(schema)

    def rows(self) -> Iterator[OutlineRow]:
        return self._rows(self._schema, _Place(0, "", "document"))

    def _rows(self, schema: Any, place: _Place) -> Iterator[OutlineRow]:
        parts = self._reader.parts(schema, place.chain)
        children = self._children(parts, place)
        first = next(children, None)
        is_cut = first is not None and place.depth >= DEPTH_LIMIT
        yield _row(place, schema, parts, self._type(parts), is_cut)
        if first is None or is_cut:
            return
        for child, child_place in itertools.chain([first], children):
            yield from self._rows(child, child_place)

    def _type(self, parts: Parts) -> str:
        kinds = parts.types()
        items = parts.first("items")
        if "array" in kinds and isinstance(items, dict):
            inner = self._reader.parts(items).types()
            if inner:
                kinds[kinds.index("array")] = f"array of {' or '.join(inner)}"
        if not kinds:
            kinds = _implied_types(parts)
        return safe_line(" or ".join(kinds), _NAME_LIMIT)

    def _children(self, parts: Parts, place: _Place) -> Iterator[tuple[Any, _Place]]:
        depth = place.depth + 1

        def below(name: str, path: str, chain: Chain, required: bool = False) -> _Place:
            path = safe_line(place.path + path, _PATH_LIMIT)
            return _Place(depth, path, safe_line(name, _NAME_LIMIT), required, chain)

        for name, child, chain in parts.properties():
            path = dotted_path([name])
            dot = "." if place.path and not path.startswith("[") else ""
            yield child, below(name, dot + path, chain, name in parts.required)
        for schema, chain in zip(parts.schemas, parts.chains, strict=True):
            for pattern, child in _members(schema, "patternProperties"):
                yield child, below(f"keys like {pattern}", ".*", chain)
            for key, label in _OBJECTS.items():
                if isinstance(schema.get(key), dict) and schema[key]:
                    yield schema[key], below(label, ".*", chain)
            for index, child in enumerate(_list(schema, "prefixItems")):
                yield child, below(f"item {index}", f"[{index}]", chain)
            for key, label in _ARRAYS.items():
                child = schema.get(key)
                if isinstance(child, dict) and not (key == "items" and child.keys() <= {"type"}):
                    yield child, below(label, "[]", chain)
            for key, label in _UNIONS.items():
                members = _list(schema, key)
                for number, child in enumerate(members if not _are_types(members) else (), start=1):
                    yield child, below(f"{label}: {number} of {len(members)}", "", chain)
            for key, label in _CONDITIONS.items():
                if isinstance(schema.get(key), dict) and schema[key]:
                    yield schema[key], below(label, "", chain)
            for name, child in _members(schema, "dependentSchemas"):
                yield child, below(f"when {name} is set", "", chain)


def _row(place: _Place, schema: Any, parts: Parts, type_words: str, is_cut: bool) -> OutlineRow:
    rules = [*parts.notes, *rule_words(parts.schemas)]
    if not isinstance(schema, dict | bool):
        rules.append("is no schema")
    if is_cut:
        rules.append("deeper levels are not shown")
    has_default = any("default" in part for part in parts.schemas)
    return OutlineRow(
        place.depth,
        place.path,
        place.name,
        type_words,
        place.required,
        safe_line(", ".join(rules), _TEXT_LIMIT),
        json_words(parts.first("default"), _DEFAULT_LIMIT) if has_default else "",
        parts.description(_TEXT_LIMIT),
    )


def _implied_types(parts: Parts) -> list[str]:
    """The type when none is declared: what the other keywords are about."""
    for schema in parts.schemas:
        for key in _UNIONS:
            if _are_types(members := _list(schema, key)):
                return list(dict.fromkeys(member["type"] for member in members))
        if "properties" in schema:
            return ["object"]
        if "items" in schema or "prefixItems" in schema:
            return ["array"]
    return [] if any(_NESTING & schema.keys() for schema in parts.schemas) or parts.notes else ["any"]


def _are_types(members: list[Any]) -> bool:
    """Whether a union says no more than a list of types would."""
    return 0 < len(members) <= _TYPES_LIMIT and all(
        isinstance(member, dict) and member.keys() == {"type"} and isinstance(member["type"], str)
        for member in members
    )


def _members(schema: dict[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    value = schema.get(key)
    return value.items() if isinstance(value, dict) else ()


def _list(schema: dict[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []
