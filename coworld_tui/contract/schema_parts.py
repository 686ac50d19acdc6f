"""Reading a JSON Schema as data: which schemas hold at one place, local references followed.

Nothing is fetched, and whatever is no schema says nothing. Schemas are written by anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import unquote

from .text import safe_line

Schema = dict[str, Any]
Chain = frozenset[str]

_REQUIRED_LIMIT = 2_000
_PARTS_LIMIT = 20
_NAME_LIMIT = 120
_TYPES_LIMIT = 10
_KEYWORDS = (
    *("type", "enum", "const", "default", "title", "description", "format", "x-display"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "readOnly", "writeOnly", "deprecated"),
    *("items", "prefixItems", "contains", "unevaluatedItems", "minItems", "maxItems", "uniqueItems"),
    *("properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames"),
    *("required", "minProperties", "maxProperties", "dependentSchemas"),
    *("anyOf", "oneOf", "if", "then", "else", "not"),
)


@dataclass(frozen=True)
class Parts:
    """What holds at one place: a schema, what it refers to and all of its ``allOf``, as plain schemas.

    Keywords that compose schemas or that nobody shows are left out of them.

    ``chains`` are, for each of the schemas, the references on the way to it. ``notes`` are safe words
    about references that were not followed. ``is_nullable`` says that a union with nothing else in it
    allowed ``null``.
    """

    schemas: tuple[Schema, ...]
    chains: tuple[Chain, ...]
    notes: tuple[str, ...]
    is_nullable: bool

    def first(self, key: str) -> Any:
        """The value of ``key`` in the first schema that has it, else None."""
        return next((schema[key] for schema in self.schemas if key in schema), None)

    def types(self) -> list[str]:
        """The allowed types in the order given, ``null`` last; empty when nothing is said."""
        declared = self.first("type")
        names = [declared] if isinstance(declared, str) else declared if isinstance(declared, list) else []
        kinds = list(dict.fromkeys(name for name in names[:_TYPES_LIMIT] if isinstance(name, str)))
        if self.is_nullable and kinds:
            kinds.append("null")
        return [kind for kind in kinds if kind != "null"] + (["null"] if "null" in kinds else [])

    def properties(self) -> Iterator[tuple[str, Any, Chain]]:
        """Every declared property, its schema and the references on the way there, the first of each name."""
        seen: set[str] = set()
        for schema, chain in zip(self.schemas, self.chains, strict=True):
            properties = schema.get("properties")
            for name, child in properties.items() if isinstance(properties, dict) else ():
                if name not in seen:
                    seen.add(name)
                    yield name, child, chain

    def description(self, limit: int) -> str:
        """The description, else the title, as one safe line of at most ``limit`` characters."""
        words = self.first("description") or self.first("title")
        return (
            safe_line(" ".join(words[: 2 * limit].split()), limit).strip() if isinstance(words, str) else ""
        )

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of the required properties, as far as anyone would list them."""
        names: set[str] = set()
        for schema in self.schemas:
            declared = schema.get("required")
            if isinstance(declared, list):
                names.update(name for name in islice(declared, _REQUIRED_LIMIT) if isinstance(name, str))
        return frozenset(names)


class SchemaReader:
    """Reads the places of one schema document."""

    def __init__(self, root: Any) -> None:
        self._root = root

    def parts(self, schema: Any, chain: Chain = frozenset()) -> Parts:
        """What holds where ``schema`` stands; ``chain`` are the references on the way there."""
        found: list[tuple[Schema, Chain]] = []
        notes: list[str] = []
        seen: set[str] = set()
        is_nullable = False
        waiting = [(schema, chain)]
        while waiting and len(found) < _PARTS_LIMIT:
            current, way = waiting.pop()
            if current is False:
                notes.append("nothing fits")
            if not isinstance(current, dict):
                continue
            plain = {key: current[key] for key in _KEYWORDS if key in current}
            found.append((plain, way))
            inner = []
            if "$ref" in current:
                reference = current["$ref"]
                target, note = self._followed(reference, way)
                if note:
                    notes.append(note)
                elif reference not in seen:
                    seen.add(reference)
                    inner.append((target, way | {reference}))
            if "$dynamicRef" in current:
                notes.append(f"see {_label(current['$dynamicRef'])}")
            if isinstance(members := current.get("allOf"), list):
                inner += [(member, way) for member in members[:_PARTS_LIMIT]]
            for key in ("anyOf", "oneOf"):
                other = _nullable_member(current.get(key))
                if other is not None:
                    is_nullable = True
                    del plain[key]
                    inner.append((other, way))
            waiting += reversed(inner)
        schemas, chains = [plain for plain, _ in found], [way for _, way in found]
        return Parts(tuple(schemas), tuple(chains), tuple(dict.fromkeys(notes)), is_nullable)

    def _followed(self, reference: Any, chain: Chain) -> tuple[Any, str]:
        """The schema a reference leads to, and what is to be said when it leads nowhere."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None, f"see {_label(reference)} (not fetched)"
        if reference in chain:
            return None, f"↻ {_label(reference.rpartition('/')[2] or '#')}"
        target = self._at(unquote(reference[1:]))
        return target, f"{_label(reference)} is not there" if target is None else ""

    def _at(self, fragment: str) -> Any:
        if fragment and not fragment.startswith("/"):
            return self._anchors.get(fragment)
        place = self._root
        for step in fragment.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(place, dict) and step in place:
                place = place[step]
            elif isinstance(place, list) and step.isdecimal() and len(step) < 8 and int(step) < len(place):
                place = place[int(step)]
            else:
                return None
        return place

    @cached_property
    def _anchors(self) -> dict[str, Any]:
        anchors: dict[str, Any] = {}
        waiting = [self._root]
        while waiting:
            place = waiting.pop()
            if isinstance(place, dict):
                if isinstance(name := place.get("$anchor"), str):
                    anchors.setdefault(name, place)
                waiting += place.values()
            elif isinstance(place, list):
                waiting += place
        return anchors


def _nullable_member(members: Any) -> Any:
    """The other member of a union of two of which one is ``null``; None for any other union."""
    if not isinstance(members, list) or len(members) != 2:
        return None
    others = [member for member in members if member != {"type": "null"}]
    return others[0] if len(others) == 1 else None


def _label(reference: Any) -> str:
    return safe_line(reference, _NAME_LIMIT) if isinstance(reference, str) else "a reference that is no text"
