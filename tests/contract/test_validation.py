"""Schema problems: paths people can find, nothing fetched, nothing raised."""

from __future__ import annotations

import socket
import sys
from time import monotonic
from typing import Any

import pytest

from coworld_tui.contract import bounded
from coworld_tui.contract.validation import SCHEMA_PATH, dotted_path, schema_problems


def test_path_and_message() -> None:
    schema = {"properties": {"slots": {"items": {"properties": {"name": {"type": "string"}}}}}}
    problems = schema_problems(schema, {"slots": [{}, {}, {"name": 3}]})
    assert [(problem.path, problem.message) for problem in problems] == [
        ("slots[2].name", '3 is not of type "string"')
    ]
    assert str(problems[0]) == 'slots[2].name: 3 is not of type "string"'


def test_fitting_instance() -> None:
    assert schema_problems({"type": "object"}, {}) == []
    assert schema_problems(True, {}) == []


def test_root_problem_has_no_path() -> None:
    assert str(schema_problems({"type": "object"}, [])[0]) == '[] is not of type "object"'


def test_formats_are_checked() -> None:
    assert schema_problems({"format": "date-time"}, "yesterday")
    assert not schema_problems({"format": "made-up"}, "anything")


def test_limit() -> None:
    assert len(schema_problems({"items": {"type": "string"}}, [1] * 50)) == 20
    assert len(schema_problems({"items": {"type": "string"}}, [1] * 50, limit=3)) == 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "arrray"},
        {"pattern": "("},
        {"minItems": -1},
        {"$ref": "#/$defs/absent"},
        {"$ref": "other.json"},
        {"$id": "::::"},
        [],
        3,
        None,
        "object",
    ],
)
def test_broken_schema_is_one_problem(schema: Any) -> None:
    assert [problem.path for problem in schema_problems(schema, {})] == [SCHEMA_PATH]


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9/x", "https://example.com/x", "file:///etc/passwd"])
def test_references_are_never_fetched(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object) -> None:
        raise AssertionError("went to the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    problem = schema_problems({"$ref": uri}, 1)[0]
    assert problem.path == SCHEMA_PATH
    assert "root:" not in problem.message


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}, {"$dynamicAnchor": "n", "allOf": [{"$dynamicRef": "#n"}]}],
)
def test_circular_schemas_end(schema: Any) -> None:
    assert schema_problems(schema, {}) == []


def test_long_and_hostile_instances_are_cut() -> None:
    problem = schema_problems({"pattern": "^a$"}, "\x1b[31m" + "b" * 10_000)[0]
    assert len(problem.message) < 250
    assert "\x1b" not in problem.message
    assert problem.message.endswith('does not match "^a$"')


def test_odd_instances_do_not_raise() -> None:
    assert schema_problems({"const": "x"}, "\ud800")
    assert schema_problems({"maximum": 10}, 10**400)
    assert schema_problems({"type": "object"}, {1: 2})


CHAIN = {
    f"a{link}": {
        "anyOf": [
            {"allOf": [{"$ref": f"#/$defs/a{link + 1}"}, {"type": "string"}]},
            {"$ref": f"#/$defs/a{link + 1}"},
        ]
    }
    for link in range(25)
} | {"a25": {"type": "string"}}
"""Each link asks for three times the work of the next."""


REPEATED = {f"d{link}": {"allOf": [{"$ref": f"#/$defs/d{link + 1}"}] * 10} for link in range(20)} | {
    "d20": {}
}


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        ({"$defs": CHAIN, "items": {"$ref": "#/$defs/a0"}}, [1]),
        ({"$defs": REPEATED, "$ref": "#/$defs/d0"}, 1),
    ],
    ids=["every way fails", "every way fits"],
)
def test_work_without_end_is_one_problem(schema: Any, instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "SECONDS", 0.5)
    began = monotonic()
    assert [str(problem) for problem in schema_problems(schema, instance)] == [
        "$schema: checking against it takes longer than 0.5 s; make it simpler"
    ]
    assert monotonic() - began < 10
    assert not schema_problems({"pattern": "^a"}, "a"), "the next one gets a new child"


NAMES = {"$defs": {"name": {"pattern": "^[a-z]+$"}}, "items": {"$ref": "#/$defs/name"}, "uniqueItems": True}


@pytest.mark.parametrize(
    ("schema", "instance"),
    [
        (NAMES, ["a", "B", "a", "\ud800", 2, 10**400, 1.0, None]),
        (NAMES, []),
        ({"pattern": "("}, ""),
        ({"$ref": "#/$defs/absent"}, {}),
        ({"$ref": "other.json"}, {}),
        ({"patternProperties": {"^a": {"maximum": 3}}}, {"a b\n": 4, "a" * 500: 5}),
    ],
)
def test_a_child_finds_what_this_process_does(
    schema: Any, instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_child = schema_problems(schema, instance)
    monkeypatch.setattr(bounded, "is_small", lambda *_: True)
    assert schema_problems(schema, instance) == in_child


def test_instances_that_are_no_json_are_a_problem() -> None:
    deep: Any = []
    for _ in range(sys.getrecursionlimit() * 2):
        deep = [deep]
    for instance in (deep, {"a": object()}, 10**5_000):
        assert schema_problems({"$ref": "#/$defs/any", "$defs": {"any": {"type": "null"}}}, instance)


def test_odd_keys_are_quoted() -> None:
    assert dotted_path(["a", "b c", 0, "d"]) == 'a["b c"][0].d'
    assert dotted_path([]) == ""
    assert "\x1b" not in dotted_path(["\x1b[31m"])
    assert len(dotted_path(["a" * 5000])) < 100
