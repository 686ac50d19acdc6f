"""Figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: ours, the peer's, their ratio where there is a peer, and the bar it is to reach."""

    what: str
    ours: str
    peer: str
    ratio: str
    bar: str


def compared(what: str, ours: Sequence[float], peers: Sequence[float], bar: str, *, unit: str = "s") -> Row:
    """A row of paired runs: medians, and the median of the ratios pair by pair."""
    ratios = [mine / theirs for mine, theirs in zip(ours, peers, strict=True)]
    spread = f"{median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f}, n={len(ratios)})"
    return Row(what, f"{median(ours):.3g} {unit}", f"{median(peers):.3g} {unit}", spread, bar)


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown."""
    lines = ["| what | coworld-tui | peer | ratio | bar |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
