"""The published client and ours read the demonstration and the big world alike."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coworld_tui.cli.league import league
from coworld_tui.cli.parsers import program
from coworld_tui.league_demo.big import big
from coworld_tui.league_demo.demonstration import demonstration
from coworld_tui.league_demo.state import State

from ..observatory.conftest import peer_process
from ..observatory.logins import write_login
from ..observatory.peer_client import PeerClient, PeerProcess
from ..observatory.server import Observatory, serving

__all__ = ["peer_process"]

pytestmark = pytest.mark.peer


def demo(origin: str) -> State:
    return demonstration(origin, now=datetime.now(UTC))[0]


@pytest.fixture(params=[demo, big], ids=["demo", "big"])
def world(request: pytest.FixtureRequest) -> Iterator[Observatory]:
    with serving(request.param) as running:
        yield running


def lines(state: State) -> list[str]:
    first = next(iter(state.divisions))
    done = [row["id"] for row in state.rounds.values() if row["status"] == "completed"][-1]
    mine = next(row for row in state.memberships.values() if row["player"]["name"] == "juniper")
    return [
        "leagues",
        "divisions",
        "rounds --limit 10",
        f"rounds {done}",
        f"results {next(iter(state.leagues))}",
        f"results {first}",
        "memberships --mine",
        "submissions",
        "events --limit 5",
        f"episodes --round {done}",
        f"episodes -p {mine['policy_version']['id']} --with-replay --limit 100",
        *(f"episodes {row['id']}" for row in state.round_episodes(list(state.rounds)[-1])[::50]),
    ]


def test_every_read_command_prints_the_same(
    world: Observatory,
    peer_process: PeerProcess,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    peer = PeerClient(peer_process, tmp_path / "peer", world.url)
    write_login(peer.home / ".softmax", world)
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(write_login(tmp_path / "softmax", world).parent))
    commands = lines(world.state)
    answers = peer.ask(*((*line.split(), "--json") for line in commands))
    for line, answer in zip(commands, answers, strict=True):
        options = ["league", *line.split(), "--server", world.url, "--fresh", "--json"]
        assert league(program().parse_args(options)) == 0
        assert json.loads(capsys.readouterr().out) == answer.document, line
