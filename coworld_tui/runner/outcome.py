"""How an episode ended, in the shape that ``--json``, the run manifest and the screens share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, CoworldError


@dataclass(frozen=True)
class Outcome:
    """One finished episode. ``scores`` is a number per slot, None when the game wrote none.

    ``phases`` are seconds by phase name; ``not_drawn`` counts recorded frames no screen showed.
    """

    run_id: str
    run_dir: str
    status: str
    workspace: str
    slots: tuple[str, ...]
    scores: list[float] | None = None
    results: dict[str, Any] | None = None
    replay: str | None = None
    recording: str | None = None
    recorded: int = 0
    distinct_ticks: int = 0
    not_drawn: int = 0
    phases: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: CoworldError | None = None

    @property
    def exit_code(self) -> int:
        """The process exit code that goes with it."""
        if self.status == "passed":
            return EXIT_DONE
        if self.status == "cancelled":
            return EXIT_INTERRUPTED
        return self.error.exit_code if self.error is not None else EXIT_FAILED

    def as_dict(self) -> dict[str, Any]:
        """The ``--json`` object."""
        return {
            "run_id": self.run_id,
            "run_dir": self.run_dir,
            "status": self.status,
            "workspace": self.workspace,
            "slots": list(self.slots),
            "scores": self.scores,
            "results": self.results,
            "replay": self.replay,
            "recording": self.recording,
            "frames": {
                "recorded": self.recorded,
                "distinct_ticks": self.distinct_ticks,
                "not_drawn": self.not_drawn,
            },
            "phases": {name: round(seconds, 3) for name, seconds in self.phases.items()},
            "seconds": round(self.seconds, 3),
            "error": self.error.as_dict() if self.error is not None else None,
        }


def joint_exit_code(outcomes: Sequence[Outcome]) -> int:
    """130 when anything was cancelled, else that of the first failure, else 0."""
    codes = [outcome.exit_code for outcome in outcomes]
    if EXIT_INTERRUPTED in codes:
        return EXIT_INTERRUPTED
    return next((code for code in codes if code != EXIT_DONE), EXIT_DONE)


def summarize(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Totals of a batch: counts, and per slot name, mean score, wins (ties count for each) and failures.

    Only passed episodes count for means and wins; a failure counts for the slot it names.
    """
    names = max((outcome.slots for outcome in outcomes), key=len, default=())
    passed = [outcome for outcome in outcomes if outcome.status == "passed" and outcome.scores]
    slots = []
    for slot, name in enumerate(names):
        scores = [outcome.scores[slot] for outcome in passed if outcome.scores and slot < len(outcome.scores)]
        wins = sum(
            1
            for outcome in passed
            if outcome.scores and slot < len(outcome.scores) and outcome.scores[slot] == max(outcome.scores)
        )
        failures = sum(1 for outcome in outcomes if outcome.error is not None and outcome.error.slot == slot)
        slots.append(
            {
                "slot": slot,
                "name": name,
                "scores": scores,
                "mean": round(fmean(scores), 4) if scores else None,
                "wins": wins,
                "failures": failures,
            }
        )
    return {
        "episodes": len(outcomes),
        "passed": sum(outcome.status == "passed" for outcome in outcomes),
        "failed": sum(outcome.status == "failed" for outcome in outcomes),
        "cancelled": sum(outcome.status == "cancelled" for outcome in outcomes),
        "slots": slots,
    }
