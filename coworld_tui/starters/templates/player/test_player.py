"""Plays the player against the game that comes with coworld-tui, as local processes: no Docker.

Run it with `python -m pytest test_player.py`.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

PLAYER = Path(__file__).with_name("player.py")


def test_it_plays_to_the_end_and_scores() -> None:
    command = shlex.join([sys.executable, str(PLAYER)])
    done = subprocess.run(
        ["coworld-tui", "run", "demo", "--variant", "quick", "--slot", f"0=cmd={command}", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    episode = json.loads(done.stdout)
    assert episode["status"] == "passed"
    assert episode["scores"][0] > 9, "it owns no more than the field it started with"
