"""Files as they are shown beside the frames."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coworld_tui.replay.file_views import FileView, view_of
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.replay.source import ReplayFile

from .episodes import recorded_episode


def file_of(data: bytes | str, name: str = "file", size: int | None = None) -> ReplayFile:
    """A file in memory; ``size`` where it is to claim another."""
    content = data.encode() if isinstance(data, str) else data
    return ReplayFile(name, len(content) if size is None else size, lambda limit: content[:limit])


def recorded(generation: str, name: str) -> ReplayFile:
    """A file of the real episode of a generation."""
    path = recorded_episode(generation) / name
    return file_of(path.read_bytes(), path.name)


def shown(view: FileView, start: int = 0, stop: int = 1_000) -> str:
    """Those lines of a view, as text."""
    return text_of(view.lines.lines(start, stop))


def text_shown(data: bytes | str, name: str = "file", **options: Any) -> str:
    """What is shown of these contents, as text."""
    return shown(view_of(file_of(data, name), **options))


def zipped(entries: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these entries."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    """A table as Parquet."""
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def streamed(table: pa.Table, *, as_file: bool = False) -> bytes:
    """A table as an Arrow stream, or as an Arrow file."""
    target = io.BytesIO()
    with (pa.ipc.new_file if as_file else pa.ipc.new_stream)(target, table.schema) as writer:
        writer.write_table(table)
    return target.getvalue()


TABLE = pa.table(
    {
        "n": [1, None, 300],
        "x": [0.5, 1.0, None],
        "s": ["one", "\x1b[31mtwo", None],
        "l": [[1], list(range(40)), None],
        "b": [b"\0\1", b"", None],
        "d": pa.array(["p", "q", "p"]).dictionary_encode(),
        "token": ["quiet"] * 3,
    }
)
"""A column of every type that is drawn in its own way."""
