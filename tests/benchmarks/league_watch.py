"""What ``league watch`` costs while it goes on: processor time, and how often it asks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

from coworld_tui.league_demo.big import big
from coworld_tui.league_demo.state import Json, State
from coworld_tui.league_demo.world import made_up

from ..observatory.logins import write_login
from ..observatory.server import Observatory, serving
from .table import Row

_SECONDS = 65
_EPISODES = 1000
_ASKED = "/v2/league-submissions"


def watching() -> list[Row]:
    """A round with a thousand episodes, one of which ends each second; then fifty divisions of mine."""
    return [
        _row(f"`league watch` of a running round of {_EPISODES} episodes", _full_round, _finish_one),
        _row("`league watch` of all that is mine: 50 divisions, 100 000 episodes", big, _nothing),
    ]


def _row(what: str, world: Callable[[str], State], each_second: Callable[[State, Json], None]) -> Row:
    with serving(world) as server, _watch(server) as process:
        while len(server.asked(_ASKED)) < 3:  # the first two looks find out what there is
            _require_running(process, 0.1)
        episodes = cycle(_pending(server.state)) if world is _full_round else cycle([{}])
        server.requests.clear()
        began, used = time.monotonic(), _processor_seconds(process)
        while time.monotonic() - began < _SECONDS:
            _require_running(process, 1)
            each_second(server.state, next(episodes))
        share = (_processor_seconds(process) - used) / (time.monotonic() - began)
        asked = len(server.requests)
    return Row(what, f"{share:.2%} of a core, {asked} requests in {_SECONDS} s", "-", "-", "<= 2 %")


def _require_running(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Give it so long to end, which it must not."""
    with suppress(subprocess.TimeoutExpired):
        raise AssertionError(f"it ended with {process.wait(seconds)}")


def _full_round(origin: str) -> State:
    state = made_up(origin)
    round_ = next(row for row in state.rounds.values() if row["status"] == "running")
    versions = [state.policy_version("sweeper:v3"), state.policy_version("splatter:v7")]
    for _ in range(_EPISODES):
        state.add_episode(versions, round_)
    return state


def _pending(state: State) -> list[Json]:
    return [row for row in state.episodes.values() if row["status"] == "pending" and row["round_id"]]


def _finish_one(state: State, episode: Json) -> None:
    state.finish_episode(episode, *([0.5] * len(episode["policy_version_ids"])))


def _nothing(state: State, episode: Json) -> None:
    pass


@contextmanager
def _watch(server: Observatory) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        login = write_login(Path(folder, "login"), server)
        env = {**os.environ, "SOFTMAX_CONFIG_DIR": str(login.parent), "COWORLD_TUI_HOME": folder}
        program = str(Path(sys.executable).with_name("coworld-tui"))
        words = [program, "league", "watch", "--server", server.url]
        process = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _processor_seconds(process: subprocess.Popen[bytes]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
