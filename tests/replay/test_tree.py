"""The tree: lazy, bounded, at ease with anything."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.spans import Span, text_of
from coworld_tui.replay.lenses.tree import TreeModel, value_path

from .json_values import unhurried, values
from .test_grid import assert_printable


def drawn(model: TreeModel) -> str:
    return text_of(model.lines(0, model.row_count))


def test_members_of_the_root_are_open() -> None:
    model = TreeModel(
        {"tick": 3, "name": "Ada", "done": False, "left": None, "scores": [1, 2.5], "at": {"x": 1}}
    )
    assert drawn(model).splitlines() == [
        "  tick  3",
        '  name  "Ada"',
        "  done  false",
        "  left  null",
        "▸ scores  [1, 2.5]",
        "▸ at  {1} x",
    ]


def test_toggle_opens_and_closes_with_all_below() -> None:
    model = TreeModel({"a": {"b": {"c": 1}}, "z": 2})
    model.toggle(0)
    model.toggle(1)
    assert drawn(model) == "▾ a  {1} b\n  ▾ b  {1} c\n      c  1\n  z  2"
    model.toggle(0)
    assert drawn(model) == "▸ a  {1} b\n  z  2"
    model.toggle(0)
    assert model.row_count == 4  # what was open beneath still is


def test_paths() -> None:
    model = TreeModel({"a": [{"b": 1}] * 250})
    model.toggle(0)
    model.toggle(1)
    assert model.path(2) == ("a", range(100), 0)
    assert value_path(model.path(2)) == ("a", 0)
    assert model.row_of(("a", range(100), 0)) == 2
    assert model.row_of(("nowhere",)) is None
    assert model.is_open(0) and not model.is_open(2)


def test_long_containers_open_in_chunks_of_bounded_number() -> None:
    model = TreeModel(list(range(250)))
    assert drawn(model).splitlines() == ["▸ [0..99]", "▸ [100..199]", "▸ [200..249]"]
    model.toggle(2)
    assert drawn(model).splitlines()[3] == "    200  200"
    for size in (10_001, 1_000_000):
        assert TreeModel([0] * size).row_count <= 100
    assert TreeModel({str(key): key for key in range(101)}).row_count == 2


def test_changes_are_marked_with_what_was() -> None:
    model = TreeModel(
        {"tick": 2, "at": {"x": 2}, "new": 1, "same": 1}, {"tick": 1, "at": {"x": 1}, "same": 1}
    )
    assert drawn(model).splitlines() == ["  tick  2  ← 1", "▸ at  {1} x  ←", "  new  1  ←", "  same  1"]
    assert Span("2", "changed") in model.lines(0, 1)[0]
    assert all(span.style != "changed" for span in model.lines(3, 4)[0])


def test_what_was_open_stays_open_in_the_next_value() -> None:
    model = TreeModel({"a": {"b": 1}})
    model.toggle(0)
    after = TreeModel({"a": {"b": 2}}, {"a": {"b": 1}}, model.expanded)
    assert drawn(after) == "▾ a  {1} b  ←\n    b  2  ← 1"


def test_scalars_and_empty_containers_have_one_row() -> None:
    for value, text in ((7, "  7"), ([], "  []"), ({}, "  {0}"), (10**5000, "  <integer of 16610 bits>")):
        model = TreeModel(value)
        model.toggle(0)
        assert drawn(model) == text


def test_nesting_beyond_reason() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    model = TreeModel(value, value)
    for row in range(2_000):
        model.toggle(row)
    assert model.row_count == 2_001
    assert len(text_of(model.lines(1_990, 2_001)).splitlines()[-1]) < 80


def test_comparing_deep_values_does_not_fail() -> None:
    first: Any = 1
    second: Any = 1
    for _ in range(100_000):
        first, second = [first], [second]
    assert TreeModel(first, second).lines(0, 1)


def test_long_text_is_cut() -> None:
    assert len(drawn(TreeModel({"k" * 10_000: "v" * 1_000_000}))) < 300


@unhurried
@given(values, values, st.lists(st.integers(0, 30), max_size=8))
def test_any_value_can_be_walked(value: object, previous: object, rows: list[int]) -> None:
    model = TreeModel(value, previous)
    for row in rows:
        model.toggle(row % model.row_count)
    lines = model.lines(0, model.row_count)
    assert len(lines) == model.row_count
    assert_printable(lines)
