"""What sets a configuration apart from the fixture."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.config_difference import Difference, config_differences

from .shown import is_shown_as_it_is
from .strategies import JSON_VALUES


def test_every_leaf_of_both() -> None:
    fixture = {"width": 4, "players": [{"name": "A"}, {"name": "B"}], "deep": {"x": 1}, "old": None}
    config = {"players": [{"name": "A"}, {"name": "C"}, {}], "width": 4.0, "deep": {"x": True}, "new": []}
    assert config_differences(fixture, config) == [
        Difference("width", "4", "4.0", "same"),
        Difference("players[0].name", '"A"', '"A"', "same"),
        Difference("players[1].name", '"B"', '"C"', "changed"),
        Difference("deep.x", "1", "true", "changed"),
        Difference("old", "null", "", "only_there"),
        Difference("players[2]", "", "{}", "only_here"),
        Difference("new", "", "[]", "only_here"),
    ]


def test_many_leaves_and_long_ones() -> None:
    differences = config_differences({"a": list(range(5_000))}, {"a": ["\x1b[31m" + "x" * 999]}, limit=100)
    assert len(differences) == 100
    assert differences[0].kind == "changed"
    assert len(differences[0].value) <= 120
    assert differences[0].value.isprintable()


OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4)


@given(OBJECTS, OBJECTS)
def test_differences_of_anything(fixture: dict[str, Any], config: dict[str, Any]) -> None:
    there = config_differences(fixture, config)
    here = config_differences(config, fixture)
    turned = {"only_here": "only_there", "only_there": "only_here"}
    assert sorted((each.path, each.kind) for each in there) == sorted(
        (each.path, turned.get(each.kind, each.kind)) for each in here
    )
    assert all(is_shown_as_it_is(each.path) and is_shown_as_it_is(each.value) for each in there)
