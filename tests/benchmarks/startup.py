"""How long until there is something to see."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .table import Row, compared
from .terminal import Terminal

_HELP_RUNS = 21
_PAINT_RUNS = 11
_PAINT_SECONDS = 20.0
_ONE_TABLE = Path(__file__).with_name("one_table.py")


def help_time() -> list[Row]:
    """``coworld-tui --help`` against importing argparse."""
    program = str(Path(sys.executable).with_name("coworld-tui"))
    ours, peers = [], []
    for _ in range(_HELP_RUNS):
        ours.append(_seconds([program, "--help"]) * 1000)
        peers.append(_seconds([sys.executable, "-c", "import argparse"]) * 1000)
    return [compared('`--help` vs `python -c "import argparse"`', ours, peers, "<= 2.5x", unit="ms")]


def first_paint() -> list[Row]:
    """The console against a Textual app that shows one table."""
    program = str(Path(sys.executable).with_name("coworld-tui"))
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(_PAINT_RUNS):
            ours.append(_paint_milliseconds([program], b"packages", home))
            peers.append(_paint_milliseconds([sys.executable, str(_ONE_TABLE)], b"first column", home))
    return [compared("first paint vs a one-table Textual app", ours, peers, "<= 1.35x", unit="ms")]


def _paint_milliseconds(argv: list[str], text: bytes, home: str) -> float:
    terminal = Terminal(argv, {"COWORLD_TUI_HOME": home})
    try:
        return terminal.wait_for(text, _PAINT_SECONDS) * 1000
    finally:
        terminal.end()


def _seconds(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - began
