"""Certification of the published game in Docker against the published certifier, alternating in one run.

The sources are taken out of the manifest, because without a network the peer cannot pass the step
that looks for them; so is the commissioner, whose image holds none: both would stop there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from .table import Row, compared

_RUNS = 5


def certify() -> list[Row]:
    """The whole command, from its start to the written report."""
    folder = Path(tempfile.mkdtemp())
    try:
        manifest = _offline_manifest(folder)
        program = Path(sys.executable).with_name("coworld-tui")
        client = Path(_needed("COWORLD_PEER_64")).with_name("coworld")
        ours, peers = [], []
        for number in range(_RUNS):
            home = str(folder / f"home-{number}")
            ours.append(_seconds([program, "certify", manifest, "--json"], folder, COWORLD_TUI_HOME=home))
            peers.append(_seconds([client, "certify", manifest, "--no-open-report"], folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [compared("certification vs `coworld certify` 0.1.64", ours, peers, "<= 0.9x")]


def _offline_manifest(folder: Path) -> Path:
    peers = Path(_needed("COWORLD_TUI_PEERS"), "paintarena-0.1.64", "coworld_manifest.json")
    manifest: dict[str, Any] = json.loads(peers.read_bytes())
    manifest["commissioner"] = []
    sections = ("player", "grader", "diagnoser", "optimizer")
    for runnable in (manifest["game"]["runnable"], *(role for name in sections for role in manifest[name])):
        runnable.pop("source_url", None)
    path = folder / "coworld_manifest.json"
    path.write_text(json.dumps(manifest))
    return path


def _seconds(argv: list[str | Path], folder: Path, **environment: str) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True, cwd=folder, env={**os.environ, **environment})
    return time.perf_counter() - began


def _needed(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"set {name}; see python -m tests.benchmarks --help")
    return value
