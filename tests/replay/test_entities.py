"""Arrays of objects become tables: which, which columns, and what changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.lenses.entities import MAX_COLUMNS, MAX_TABLES, EntitiesLens, tables_in
from coworld_tui.replay.lenses.model import FrameView
from coworld_tui.replay.lenses.spans import Line, line_width, text_of
from coworld_tui.replay.lenses.tabular import cell_text
from coworld_tui.replay.paths import MISSING

from .json_values import keys, scalars, unhurried, values
from .test_grid import assert_printable

UNITS = [
    {"id": "a", "hp": 10, "pos": [3, 4], "kind": "worker", "bag": {"wood": 1}},
    {"id": "b", "hp": 7.25, "kind": "soldier", "alive": False},
]


def drawn(frame: object, width: int = 80, before: object = MISSING) -> list[Line]:
    view = FrameView(b"", "json", frame, before)
    assert EntitiesLens().fits(view)
    model = EntitiesLens().model(view, width, 20)
    return model.lines(0, model.row_count)


def changed(frame: object, before: object) -> list[str]:
    spans = (span for line in drawn(frame, before=before) for span in line)
    return [span.text.strip() for span in spans if span.style == "changed"]


def test_a_table_has_the_columns_of_all_its_rows() -> None:
    assert text_of(drawn({"units": UNITS})) == (
        "units  2\nid    hp  pos  kind     alive\na     10  3,4  worker\nb   7.25       soldier  false"
    )


def test_several_tables_stand_below_each_other() -> None:
    frame = {"cards": [{"rank": 2}], "world": {"items": [{"x": 1, "y": 2}, {"x": 10}], "notes": []}}
    assert text_of(drawn(frame)) == "cards  1\nrank\n   2\n\nworld.items  2\n x  y\n 1  2\n10"


def test_objects_of_like_objects_are_a_table_with_their_keys() -> None:
    frame = {"ships": {"1-1": {"x": 1, "ore": 5}, "1-2": {"x": 2, "ore": 0}}, "step": {"a": 1}}
    assert text_of(drawn(frame)) == "ships  2\n·    x  ore\n1-1  1    5\n1-2  2    0"


def test_a_frame_that_is_the_table() -> None:
    assert text_of(drawn([{"reward": 1}, {"reward": None}])) == "frame  2\nreward\n     1\n     –"


@pytest.mark.parametrize(
    "frame",
    [
        {},
        [],
        7,
        "text",
        b"bytes",
        {"a": {"b": 1}},
        {"rows": [[1, 2]]},
        {"units": [{}, {}]},
        {"m": [{"a": {}}, 1]},
    ],
)
def test_frames_without_objects_in_arrays(frame: object) -> None:
    assert not EntitiesLens().fits(FrameView(b"", "json", frame))


def test_changed_cells_are_marked() -> None:
    now = [UNITS[0] | {"hp": 9, "pos": [3, 5]}, UNITS[1]]
    assert changed({"units": now}, {"units": UNITS}) == ["9", "3,5"]
    assert changed({"units": UNITS}, {"units": UNITS}) == []
    assert changed({"units": UNITS}, {}) == [], "where there was no table nothing changed"


def test_rows_are_recognised_by_what_tells_them_apart() -> None:
    assert changed({"units": UNITS[::-1]}, {"units": UNITS}) == []
    assert changed({"units": UNITS[1:]}, {"units": UNITS}) == []
    newcomer = {"id": "c", "hp": 1}
    assert changed({"units": [newcomer, *UNITS]}, {"units": UNITS})[:2] == ["c", "1"]
    same = [{"id": 1, "hp": 1}, {"id": 1, "hp": 2}]
    assert changed({"units": same}, {"units": same[::-1]}) == ["1", "2"], "ids that repeat are none"
    assert changed({"by": {"p": {"v": 1}, "q": {"v": 2}}}, {"by": {"q": {"v": 2}, "p": {"v": 3}}}) == ["1"]


def test_a_narrow_room_shortens_texts_and_then_leaves_columns_out() -> None:
    frame = {"units": [{"name": "a long name indeed", "one": 1, "two": 22222, "three": 333}]}
    assert (
        text_of(drawn(frame, 29)) == "units  1\nname        one    two  three\na long na…    1  22222    333"
    )
    assert text_of(drawn(frame, 18)) == "units  1   2 more…\nname           one\na long name …    1"
    assert text_of(drawn(frame, 3)) == "un…\nna…\na …"


def test_bounds() -> None:
    wide = {f"key{at}": at for at in range(100)}
    tables = tables_in({f"table{at}": [wide] for at in range(50)})
    assert len(tables) == MAX_TABLES
    assert len(tables[0].keys) == MAX_COLUMNS
    assert tables_in({"a": {"b": {"c": {"d": {"e": [{"x": 1}]}}}}}) == []


def test_a_hundred_thousand_rows_are_drawn_by_window() -> None:
    frame = {"units": [{"id": at, "hp": at % 7} for at in range(100_000)]}
    view = FrameView(b"", "json", frame, frame)
    model = EntitiesLens().model(view, 80, 24)
    assert model.row_count == 100_002
    assert text_of(model.lines(100_000, 100_002)) == "99998   3\n99999   4"


def test_hostile_keys_and_cells_are_text() -> None:
    frame = {"u\x1b[2Js": [{"\x1b[31mk\u202e": "\x1b]0;t\x07[b]x[/b]\n", "n": float("nan"), "big": 10**400}]}
    lines = drawn(frame)
    assert_printable(lines)
    assert "[b]x[/b]" in text_of(lines) and "nan" in text_of(lines) and "huge" in text_of(lines)


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(keys, st.lists(st.dictionaries(keys, values, max_size=4), max_size=5), max_size=4),
    st.dictionaries(keys, values, max_size=4),
    st.integers(0, 60),
)
def test_any_tables_stay_within_the_width(frame: Any, before: Any, width: int) -> None:
    model = EntitiesLens().model(FrameView(b"", "json", frame, before), width, 10)
    lines = model.lines(0, model.row_count)
    assert len(lines) == model.row_count
    assert_printable(lines)
    assert all(line_width(line) <= width for line in lines)


@unhurried
@given(scalars)
def test_any_cell_is_short(value: object) -> None:
    assert len(cell_text(value)) <= 24
