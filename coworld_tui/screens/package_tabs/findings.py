"""What each contract generation refuses in a manifest, and what is against its documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...contract.checking import Verdict
from ...contract.findings import Finding
from ...replay.lenses.spans import Line, Span
from ...widgets.listed_rows import ListedRows
from ...widgets.table import Column
from ..facts import fact, paragraph

_COLUMNS = (
    Column("", 1),
    Column("where", 20, style="key"),
    Column("what to change", 0, least=20),
    Column("for", 14, style="muted", optional=True),
)
_MARKS = {"error": Span("✗", "error"), "warning": Span("!", "warning")}


@dataclass(frozen=True)
class FindingsTab:
    """One row a finding, errors first as the check has them."""

    verdict: Verdict

    @cached_property
    def rows(self) -> ListedRows:
        """The findings."""
        return ListedRows(
            _COLUMNS,
            [(at, _cells(finding)) for at, finding in enumerate(self.verdict.findings)],
            "nothing to change: both generations take it",
        )

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """Which generations take the manifest, then the finding in full."""
        lines: list[Line] = [acceptance(self.verdict)]
        if not self.verdict.findings:
            return lines
        finding = self.verdict.findings[row]
        lines += [(), *fact("where", finding.where or "the document", width, "key")]
        lines += fact("for", ", ".join(finding.generations), width)
        return [*lines, (), *paragraph(finding.message, width)]


def acceptance(verdict: Verdict) -> Line:
    """``✓ 0.1.11  ✗ 0.1.64``."""
    spans: list[Span] = []
    for generation, accepted in verdict.accepted_by.items():
        spans += [
            Span("✓ " if accepted else "✗ ", "good" if accepted else "error"),
            Span(f"{generation}  ", "" if accepted else "muted"),
        ]
    return tuple(spans)


def _cells(finding: Finding) -> Sequence[Span]:
    return (
        _MARKS[finding.severity],
        Span(finding.where or "document"),
        Span(finding.message),
        Span(", ".join(finding.generations)),
    )
