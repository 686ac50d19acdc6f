"""A variant goes into the text of a manifest, and nothing else in it moves."""

from __future__ import annotations

import difflib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.manifest_edit import with_variant

from .builders import encoded, new_manifest, old_manifest

VARIANT = {"id": "tiny", "name": "Tiny ß", "game_config": {"width": 2}, "description": "small"}

INDENTED = """{
    "game": {"name": "tiles",   "version": "1.0"},
    "variants": [
        {
            "id": "wide", "name": "Wide",
            "parent_id": "x",
            "game_config": { "width":9 }
        }
    ],

    "note": "\\u00df 1.50 1e3"
}
"""


def test_a_new_one_comes_last() -> None:
    assert with_variant(INDENTED.encode(), VARIANT).decode() == INDENTED.replace(
        """        }
    ],""",
        """        },
        {
            "id": "tiny",
            "name": "Tiny ß",
            "game_config": {
                "width": 2
            },
            "description": "small"
        }
    ],""",
    )


def test_one_of_that_id_is_replaced_where_it_stands() -> None:
    edited = with_variant(INDENTED.encode(), {**VARIANT, "id": "wide"}).decode()
    start, stop = INDENTED.index('        {\n            "id"'), INDENTED.index("\n    ],\n")
    assert edited == (
        INDENTED[:start]
        + """        {
            "id": "wide",
            "name": "Tiny ß",
            "parent_id": "x",
            "game_config": {
                "width": 2
            },
            "description": "small"
        }"""
        + INDENTED[stop:]
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"variants":[{"id":"a"}],"b":1}', '{"variants":[{"id":"a"},NEW],"b":1}'),
        ('{"variants": [], "b": 1}', '{"variants": [NEW], "b": 1}'),
        ('{"b": 1}', '{"b": 1, "variants": [NEW]}'),
        ("{}", '{"variants": [NEW]}'),
        (
            '{\n\t"variants": [{"id": "a"}, 3]\n}',
            '{\n\t"variants": [{"id": "a"}, 3, NEW]\n}',
        ),
        ('{\n\t"variants": [{"id": "tiny"}, 3]\n}', '{\n\t"variants": [NEW, 3]\n}'),
    ],
)
def test_on_one_line(before: str, after: str) -> None:
    separators = (",", ":") if '":[' in before else (", ", ": ")
    new = json.dumps(VARIANT, ensure_ascii=False, separators=separators)
    assert with_variant(before.encode(), VARIANT).decode() == after.replace("NEW", new)


def test_line_ends_and_tabs_are_taken_over() -> None:
    before = '{\r\n\t"variants": [\r\n\t],\r\n\t"b": 1\r\n}\r\n'
    small = {"id": "a"}
    assert with_variant(before.encode(), small).decode() == (
        '{\r\n\t"variants": [\r\n\t\t{\r\n\t\t\t"id": "a"\r\n\t\t}\r\n\t],\r\n\t"b": 1\r\n}\r\n'
    )
    assert with_variant(b'{\n  "b": 1\n}', small).decode() == (
        '{\n  "b": 1,\n  "variants": [\n    {\n      "id": "a"\n    }\n  ]\n}'
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"variants": {}}', "not a list"),
        (b'{"variants": [{"id": "tiny"}, {"id": "tiny"}]}', "2 of its variants have the id"),
        (b'{"variants": [], "variants": []}', "twice"),
        (b'{"variants": [', "not JSON"),
        (b"[]", "not an object"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
    ],
)
def test_manifests_that_take_none(data: bytes, says: str) -> None:
    with pytest.raises(CoworldError, match=says) as caught:
        with_variant(data, VARIANT)
    assert caught.value.exit_code == 2


WORDS = st.text(max_size=10).filter(lambda text: max(text, default="a") < "\ud800" or min(text) > "\udfff")
NEWCOMERS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["wide", "three", "four", "new"]) | WORDS,
        "name": WORDS,
        "game_config": st.just({"a": [1]}),
    }
)


@given(
    st.sampled_from([old_manifest(), new_manifest(), {"variants": []}, {"a": "variants"}]),
    st.sampled_from([None, 1, 2, "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    NEWCOMERS,
)
def test_any_layout(manifest: dict[str, Any], indent: Any, newline: str, variant: dict[str, Any]) -> None:
    text = json.dumps(manifest, indent=indent, ensure_ascii=False).replace("\n", newline)
    edited = with_variant(text.encode(), variant).decode()
    read = json.loads(edited)
    others = [entry for entry in manifest.get("variants", []) if entry["id"] != variant["id"]]
    assert [entry for entry in read["variants"] if entry["id"] != variant["id"]] == others
    [found] = [entry for entry in read["variants"] if entry["id"] == variant["id"]]
    assert found.items() >= variant.items()
    assert {**read, "variants": 0} == {**manifest, "variants": 0}
    assert ("\r" in edited) == ("\r" in text)
    if not isinstance(indent, type(None)) and len(others) == len(manifest.get("variants", [])) > 0:
        assert edited == json.dumps(read, indent=indent, ensure_ascii=False).replace("\n", newline)
        removed = [
            line for line in difflib.ndiff(text.splitlines(), edited.splitlines()) if line.startswith("- ")
        ]
        assert len(removed) <= 1


def test_encoded_manifests_stay_on_one_line() -> None:
    assert b"\n" not in with_variant(encoded(new_manifest()), VARIANT)
