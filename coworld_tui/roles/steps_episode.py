"""The steps that look at the smoke episode and what it left (local.md section 4.2)."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from ..contract.errors import CoworldError
from ..contract.generations import Generation
from ..contract.text import safe_line
from ..runner import blame
from ..runner.collect import find_replay
from ..runner.episode import Episode
from ..runner.launch import Identity
from ..runner.logs import LogFile, LogRing
from ..runner.outcome import Outcome
from ..runner.replay_check import check_replay
from ..runner.stage import Stage
from ..runner.together import unhurried
from ..runs.directory import RunDirectory, new_run_id
from ..runs.redact import Redactor
from .log_limit import LogLimitError, within_log_limit


def results_conform(episode: Episode) -> str:
    """The results are there and fit ``game.results_schema``."""
    if episode.results_error is not None:
        raise episode.results_error
    return "results.json fits game.results_schema"


def replay_present(episode: Episode) -> str:
    """The game wrote a replay, a plain file."""
    return f"{_replay_of(episode).name} is there"


async def replay_loadable(episode: Episode, generation: Generation, aside: Path) -> str:
    """A static viewer is declared, or the game in replay mode shows the replay (local.md section 3.6).

    Waits for the game to be over, not for the episode: meanwhile players leave and containers are
    removed. 0.1.11 also wants a replay that is not there refused. ``aside`` is a folder of ours:
    the server's logs go there, and a folder ``replay`` is made for what it reads.
    """
    plan = episode.plan
    if generation == "0.1.64" and plan.package.manifest.game.replay_viewer is not None:
        return "a static viewer is declared; the game need not show replays itself"
    # Its own run id: the episode clears away what carries the episode's.
    run = RunDirectory(aside / "replay", new_run_id())
    run.artifacts.mkdir(parents=True)
    stage = Stage(plan, episode.options, Identity.new(len(plan.seats)), run)
    ring = LogRing(Redactor())
    stdout, stderr = (LogFile(aside / f"replay.{name}.log", ring) for name in ("stdout", "stderr"))
    try:
        await stage.prepare()
        await episode.game_over.wait()
        checking = check_replay(
            stage,
            _replay_of(episode),
            stdout,
            stderr,
            episode.options.timeout_seconds,
            refuses_missing=generation == "0.1.11",
        )
        await within_log_limit(checking, (stdout, stderr))
    except LogLimitError as error:
        raise blame.replay_unloadable(str(error)) from None
    finally:
        await unhurried(stage.clear())
        stdout.close()
        stderr.close()
        shutil.rmtree(run.path, ignore_errors=True)
    return "/client/replay and /replay show it"


def _replay_of(episode: Episode) -> Path:
    """What the game wrote; CoworldError (``replay_missing``) for nothing, or no plain file."""
    replay = find_replay(episode.workspace, episode.plan) if episode.workspace is not None else None
    if replay is None:
        raise blame.no_replay()
    return replay


def players_run(episode: Episode, generation: Generation) -> str:
    """The game and every declared player took part.

    0.1.11 never asked for that: a player without a slot is only mentioned there.
    """
    seated = {seat.player_id for seat in episode.plan.seats}
    started = {seat.player_id for seat in episode.plan.seats if seat.slot in episode.exits}
    issues = []
    unseated = []
    for index, player in enumerate(episode.plan.package.manifest.player):
        label = f"player[{index}] {safe_line(player.id, 80)}"
        if player.id not in seated:
            unseated.append(f"{label} has no slot in certification.players, so it never ran")
        elif player.id not in started:
            issues.append(f"{label} was never started")
    if generation == "0.1.64":
        issues += unseated
    if issues:
        raise CoworldError(
            "players_missing",
            "not every declared player took part",
            cause="; ".join(issues[:5]),
            next_step="seat each declared player in certification.players, or remove it",
        )
    return "; ".join([f"the game and {len(episode.exits)} players were started", *unseated[:5]])


async def at_end(episode: Episode) -> Outcome:
    """Play the episode; its error is raised, and being stopped is being cancelled."""
    outcome = await episode.run()
    if outcome.status == "cancelled":
        raise asyncio.CancelledError
    if outcome.error is not None:
        raise outcome.error
    return outcome


def episode_feedback(episode: Episode, outcome: Outcome) -> str:
    """What was played, in a line."""
    scores = " : ".join(f"{score:.12g}" for score in outcome.scores or ())
    return f"{len(episode.plan.seats)} players, {outcome.recorded} frames, {outcome.seconds:.1f} s" + (
        f", scores {scores}" if scores else ""
    )
