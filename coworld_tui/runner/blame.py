"""Errors of an episode in words: what happened, whose turn it is, what to do next."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.text import safe_line
from ..runs.paths import log_file
from ..runs.redact import Redactor
from ..runs.trace import note_trace
from .backend import PartExit
from .logs import LogRing, last_words

_STAMP_WIDTH = 12
_LINES_LOOKED_AT = 3
_LINES_PASSED_OVER = 20


def never_healthy(seconds: float) -> CoworldError:
    """The game runs but ``/healthz`` gave no 200 in time."""
    return CoworldError(
        "game_unhealthy",
        "the game never became healthy",
        cause=f"/healthz gave no 200 within {seconds:g} s",
        owner="the game",
        next_step="read logs/game.stderr.log; does it listen on COGAME_HOST and COGAME_PORT?",
    )


def phase_too_long(phase: str) -> CoworldError:
    """A step before the game that should take moments did not end."""
    return CoworldError(
        "game_unhealthy",
        f"the step {phase!r} took too long",
        owner="the game",
        next_step="raise --timeout-seconds",
    )


def no_frames(how: str) -> CoworldError:
    """The global viewer gave nothing."""
    return CoworldError(
        "game_contract_violation",
        "the global viewer delivered no frame",
        cause=how,
        owner="the game",
        next_step="the game must send a message on /global as soon as a viewer connects",
    )


def never_ended(seconds: float) -> CoworldError:
    """The game still ran when its time was up."""
    return CoworldError(
        "episode_timeout",
        "the game did not end in time",
        cause=f"it still ran after {seconds:g} s",
        owner="the game",
        next_step="raise --timeout-seconds, or give the game fewer ticks",
    )


def game_ended(ended: PartExit, when: str, ring: LogRing, log: Path) -> CoworldError:
    """The game ended by itself when it should not, or with a code that is not zero."""
    how = f"it exited with {ended.code}" + (f" ({ended.reason})" if ended.reason else "")
    if _says(ring, "address already in use"):
        how += ": its port was taken meanwhile"
    return CoworldError(
        "game_unhealthy",
        f"the game ended {when}",
        cause=how + last_line_too(ring),
        owner="the game",
        next_step=f"read {log}",
    )


def player_crash(
    exits: Mapping[int, PartExit | None], rings: Mapping[str, LogRing], logs: Path
) -> CoworldError | None:
    """The first slot whose player exited with a code that is not zero, if any."""
    for slot, ended in sorted(exits.items()):
        if ended is not None and ended.code != 0:
            how = f"exit code {ended.code}" + (f" ({ended.reason})" if ended.reason else "")
            return CoworldError(
                "player_error",
                f"the player in slot {slot} crashed",
                cause=how + last_line_too(rings[f"player {slot}"]),
                owner=f"slot {slot}",
                next_step=f"read {logs / f'policy_agent_{slot}.log'}",
                slot=slot,
            )
    return None


def player_left(slot: int, logs: Path) -> CoworldError:
    """A player was to get ready and exited instead, with code 0."""
    return CoworldError(
        "player_error",
        f"the player in slot {slot} exited before the game",
        cause="it was to answer at its startup path until the game is up",
        owner=f"slot {slot}",
        next_step=f"read {logs / f'policy_agent_{slot}.log'}",
        slot=slot,
    )


def player_stayed(slot: int, seconds: float) -> CoworldError:
    """A player did not exit after the game had."""
    return CoworldError(
        "episode_inconclusive",
        f"the player in slot {slot} did not exit",
        cause=f"it still ran {seconds:g} s after the game had ended",
        owner=f"slot {slot}",
        next_step="a player must exit after its final message or when the socket closes",
        slot=slot,
    )


def no_replay() -> CoworldError:
    """A replay was to be verified and there is none."""
    return CoworldError(
        "replay_missing",
        "the game wrote no replay",
        owner="the game",
        next_step="the game must write to COGAME_SAVE_REPLAY_URI before it exits",
    )


def replay_unloadable(cause: str) -> CoworldError:
    """The game in replay mode could not show its own replay."""
    return CoworldError(
        "replay_unloadable",
        "the game cannot load its own replay",
        cause=cause,
        owner="the game",
        next_step="read logs/game.stderr.log; see COGAME_LOAD_REPLAY_URI in the contract",
    )


def disk_error(error: OSError) -> CoworldError:
    """A write of ours failed."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return CoworldError(
        "disk_full" if full else "disk_error",
        "the disk is full" if full else "writing to disk failed",
        cause=safe_line(
            f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else ""), 300
        ),
        owner="you",
        next_step="free some space, or move the runs with COWORLD_TUI_HOME; what was recorded is kept",
        exit_code=EXIT_MISSING,
    )


def internal_error(error: Exception, run_id: str, redactor: Redactor) -> CoworldError:
    """A bug of ours: one sentence for the person, the trace for the log file."""
    note_trace(run_id, error, redactor)
    return CoworldError(
        "platform_error",
        "the runner itself failed",
        cause=redactor.text(safe_line(f"{type(error).__name__}: {error}", 300)),
        owner="coworld-tui",
        next_step=f"report it with {log_file()}",
    )


def redacted(error: CoworldError, redactor: Redactor) -> CoworldError:
    """A copy that holds no token and no secret."""
    return CoworldError(
        error.type,
        redactor.text(error.title),
        cause=redactor.text(error.cause),
        owner=error.owner,
        next_step=redactor.text(error.next_step),
        slot=error.slot,
        exit_code=error.exit_code,
    )


def says_exec_format(ring: LogRing) -> bool:
    """Whether the last words are the engine's for a program in another processor's format."""
    return _says(ring, "exec format error")


def _says(ring: LogRing, words: str) -> bool:
    return words in " ".join(ring.tail(_LINES_LOOKED_AT)).lower()


def last_line(ring: LogRing) -> str:
    """The last log line that says anything, without its time; empty when none of the latest does."""
    return last_words([line[_STAMP_WIDTH:] for line in ring.tail(_LINES_PASSED_OVER)])


def last_line_too(ring: LogRing) -> str:
    """How a sentence ends with it."""
    last = last_line(ring)
    return f"; last log line: {last}" if last else ""
