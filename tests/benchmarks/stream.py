"""The live screen under a flood: is every frame on disk, do keys stay quick, does memory stay flat?"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

import psutil
import pyarrow.parquet as pq

from .flood_game import BYTES, FRAMES_PER_SECOND
from .table import Row
from .terminal import Terminal

SECONDS = 30
_START_SECONDS = 20.0
_END_SECONDS = 60.0
_KEY_SECONDS = 5.0
_BETWEEN_KEYS = 0.2
_WARM_UP = 4.0
# What is done: the key, the text that shows it was obeyed, the key that undoes it.
_KEYS = {
    "one frame back": (b",", b"scrubbing", b"f"),
    "another tab": (b"T", b"the result comes", b"t"),
}
_GAME = Path(__file__).with_name("flood_game.py")


def stream() -> list[Row]:
    """Open the help and close it again and again while the flood is recorded and drawn."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "coworld_manifest.json")
        manifest.write_text(json.dumps(_manifest()))
        program = str(Path(sys.executable).with_name("coworld-tui"))
        command = f"{sys.executable} {_GAME} {SECONDS}"
        argv = [
            program,
            "run",
            str(manifest),
            "--game-cmd",
            command,
            "--slot",
            "0=human",
            "--display",
            "full",
        ]
        terminal = Terminal(argv, {"COWORLD_TUI_HOME": folder})
        try:
            terminal.wait_for(b"/client/global", _START_SECONDS)  # the links for the person in slot 0
            terminal.press(b"q")
            terminal.wait_for(b"following", _START_SECONDS)
            terminal.drain(_WARM_UP)
            early = _anonymous_bytes(terminal.pid)
            waits = _press_keys(terminal, time.perf_counter() + SECONDS - 2 * _WARM_UP)
            late = _anonymous_bytes(terminal.pid)
            terminal.wait_for(b"passed", _END_SECONDS)
        finally:
            terminal.end()
        sent, kept = _frames(Path(folder))
    what = f"{FRAMES_PER_SECOND} frames/s of {BYTES} B for {SECONDS} s"
    rows = [Row(f"{what}: frames on disk of frames sent", f"{kept} of {sent}", "", "", "all")]
    for action, seconds in waits.items():
        cuts = quantiles(seconds, n=20)
        figure = f"{cuts[9] * 1000:.0f} ms, {cuts[18] * 1000:.0f} ms"
        rows.append(
            Row(f"{what}: key to paint p50, p95: {action}", figure, "", f"n={len(seconds)}", "p95 <= 50 ms")
        )
    return [
        *rows,
        Row(
            f"{what}: anonymous memory after {_WARM_UP:.0f} s, at the end",
            f"{early / 1e6:.0f} MB, {late / 1e6:.0f} MB",
            "",
            f"{late / early:.2f}x",
            "flat",
        ),
    ]


def _press_keys(terminal: Terminal, until: float) -> dict[str, list[float]]:
    """Seconds from each key to the text that shows it was obeyed, by what the key does."""
    waits: dict[str, list[float]] = {action: [] for action in _KEYS}
    while time.perf_counter() < until:
        for action, (key, text, way_back) in _KEYS.items():
            pressed = terminal.press(key)
            terminal.wait_for(text, _KEY_SECONDS)
            waits[action].append(time.perf_counter() - pressed)
            terminal.press(way_back)
            terminal.drain(_BETWEEN_KEYS)
    return waits


def _anonymous_bytes(pid: int) -> int:
    """Memory that is not a file's pages, in bytes."""
    details = psutil.Process(pid).memory_full_info()
    return int(getattr(details, "uss", details.rss))


def _frames(home: Path) -> tuple[int, int]:
    run = next((home / "runs").iterdir())
    results = json.loads((run / "workspace" / "results.json").read_bytes())
    return int(results["scores"][0]), pq.ParquetFile(run / "artifacts" / "frames.parquet").metadata.num_rows


def _manifest() -> dict[str, object]:
    token_list = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}
    schema = {"type": "object", "required": ["tokens"], "properties": {"tokens": token_list}}
    player = {"id": "nobody", "name": "Nobody", "type": "player", "image": "none", "description": "sits"}
    return {
        "game": {
            "name": "flood",
            "version": "1.0.0",
            "description": "sends frames",
            "owner": "benchmarks",
            "config_schema": schema,
            "results_schema": {"type": "object"},
            "runnable": {"type": "game", "image": "none"},
            "protocols": {"player": {"type": "text", "value": "-"}, "global": {"type": "text", "value": "-"}},
            "docs": {"readme": {"type": "text", "value": "-"}},
        },
        "player": [player],
        "variants": [{"id": "only", "name": "Only", "description": "-", "game_config": {}}],
        "certification": {"game_config": {}, "players": [{"player_id": "nobody"}]},
    }
