"""Running what was written, as its author would: from its folder, with commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..cli.command import coworld

QUICK = {"max_ticks": 40, "tick_rate": 240}
SECONDS = 60


def played_episode(project: Path, home: Path) -> dict[str, Any]:
    """One episode as local processes."""
    arguments = ("coworld_manifest.json", "--backend", "process", "--verify-replay", "--json")
    done = coworld("run", *arguments, cwd=project, env={"COWORLD_TUI_HOME": str(home)})
    assert done.code == 0, done.err
    return done.document


def replay_of(episode: dict[str, Any]) -> dict[str, Any]:
    """The replay of an episode."""
    replay: dict[str, Any] = json.loads(Path(episode["replay"]).read_bytes())
    return replay


def module(project: Path, name: str, **env: str) -> None:
    """``python -m NAME`` in the project's folder."""
    done = subprocess.run(
        [sys.executable, "-m", name],
        cwd=project,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
