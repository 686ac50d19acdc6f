"""The runs of a package: what each came to, and where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...contract.measures import age
from ...contract.text import safe_line
from ...replay.lenses.spans import Line, Span, fit
from ...runs.index import RunEntry
from ...widgets.listed_rows import ListedRows
from ...widgets.table import Column
from ..facts import facts

_STATUS_STYLES = {
    "passed": "good",
    "failed": "error",
    "cancelled": "warning",
    "running": "accent",
    "stale": "warning",
}
_COLUMNS = (
    Column("age", 5, "right", "muted"),
    Column("variant", 0, least=9),
    Column("score", 16, "right", "strong"),
    Column("status", 9),
    Column("", 0, style="muted", optional=True),
)


@dataclass(frozen=True)
class RunsTab:
    """The latest runs, newest first; ``enter`` opens the replay of one."""

    runs: Sequence[RunEntry]

    @cached_property
    def rows(self) -> ListedRows:
        """One row a run."""
        return ListedRows(
            _COLUMNS, [(run.run_id, _cells(run)) for run in self.runs], "no runs yet: r runs the package"
        )

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """Where a run lies, how it was started, and what went wrong."""
        if not self.runs:
            return ()
        run = self.runs[row]
        problem = run.result.get("problem")
        error = problem if isinstance(problem, dict) else {}
        inputs = run.manifest.get("input_summary")
        slots = inputs.get("slots") if isinstance(inputs, dict) else None
        entries = [
            ("run", run.run_id, ""),
            ("folder", str(run.path), ""),
            ("command", str(run.manifest.get("command", "")), ""),
            ("slots", " · ".join(map(str, slots)) if isinstance(slots, list) else "", ""),
            ("error", str(error.get("title", "")), "error"),
            ("cause", str(error.get("cause", "")), ""),
            ("next", str(error.get("next_step", "")), "accent"),
            ("problem", run.problem, "warning"),
        ]
        return facts(entries, width)


def run_line(run: RunEntry, width: int) -> Line:
    """One run: when, variant, score, status, time or error."""
    when, variant, score, status, remark = _cells(run)
    roomy = width >= 72
    return (
        Span(f"  {when.text:>5}  ", "muted"),
        Span(f"{fit(variant.text, 14 if roomy else 9)} "),
        Span(f"{score.text:>{16 if roomy else 10}}  ", "strong"),
        Span(f"{fit(status.text, 10 if roomy else 9)} ", status.style),
        Span(remark.text, "muted"),
    )


def _cells(run: RunEntry) -> Sequence[Span]:
    status = safe_line(run.status, 12)
    return (
        Span(age(run.created_at)),
        Span(safe_line(run.operation.partition(":")[2], 24)),
        Span(_score(run.result.get("scores"))),
        Span(status, _STATUS_STYLES.get(status, "muted")),
        Span(_remark(run)),
    )


def _score(scores: object) -> str:
    if not isinstance(scores, list):
        return "—"
    return " : ".join(f"{value:g}" for value in scores[:6] if isinstance(value, int | float)) or "—"


def _remark(run: RunEntry) -> str:
    problem, seconds = run.result.get("problem"), run.result.get("seconds")
    if isinstance(problem, dict):
        return safe_line(str(problem.get("title", "")), 50)
    return f"{seconds:.1f} s" if isinstance(seconds, int | float) else run.problem
