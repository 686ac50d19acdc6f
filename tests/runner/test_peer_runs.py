"""The published clients read our run directories as if they had made them.

Set COWORLD_PEER_64 and COWORLD_PEER_11 to a Python that has ``coworld`` 0.1.64 and 0.1.11.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coworld_tui.contract.package import read_package
from coworld_tui.contract.request import plan_episode
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions

from .ending import play

pytestmark = [pytest.mark.docker, pytest.mark.peer]

ORACLE = Path(__file__).with_name("peer_oracle.py")


@pytest.mark.parametrize("version", ["0.1.11", "0.1.64"])
async def test_a_published_client_accepts_our_run(version: str, peer_manifest: Callable[[str], Path]) -> None:
    variable = f"COWORLD_PEER_{version.rpartition('.')[2]}"
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} does not name a Python with the published client")
    plan = plan_episode(read_package(peer_manifest(version)))
    outcome = await play(Episode(plan, LaunchOptions(timeout_seconds=60.0)))
    command = [python, str(ORACLE), outcome.run_dir]
    asked = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=False
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    answer = json.loads(asked.stdout)
    assert answer["results"] == outcome.results
    assert answer["frames"] == plan.game_config["max_ticks"]
    assert all(answer["logs"])
