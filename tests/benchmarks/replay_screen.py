"""The replay screen on 500 MB and 250 MB: from the start, from a key, and from a held key to what is seen.

``COWORLD_TUI_BIG`` names a folder to keep the generated replays in, so that they are made once.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from tests.replay import big_files

from . import replays
from .table import Row
from .terminal import Terminal

_RUNS = 9
_SEEKS = 60
_STEPS = 100
_BURSTS = 5
_HELD_KEYS = 300
_HELD_SECONDS = 1 / 60
_SECONDS = 60.0
_REST = 0.08
_QUIET = 1.5
_DOCUMENT, _LINES = "500 MB document", "250 MB of lines"
_TENTHS = range(10)


def screen() -> list[Row]:
    """A document of 40 000 frames and lines of 500 000, in a window of 120x40."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        document = replays.made(folder, "document.json", big_files.document)
        lines = replays.made(folder, "lines.jsonl", big_files.lines)
        cold = _first_frames(document, home, keep=False)
        return [
            _seconds_row(f"{_DOCUMENT}: first frame on the screen, no index", cold, "<= 1.0 s"),
            *_moving(_DOCUMENT, document, home, big_files.DOCUMENT_FRAMES),
            _seconds_row(
                f"{_DOCUMENT}: first frame on the screen, kept index",
                _first_frames(document, home, keep=True),
                "<= 0.5 s",
            ),
            _seconds_row(
                f"{_LINES}: first frame on the screen, no index",
                _first_frames(lines, home, keep=False),
                "<= 0.6 s",
            ),
            *_moving(_LINES, lines, home, big_files.LINES_FRAMES),
            *(
                replays.beside(f"{_DOCUMENT}: first frame on the screen", peer, median(cold))
                for peer in replays.peers(document)
            ),
        ]


def _first_frames(path: Path, home: str, *, keep: bool) -> list[float]:
    """Seconds from the start of the process to the first frame, where no place in it is remembered."""
    found = []
    for _ in range(_RUNS):
        shutil.rmtree(Path(home, "state"), ignore_errors=True)
        if not keep:
            shutil.rmtree(Path(home, "cache"), ignore_errors=True)
        with _opened(path, home) as terminal:
            found.append(terminal.wait_for(b"tick 1 ", _SECONDS))
    return found


def _moving(name: str, path: Path, home: str, frames: int) -> list[Row]:
    """What keys take, and how much memory, from the first frame on."""
    memory: list[float] = []
    shutil.rmtree(Path(home, "state"), ignore_errors=True)
    with _opened(path, home) as terminal:
        terminal.wait_for(b"tick 1 ", _SECONDS)
        _read_all(terminal, memory)
        seeks = [_press(terminal, str(tenth).encode(), place) for tenth, place in _places(frames)]
        start = round(0.5 * (frames - 1))
        _press(terminal, b"4", round(0.4 * (frames - 1)))
        _press(terminal, b"5", start)
        steps, written = [], []
        for step in range(1, _STEPS + 1):
            before = terminal.written
            steps.append(_press(terminal, b".", start + step))
            written.append(terminal.written - before)
        at_once, held = [], []
        for turn in range(_BURSTS):
            key, place = (b",", start + _STEPS - _HELD_KEYS) if turn % 2 == 0 else (b".", start + _STEPS)
            at_once.append(_press(terminal, key * _HELD_KEYS, place))
        for _ in range(_HELD_KEYS - 1):
            terminal.press(b".")
            terminal.drain(_HELD_SECONDS)
        end = start + _STEPS + (_HELD_KEYS if _BURSTS % 2 == 0 else 0)
        held.append(_press(terminal, b".", end))
        memory.append(_anonymous_megabytes(terminal.pid))
    return [
        _keys_row(f"{name}: key to paint, seek to a tenth, p50, p95", seeks, "<= 50 ms"),
        _keys_row(f"{name}: key to paint, step, p50, p95", steps, "p50 <= 10 ms, p95 <= 33 ms"),
        Row(
            f"{name}: {_HELD_KEYS} keys at once, from the last to its frame",
            f"{median(at_once) * 1000:.0f} ms ({max(at_once) * 1000:.0f} ms at most)",
            "",
            f"n={len(at_once)}",
            "<= 200 ms",
        ),
        Row(
            f"{name}: {_HELD_KEYS} keys at 60 a second, from the last to its frame",
            f"{held[0] * 1000:.0f} ms",
            "",
            "n=1",
            "<= 200 ms",
        ),
        Row(
            f"{name}: bytes a step writes, p50, most",
            f"{median(written) / 1000:.1f} KB, {max(written) / 1000:.1f} KB",
            "",
            f"n={len(written)}",
            "<= 10 KB",
        ),
        Row(
            f"{name}: anonymous memory, most while it is read, at the end",
            f"{max(memory):.0f} MB, {memory[-1]:.0f} MB",
            "",
            "",
            "<= 150 MB",
        ),
    ]


def _places(frames: int) -> Iterator[tuple[int, int]]:
    """Random tenths with the frames they lead to, never one twice in a row."""
    chance = random.Random(4)
    last = 0
    for _ in range(_SEEKS):
        last = chance.choice([tenth for tenth in _TENTHS if tenth != last])
        yield last, round(last / 10 * (frames - 1))


def _press(terminal: Terminal, keys: bytes, index: int) -> float:
    """Seconds from the last key to the tick of the frame it leads to, then a rest so that all is written."""
    pressed = terminal.press(keys)
    seconds = terminal.started + terminal.wait_for(b"tick %d " % (index + 1), _SECONDS) - pressed
    terminal.drain(_REST)
    return seconds


def _read_all(terminal: Terminal, memory: list[float]) -> None:
    """Wait until nothing is written for a while: frames, series and events are all read."""
    silent_since, written = time.perf_counter(), terminal.written
    while time.perf_counter() - silent_since < _QUIET:
        terminal.drain(0.02)
        memory.append(_anonymous_megabytes(terminal.pid))
        if terminal.written != written:
            silent_since, written = time.perf_counter(), terminal.written


@contextmanager
def _opened(path: Path, home: str) -> Iterator[Terminal]:
    program = str(Path(sys.executable).with_name("coworld-tui"))
    environment = {"COWORLD_TUI_HOME": home, "COLORTERM": "truecolor"}
    terminal = Terminal([program, "replay", str(path)], environment)
    try:
        yield terminal
    finally:
        terminal.end()


def _anonymous_megabytes(pid: int) -> float:
    """Memory that is no file's pages, in MB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line for line in status.splitlines() if line.startswith("RssAnon")]
    return int(found[0].split()[1]) * 1024 / 1e6 if found else 0.0


def _seconds_row(what: str, seconds: Sequence[float], bar: str) -> Row:
    figures = f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
    return Row(what, figures, "", f"n={len(seconds)}", bar)


def _keys_row(what: str, seconds: Sequence[float], bar: str) -> Row:
    figures = f"{median(seconds) * 1000:.1f} ms, {quantiles(seconds, n=20)[18] * 1000:.1f} ms"
    return Row(what, figures, "", f"n={len(seconds)}", bar)
