"""The rows that ``query`` finds, as a table for people or for other tools."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from ..contract.text import safe_line
from ..replay.paths import MISSING
from .output import say, tell, tell_bytes, tell_json

_CELL = 60
_SPARK_WIDTH = 40


class Row(NamedTuple):
    """Values at a frame; ``MISSING`` where there is none."""

    frame: int
    tick: int | None
    values: tuple[Any, ...]


def show(kind: str, expression: str, names: list[str], rows: list[Row]) -> None:
    """Print rows as ``table``, ``json`` or ``csv``; beneath a table, on stderr, how its numbers went."""
    if kind == "table":
        for line in _table(names, rows):
            tell(line)
        for line in _summary(names, rows):
            say(line)
    elif kind == "json":
        tell_json(_document(expression, names, rows))
    else:
        stream = BytesIO()
        on_terminal = sys.stdout is not None and sys.stdout.isatty()
        _write_csv(stream, expression, names, rows, clean=safe_line if on_terminal else str)
        tell_bytes(stream.getvalue())


def _document(expression: str, names: list[str], rows: list[Row]) -> dict[str, Any]:
    """One path gives rows with ``value``; several give each its own name."""
    keys = ["value"] if len(names) == 1 else names
    return {
        "expression": expression,
        "paths": names,
        "count": len(rows),
        "rows": [
            {"frame": row.frame, "tick": row.tick}
            | {key: _json(value) for key, value in zip(keys, row.values, strict=True)}
            for row in rows
        ],
    }


def _table(names: list[str], rows: list[Row]) -> Iterator[str]:
    cells = [["frame", "tick", *names]] + [
        [str(row.frame), "" if row.tick is None else str(row.tick), *map(_cell, row.values)] for row in rows
    ]
    is_number = [True, True, *(all(_is_number(row.values[at]) for row in rows) for at in range(len(names)))]
    widths = [max(len(row[at]) for row in cells) for at in range(len(names) + 2)]
    for row in cells:
        parts = [
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(row, widths, is_number, strict=True)
        ]
        yield "  ".join(parts).rstrip()


def _summary(names: list[str], rows: list[Row]) -> Iterator[str]:
    from ..replay.series import sparkline

    yield f"{len(rows)} rows" if len(rows) != 1 else "1 row"
    for at, name in enumerate(names):
        values = [row.values[at] for row in rows]
        if len(values) > 1 and all(map(_is_number, values)):
            low, high = _cell(min(values)), _cell(max(values))
            yield f"{name}  {sparkline(values, _SPARK_WIDTH)}  {low} to {high}"


def _cell(value: Any) -> str:
    if value is MISSING:
        return ""
    return safe_line(value if isinstance(value, str) else _text(value), _CELL)


def _text(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "…"


def _json(value: Any) -> Any:
    if value is MISSING or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if not isinstance(value, bytes) else value.hex()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _write_json(stream: BinaryIO, expression: str, names: list[str], rows: list[Row]) -> None:
    stream.write(json.dumps(_document(expression, names, rows)).encode() + b"\n")


def _write_table(stream: BinaryIO, expression: str, names: list[str], rows: list[Row]) -> None:
    stream.write("".join(f"{line}\n" for line in _table(names, rows)).encode())


def _write_csv(
    stream: BinaryIO,
    expression: str,
    names: list[str],
    rows: Iterable[Row],
    clean: Callable[[str], str] = str,
) -> None:
    from ..replay.export import write_csv

    def cell(value: Any) -> Any:
        if value is MISSING or value is None:
            return None
        return value if _is_number(value) else clean(value if isinstance(value, str) else _text(value))

    lines = ([row.frame, row.tick, *map(cell, row.values)] for row in rows)
    write_csv(stream, ["frame", "tick", *names], lines)


def _write_parquet(stream: BinaryIO, expression: str, names: list[str], rows: list[Row]) -> None:
    """Numbers as float64, true and false as such, anything else as JSON text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [
        pa.array([row.frame for row in rows], pa.int64()),
        pa.array([row.tick for row in rows], pa.int64()),
    ]
    for at in range(len(names)):
        values = [None if row.values[at] is MISSING else row.values[at] for row in rows]
        known = [value for value in values if value is not None]
        if all(isinstance(value, bool) for value in known):
            arrays.append(pa.array(values, pa.bool_()))
        elif all(map(_is_number, known)):
            arrays.append(
                pa.array([None if value is None else float(value) for value in values], pa.float64())
            )
        else:
            arrays.append(
                pa.array([None if value is None else _text(value) for value in values], pa.string())
            )
    pq.write_table(pa.table(arrays, names=["frame", "tick", *names]), stream)


WRITERS = {"table": _write_table, "json": _write_json, "csv": _write_csv, "parquet": _write_parquet}
"""Each writes rows in one format into a stream: format, expression, names of the values, rows."""
