"""Schemas as outlines: what a reader has to know, and an end to everything."""

from __future__ import annotations

import json
import socket
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.schema_outline import DEPTH_LIMIT, OutlineRow, schema_outline

from .builders import config_schema
from .shown import is_shown_as_it_is
from .strategies import JSON_VALUES


def outline(schema: Any) -> list[str]:
    """Each row in short: indented name, type with a star when required, rule, default, description."""
    return [
        " | ".join(
            part
            for part in (
                f"{'  ' * row.depth}{row.name}: {row.type}{'*' if row.required else ''}",
                row.rule,
                f"= {row.default}" if row.default else "",
                row.description,
            )
            if part
        )
        for row in schema_outline(schema)
    ]


def of_property(schema: Any) -> OutlineRow:
    return schema_outline({"properties": {"x": schema}})[1]


def test_a_config_schema() -> None:
    assert outline(config_schema(2, 4)) == [
        "document: object | no other keys",
        "  tokens: array of string* | 2 to 4 items",
        "  players: array of object",
        "    each item: object",
        "      name: string*",
        "  num_agents: integer",
        "  seed: integer or boolean",
        "  width: integer | at least 1",
    ]
    assert [row.path for row in schema_outline(config_schema())][3:5] == ["players[]", "players[].name"]


@pytest.mark.parametrize(
    ("schema", "rule"),
    [
        ({"minimum": 1, "maximum": 40}, "1 to 40"),
        ({"exclusiveMinimum": 0, "maximum": 1.5}, "above 0, at most 1.5"),
        ({"minimum": 0, "exclusiveMaximum": 9}, "at least 0, below 9"),
        ({"multipleOf": 5}, "multiples of 5"),
        ({"minLength": 1, "maxLength": 1}, "1 character"),
        ({"maxLength": 20, "pattern": "^[a-z]+$"}, "at most 20 characters, matches ^[a-z]+$"),
        ({"minItems": 2, "maxItems": 4, "uniqueItems": True}, "2 to 4 items, all different"),
        ({"minProperties": 1}, "at least 1 key"),
        ({"enum": ["a", 1, None]}, 'one of "a", 1, null'),
        ({"enum": list(range(30))}, f"one of {', '.join(map(str, range(20)))} and 10 more"),
        ({"const": {"a": 1}}, 'always {"a": 1}'),
        ({"format": "date-time", "deprecated": True}, "format date-time, deprecated"),
        ({"minimum": True, "maxItems": "3", "pattern": 4, "enum": 5, "required": "x"}, ""),
        (
            {
                "x-display": {
                    "unit": "s",
                    "higher_is_better": False,
                    "per_seat": True,
                    "label": "Time",
                    "o": 1,
                }
            },
            "in s, lower is better, one per slot, shown as Time, o 1",
        ),
        (False, "nothing fits"),
        ("object", "is no schema"),
    ],
)
def test_rules_in_words(schema: Any, rule: str) -> None:
    assert of_property(schema).rule == rule


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer"}, "integer"),
        ({"type": ["null", "string"]}, "string or null"),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "integer or null"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, "integer or string"),
        ({"properties": {}}, "object"),
        ({"type": "array", "items": {"type": ["string", "null"]}}, "array of string or null"),
        ({}, "any"),
        (True, "any"),
        ({"type": 3}, "any"),
    ],
)
def test_types_in_words(schema: Any, words: str) -> None:
    assert of_property(schema).type == words


def test_defaults_and_descriptions() -> None:
    row = of_property({"default": None, "title": "T", "description": "two\n lines \x1b[31m"})
    assert (row.default, row.description) == ("null", "two lines")
    assert of_property({"default": "x" * 500}).default.endswith("…")
    assert of_property({"title": "T"}).description == "T"


def test_composed_schemas() -> None:
    schema = {
        "$defs": {"base": {"properties": {"id": {"type": "string"}}, "required": ["id"]}},
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"n": {"type": "integer"}}}],
        "oneOf": [{"title": "big", "required": ["n"]}, {"$ref": "https://example.com/s.json"}],
        "if": {"properties": {"n": {"const": 1}}},
        "additionalProperties": {"type": "number"},
        "patternProperties": {"^x-": {"type": "boolean"}},
        "dependentSchemas": {"n": {"minProperties": 2}},
    }
    assert outline(schema) == [
        "document: object",
        "  id: string*",
        "  n: integer",
        "  keys like ^x-: boolean",
        "  any other key: number",
        "  exactly one: 1 of 2: any | big",
        "  exactly one: 2 of 2:  | see https://example.com/s.json (not fetched)",
        "  if: object",
        "    n: any | always 1",
        "  when n is set: any | at least 2 keys",
    ]


def test_references_are_followed_once_on_each_way() -> None:
    schema = {
        "$defs": {
            "a/b": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a~1b"}, "v": {"$ref": "#v"}}},
            "w": {"$anchor": "v", "type": "integer"},
        },
        "properties": {
            "one": {"$ref": "#/$defs/a~1b"},
            "two": {"$ref": "#/$defs/a%7E1b", "description": "again"},
            "gone": {"$ref": "#/$defs/none"},
            "all": {"$ref": "#"},
        },
    }
    lines = outline(schema)
    assert lines[1:4] == ["  one: object", "    next:  | ↻ a~1b", "    v: integer"]
    assert "  two: object | again" in lines
    assert "  gone:  | #/$defs/none is not there" in lines
    assert "    all:  | ↻ #" in lines


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("went to the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert of_property({"$ref": "http://127.0.0.1:9/x"}).rule == "see http://127.0.0.1:9/x (not fetched)"
    assert of_property({"$ref": "file:///etc/passwd"}).rule == "see file:///etc/passwd (not fetched)"


def test_rows_and_depth_have_an_end() -> None:
    wide: dict[str, Any] = {"properties": {f"p{number}": {} for number in range(5_000)}}
    rows = schema_outline(wide)
    assert len(rows) == 2_000
    assert (rows[-1].name, rows[-1].rule) == ("…", "the rest is not shown")
    assert len(schema_outline(wide, limit=10)) == 10
    deep: dict[str, Any] = {}
    for _ in range(90):
        deep = {"properties": {"x": deep}}
    rows = schema_outline(deep)
    assert rows[-1].depth == DEPTH_LIMIT
    assert rows[-1].rule == "deeper levels are not shown"


def test_schemas_that_multiply_end() -> None:
    """Each definition holds the next one four times."""
    defs: dict[str, Any] = {"d30": {"type": "integer"}}
    for number in range(30):
        twice = {"$ref": f"#/$defs/d{number + 1}"}
        defs[f"d{number}"] = {"allOf": [twice, twice], "properties": {"a": twice, "b": twice}}
    assert len(schema_outline({"$defs": defs, "$ref": "#/$defs/d0"})) == 2_000


def test_hostile_words_are_safe_and_short() -> None:
    bad = "\x1b]0;x\x07\u202e" + "y" * 5_000
    schema = {
        "properties": {bad: {"type": bad, "pattern": bad, "enum": [bad], "default": bad, "$ref": bad}},
        "patternProperties": {bad: {}},
        "x-display": {bad: bad},
    }
    for row in schema_outline(schema):
        for text in (row.path, row.name, row.type, row.rule, row.default, row.description):
            assert is_shown_as_it_is(text)
            assert len(text) <= 300


KEYWORDS = [
    "type",
    "properties",
    "items",
    "$ref",
    "allOf",
    "anyOf",
    "enum",
    "required",
    "default",
    "x-display",
]
SCHEMA_LIKE = st.recursive(
    JSON_VALUES | st.sampled_from(["object", "#", "#/properties/x", "#/items", "null"]),
    lambda inner: (
        st.dictionaries(st.sampled_from([*KEYWORDS, "x", "not", "prefixItems"]), inner, max_size=4)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


@given(SCHEMA_LIKE)
def test_any_json_has_an_outline(schema: Any) -> None:
    rows = schema_outline(schema)
    assert rows[0].depth == 0
    assert all(is_shown_as_it_is(text) for row in rows for text in (row.rule, row.type, row.name, row.path))
    steps = [after.depth - before.depth for before, after in pairwise(rows)]
    assert all(step <= 1 for step in steps)


def test_real_schemas(peer_manifest: Any) -> None:
    game = json.loads(Path(peer_manifest("0.1.64")).read_bytes())["game"]
    rows = {row.path: row for row in schema_outline(game["config_schema"])}
    assert rows["tick_rate"].rule == "above 0, at most 60"
    assert rows["player_connect_timeout_seconds"].default == "180"
    assert not rows["player_connect_timeout_seconds"].required
    assert rows["width"].required
