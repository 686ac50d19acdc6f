"""Opening a league of 50 divisions and 100 000 episodes that was looked at before, its server gone.

``python -m tests.benchmarks.league_opening`` serves it in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from coworld_tui.league_demo.application import Application
from coworld_tui.league_demo.big import EPISODES, big
from coworld_tui.league_demo.demonstration import demo_login
from coworld_tui.league_demo.serving import answering, loopback
from coworld_tui.screens.league.desk import Desk
from coworld_tui.screens.league.model import Scope

from .table import Row
from .terminal import Terminal

_TIMES = 7
_SETTLE_SECONDS = 2.0


def league_opening() -> list[Row]:
    """From the key that opens the leagues to their rows, and from the tab to the first of the episodes."""
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())
        environment = {
            "COWORLD_TUI_HOME": home,
            "SOFTMAX_CONFIG_DIR": str(demo_login(url, Path(home, "login"))),
            "DOCKER_HOST": "unix:///nonexistent",
        }
        os.environ.update(environment)
        try:
            asyncio.run(_look_at_everything(url))
        finally:
            server.communicate("")
        settings = Path(home, "config.toml")
        settings.write_text(f'[league]\nserver = "{url}"\n')
        leagues, episodes = zip(*(_open(environment) for _ in range(_TIMES)), strict=True)
    return [
        Row("league of 50 divisions, its server gone: key to first rows", _said(leagues), "", "", "0.5 s"),
        Row(f"its {EPISODES} episodes: key to first rows", _said(episodes), "", "", "0.5 s"),
    ]


async def _look_at_everything(url: str) -> None:
    desk = Desk(url)
    await desk.open()
    await desk.leagues.refresh()
    await desk.learn_mine()
    (league,) = desk.leagues
    divisions = desk.divisions(league.id)
    await divisions.refresh()
    for tab in ("standings", "rounds"):
        await (await desk.rows(tab, Scope(league))).entries.refresh()
    rows = await desk.rows("episodes", Scope(league))
    while not rows.entries.complete:
        await rows.entries.more()
    assert len(rows.entries) == EPISODES
    await desk.close()


def _open(environment: dict[str, str]) -> tuple[float, float]:
    console = Terminal([sys.executable, "-m", "coworld_tui"], environment)
    try:
        console.wait_for(b"enclosure", 20)
        console.drain(_SETTLE_SECONDS)
        pressed = console.press(b"2")
        console.wait_for(b"Division 1", 20)
        leagues = time.perf_counter() - pressed
        console.drain(_SETTLE_SECONDS)
        pressed = console.press(b"tt")
        console.wait_for(b"replay", 20)
        episodes = time.perf_counter() - pressed
    finally:
        console.end()
    return leagues, episodes


def _said(seconds: tuple[float, ...]) -> str:
    return f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}, n={len(seconds)})"


def _serve() -> None:
    with loopback() as (listener, origin), answering(Application(big(origin)), listener):
        sys.stdout.write(json.dumps(f"{origin}/api") + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
