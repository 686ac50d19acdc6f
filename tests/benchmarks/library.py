"""The library of 100 000 episodes, and the table that shows it, beside Textual's own table.

``python -m tests.benchmarks.library table|peer FOLDER`` is what is measured in a terminal.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from coworld_tui.paced_app import PacedApp
from coworld_tui.replay.lenses.spans import Span
from coworld_tui.replay.library import SORT_KEYS, Library, LibraryRow, filtered, sorted_rows
from coworld_tui.widgets.table import Cell, Column, TableView

from .table import Row
from .terminal import Terminal

ROWS = 100_000
_RUNS = ROWS // 2
_LATER = 2_000_000_000  # newer than the runs, which are made now
_PAGE = 38
_PAGES = 60
_PEER_PAGES = 12
_RUNS_OF_EACH = 5
_SECONDS = 120.0
_WIDTHS = (60, 10, 12, 10)
_PAGE_DOWN = b"\x1b[6~"


def library() -> list[Row]:
    """List, filter, sort and page through 50 000 runs and 50 000 downloads."""
    with tempfile.TemporaryDirectory() as home:
        downloads = Path(home, "downloads")
        _make(Path(home, "runs"), downloads)
        os.environ["COWORLD_TUI_HOME"] = home
        try:
            return [*_core(downloads), *_screens(home, downloads)]
        finally:
            del os.environ["COWORLD_TUI_HOME"]


def _core(downloads: Path) -> list[Row]:
    firsts, alls = [], []
    for _ in range(_RUNS_OF_EACH):
        began = time.perf_counter()
        found = Library([downloads])
        more = found.advance()
        firsts.append(time.perf_counter() - began)
        while more:
            more = found.advance()
        alls.append(time.perf_counter() - began)
    rows = found.rows
    newest = sorted_rows(rows, "modified", reverse=True)
    page = [_timed(partial(found.describe, row)) for row in newest[:_PAGE] + newest[-_PAGE:]]
    sorts = {key: _median(partial(sorted_rows, rows, key, True)) for key in SORT_KEYS}
    slowest = max(sorts, key=sorts.__getitem__)
    return [
        Row(
            f"library of {ROWS}: first rows, all rows",
            _ms(median(firsts), median(alls)),
            "",
            "",
            "first <= 500 ms",
        ),
        Row(
            f"library of {ROWS}: filter by two words",
            _ms(_median(partial(filtered, rows, "ereq 77"))),
            "",
            "",
            "<= 50 ms",
        ),
        Row(f"library of {ROWS}: sort, slowest key ({slowest})", _ms(sorts[slowest]), "", "", "<= 300 ms"),
        Row("library: describe one row p50, worst", _ms(median(page), max(page)), "", f"n={len(page)}", ""),
    ]


def _screens(home: str, downloads: Path) -> list[Row]:
    ours_first, ours_pages = _paged("table", home, downloads, _PAGES)
    peer_first, peer_pages = _paged("peer", home, downloads, _PEER_PAGES)
    return [
        Row(
            f"table of {ROWS}: process start to first rows, vs DataTable",
            _ms(ours_first),
            _ms(peer_first),
            f"{ours_first / peer_first:.2f}x (n=1)",
            "",
        ),
        Row(
            f"table of {ROWS}: page down, key to paint p50, p95, vs DataTable",
            _ms(median(ours_pages), quantiles(ours_pages, n=20)[18]),
            _ms(median(peer_pages), quantiles(peer_pages, n=20)[18]),
            f"n={len(ours_pages)}, {len(peer_pages)}",
            "p95 <= 40 ms",
        ),
    ]


def _paged(what: str, home: str, downloads: Path, pages: int) -> tuple[float, list[float]]:
    """Seconds until the first rows, and from each key to the row it leads to."""
    argv = [sys.executable, "-m", "tests.benchmarks.library", what, str(downloads)]
    terminal = Terminal(argv, {"COWORLD_TUI_HOME": home, "TEXTUAL_FPS": "120"})
    try:
        first = terminal.wait_for(b"Z-0000" if what == "table" else b".replay", _SECONDS)
        terminal.drain(3.0)
        waits = []
        for _ in range(pages):
            pressed = terminal.press(_PAGE_DOWN)
            waits.append(terminal.started + terminal.wait_for(b".replay", _SECONDS) - pressed)
            terminal.drain(0.15)
        return first, waits
    finally:
        terminal.end()


def _make(runs: Path, downloads: Path) -> None:
    for folder in (runs, downloads):
        folder.mkdir()
    manifest = json.dumps(
        {
            "status": "passed",
            "operation": "paintarena:default",
            "result_summary": {"scores": [53, 43], "slots": ["Ada", "Bob"], "frames": {"distinct_ticks": 60}},
        }
    )
    replay = b'{"player_names":["Ada","Bob"],"frames":[{"tick":1},{"tick":2}],"results":{"scores":[1,2]}}'
    for number in range(_RUNS):
        run = runs / f"202601{1 + number % 28:02d}T{number % 24:02d}0000Z-{number:08x}"
        run.mkdir()
        (run / "run_manifest.json").write_text(manifest)
    for number in range(ROWS - _RUNS):
        path = downloads / f"ereq_{number:06d}.replay"
        path.write_bytes(replay)
        os.utime(path, (_LATER + number,) * 2)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _median(call: Callable[[], object]) -> float:
    return median(_timed(call) for _ in range(_RUNS_OF_EACH))


def _ms(*seconds: float) -> str:
    return ", ".join(f"{each * 1000:.3g} ms" for each in seconds)


def _texts(row: LibraryRow) -> tuple[str, ...]:
    return row.title, row.kind, f"{row.modified:%Y-%m-%d}", str(row.size or "")


class _Rows:
    """The library as rows of a table, the newest first."""

    columns = (Column("game"), *(Column("column", width, "right") for width in _WIDTHS[1:]))
    sorted_by = (2, True)
    note = ""

    def __init__(self) -> None:
        self.rows: list[LibraryRow] = []

    @property
    def row_count(self) -> int:
        return len(self.rows)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
        return [tuple(map(Span, _texts(row))) for row in self.rows[start:stop]]

    def id_of(self, row: int) -> Hashable:
        return self.rows[row].where


class _OurTable(PacedApp[None]):
    """Shows rows as they are found."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._library = Library([folder])
        self._table, self._rows = TableView(), _Rows()

    def compose(self) -> ComposeResult:
        yield self._table

    def on_mount(self) -> None:
        self._table.show(self._rows)
        self._table.focus()
        self.run_worker(self._list())

    async def _list(self) -> None:
        shown = 0.0
        more = True
        while more:
            more = await asyncio.to_thread(self._library.advance)
            if not more or time.monotonic() > shown + 0.1:
                self._rows.rows = sorted_rows(self._library.rows, "modified", reverse=True)
                self._table.rows_changed()
                shown = time.monotonic()


class _PeerTable(App[None]):
    """The same rows in a DataTable of fixed widths, which is its quickest way."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.animation_level = "none"
        self._library = Library([folder])

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for number, width in enumerate(_WIDTHS):
            table.add_column(f"column {number}", width=width)
        while self._library.advance():
            pass
        table.add_rows(map(_texts, sorted_rows(self._library.rows, "modified", reverse=True)))


if __name__ == "__main__":
    app_class = _OurTable if sys.argv[1] == "table" else _PeerTable
    app_class(Path(sys.argv[2])).run()
