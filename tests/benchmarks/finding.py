"""Going through 500 MB of frames: text, conditions and columns, in megabytes a second.

``COWORLD_TUI_BIG`` names a folder to keep the generated replay in, so that it is made once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from coworld_tui.replay.columns import Columns
from coworld_tui.replay.find import find
from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.query import parse_query
from coworld_tui.replay.source import FrameSource
from tests.replay import big_files

from .replays import made
from .table import Row

_RUNS = 3
_BAR = ">= 200 MB/s"
_CONDITIONS = ("scores.0 < 0", "positions.1 changed and scores.0 < 0", "board.4095 == 77", "winner appears")


def finding() -> list[Row]:
    """No query has an answer, so every frame is looked at. The index is there already."""
    with tempfile.TemporaryDirectory() as folder:
        path = made(folder, "document.json", big_files.document)
        megabytes = path.stat().st_size / 1e6
        replay = open_replay(path)
        source = replay.source
        while source.advance() or not source.is_complete:
            pass
        rows = [_text_row(megabytes, _speeds(megabytes, lambda: _search(source, "no such text")), path)]
        for text in _CONDITIONS:
            speeds = _speeds(megabytes, partial(_search, source, text))
            rows.append(_row(f"find `{text}` in 500 MB", speeds))
        rows += [
            _asking_row(source),
            _row("two series of 500 MB as columns", _speeds(megabytes, lambda: _columns(source))),
        ]
        replay.close()
    return rows


def _search(source: FrameSource, text: str) -> None:
    if find(source, parse_query(text), -1) is not None:
        raise SystemExit(f"{text!r} was not to be found")


def _columns(source: FrameSource) -> None:
    columns = Columns(source, [("scores", 0), ("scores", 1)])
    while columns.advance():
        pass


def _speeds(megabytes: float, work: Callable[[], None]) -> list[float]:
    speeds = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        work()
        speeds.append(megabytes / (time.perf_counter() - began))
    return speeds


def _asking_row(source: FrameSource) -> Row:
    """The longest time a search goes on after it was cancelled: between two questions whether it was."""
    asked: list[float] = []

    def cancelled() -> bool:
        asked.append(time.perf_counter())
        return False

    find(source, parse_query(_CONDITIONS[1]), -1, cancelled=cancelled)
    longest = max(later - earlier for earlier, later in pairwise(asked))
    return Row("longest until a find heeds its cancelling", f"{longest * 1000:.0f} ms", "", "", "<= 20 ms")


def _text_row(megabytes: float, ours: Sequence[float], path: Path) -> Row:
    """Beside grep, whose search of one long line is the same work."""
    grep = shutil.which("grep")
    if grep is None:
        return _row("find a text in 500 MB", ours)
    argv = [grep, "-c", "-i", "-F", "no such text", str(path)]
    peers = _speeds(megabytes, lambda: _quietly(argv))
    ratio = median(ours) / median(peers)
    return Row(
        "find a text in 500 MB vs `grep -ciF`",
        f"{median(ours):.0f} MB/s",
        f"{median(peers):.0f} MB/s",
        f"{ratio:.2f}x",
        _BAR,
    )


def _quietly(argv: Sequence[str]) -> None:
    subprocess.run(argv, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)


def _row(what: str, speeds: Sequence[float]) -> Row:
    return Row(what, f"{median(speeds):.0f} MB/s", "", "", _BAR)
