"""How soon a big replay shows its first frame, what it takes, and any frame after that.

``COWORLD_TUI_BIG`` names a folder to keep the generated replays in, so that they are made once.
jq and visidata (``vd``, or the program that ``COWORLD_PEER_VD`` names) are measured where installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tests.replay import big_files

from .table import Row

_RUNS = 7
_PEER_SECONDS = 180.0

# What it measures it prints: its own peak of memory counts from exec on, not from this process.
_OPEN = """
import json, random, sys, time
from pathlib import Path
from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.documents import sniff_source

def memory(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) / 1024

source, _ = sniff_source(open_blob(Path(sys.argv[1])))
assert source.payload(0)
found = {"first": memory("VmHWM")}
if len(sys.argv) > 2:
    began, steps = time.perf_counter(), []
    while True:
        at = time.perf_counter()
        if not source.advance():
            break
        steps.append(time.perf_counter() - at)
    found |= {"index": time.perf_counter() - began, "step": max(steps), "frames": len(source)}
    seeks = []
    for _ in range(2000):
        index = random.randrange(len(source))
        at = time.perf_counter()
        source.payload(index)
        source.tick(index)
        seeks.append(time.perf_counter() - at)
    found |= {"seek": sorted(seeks)[len(seeks) // 2], "worst_seek": max(seeks)}
    began = time.perf_counter()
    found["bytes"] = sum(map(len, source.payloads(0, len(source))))
    found |= {"bulk": time.perf_counter() - began, "anonymous": memory("RssAnon")}
print(json.dumps(found))
"""


def replays() -> list[Row]:
    """One document of 500 MB and lines of 250 MB, beside what else reads the first frame of the document."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        document = made(folder, "document.json", big_files.document)
        lines = made(folder, "lines.jsonl", big_files.lines)
        ours = _first_frame(document, home, keep=False)
        rows = [
            Row("500 MB document, first frame, whole process", _seconds(ours), "", "", "<= 0.4 s"),
            *_inside(document, home),
            Row(
                "500 MB document, first frame with the kept index",
                _seconds(_first_frame(document, home, keep=True)),
                "",
                "",
                "<= 0.25 s",
            ),
            Row(
                "250 MB of lines, first frame, whole process",
                _seconds(_first_frame(lines, home, keep=False)),
                "",
                "",
                "<= 0.3 s",
            ),
        ]
        what = "500 MB document, first frame, whole process"
        return rows + [beside(what, peer, median(ours)) for peer in peers(document)]


def made(folder: str, name: str, make: Callable[[Path], Path]) -> Path:
    """A generated replay: that of an earlier run, or a new one in ``folder``."""
    path = Path(os.environ.get("COWORLD_TUI_BIG") or folder, name)
    return path if path.exists() else make(path)


def _first_frame(path: Path, home: str, *, keep: bool) -> list[float]:
    """Seconds from the start of a process to its end, right after the first frame."""
    if not keep:
        shutil.rmtree(Path(home, "cache"), ignore_errors=True)
    seconds = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        _opened(path, home)
        seconds.append(time.perf_counter() - began)
    return seconds


def _inside(path: Path, home: str) -> list[Row]:
    """What a process finds that indexes the whole document and then looks anywhere in it."""
    found = _opened(path, home, "all")
    size = path.stat().st_size
    return [
        Row("500 MB document, memory at the first frame", f"{found['first']:.0f} MB resident", "", "", ""),
        Row(
            "500 MB document, index of all frames",
            f"{found['index']:.2f} s, {size / 1e6 / found['index']:.0f} MB/s, "
            f"longest step {found['step'] * 1000:.0f} ms",
            "",
            "",
            ">= 400 MB/s",
        ),
        Row(
            "500 MB document, any frame",
            f"{found['seek'] * 1000:.2f} ms median, {found['worst_seek'] * 1000:.1f} ms worst",
            "",
            "",
            "<= 5 ms",
        ),
        Row(
            "500 MB document, all frames in bulk",
            f"{found['bytes'] / 1e6 / found['bulk']:.0f} MB/s",
            "",
            "",
            ">= 1000 MB/s",
        ),
        Row("500 MB document, anonymous memory", f"{found['anonymous']:.0f} MB", "", "", "<= 100 MB"),
    ]


def _opened(path: Path, home: str, *arguments: str) -> dict[str, Any]:
    environment = {**os.environ, "COWORLD_TUI_HOME": home}
    argv = [sys.executable, "-c", _OPEN, str(path), *arguments]
    found: dict[str, Any] = json.loads(subprocess.check_output(argv, env=environment))
    return found


class Peer(NamedTuple):
    """One run of another program that reads the whole document for any of it; ``peak`` is in MB."""

    name: str
    seconds: float
    peak: float
    is_done: bool


@cache
def peers(document: Path) -> tuple[Peer, ...]:
    """What the others take, measured once."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {"python -m json.tool": [sys.executable, "-m", "json.tool", str(document), os.devnull]}
        jq = shutil.which("jq")
        if jq:
            commands["jq '.frames[0]'"] = [jq, ".frames[0]", str(document)]
        visidata = os.environ.get("COWORLD_PEER_VD") or shutil.which("vd")
        if visidata:
            commands["vd -b"] = [visidata, "-b", str(document), "-o", str(Path(folder, "vd.tsv"))]
        return tuple(_measured(name, argv) for name, argv in commands.items())


def _measured(name: str, argv: Sequence[str]) -> Peer:
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None and time.perf_counter() - began < _PEER_SECONDS:
        peak = max(peak, _peak(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    if process.returncode is None:
        process.kill()
        process.wait()
    return Peer(name, seconds, peak, process.returncode == 0)


def beside(what: str, peer: Peer, ours: float) -> Row:
    """``ours`` seconds beside a peer's."""
    over = "" if peer.is_done else ", not done"
    return Row(
        f"{what} vs `{peer.name}`",
        f"{ours:.2f} s",
        f"{peer.seconds:.1f} s, {peer.peak:.0f} MB{over}",
        f"{ours / peer.seconds:.3f}x",
        "",
    )


def _peak(pid: int) -> float:
    """The most resident memory so far, in MB; 0 when the process is gone or the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0
    )


def _seconds(runs: Sequence[float]) -> str:
    return f"{median(runs):.3f} s ({min(runs):.3f} to {max(runs):.3f}, n={len(runs)})"
