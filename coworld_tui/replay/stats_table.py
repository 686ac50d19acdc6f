"""The official stats table (local.md 7.1): what a replay says of each tick and each player, a row each.

The rules are those of the stats reporter of contract 0.1.11, told without the names of its one game.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from .lenses.choose import decode_frame
from .scanning import blocks
from .source import FrameSource
from .watched import watch

_BATCH_BYTES = 8 * 1024 * 1024
_GLOBAL = -1
# What a frame says of itself and of the session (local.md 5.1), not of the game.
_ENVELOPE = frozenset(
    {"type", "tick", "max_ticks", "started", "paused", "tick_rate", "done", "player_names", "slot"}
)
_SIZES = ("width", "height")


class StatsRow(NamedTuple):
    """``player`` is a slot, or -1 for the game as a whole; ``value`` is compact JSON with sorted keys."""

    ts: int
    player: int
    key: str
    value: str


def stats_rows(
    source: FrameSource,
    players: int = 0,
    results: Mapping[str, Any] | None = None,
    frames: range | None = None,
) -> Iterator[StatsRow]:
    """The rows of ``frames`` (all that are counted), then those of the results at the last tick of them.

    ``width`` and ``height`` become ``arena``. A list with one entry for each player gives a row to each,
    its key in the singular; when its entries are plain values it is also a row of the game's, as every other
    member is. Of several frames of one tick the last counts; without ticks the index does. Frames
    that are no JSON objects have no rows. OSError when the frames are gone.
    """
    count = players or _players_of(source, results)
    held: tuple[int, list[StatsRow]] = (0, [])
    frames = range(len(source)) if frames is None else frames
    for first, payloads in blocks(source, frames.start, frames.stop):
        for index, payload in enumerate(payloads, first):
            tick = source.tick(index)
            ts = index if tick is None else tick
            if held[0] != ts:
                yield from held[1]
            held = ts, list(_frame_rows(ts, decode_frame(payload, source.kind(index)), count))
    yield from held[1]
    if results is not None:
        yield from _result_rows(held[0], results, count)


def write_stats(rows: Iterator[StatsRow], stream: BinaryIO) -> int:
    """Write rows as Parquet, columns ``ts player key value``; returns how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    integer, text = pa.int64(), pa.string()
    schema = pa.schema([("ts", integer), ("player", integer), ("key", text), ("value", text)])
    written = 0
    with pq.ParquetWriter(stream, schema) as writer:
        for batch in _batches(rows):
            columns = list(zip(*batch, strict=True))
            writer.write_table(
                pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)
            )
            written += len(batch)
    return written


def _batches(rows: Iterator[StatsRow]) -> Iterator[list[StatsRow]]:
    batch: list[StatsRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.value) + len(row.key) + 100
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _players_of(source: FrameSource, results: Mapping[str, Any] | None) -> int:
    scores = results.get("scores") if results is not None else None
    if isinstance(scores, list):
        return len(scores)
    if not len(source):
        return 0
    middle = len(source) // 2
    return len(watch(decode_frame(source.payload(middle), source.kind(middle))).scores)


def _frame_rows(ts: int, frame: Any, players: int) -> Iterator[StatsRow]:
    if _is_by_player(frame, players):
        # One entry a player, as in frames that are lists: what each entry says is that player's.
        for slot, entry in enumerate(frame):
            if isinstance(entry, Mapping):
                yield from (
                    _row(ts, slot, key, value) for key, value in entry.items() if key not in _ENVELOPE
                )
        return
    if not isinstance(frame, Mapping):
        return
    size = {key: frame[key] for key in _SIZES if key in frame}
    if len(size) == len(_SIZES):
        yield _row(ts, _GLOBAL, "arena", size)
    for key, value in frame.items():
        if key in _ENVELOPE or (key in _SIZES and len(size) == len(_SIZES)):
            continue
        by_player = _is_by_player(value, players)
        if not by_player or not any(isinstance(entry, list | Mapping) for entry in value):
            yield _row(ts, _GLOBAL, key, value)
        if by_player:
            yield from (_row(ts, slot, _singular(key), entry) for slot, entry in enumerate(value))


def _result_rows(ts: int, results: Mapping[str, Any], players: int) -> Iterator[StatsRow]:
    yield _row(ts, _GLOBAL, "final_results", results)
    for key, value in results.items():
        if _is_by_player(value, players):
            name = "final_score" if key == "scores" else key
            yield from (_row(ts, slot, name, entry) for slot, entry in enumerate(value))


def _is_by_player(value: Any, players: int) -> bool:
    return isinstance(value, list) and len(value) == players > 0


def _singular(key: str) -> str:
    return key[:-1] if key.endswith("s") and not key.endswith("ss") and len(key) > 1 else key


def _row(ts: int, player: int, key: str, value: Any) -> StatsRow:
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    except RecursionError:
        text = '"nested too deeply"'
    return StatsRow(ts, player, _text(key), text)


def _text(key: str) -> str:
    return key.encode("utf-8", "replace").decode()
