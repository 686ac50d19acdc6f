"""How a certification ended, in the shape that ``--json``, ``certification.json`` and the report share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, CoworldError
from ..contract.generations import Generation
from ..runner.outcome import Outcome
from .steps import StepState


@dataclass(frozen=True)
class CertificationOutcome:
    """One finished certification.

    ``package`` is its name, version and source, safe to show. ``log_richness`` is for information,
    None for a manifest that cannot be worked with. ``episode`` is how the smoke
    episode ended, if there was one. ``report`` is the HTML file; it and ``run_dir`` are None when
    it was stopped before anything was written. ``error`` is what kept us, not the package, from
    going on: no engine, a full disk.
    """

    package: dict[str, str]
    generation: Generation
    steps: tuple[StepState, ...]
    cancelled: bool
    run_id: str
    run_dir: Path | None
    episode: Outcome | None
    error: CoworldError | None
    finished_at: datetime
    log_richness: dict[str, Any] | None = None
    report: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether every step passed."""
        return not self.cancelled and all(step.status == "pass" for step in self.steps)

    @property
    def status(self) -> str:
        """``passed``, ``failed`` or ``cancelled``, as runs say it."""
        return "cancelled" if self.cancelled else "passed" if self.ok else "failed"

    @property
    def failed(self) -> StepState | None:
        """The first step that failed."""
        return next((step for step in self.steps if step.status == "fail"), None)

    @property
    def exit_code(self) -> int:
        """The process exit code that goes with it."""
        if self.cancelled:
            return EXIT_INTERRUPTED
        if self.error is not None:
            return self.error.exit_code
        return EXIT_DONE if self.ok else EXIT_FAILED

    def with_error(self, error: CoworldError) -> CertificationOutcome:
        """The same, kept by ``error`` from being written down; an earlier error stands."""
        return replace(self, error=self.error or error)

    def as_dict(self) -> dict[str, Any]:
        """The ``--json`` object, which is also ``certification.json``."""
        return {
            "ok": self.ok,
            "status": self.status,
            "generation": self.generation,
            "package": self.package,
            "steps": [step.as_dict() for step in self.steps],
            "log_richness": self.log_richness,
            "run_id": self.run_id if self.run_dir is not None else None,
            "run_dir": str(self.run_dir) if self.run_dir is not None else None,
            "report": str(self.report) if self.report is not None else None,
            "error": self.error.as_dict() if self.error is not None else None,
            "finished_at": self.finished_at.isoformat(timespec="milliseconds"),
        }
