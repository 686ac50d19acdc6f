"""The states of an episode, their order and their durations."""

from __future__ import annotations

from enum import StrEnum
from time import monotonic


class Phase(StrEnum):
    """What an episode is doing. The last three are how it can end."""

    PREPARING = "preparing"
    WARMING_UP = "warming_up"
    STARTING_GAME = "starting_game"
    WAITING_HEALTH = "waiting_health"
    PROBING = "probing"
    STARTING_PLAYERS = "starting_players"
    FIRST_FRAME = "first_frame"
    PLAYING = "playing"
    COLLECTING = "collecting"
    VERIFYING_REPLAY = "verifying_replay"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the episode is over."""
        return self in FINAL


FINAL = (Phase.PASSED, Phase.FAILED, Phase.CANCELLED)
LABELS = {
    Phase.PREPARING: "prepare",
    Phase.WARMING_UP: "warm up",
    Phase.STARTING_GAME: "game",
    Phase.WAITING_HEALTH: "health",
    Phase.PROBING: "probes",
    Phase.STARTING_PLAYERS: "players",
    Phase.FIRST_FRAME: "frames",
    Phase.PLAYING: "playing",
    Phase.COLLECTING: "collect",
    Phase.VERIFYING_REPLAY: "verify replay",
    Phase.PASSED: "passed",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
}


class PhaseClock:
    """The current phase, when it began, and how long each finished one took (seconds)."""

    def __init__(self) -> None:
        self.phase = Phase.PREPARING
        self.began = monotonic()
        self.started = self.began
        self.durations: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> float:
        """Leave the current phase for ``phase``; returns how long the one just left took."""
        now = monotonic()
        spent = now - self.began
        if not self.phase.is_final:
            self.durations[self.phase] = self.durations.get(self.phase, 0.0) + spent
        self.phase = phase
        self.began = now
        return spent

    def elapsed(self) -> float:
        """Seconds in the current phase; a final phase stands still at its total."""
        return self.total() if self.phase.is_final else monotonic() - self.began

    def total(self) -> float:
        """Seconds since the episode began, up to its end."""
        return (self.began if self.phase.is_final else monotonic()) - self.started
