"""Events that episodes came with: odd records, hostile tables, and the frames they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.declared import (
    EVENTS_LIMIT,
    UNPLACED,
    annotations_of,
    events_of,
    place_events,
    rare_events_of,
)
from coworld_tui.replay.source import Event, ReplayFile

from .json_values import unhurried, values
from .sources import ListSource


def file_of(data: bytes) -> ReplayFile:
    return ReplayFile("some", len(data), lambda limit: data[:limit])


def table_file(path: Path, **columns: Any) -> ReplayFile:
    pq.write_table(pa.table(columns), path)
    return file_of(path.read_bytes())


def event(tick: int | None) -> Event:
    return Event(UNPLACED, tick, "k", "t")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[{"tick": 1, "kind": "a"}]', ["a"]),
        ('{"tick": 1, "kind": "a"}\n\n{"tick": 2, "kind": "b"}\n{cut', ["a", "b"]),
        ('{"events": [{"tick": 1, "kind": "a"}], "more": 1}', ["a"]),
        ('{"tick": 1, "type": "a"}', ["a"]),
        (
            '[{"tick": 1.0, "kind": "a"}, {"tick": NaN}, {"tick": true}, {"tick": "3"}, {"tick": 1e300}]',
            ["a"],
        ),
        ("[]", []),
        ("", []),
    ],
)
def test_arrays_lines_and_wrapped_arrays_are_read(text: str, found: list[str]) -> None:
    events, problem = events_of(file_of(text.encode()))
    assert [one.kind for one in events] == found
    assert problem == ""


def test_what_holds_no_events_and_what_holds_too_many_is_named() -> None:
    assert events_of(file_of(b"hello")) == ([], "some holds no events")
    many = json.dumps([{"tick": tick, "kind": "k"} for tick in range(EVENTS_LIMIT + 1)])
    events, problem = events_of(file_of(many.encode()))
    assert (len(events), f"first {EVENTS_LIMIT} of {EVENTS_LIMIT + 1}" in problem) == (EVENTS_LIMIT, True)
    events, problem = events_of(file_of(b" " * (8 << 20) + many.encode()))
    assert (events, "larger than 8 MiB" in problem) == ([], True)


records_with_ticks = st.fixed_dictionaries({"tick": st.integers(), "kind": values, "slot": values})


@settings(unhurried, max_examples=60)
@given(records=st.lists(values | records_with_ticks, max_size=3))
def test_any_records_become_events_that_can_be_shown(records: list[Any]) -> None:
    data = json.dumps(records).encode("utf-8", "surrogatepass")
    lines = b"\n".join(json.dumps(record).encode("utf-8", "surrogatepass") for record in records)
    for found in (
        *events_of(file_of(data))[0],
        *events_of(file_of(lines))[0],
        *annotations_of(file_of(lines), 1, 5.0)[0],
    ):
        assert found.text.isprintable()
        assert found.kind.isprintable()
        assert found.kind
        assert found.slot >= -1


def test_seconds_of_annotations_become_ticks() -> None:
    line = b'{"time": 2.5, "kind": "plan", "function": "f"}'
    for rate, tick in ((10.0, 25), (None, 2)):
        (found,), _ = annotations_of(file_of(line), 1, rate)
        assert (found.tick, found.kind, found.text, found.slot) == (tick, "plan", "f", 1)


def test_the_rare_kinds_of_a_table_are_events_whatever_its_integers_and_texts_are(tmp_path: Path) -> None:
    for small, text in ((pa.int64(), pa.string()), (pa.int32(), pa.large_string())):
        for kind in (text, pa.dictionary(pa.int32(), pa.string())):
            found = rare_events_of(
                table_file(
                    tmp_path / "t",
                    ts=pa.array([*range(8), 3, 4, None], small),
                    player=pa.array([*[-1] * 8, 1, None, 0], small),
                    key=pa.array([*["often"] * 8, "rare", None, "rare"]).cast(kind),
                    value=pa.array([*["1"] * 8, None, "x", "y"]).cast(kind),
                )
            )
            assert [(one.tick, one.kind, one.slot) for one in found if one.kind == "rare"] == [(3, "rare", 1)]
            assert all(one.kind != "often" for one in found)


def test_other_and_damaged_tables_have_no_events(tmp_path: Path) -> None:
    assert rare_events_of(table_file(tmp_path / "t", x=[1, 2])) == []
    none: list[Any] = []
    empty = {"ts": pa.array(none, pa.int64()), "player": pa.array(none, pa.int64())}
    texts = {"key": pa.array(none, pa.string()), "value": pa.array(none, pa.string())}
    assert rare_events_of(table_file(tmp_path / "t", **empty, **texts)) == []
    numbers = {name: pa.array([1, 2]) for name in ("ts", "player", "key", "value")}
    with pytest.raises(OSError, match="damaged table"):
        rare_events_of(table_file(tmp_path / "t", **numbers))
    for data in (b"", b"PAR1", b"PAR1" * 50):
        with pytest.raises(OSError, match="damaged table"):
            rare_events_of(file_of(data))


def test_one_long_text_that_many_rows_repeat_stays_one(tmp_path: Path) -> None:
    rows = 20_000
    zeros = pa.array([0] * rows, pa.int32())
    table = pa.table(
        {
            "ts": pa.array(range(rows)),
            "player": zeros,
            "key": pa.array(["k"] * (rows - 1) + ["rare"]),
            "value": pa.DictionaryArray.from_arrays(zeros, pa.array(["x" * 200_000])),
        }
    )
    pq.write_table(table, tmp_path / "t", store_schema=False)
    file = file_of((tmp_path / "t").read_bytes())
    pool = pa.default_memory_pool()
    before = pool.max_memory()
    (found,) = rare_events_of(file)
    assert (found.tick, len(found.text)) == (rows - 1, 120)
    assert pool.max_memory() - before < 200 << 20  # and not 4 GB


def test_an_event_belongs_to_the_first_frame_at_or_after_its_tick() -> None:
    source = ListSource([{"tick": tick} for tick in (2, 4, 4, 8)])
    placed = place_events(source, [event(tick) for tick in (9, 8, 5, 4, 3, 0, None)])
    assert [(one.index, one.tick) for one in placed] == [
        (0, 0),
        (1, 4),
        (1, 3),
        (3, 9),
        (3, 8),
        (3, 5),
        (3, None),
    ]
    assert place_events(source, placed) == placed


def test_without_ticks_an_event_belongs_to_the_frame_of_that_number() -> None:
    source = ListSource([{"x": 1}] * 3)
    assert [one.index for one in place_events(source, [event(1), event(7), event(-4)])] == [0, 1, 2]
    assert place_events(ListSource([]), [event(1)]) == (event(1),)
