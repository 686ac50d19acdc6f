"""Games that break the contract: each is named, blamed and cleared away, and the record stays whole."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from coworld_tui.replay.recorded import ClosedFrames, StreamFrames
from coworld_tui.runner.episode import FIRST_FRAME_SECONDS
from coworld_tui.runner.outcome import Outcome
from coworld_tui.runner.phases import Phase
from coworld_tui.runner.recorder import Recorder

from ..rogue.launch import local_episode
from .ending import check_ending, play, play_until, recording_in, until

MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """What a game does, and the error it deserves."""

    game: str
    type: str
    cause: str
    owner: str = "the game"
    timeout: float = 20.0
    first_frame: float = FIRST_FRAME_SECONDS
    verify: bool = False


CASES = {
    "never healthy": Case(
        "--health never", "game_unhealthy", "/healthz gave no 200 within 0.3 s", timeout=0.3
    ),
    "unhealthy": Case("--health error", "game_unhealthy", "/healthz gave no 200 within 0.3 s", timeout=0.3),
    "endless health": Case("--health endless", "game_unhealthy", "/healthz gave no 200", timeout=0.3),
    "no HTTP": Case("--health babble", "game_unhealthy", "/healthz gave no 200", timeout=0.3),
    "exits at once": Case(
        "--exit start:5", "game_unhealthy", "it exited with 5; last log line: leaving: start"
    ),
    "exits at once with 0": Case("--exit start:0", "game_unhealthy", "it exited with 0"),
    "exits when healthy": Case("--exit healthy:6", "game_unhealthy", "it exited with 6"),
    "exits when probed": Case("--exit probed:6", "game_unhealthy", "it exited with 6"),
    "exits when watched": Case("--exit watched:6", "game_unhealthy", "it exited with 6"),
    "exits while it plays": Case("--exit played:9", "game_unhealthy", "it exited with 9"),
    "says its port is taken": Case(
        "--exit start:1 --say '[Errno 98] Address already in use'",
        "game_unhealthy",
        "its port was taken meanwhile",
    ),
    "no pages": Case("--pages missing", "game_contract_violation", "answered 404"),
    "redirected pages": Case("--pages redirect", "game_contract_violation", "answered 307"),
    "accepts a bad token": Case(
        "--bad-token message", "game_contract_violation", "accepted a bad token: it sent a message"
    ),
    "stays open for a bad token": Case(
        "--bad-token silent", "game_contract_violation", "accepted a bad token: the connection stayed open"
    ),
    "500 for a bad token": Case(
        "--bad-token error", "game_contract_violation", "answered 500 to a bad token"
    ),
    "no frame": Case(
        "--frames none --hold", "game_contract_violation", "nothing came within 0.5 s", first_frame=0.5
    ),
    "viewer refused": Case("--frames refused", "game_contract_violation", "HTTP 403"),
    "viewer closed": Case("--frames closed", "game_contract_violation", "closed the global viewer"),
    "no results": Case("--results none", "results_missing", "results.json is not in the workspace"),
    "wrong results": Case("--results wrong", "results_malformed", "scores"),
    "broken results": Case("--results broken", "results_malformed", "results.json"),
    "results with NaN": Case("--results nan", "results_malformed", "results.json"),
    "results are a link": Case("--results link", "results_missing", "no plain file"),
    "results are a directory": Case("--results directory", "results_missing", "no plain file"),
    "never ends": Case("--hold", "episode_timeout", "it still ran after 3 s", timeout=3.0),
    "never ends, ignores SIGTERM": Case("--hold --stubborn", "episode_timeout", "it still ran", timeout=3.0),
    "no replay to verify": Case("--replay none", "replay_missing", "", verify=True),
    "replay server exits": Case(
        "--replay-mode exits", "replay_unloadable", "the replay server exited with 3", verify=True
    ),
    "replay server is silent": Case("--replay-mode missing", "replay_unloadable", "HTTP 404", verify=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_is_blamed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coworld_tui.runner.episode.FIRST_FRAME_SECONDS", case.first_frame)
    episode = local_episode(case.game, timeout_seconds=case.timeout, verify_replay=case.verify)
    outcome = await play(episode)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == (case.type, case.owner)
    assert case.cause in outcome.error.cause
    assert (outcome.exit_code, outcome.error.slot) == (1, None)


@pytest.mark.parametrize("way", ["refuse", "close", "drop"])
async def test_every_form_of_refusing_a_bad_token_is_accepted(way: str) -> None:
    outcome = await play(local_episode(f"--bad-token {way}"))
    assert outcome.status == "passed"


async def test_a_replay_is_verified() -> None:
    outcome = await play(local_episode(verify_replay=True))
    assert outcome.status == "passed"
    assert Phase.VERIFYING_REPLAY in outcome.phases


FAILURE = json.dumps({"message": "slot 1 never moved", "failed_policy_index": 1})


@pytest.mark.parametrize(
    "game",
    ["--exit played:1", "--exit played:0 --results none", "--exit healthy:1"],
    ids=lambda game: game[2:],
)
async def test_a_declared_player_failure_names_the_slot(game: str) -> None:
    outcome = await play(local_episode(f"{game} --failure '{FAILURE}'"))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.slot) == ("player_error", 1)
    assert outcome.error.cause == "slot 1 never moved"


async def test_a_declared_failure_is_ignored_when_everything_is_there() -> None:
    outcome = await play(local_episode(f"--failure '{FAILURE}'"))
    assert outcome.status == "passed"


async def test_a_declared_failure_that_breaks_the_rules_is_the_games() -> None:
    outcome = await play(local_episode("""--exit played:1 --failure '{"failed_policy_index": 9}'"""))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == ("game_contract_violation", "the game")


PAYLOADS = {
    "json": ("json", b'{"type": "state", "tick": 4, "scores": [4, 1]}', 5),
    "text": ("text", b"tick 4 \x1b[31m[bold]\n", 0),
    "array": ("json", b"[4, [4]]", 0),
    "binary": ("binary", bytes(range(256)), 0),
    "nan": ("text", b'{"tick": 4, "scores": [NaN, Infinity, -Infinity, 1e999]}', 0),
    "empty": ("json", b'{"type": "state", "tick": 4, "scores": [4, 1]}', 5),
}


@pytest.mark.parametrize("frames", PAYLOADS)
async def test_any_kind_of_frame_is_recorded_as_it_came(frames: str) -> None:
    kind, payload, ticks = PAYLOADS[frames]
    outcome = await play(local_episode(f"--frames {frames}"))
    assert (outcome.status, outcome.recorded, outcome.distinct_ticks) == ("passed", 5, ticks)
    recording = recording_of(outcome)
    assert (recording.kind(4), recording.payload(4)) == (kind, payload)


async def test_a_viewer_that_is_cut_off_comes_back() -> None:
    outcome = await play(local_episode("--count 6 --drop-after 3"))
    recording = recording_of(outcome)
    assert outcome.status == "passed"
    assert [recording.tick(seq) for seq in range(len(recording))][-1] == 5


async def test_a_flood_of_frames_is_recorded_whole() -> None:
    outcome = await play(local_episode("--count 30000 --size 200"))
    recording = recording_of(outcome)
    assert (outcome.status, len(recording)) == ("passed", 30_000)
    assert [recording.tick(seq) for seq in range(0, 30_000, 997)] == list(range(0, 30_000, 997))


async def test_frames_on_their_way_when_the_game_ends_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slowly(_: Recorder) -> None:
        await asyncio.sleep(0.001)

    monkeypatch.setattr(Recorder, "room", slowly)
    outcome = await play(local_episode("--count 1500"))
    assert (outcome.status, outcome.recorded) == ("passed", 1500)
    assert outcome.phases["playing"] < 1.0, "the game was long gone"


async def test_frames_of_fifty_megabytes_are_recorded() -> None:
    outcome = await play(local_episode("--frames huge --count 3"))
    recording = recording_of(outcome)
    assert (outcome.status, len(recording)) == ("passed", 3)
    assert len(recording.payload(2)) > 50 * MIB


@pytest.mark.parametrize("log", ["lines", "endless", "escapes"])
async def test_a_flood_of_log_output_is_kept_on_disk_and_bounded_in_memory(log: str) -> None:
    episode = local_episode(f"--log {log} --log-bytes {16 * MIB}")
    outcome = await play(episode)
    ring = episode.rings["game"]
    assert outcome.status == "passed"
    assert (
        Path(outcome.workspace, "logs/game.stdout.log").stat().st_size
        == {
            "lines": 16 * MIB // 18 * 18 + len("listening on 127.0.0.1:12345\n"),
            "endless": 16 * MIB + len("listening on 127.0.0.1:12345\n"),
            "escapes": 100 * 41 + len("listening on 127.0.0.1:12345\n"),
        }[log]
    )
    assert ring.total - ring.first <= 5_000
    assert max(len(ring.line(index)) for index in range(ring.first, ring.total)) <= 4_000 + len(
        "00:00:00.0  "
    )


@pytest.mark.parametrize("where", ["group", "session"])
@pytest.mark.parametrize("end", ["--exit played:0", "--hold"])
async def test_a_grandchild_that_holds_the_pipes_is_gone(where: str, end: str) -> None:
    outcome = await play(local_episode(f"--grandchild {where} {end}", timeout_seconds=3.0))
    assert outcome.status == ("failed" if end == "--hold" else "passed")


async def test_links_planted_by_the_game_lead_nowhere(tmp_path: Path) -> None:
    target = tmp_path / "outside" / "policy_agent_0.log"
    target.parent.mkdir()
    target.write_text("mine")
    episode = local_episode(f"--plant {target} --players 2", players=["--tell", "--tell --artifact good"])
    await play(episode)
    assert target.read_text() == "mine"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize(
    "phase",
    [
        Phase.PREPARING,
        Phase.STARTING_GAME,
        Phase.WAITING_HEALTH,
        Phase.PROBING,
        Phase.STARTING_PLAYERS,
        Phase.FIRST_FRAME,
        Phase.PLAYING,
        Phase.COLLECTING,
        Phase.VERIFYING_REPLAY,
    ],
)
async def test_it_can_be_cancelled_in_every_phase(phase: Phase) -> None:
    holding = {Phase.COLLECTING: "", Phase.VERIFYING_REPLAY: "--replay-mode silent"}
    episode = local_episode(
        holding.get(phase, "--hold"),
        players=["--stay", ""] if phase is Phase.COLLECTING else ["", ""],
        verify_replay=True,
    )
    running = await play_until(episode, "phase", phase=phase.value)
    episode.cancel()
    outcome = await running
    assert (outcome.status, outcome.exit_code) == ("cancelled", 130)


async def test_cancelled_before_it_began_leaves_nothing(home: Path) -> None:
    episode = local_episode()
    episode.cancel()
    outcome = await play(episode)
    assert (outcome.status, outcome.run_dir) == ("cancelled", "")
    assert not list(home.iterdir())


async def test_cancelling_the_task_cancels_the_episode() -> None:
    episode = local_episode("--hold")
    running = asyncio.create_task(episode.run())
    await until(episode, "phase", phase="playing")
    running.cancel()
    outcome = await running
    assert outcome.status == "cancelled"
    check_ending(episode, outcome)


def recording_of(outcome: Outcome) -> ClosedFrames | StreamFrames:
    """The frames on disk."""
    recording = recording_in(Path(outcome.run_dir, "artifacts"))
    assert recording is not None
    return recording
