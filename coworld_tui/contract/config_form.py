"""A game configuration as a form: typed fields from the config schema, checked as they are filled in."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .config_check import config_problems, slots_problem
from .field_text import UNSET, FieldType, Kind, field_type, parsed, text_of
from .json_words import json_words
from .manifest import Manifest
from .schema_parts import Parts, SchemaReader
from .schema_rules import rule_words
from .text import safe_line
from .validation import dotted_path

FIELD_LIMIT = 1_000
"""Most fields of a form; what has none keeps its value."""

TEXT_LIMIT = 4_000
"""Longest value that is edited in a field, in characters."""

_DEPTH_LIMIT = 4
_LABEL_LIMIT = 60
_WORDS_LIMIT = 300
_PROBLEM_LIMIT = 100
_MISSING = re.compile(r'"(?P<name>.*)" is a required property\Z', re.DOTALL)

Steps = tuple[str, ...]


@dataclass
class Field:
    """One value of the configuration. Every text is safe to show on one line.

    ``path`` is unique within the form and reads like ``board.width``, ``label`` is its last part.
    An empty ``value_text`` means that the value is not set. ``default`` is what the game takes then,
    ``least`` and ``greatest`` are inclusive bounds of numbers, ``choices`` the texts of an ``enum`` or a
    ``boolean``, ``help`` the schema's rules in words. A value that is too long for a field is ``read_only``.
    """

    path: str
    label: str
    kind: Kind
    value_text: str
    default: str
    least: float | None
    greatest: float | None
    choices: tuple[str, ...]
    required: bool
    description: str
    help: str
    read_only: bool


@dataclass(frozen=True)
class _Place:
    """Where a field's value lies in the configuration, and how its text is read."""

    steps: Steps
    type: FieldType


class Form:
    """The fields of one configuration, and the configuration as they are filled in.

    Values without a field (beyond ``FIELD_LIMIT``) stay as they were; ``is_cut`` says that there are some.
    Tokens are never part of it: the runner makes them.
    """

    def __init__(self, manifest: Manifest, config: dict[str, Any]) -> None:
        self._manifest = manifest
        self._config = {name: copy.deepcopy(value) for name, value in config.items() if name != "tokens"}
        self._places: dict[str, _Place] = {}
        self._unreadable: dict[str, str] = {}
        self._reader = SchemaReader(manifest.game.config_schema)
        self._lasting: set[Steps] = {()}
        self.is_cut = False
        root = self._reader.parts(manifest.game.config_schema)
        self.fields = list(self._fields(root, self._config, (), required=True))
        self._by_path = {field.path: field for field in self.fields}

    def set(self, path: str, text: str) -> str | None:
        """Fill in a field; the empty text takes its value away. KeyError when there is no such field.

        Returns a sentence when the text is no value of the field's kind; the configuration then stays as
        it was and ``problems`` keeps saying so. Whether the value is allowed, ``problems`` tells.
        """
        field, place = self._by_path[path], self._places[path]
        if field.read_only:
            return "The value is too long to be edited here; edit the manifest file."
        field.value_text = text
        value, problem = parsed(text, place.type, TEXT_LIMIT)
        if problem:
            self._unreadable[path] = problem
            return problem
        self._unreadable.pop(path, None)
        self._put(self._config, place.steps, value)
        return None

    def check(self, path: str, text: str) -> str | None:
        """Return the sentence that ``problems`` would have for a field after ``set``; nothing is changed."""
        value, problem = parsed(text, self._places[path].type, TEXT_LIMIT)
        if problem:
            return problem
        config = self.config()
        self._put(config, self._places[path].steps, value)
        return self._problems(config).get(path)

    def config(self) -> dict[str, Any]:
        """Return the configuration, without tokens."""
        return copy.deepcopy(self._config)

    def problems(self) -> dict[str, str]:
        """Return a sentence for each field that is not right; what belongs to none is under the empty path.

        The schema may be slow to check: call it off the event loop.
        """
        return {**self._problems(self._config), **self._unreadable}

    def _problems(self, config: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        unseated = slots_problem(self._manifest, config)
        if unseated:
            place = next((name for name in ("players", "num_agents") if name in self._by_path), "")
            found.setdefault(place, unseated)
        for problem in config_problems(self._manifest, config, _PROBLEM_LIMIT):
            if unseated and problem.path.startswith("tokens"):
                continue
            path, message = self._placed(problem.path, problem.message)
            found.setdefault(path, message)
        return found

    def _fields(self, parts: Parts, config: dict[str, Any], steps: Steps, required: bool) -> Iterator[Field]:
        known = set()
        for name, schema, chain in parts.properties():
            known.add(name)
            if (*steps, name) == ("tokens",):
                continue
            if len(self._places) >= FIELD_LIMIT:
                self.is_cut = True
                return
            child = self._reader.parts(schema, chain)
            is_required = required and name in parts.required
            value = config.get(name, UNSET)
            if len(steps) < _DEPTH_LIMIT and _is_group(child, value):
                if is_required:
                    value = config.setdefault(name, {})
                if value is not UNSET:
                    self._lasting.add((*steps, name))
                inner = {} if value is UNSET else value
                yield from self._fields(child, inner, (*steps, name), is_required or value is not UNSET)
            else:
                yield self._field(child, value, (*steps, name), is_required)
        for name, value in config.items():
            if name not in known:
                if len(self._places) >= FIELD_LIMIT:
                    self.is_cut = True
                    return
                yield self._field(self._reader.parts(None), value, (*steps, name), required=False)

    def _field(self, parts: Parts, value: Any, steps: Steps, required: bool) -> Field:
        kind = field_type(parts)
        path = dotted_path(steps)
        while path in self._places:  # long names are cut
            path += "~"
        self._places[path] = _Place(steps, kind)
        text = text_of(value, kind)
        rules = [*parts.notes, *rule_words(parts.schemas)] if parts.schemas else ["not in the schema"]
        if kind.is_nullable:
            rules.append("null for none")
        return Field(
            path=path,
            label=safe_line(steps[-1], _LABEL_LIMIT),
            kind=kind.kind,
            value_text=safe_line(text, TEXT_LIMIT),
            default=_default(parts, kind),
            least=_bound(parts.first("minimum")),
            greatest=_bound(parts.first("maximum")),
            choices=_choices(kind),
            required=required,
            description=parts.description(_WORDS_LIMIT),
            help=safe_line(", ".join(rules), _WORDS_LIMIT),
            read_only=len(text) > TEXT_LIMIT,
        )

    def _put(self, config: dict[str, Any], steps: Steps, value: Any) -> None:
        places = [config]
        for step in steps[:-1]:
            places.append(places[-1].get(step, {}) if value is UNSET else places[-1].setdefault(step, {}))
        if value is not UNSET:
            places[-1][steps[-1]] = value
            return
        places[-1].pop(steps[-1], None)
        for depth in range(len(steps) - 1, 0, -1):  # groups this form has made go when they are empty
            if not places[depth] and steps[:depth] not in self._lasting:
                places[depth - 1].pop(steps[depth - 1], None)

    def _placed(self, path: str, message: str) -> tuple[str, str]:
        """The field a problem of the schema belongs to, and what to say there."""
        missing = _MISSING.match(message)
        if missing is not None:
            name = dotted_path([missing["name"]])
            wanted = f"{path}.{name}" if path and not name.startswith("[") else path + name
            if wanted in self._by_path:
                return wanted, "A value is needed."
        place = path
        while place and place not in self._by_path:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        rest = path.removeprefix(place).removeprefix(".") if place else path
        return place, f"{rest}: {message}" if rest else message


def config_form(manifest: Manifest, config: dict[str, Any]) -> Form:
    """Return a form for the config schema, filled in with ``config``: a variant's or the fixture's.

    Nested objects become fields of their own with dotted paths; lists and whatever the schema does not
    type plainly are fields of kind ``json``, as are values the schema does not know.
    """
    return Form(manifest, config)


def _is_group(parts: Parts, value: Any) -> bool:
    """Whether the fields of an object take its place."""
    is_object = parts.types() in (["object"], []) and next(parts.properties(), None) is not None
    return is_object and (value is UNSET or isinstance(value, dict))


def _default(parts: Parts, kind: FieldType) -> str:
    if not any("default" in schema for schema in parts.schemas):
        return ""
    default = parts.first("default")
    if isinstance(default, dict | list):
        return json_words(default, _LABEL_LIMIT)
    return safe_line(text_of(default, kind), _LABEL_LIMIT)


def _choices(kind: FieldType) -> tuple[str, ...]:
    if kind.kind == "boolean":
        return ("true", "false", "null") if kind.is_nullable else ("true", "false")
    return tuple(kind.choices)


def _bound(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
