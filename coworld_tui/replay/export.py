"""Frames and series of a replay as files that other tools read."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..contract.errors import EXIT_USAGE, CoworldError
from ..runs.directory import replacing
from .columns import Columns
from .paths import Path as ValuePath
from .paths import dotted
from .scanning import FramesGoneError, blocks, reading_frames
from .source import FrameSource

SERIES_FORMATS = ("csv", "json", "parquet")
_FORMATS = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    "": "text",
}
_BATCH_BYTES = 16 * 1024 * 1024


def format_of(output: Path, formats: Sequence[str]) -> str:
    """The format that the ending of a name asks for. CoworldError ``format_unknown``."""
    found = _FORMATS.get(output.suffix.lower())
    if found is None or found not in formats:
        endings = [ending or "none (a folder)" for ending, name in _FORMATS.items() if name in formats]
        raise CoworldError(
            "format_unknown",
            f"cannot tell the format from the name {output.name!r}",
            next_step=f"end it with one of: {', '.join(endings)}",
            exit_code=EXIT_USAGE,
        )
    return found


@contextlib.contextmanager
def new_file(output: Path, *, force: bool = False) -> Iterator[BinaryIO]:
    """A stream into ``output``, which is there once it is whole. CoworldError when it may not be written.

    A file that is there already stays, unless ``force``; a folder always does. FramesGoneError passes.
    """
    _refuse(output, force and not output.is_dir())
    try:
        with replacing(output) as stream:
            yield stream
    except FramesGoneError:
        raise
    except OSError as error:
        raise not_written(output, error) from error


@contextlib.contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """A folder to fill, which is at ``output`` once it is whole. One that is there already stays."""
    _refuse(output, False)
    try:
        temporary = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    except OSError as error:
        raise not_written(output, error) from error
    try:
        yield temporary
        temporary.chmod(0o755)
        temporary.rename(output)
    except FramesGoneError:
        raise
    except OSError as error:
        raise not_written(output, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def not_written(output: Path, error: OSError) -> CoworldError:
    """A file that could not be written, in words."""
    return CoworldError(
        "output_lost",
        f"cannot write {output}",
        cause=error.strerror or str(error),
        next_step="choose another place with --output",
        exit_code=EXIT_USAGE,
    )


def write_json_lines(stream: BinaryIO, source: FrameSource, frames: range) -> int:
    """Each frame as JSON on a line of its own; returns how many.

    JSON stays as it was recorded, text becomes a string, and bytes an object with ``base64``.
    """
    for first, payloads in blocks(source, frames.start, frames.stop):
        for index, payload in enumerate(payloads, first):
            stream.write(_line(payload, source.kind(index)) + b"\n")
    return len(frames)


def write_frames_table(stream: BinaryIO, source: FrameSource, frames: range) -> int:
    """Frames as Parquet, in the columns of a recording; returns how many.

    ``received_at`` may be null here: frames of a replay file were not received by anybody.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from .recording import SCHEMA, UNDATED_SCHEMA

    with reading_frames():
        is_dated = all(source.time(index) is not None for index in frames)
    schema = SCHEMA if is_dated else UNDATED_SCHEMA
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for rows in _batches(source, frames):
            columns = list(zip(*rows, strict=True))
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return len(frames)


def covered(source: FrameSource, paths: Sequence[ValuePath]) -> Columns:
    """The columns of ``paths`` over all frames counted."""
    columns = Columns(source, paths)
    while columns.advance(1.0):
        pass
    return columns


def write_series(stream: BinaryIO, columns: Columns, frames: range, kind: str) -> int:
    """The followed numbers in ``frames`` as ``csv``, ``json`` or ``parquet``; returns how many frames.

    A column each: ``frame`` (from 0), ``tick``, and every path under its name. What is missing, no
    number or infinite is left empty (null). JSON holds an object of lists.
    """
    window = slice(frames.start, frames.stop)
    numbers = {"tick": columns.ticks()[window]}
    numbers |= {dotted(path): columns.values(path)[window] for path in columns.paths}
    if kind == "parquet":
        _write_table(stream, frames, numbers)
        return len(frames)
    lists = {name: [_number(value) for value in values.tolist()] for name, values in numbers.items()}
    table = {"frame": list(frames), **lists}
    if kind == "json":
        stream.write(json.dumps(table).encode() + b"\n")
    else:
        write_csv(stream, list(table), zip(*table.values(), strict=True))
    return len(frames)


def write_csv(stream: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A header and rows; ``None`` is an empty cell."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    try:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    finally:
        text.detach()  # which flushes; the stream stays the caller's to close


def _refuse(output: Path, may_replace: bool) -> None:
    if output.is_symlink() or output.exists():
        if may_replace:
            return
        is_folder = output.is_dir()
        raise CoworldError(
            "output_exists",
            f"{output} is there already",
            cause="a folder is never replaced" if is_folder else "",
            next_step="choose another name"
            if is_folder
            else "choose another name, or replace it with --force",
            exit_code=EXIT_USAGE,
        )


def _line(payload: bytes, kind: str) -> bytes:
    if kind == "json":
        # Within JSON a line break can only be a blank: in strings it is written as an escape.
        return payload.replace(b"\n", b" ").replace(b"\r", b" ").strip()
    if kind == "text":
        return json.dumps(payload.decode("utf-8", "replace")).encode()
    return json.dumps({"base64": base64.b64encode(payload).decode()}).encode()


_Row = tuple[int, Any, int | None, str, bytes]


def _batches(source: FrameSource, frames: range) -> Iterator[list[_Row]]:
    rows: list[_Row] = []
    size = 0
    for first, payloads in blocks(source, frames.start, frames.stop):
        for index, payload in enumerate(payloads, first):
            rows.append(
                (index - frames.start, source.time(index), source.tick(index), source.kind(index), payload)
            )
            size += len(payload) + 64
        if size >= _BATCH_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _write_table(stream: BinaryIO, frames: range, numbers: dict[str, Any]) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [pa.array(np.arange(frames.start, frames.stop, dtype=np.int64))]
    for name, values in numbers.items():
        column = pa.array(values, mask=~np.isfinite(values))
        arrays.append(column.cast(pa.int64()) if name == "tick" else column)
    pq.write_table(pa.table(arrays, names=["frame", *numbers]), stream)


def _number(value: float) -> int | float | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
