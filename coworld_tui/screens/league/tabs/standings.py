"""Who stands where in a division."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.text import safe_line
from ....observatory.models.standings import LeaderboardEntry, RecentRound
from ....replay.lenses.spans import Line, Span
from ....replay.series import sparkline
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import score, state

_RECENT = 12
_COLUMNS = (
    Column("#", 4, "right", "strong"),
    Column("Δ", 4),
    Column("player", 0, least=10),
    Column("policy", 0, least=10, optional=True),
    Column("score", 10, "right", "strong"),
    Column(f"last {_RECENT}", _RECENT, "left", "muted", optional=True),
    Column("rounds", 6, "right", "muted", optional=True),
)


def _cells(row: LeaderboardEntry, place: int, known: Known) -> Sequence[Cell | None]:
    style = "accent" if row.player_id in known.my_players else ""
    policy = _policy(row, known)
    return (
        Span(str(row.rank if row.rank is not None else place + 1)),
        _movement(row),
        Span(safe_line(row.player_name or row.player_id, 60), style or "strong"),
        _marked(policy, known.champion_of(row.player_id), style),
        Span(score(row.score), style or "strong"),
        Span(sparkline(_scores(row), _RECENT), style or "muted"),
        Span("" if row.rounds_played is None else str(row.rounds_played)),
    )


def _lines(row: LeaderboardEntry, known: Known, width: int) -> Sequence[Line]:
    measure = row.score_label or "its unit is the league's own"
    lines = [
        *fact("player", row.player_name or row.player_id, width, "strong"),
        *fact("policy", _policy(row, known), width),
        *fact("score", f"{score(row.score)}  ({measure})", width),
        *fact("win rate", "" if row.win_rate is None else f"{row.win_rate:.0%}", width),
    ]
    if row.player_id in known.my_players:
        lines.append((Span("yours", "accent"),))
    rounds = sorted(row.recent_rounds or (), key=_number, reverse=True)
    if rounds:
        lines += [(), (Span("recent rounds", "heading"),)]
    for each in rounds[:_RECENT]:
        place = "" if each.rank is None else f"#{each.rank}"
        lines.append(
            (
                Span(f"  {_number(each):>5}  ", "muted"),
                Span(f"{place:<5}", "strong"),
                Span(f"{score(each.score):>10}  "),
                state(each.status),
            )
        )
    return lines


def _policy(row: LeaderboardEntry, known: Known) -> str:
    return row.policy_label or known.champion_of(row.player_id)


def _marked(policy: str, champion: str, style: str) -> Cell:
    """A policy, marked when it is the one that stands for its player."""
    shown = Span(safe_line(policy, 60), style)
    return (Span("★ ", "accent"), shown) if policy and policy == champion else (Span("  "), shown)


def _movement(row: LeaderboardEntry) -> Span:
    """The rank in the last round that ended against the one before."""
    ended = sorted((each for each in row.recent_rounds or () if each.rank is not None), key=_number)
    if len(ended) < 2:
        return Span("new" if row.rounds_played is not None and row.rounds_played <= 1 else "", "muted")
    by = (ended[-2].rank or 0) - (ended[-1].rank or 0)
    if not by:
        return Span("=", "muted")
    return Span(f"▲{by}", "good") if by > 0 else Span(f"▼{-by}", "error")


def _scores(row: LeaderboardEntry) -> list[float]:
    ordered = sorted(row.recent_rounds or (), key=_number)
    return [each.score for each in ordered if each.score is not None]


def _number(row: RecentRound) -> int:
    return row.round_number if row.round_number is not None else 0


STANDINGS = Tab[LeaderboardEntry](
    "standings",
    "Standings",
    _COLUMNS,
    _cells,
    _lines,
    "no standings yet: they come with the first round that ends",
    {0: ("rank",), 2: ("player_name",), 4: ("score",), 6: ("rounds_played",)},
    frozenset({4, 6}),
)
