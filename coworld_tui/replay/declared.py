"""Events that an episode came with: ``events.json``, players' annotations, event-log tables (local.md 7)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ..contract.text import safe_line
from .decoding import json_or_none
from .source import Event, FrameSource, ReplayFile
from .ticks import first_at

UNPLACED = -1
"""The index of an event whose frame is not known yet."""

EVENTS_LIMIT = 5_000

_FILE_LIMIT = 8 << 20
_TABLE_LIMIT = 8 << 20
_TABLE_ROWS = 500_000
_TABLE_COLUMNS = ["ts", "player", "key", "value"]
_RARE = 200
_TEXT_LIMIT = 120
_KIND_LIMIT = 40
_VALUE_LIMIT = 40
_LARGEST_TICK = 2**62
_SHOWN_ELSEWHERE = ("tick", "kind", "type", "agent", "slot", "player", "text", "message")


def events_of(file: ReplayFile) -> tuple[list[Event], str]:
    """The events of an ``events.json``, one array or a line each, and a problem or nothing. OSError."""
    records, problem = _records(file)
    return [event for record in records if (event := _event(record)) is not None], problem


def annotations_of(file: ReplayFile, slot: int, tick_rate: float | None) -> tuple[list[Event], str]:
    """A player's annotations. Seconds become ticks by ``tick_rate``; without one they are ticks."""
    records, problem = _records(file)
    events = []
    for record in records:
        seconds = record.get("time")
        if isinstance(seconds, int | float) and abs(seconds) < 1e12:
            text = _word(record, "message", "function") or _details(record)
            kind = _word(record, "kind") or "note"
            tick = int(seconds * (tick_rate or 1.0))
            events.append(Event(UNPLACED, tick, kind[:_KIND_LIMIT], safe_line(text, _TEXT_LIMIT), slot))
    return events, problem


def rare_events_of(file: ReplayFile) -> list[Event]:
    """The rare kinds of an event-log table (``ts player key value``); other tables have none. OSError.

    What is logged at most ticks is a series and no event, however short the episode.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file.size > _TABLE_LIMIT:
        return []
    try:
        data = file.read(_TABLE_LIMIT)
        details = pq.read_metadata(io.BytesIO(data))
        if details.schema.names != _TABLE_COLUMNS or details.num_rows > _TABLE_ROWS:
            return []
        # As dictionaries: one long text that many rows repeat stays one text in memory.
        table = pq.ParquetFile(io.BytesIO(data), read_dictionary=["key", "value"]).read()
        table.validate(full=True)
        return list(islice(_rare_events(table), EVENTS_LIMIT))
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise OSError(f"a damaged table ({type(error).__name__})") from error


def _rare_events(table: Any) -> Iterator[Event]:
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = table.column("key").value_counts().to_pylist()
    most = min(_RARE - 1, max(3, len(table.column("ts").unique()) // 4))
    rare = [count["values"] for count in counts if count["counts"] <= most]
    rows = table.filter(pc.is_in(table.column("key"), value_set=pa.array(rare, pa.string())))
    for row in range(rows.num_rows):
        tick, player, key, value = (rows.column(name)[row].as_py() for name in _TABLE_COLUMNS)
        if isinstance(tick, int):
            slot = player if isinstance(player, int) and player >= 0 else -1
            text = safe_line(f"{key} {str(value)[:_TEXT_LIMIT]}", _TEXT_LIMIT)
            yield Event(UNPLACED, tick, safe_line(str(key), _KIND_LIMIT), text, slot)


def place_events(source: FrameSource, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events with the frames they belong to, in order: the first at or after their tick.

    Where frames have no ticks, an event's tick is taken for the number of its frame. Events after
    the last frame, and those without a tick, belong to the last one. Unplaced without any frame.
    """
    count = len(source)
    if not count:
        return tuple(events)
    places: dict[int, int] = {}
    has_ticks = source.tick(0) is not None
    placed = []
    for event in events:
        if event.tick is None:
            index = count - 1
        elif has_ticks:
            if event.tick not in places:
                places[event.tick] = first_at(source, event.tick)
            index = places[event.tick]
        else:
            index = event.tick
        index = max(0, min(index, count - 1))
        placed.append(Event(index, event.tick, event.kind, event.text, event.slot))
    return tuple(sorted(placed, key=lambda event: event.index))


def _records(file: ReplayFile) -> tuple[list[Mapping[str, Any]], str]:
    data = file.read(_FILE_LIMIT + 1)
    problem = ""
    if len(data) > _FILE_LIMIT:
        problem = f"{file.name} is larger than {_FILE_LIMIT >> 20} MiB: its end is left out"
    values = list(_values(data[:_FILE_LIMIT]))
    records = [value for value in values if isinstance(value, Mapping)]
    if not records and data.strip() and values != [[]]:
        problem = problem or f"{file.name} holds no events"
    if len(records) > EVENTS_LIMIT:
        problem = f"{file.name}: the first {EVENTS_LIMIT} of {len(records)} events are shown"
    return records[:EVENTS_LIMIT], problem


def _values(data: bytes) -> Iterator[Any]:
    """The elements of an array, of an object's ``events``, or the lines that are JSON."""
    whole = json_or_none(data)
    if isinstance(whole, Mapping) and isinstance(whole.get("events"), list):
        yield from whole["events"]
    elif isinstance(whole, list):
        yield from whole or [[]]
    elif whole is not None:
        yield whole
    else:
        yield from (json_or_none(line) for line in data.splitlines() if line.strip())


def _event(record: Mapping[str, Any]) -> Event | None:
    tick = record.get("tick")
    if isinstance(tick, float) and tick == tick and abs(tick) < _LARGEST_TICK:
        tick = int(tick)
    if not isinstance(tick, int) or isinstance(tick, bool) or abs(tick) > _LARGEST_TICK:
        return None
    kind = _word(record, "kind", "type") or "event"
    who = [record.get(key) for key in ("slot", "player", "agent")]
    slot = next((one for one in who if isinstance(one, int) and not isinstance(one, bool) and one >= 0), -1)
    text = _word(record, "text", "message") or f"{kind} {_details(record)}".rstrip()
    return Event(UNPLACED, tick, kind[:_KIND_LIMIT], safe_line(text, _TEXT_LIMIT), slot)


def _word(record: Mapping[str, Any], *keys: str) -> str:
    """The first of the keys that holds a text or a number, safe to show."""
    values = (record.get(key) for key in keys)
    words = (safe_line(str(value), _TEXT_LIMIT) for value in values if isinstance(value, str | int | float))
    return next(filter(None, words), "")


def _details(record: Mapping[str, Any]) -> str:
    pairs: Sequence[str] = [
        f"{key} {str(value)[:_VALUE_LIMIT]}"
        for key, value in list(record.items())[:8]
        if key not in _SHOWN_ELSEWHERE and isinstance(value, str | int | float)
    ]
    return "  ".join(pairs)
