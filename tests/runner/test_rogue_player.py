"""Players that crash, stay away, stay for ever, or talk too much: their slot is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from coworld_tui.runner.episode import FIRST_FRAME_SECONDS

from ..processes import command_lines
from ..rogue.launch import local_episode
from .ending import play, play_until


@dataclass(frozen=True)
class Case:
    """What the player in slot 1 does while ``game`` waits for it, and the error it deserves."""

    player: str
    game: str
    type: str
    cause: str
    owner: str = "slot 1"
    first_frame: float = FIRST_FRAME_SECONDS


CASES = {
    "crashes at once": Case(
        "--crash start --say oops", "", "player_error", "exit code 7; last log line: oops"
    ),
    "crashes before the first tick": Case(
        "--crash joined", "--count 1 --hold", "player_error", "exit code 7"
    ),
    "crashes at the end": Case("--crash end", "", "player_error", "exit code 7"),
    "never connects": Case(
        "--absent",
        "",
        "game_contract_violation",
        "nothing came within 0.6 s",
        owner="the game",
        first_frame=0.6,
    ),
    "never exits": Case("--stay", "", "episode_inconclusive", "it still ran 2 s after the game had ended"),
    "never exits, ignores SIGTERM": Case("--stay --stubborn", "", "episode_inconclusive", "it still ran"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_is_blamed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coworld_tui.runner.episode.FIRST_FRAME_SECONDS", case.first_frame)
    episode = local_episode(case.game, ["", case.player], player_exit_seconds=2.0)
    outcome = await play(episode)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == (case.type, case.owner, 1)
    assert case.cause in outcome.error.cause


async def test_results_are_kept_when_a_player_spoils_the_end() -> None:
    outcome = await play(local_episode(players=["", "--crash end"]))
    assert (outcome.status, outcome.scores) == ("failed", [0.0, 1.0])


@pytest.mark.parametrize("frames", ["json", "text", "binary"])
async def test_a_crash_in_play_is_the_games_to_handle(frames: str) -> None:
    """Whether frames have ticks or not: the game goes on, and its results are there."""
    game = f"--frames {frames} --count 40 --paced"
    outcome = await play(local_episode(game, ["", "--crash playing"]))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.slot) == ("player_error", 1)
    assert (outcome.scores, outcome.recorded) == ([0.0, 1.0], 40)


async def test_the_state_of_every_player_is_written_down() -> None:
    outcome = await play(local_episode(players=["", "--crash end", "--stay"], player_exit_seconds=2.0))
    status = Path(outcome.workspace, "player_status.json")
    players = json.loads(status.read_bytes())["players"]
    assert [(player["state"], player["exit_code"]) for player in players] == [
        ("exited", 0),
        ("exited", 7),
        ("running", None),
    ]
    assert status.stat().st_mode & 0o777 == 0o600


async def test_an_artifact_is_taken_and_a_link_is_not() -> None:
    episode = local_episode(players=["--artifact good", ""])
    outcome = await play(episode)
    assert Path(outcome.workspace, "policy_artifact_0.zip").read_bytes().startswith(b"PK")


@pytest.mark.parametrize("where", ["group", "session"])
async def test_a_grandchild_is_gone_when_the_episode_is(where: str) -> None:
    outcome = await play(local_episode(players=[f"--grandchild {where}", ""]))
    assert outcome.status == "passed"


async def test_a_token_and_a_secret_that_a_player_prints_are_only_in_its_log() -> None:
    secret = "s3cret value/with\nmany lines"
    episode = local_episode(
        "--log tokens --results tokens", ["--tell", ""], secret_env={"ROGUE_SECRET": secret}
    )
    outcome = await play(episode)
    log = Path(outcome.workspace, "logs/policy_agent_0.log").read_text()
    ring = "\n".join(episode.rings["player 0"].tail(10))
    assert outcome.status == "passed"
    assert "s3cret" in log
    assert "s3cret" not in ring
    assert "many lines" not in ring
    assert outcome.results is not None
    assert outcome.results["said"] == ["[redacted]", "[redacted]"]


async def test_no_token_is_on_any_command_line() -> None:
    episode = local_episode("--hold", secret_env={"ROGUE_SECRET": "s3cret"})
    running = await play_until(episode, "phase", phase="playing")
    assert episode.recorder is not None
    tokens = json.loads((episode.recorder.path.parents[1] / "workspace/config.json").read_bytes())["tokens"]
    lines = list(command_lines())
    episode.cancel()
    await running
    assert any("rogue/game.py" in line for line in lines)
    assert not [line for line in lines for hidden in [*tokens, "s3cret"] if hidden in line]
