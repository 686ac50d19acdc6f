"""What a role has written, to look at: a score as a number, findings as a table, documents as they read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..contract.jsontext import MIB, UnreadableJson, read_json
from ..replay.blob import open_regular
from ..replay.file_views import view_of
from ..replay.lenses.model import LineModel
from ..replay.lenses.spans import Line, Span
from ..replay.log_times import masked_line
from ..replay.source import ReplayFile
from ..replay.tables import MAX_COLUMNS, small_table
from ..replay.zip_view import members
from .role_outputs import RoleOutput, score_of

_FINDINGS = "findings.json"
_JSON_LIMIT = MIB
_MOST_ROWS = 500
_CELL = 300


@dataclass(frozen=True)
class OutputView:
    """A file as lines. ``score`` is a grade's, ``findings`` a diagnosis' rows, names of columns first."""

    title: str
    lines: LineModel
    note: str = ""
    score: float | None = None
    findings: tuple[tuple[str, ...], ...] = ()


def view_output(output: RoleOutput, width: int = 80) -> OutputView:
    """Show an output of a role, bounded and harmless. Never raises for what it holds. Blocking."""
    file = _file(Path(output.path))
    view = view_of(file, width=width)
    score = score_of(Path(output.path)) if output.kind == "score" else None
    findings = _findings(file, output.kind)
    top: list[Line] = []
    if score is not None:
        top += [(Span("score  ", "muted"), Span(f"{score:.12g}", "accent")), ()]
    if findings:
        top += [(Span("findings", "heading"),), *small_table(findings, width), ()]
    lines = _Stacked(top, view.lines) if top else view.lines
    return OutputView(view.title, lines, view.note, score, findings)


class _Stacked:
    """Lines above those of another model."""

    def __init__(self, top: Sequence[Line], below: LineModel) -> None:
        self._top = top
        self._below = below

    @property
    def row_count(self) -> int:
        """Number of rows of both."""
        return len(self._top) + self._below.row_count

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw rows ``start`` up to but not including ``stop``, as far as there are any."""
        count = len(self._top)
        below = self._below.lines(max(0, start - count), max(0, stop - count))
        return [*self._top[max(0, start) : max(0, stop)], *below]


def _file(path: Path) -> ReplayFile:
    def read(limit: int) -> bytes:
        with open_regular(path) as stream:
            return stream.read(limit)

    size = 0
    with contextlib.suppress(OSError):
        size = path.lstat().st_size
    return ReplayFile(path.name, size, read)


def _findings(file: ReplayFile, kind: str) -> tuple[tuple[str, ...], ...]:
    """The findings of a diagnosis: those its manifest names, else ``findings.json``."""
    if kind == "findings":
        return _rows(_json(file))
    if kind != "zip":
        return ()
    entries = {entry.name: entry for entry in members(file)}
    manifest = _json(entries["manifest.json"]) if "manifest.json" in entries else None
    named = manifest.get("findings") if isinstance(manifest, dict) else None
    entry = entries.get(named if isinstance(named, str) else _FINDINGS)
    return _rows(_json(entry)) if entry is not None else ()


def _json(file: ReplayFile) -> Any:
    try:
        return read_json(file.read(_JSON_LIMIT + 1), _JSON_LIMIT)
    except (OSError, UnreadableJson):
        return None


def _rows(value: Any) -> tuple[tuple[str, ...], ...]:
    if isinstance(value, dict) and isinstance(value.get("findings"), list):
        value = value["findings"]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        columns = list(dict.fromkeys(key for item in value[:_MOST_ROWS] for key in item))[:MAX_COLUMNS]
        rows = [tuple(_cell(item.get(key)) for key in columns) for item in value[:_MOST_ROWS]]
        return (tuple(map(_cell, columns)), *rows)
    if isinstance(value, list) and value:
        return (("finding",), *((_cell(item),) for item in value[:_MOST_ROWS]))
    if isinstance(value, Mapping) and value:
        pairs = [pair for key, item in value.items() for pair in _pairs(str(key), item)]
        return (("what", "value"), *pairs[:_MOST_ROWS])
    return ()


def _pairs(key: str, value: Any) -> list[tuple[str, str]]:
    """A member as rows: a list takes one each, its name in the first."""
    items = value if isinstance(value, list) and value else [value]
    return [("" if at else _cell(key), _cell(item)) for at, item in enumerate(items[:_MOST_ROWS])]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value)
    return masked_line(text)[:_CELL]
