"""The ten steps of certification (local.md section 4.2): their order, what each needs, how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Literal

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..runs.redact import Redactor
from .sources import SourceResult

StepStatus = Literal["waiting", "running", "pass", "fail", "skipped"]

FEEDBACK_LIMIT = 2_000

RUNNER_TYPES = frozenset(
    {
        "platform_error",
        "episode_inconclusive",
        "player_error",
        "players_missing",
        "player_never_started",
        "node_disruption",
        "game_unhealthy",
        "game_contract_violation",
        "results_missing",
        "results_malformed",
        "replay_missing",
        "replay_unloadable",
        "episode_timeout",
        "crash",
        "worker_error",
        "config_error",
        "artifact_transport_error",
        "player_file_unavailable",
        "player_file_mismatch",
    }
)
"""Error types of the contract (local.md section 3.10); a step that fails with one gives it as its reason."""


@dataclass(frozen=True)
class Step:
    """One step. ``needs`` must have passed before it can run; ``reason`` is its own failure reason."""

    id: str
    title: str
    needs: tuple[str, ...]
    reason: str


STEPS = (
    Step("matriculate", "the strict reader accepts the manifest", (), "manifest_invalid"),
    Step("source-resolves", "declared sources are public (recorded, never failed)", (), "step_failed"),
    Step("images-reachable", "every declared image is here or in its registry", (), "image_unreachable"),
    Step("fixture-conforms", "fixture and variants fit the config schema", (), "fixture_invalid"),
    Step(
        "smoke-episode",
        "game and certification players play one episode",
        ("images-reachable", "fixture-conforms"),
        "platform_error",
    ),
    Step("results-conform", "the results fit their schema", ("smoke-episode",), "results_malformed"),
    Step("replay-present", "the game wrote a replay", ("smoke-episode",), "replay_missing"),
    Step("replay-loadable", "the game, or a static viewer, shows it", ("replay-present",), "step_failed"),
    Step("players-run", "every declared player took part", ("smoke-episode",), "players_missing"),
    Step(
        "supporting-roles",
        "reporters are sound, commissioners answer",
        ("images-reachable",),
        "supporting_roles_failed",
    ),
)
ORDER = tuple(step.id for step in STEPS)


@dataclass
class StepState:
    """How one step stands, live. ``feedback`` is one safe line, also of a step that passed.

    ``source_url_results`` are of ``source-resolves`` only.
    """

    step: Step
    status: StepStatus = "waiting"
    failure_reason: str | None = None
    feedback: str | None = None
    source_url_results: tuple[SourceResult, ...] | None = None
    _began: float | None = field(default=None, repr=False)
    _took: float = field(default=0.0, repr=False)

    @property
    def id(self) -> str:
        """The step's id in the contract."""
        return self.step.id

    @property
    def title(self) -> str:
        """What is checked, in a few words."""
        return self.step.title

    @property
    def seconds(self) -> float:
        """How long it took, or takes so far."""
        return self._took if self._began is None else monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in ("pass", "fail", "skipped")

    def begin(self) -> None:
        """It runs."""
        self.status = "running"
        self._began = monotonic()

    def end(self, status: StepStatus, feedback: str | None = None, reason: str | None = None) -> None:
        """It is over. ``feedback`` may be outside text; it is made safe and holds no credentials here."""
        self._took = self.seconds
        self._began = None
        self.status = status
        self.failure_reason = reason
        if feedback is not None:
            self.feedback = safe_line(Redactor().text(feedback), FEEDBACK_LIMIT)

    def skip(self, why: str) -> None:
        """It does not run, or what it found does not count."""
        self.source_url_results = None
        self.end("skipped", why)

    def as_dict(self) -> dict[str, Any]:
        """The record in ``certification.json``."""
        record: dict[str, Any] = {
            "id": self.id,
            "kind": "auto",
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "failure_reason": self.failure_reason,
            "feedback": self.feedback,
        }
        if self.source_url_results is not None:
            record["source_url_results"] = [result.as_dict() for result in self.source_url_results]
        return record


def failure_of(step: Step, error: CoworldError) -> tuple[str, str]:
    """The failure reason and the feedback of a step that raised ``error``."""
    reason = error.type if error.type in RUNNER_TYPES | _ROLE_TYPES else step.reason
    if step.id in _OWN_REASON_ONLY:
        reason = step.reason
    return reason, f"{error} ({error.next_step})" if error.next_step else str(error)


_ROLE_TYPES = frozenset({"reporter_failed", "commissioner_protocol_failed"})
_OWN_REASON_ONLY = frozenset({"matriculate", "images-reachable", "fixture-conforms", "players-run"})
