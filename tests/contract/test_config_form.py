"""Filling in a configuration: every kind of field, what is said of wrong ones, and nothing lost."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.config_form import FIELD_LIMIT, TEXT_LIMIT, Field, Form, config_form
from coworld_tui.contract.manifest import Manifest
from coworld_tui.contract.package import read_package

from .builders import config_schema, edited, named, new_manifest, package
from .shown import is_shown_as_it_is
from .strategies import JSON_VALUES


def manifest_of(properties: dict[str, Any], **schema: Any) -> Manifest:
    """A manifest whose config has two tokens and these properties."""
    whole = config_schema(2)
    whole["properties"] = {"tokens": whole["properties"]["tokens"], **properties}
    whole["required"] += schema.pop("required", [])
    return package(edited(new_manifest(), "game.config_schema", {**whole, **schema})).manifest


def form_of(schema: Any, value: Any = None, **more: Any) -> Form:
    """A form with the one field ``x``."""
    return config_form(manifest_of({"x": schema}, **more), {} if value is None else {"x": value})


def field_of(form: Form, path: str = "x") -> Field:
    return next(field for field in form.fields if field.path == path)


def test_the_fields_of_a_real_package(peer_manifest: Any) -> None:
    manifest = read_package(Path(peer_manifest("0.1.64"))).manifest
    assert manifest.certification is not None
    form = config_form(manifest, manifest.certification.game_config)
    assert [(field.path, field.kind) for field in form.fields] == [
        ("players", "json"),
        ("width", "integer"),
        ("height", "integer"),
        ("max_ticks", "integer"),
        ("tick_rate", "number"),
        ("player_connect_timeout_seconds", "number"),
    ]
    width, rate, wait = (
        field_of(form, path) for path in ("width", "tick_rate", "player_connect_timeout_seconds")
    )
    assert (width.value_text, width.least, width.greatest, width.required) == ("12", 4, 40, True)
    assert (rate.help, rate.least, rate.greatest) == ("above 0, at most 60", None, 60)
    assert (wait.default, wait.required) == ("180", False)
    assert form.problems() == {}
    assert form.config() == manifest.certification.game_config
    assert form.set("width", "41") is None
    assert form.set("tick_rate", "fast") == "fast is not a number."
    assert form.set("height", "") is None
    assert form.problems() == {
        "width": "41 is greater than the maximum of 40",
        "tick_rate": "fast is not a number.",
        "height": "A value is needed.",
    }


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, " -12 ", -12),
        ({"type": "number"}, "3", 3),
        ({"type": "number"}, "-.5e1", -5.0),
        ({"type": ["integer", "number"]}, "1.5", 1.5),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "false", False),
        ({"type": "string"}, " as it is ", " as it is "),
        ({"type": "string"}, '""', ""),
        ({"type": "string"}, '"two\\nlines"', "two\nlines"),
        ({"type": "string"}, "null", "null"),
        ({"type": ["string", "null"]}, "null", None),
        ({"type": ["string", "null"]}, '"null"', "null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"enum": ["fast", "slow"]}, "slow", "slow"),
        ({"enum": [1, "1", None, True]}, '"1"', "1"),
        ({"enum": [1, "1", None, True]}, "1", 1),
        ({"enum": [1, "1", None, True]}, "true", True),
        ({"const": 7}, "7", 7),
        ({"type": "array", "items": {"type": "integer"}}, "[1, 2]", [1, 2]),
        ({"type": "object"}, '{"a": {}}', {"a": {}}),
        ({"type": ["integer", "boolean"]}, "true", True),
        ({}, '"text"', "text"),
    ],
)
def test_texts_and_their_values(schema: Any, text: str, value: Any) -> None:
    form = form_of(schema)
    assert field_of(form).value_text == ""
    assert form.set("x", text) is None
    assert form.config() == {"x": value}
    assert type(form.config()["x"]) is type(value)
    again = form_of(schema)
    again.set("x", field_of(config_form(manifest_of({"x": schema}), form.config())).value_text)
    assert again.config() == form.config()


@pytest.mark.parametrize(
    ("schema", "text", "problem"),
    [
        ({"type": "integer"}, "1.5", "1.5 is not a whole number."),
        ({"type": "integer"}, "0x10", "0x10 is not a whole number."),
        ({"type": "integer"}, "9" * 301, f"{'9' * 39}… is not a whole number."),
        ({"type": "integer"}, "٣", "٣ is not a whole number."),
        ({"type": "number"}, "nan", "nan is not a number."),
        ({"type": "number"}, "1e999", "1e999 is not a number."),
        ({"type": "boolean"}, "1", "1 is not true or false."),
        ({"type": "string"}, '"open', '"open is not JSON'),
        ({"type": "string"}, "\ud800", "\ufffd is not a text that a file can hold."),
        ({"enum": ["fast", "slow"]}, "Fast", "Choose one of fast, slow."),
        ({"type": "array"}, "[1,", "[1, is not JSON"),
        ({"type": "object"}, '{"a": 1, "a": 2}', "names the key 'a' twice"),
        ({}, "NaN", "NaN holds NaN, which is not a JSON number."),
        ({}, "[" * 3_000, "is nested too deeply."),
        ({"type": "string"}, "x" * (TEXT_LIMIT + 1), f"The text is longer than {TEXT_LIMIT} characters."),
    ],
)
def test_what_cannot_be_read(schema: Any, text: str, problem: str) -> None:
    form = form_of(schema)
    said = form.set("x", text)
    assert said is not None
    assert problem in said
    assert form.problems() == {"x": said}
    assert form.check("x", text) == said
    assert form.config() == {}
    assert form.set("x", "") is None
    assert form.problems() == {}


def test_wrong_values_are_shown_and_can_be_mended() -> None:
    form = form_of({"type": "integer", "minimum": 1}, "many", required=["x"])
    assert field_of(form).value_text == '"many"'
    assert form.problems() == {"x": '"many" is not of type "integer"'}
    assert form.check("x", "0") == "0 is less than the minimum of 1"
    assert form.check("x", "") == "A value is needed."
    assert form.check("x", "3") is None
    assert form.config() == {"x": "many"}
    assert form.set("x", "3") is None
    assert (form.problems(), form.config()) == ({}, {"x": 3})


def test_choices_of_fields() -> None:
    assert field_of(form_of({"type": "boolean"})).choices == ("true", "false")
    assert field_of(form_of({"enum": ["a", ""]})).choices == ("a", '""')
    assert field_of(form_of({"anyOf": [{"enum": ["a"]}, {"type": "null"}]})).choices == ('"a"', "null")
    assert field_of(form_of({"enum": [[1], [2]]})).kind == "json"
    assert field_of(form_of({"enum": list(range(201))})).kind == "json"


BOARD = {
    "type": "object",
    "required": ["width"],
    "properties": {
        "width": {"type": "integer", "default": 9},
        "edge": {"$ref": "#/$defs/edge"},
        "odd name": {"type": "boolean"},
    },
}
EDGE = {"edge": {"type": "object", "properties": {"wrap": {"type": "boolean", "description": "goes round"}}}}


def test_nested_objects_become_fields() -> None:
    form = form_of(BOARD, **{"$defs": EDGE})
    assert [field.path for field in form.fields] == ["x.width", "x.edge.wrap", 'x["odd name"]']
    assert [field.label for field in form.fields] == ["width", "wrap", "odd name"]
    assert not any(field.required for field in form.fields)
    assert form.config() == {}
    assert form.set("x.edge.wrap", "true") is None
    assert form.config() == {"x": {"edge": {"wrap": True}}}
    assert form.problems() == {"x.width": "A value is needed."}
    assert form.set("x.edge.wrap", "") is None
    assert form.config() == {}
    assert form.problems() == {}


def test_objects_that_were_there_stay() -> None:
    form = form_of(BOARD, {"width": 3, "edge": {}}, **{"$defs": EDGE})
    assert field_of(form, "x.width").required
    form.set("x.edge.wrap", "true")
    form.set("x.edge.wrap", "")
    assert form.config() == {"x": {"width": 3, "edge": {}}}
    needed = form_of(BOARD, required=["x"], **{"$defs": EDGE})
    assert needed.problems() == {"x.width": "A value is needed."}
    assert needed.set("x.width", "4") is None
    assert needed.config() == {"x": {"width": 4}}


def test_recursive_objects_end() -> None:
    node = {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "v": {}}}}
    form = form_of({"$ref": "#/$defs/node"}, {"next": {"next": {"v": 1}}}, **{"$defs": node})
    assert form.config() == {"x": {"next": {"next": {"v": 1}}}}
    assert field_of(form, "x.next").value_text == '{"next": {"v": 1}}'


def test_what_the_schema_does_not_know_is_kept_and_shown() -> None:
    form = form_of({"type": "integer"}, 1)
    form = config_form(manifest_of({"x": {"type": "integer"}}), {"mode": {"a": [1]}, "x": 1, "tokens": ["t"]})
    mode = field_of(form, "mode")
    assert (mode.kind, mode.value_text, mode.help) == ("json", '{"a": [1]}', "not in the schema")
    assert form.config() == {"mode": {"a": [1]}, "x": 1}
    assert "mode" in form.problems()[""]
    assert form.set("mode", "") is None
    assert form.problems() == {}


def test_problems_within_a_json_field_are_its_own() -> None:
    manifest = package(new_manifest()).manifest
    form = config_form(manifest, {"players": named("A", "B")})
    assert form.problems() == {}
    form.set("players", '[{"name": "A"}, {"name": 3}]')
    assert form.problems() == {"players": '[1].name: 3 is not of type "string"'}
    form.set("players", '[{"name": "A"}]')
    assert form.problems() == {
        "players": "1 slots are not allowed: game_config.players asks for 1, tokens allow 2 to 4"
    }
    form.set("players", "")
    assert "number of slots is not known" in form.problems()["players"]
    form.set("num_agents", "3")
    assert form.problems() == {}


def test_a_broken_schema_is_a_problem_of_the_whole() -> None:
    manifest = manifest_of({"x": {"type": "integer", "pattern": "("}, "y": {"$ref": "https://example.com/x"}})
    form = config_form(manifest, {"x": 1})
    assert list(form.problems()) == [""]
    without_tokens = edited(new_manifest(), "game.config_schema", {"properties": {"x": {}}})
    form = config_form(package(without_tokens).manifest, {"x": 1})
    assert "how many slots" in form.problems()[""]


def test_long_and_hostile_values() -> None:
    bad = "\x1b]0;x\x07\u202e\n"
    schema = {"type": "string", "description": bad, "title": bad, "default": bad, "pattern": bad}
    config = {bad: bad, "x": bad, "long": "y" * 9_000}
    form = config_form(manifest_of({bad: schema, "x": {"enum": [bad]}}), config)
    for field in form.fields:
        texts = (field.path, field.label, field.value_text, field.default, field.description, field.help)
        assert all(is_shown_as_it_is(text) for text in (*texts, *field.choices))
        if not field.read_only:
            assert form.set(field.path, field.value_text) is None
    assert form.config() == config
    long = field_of(form, "long")
    assert long.read_only
    assert len(long.value_text) == TEXT_LIMIT
    assert "too long" in (form.set("long", "short") or "")
    assert form.config()["long"] == "y" * 9_000


def test_names_that_look_alike_are_told_apart() -> None:
    names = ["k" * 80, "k" * 90]
    form = config_form(manifest_of({name: {"type": "integer"} for name in names}), dict.fromkeys(names, 1))
    paths = [field.path for field in form.fields]
    assert len(set(paths)) == 2
    form.set(paths[1], "2")
    assert form.config() == {names[0]: 1, names[1]: 2}


def test_five_hundred_fields_are_quick() -> None:
    properties = {
        f"group{group}": {
            "type": "object",
            "properties": {f"n{number}": {"type": "integer", "minimum": 0} for number in range(50)},
        }
        for group in range(10)
    }
    config = {f"group{group}": {f"n{number}": 1 for number in range(50)} for group in range(10)}
    manifest = manifest_of(properties)
    started = time.perf_counter()
    form = config_form(manifest, config)
    assert len(form.fields) == 500
    for number in range(50):
        form.set(f"group3.n{number}", "-1")
        assert form.problems()["group3.n0"] == "-1 is less than the minimum of 0"
    assert time.perf_counter() - started < 5  # one key is allowed a hundredth of that


def test_more_fields_than_anyone_fills_in() -> None:
    config = {f"n{number}": number for number in range(FIELD_LIMIT + 10)}
    form = config_form(manifest_of({name: {"type": "integer"} for name in config}), config)
    assert (len(form.fields), form.is_cut) == (FIELD_LIMIT, True)
    assert form.config() == config


@given(JSON_VALUES, st.dictionaries(st.sampled_from(["x", "tokens", "y"]), JSON_VALUES), st.text(max_size=9))
def test_any_schema_and_any_config(schema: Any, config: dict[str, Any], text: str) -> None:
    whole = config_schema()
    whole["properties"]["x"] = schema
    manifest = package(new_manifest()).manifest.model_copy(deep=True)
    manifest.game.config_schema = whole
    before = copy.deepcopy(config)
    form = config_form(manifest, config)
    kept = {name: value for name, value in config.items() if name != "tokens"}
    assert repr(form.config()) == repr(kept)
    assert repr(config) == repr(before)
    for field in form.fields:
        form.set(field.path, text)
    assert all(is_shown_as_it_is(said) for said in form.problems().values())
