"""Whole episodes in Docker against the published client, alternating in one run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .table import Row, compared

_ONE_RUNS = 5
_EIGHT_RUNS = 3
_EPISODES = 8


def one() -> list[Row]:
    """One episode, headless: wall time of the whole command."""
    ours, peers = _alternate(_ONE_RUNS, [], [])
    return [compared("one Docker episode vs `coworld run-episode` 0.1.64", ours, peers, "<= 0.85x")]


def eight() -> list[Row]:
    """Eight episodes: episodes a minute."""
    count = str(_EPISODES)
    ours, peers = _alternate(_EIGHT_RUNS, ["--episodes", count, "--jobs", count], ["-n", count])
    mine, theirs = ([_EPISODES / seconds * 60 for seconds in times] for times in (ours, peers))
    return [compared("eight Docker episodes, `--jobs 8` vs `-n 8`", mine, theirs, ">= 3.3x", unit="per min")]


def _alternate(runs: int, our_options: list[str], peer_options: list[str]) -> tuple[list[float], list[float]]:
    manifest = str(Path(_needed("COWORLD_TUI_PEERS"), "paintarena-0.1.64", "coworld_manifest.json"))
    client = str(Path(_needed("COWORLD_PEER_64")).with_name("coworld"))
    program = str(Path(sys.executable).with_name("coworld-tui"))
    ours, peers = [], []
    for _ in range(runs):
        folder = Path(tempfile.mkdtemp())
        try:
            run = [program, "run", manifest, "--display", "none", *our_options]
            ours.append(_seconds(run, COWORLD_TUI_HOME=str(folder / "home")))
            peers.append(
                _seconds(
                    [client, "run-episode", manifest, "--output-dir", str(folder / "peer"), *peer_options]
                )
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return ours, peers


def _seconds(argv: list[str], **environment: str) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, env={**os.environ, **environment})
    return time.perf_counter() - began


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"set {name}; see python -m tests.benchmarks --help")
    return value
