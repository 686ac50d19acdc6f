"""Schema problems: paths people can find, nothing fetched, nothing raised."""

from __future__ import annotations

import socket
from typing import Any

import pytest

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


def test_odd_keys_are_quoted() -> None:
    assert dotted_path(["a", "b c", 0, "d"]) == 'a["b c"][0].d'
    assert dotted_path([]) == ""
    assert "\x1b" not in dotted_path(["\x1b[31m"])
    assert len(dotted_path(["a" * 5000])) < 100
