"""Episodes: who played, what came of it, and whether it can be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from ....contract.measures import age
from ....contract.text import safe_line
from ....observatory.models.episodes import OVER, Episode, EpisodeRow, Participant
from ....replay.lenses.spans import Line, Span
from ....widgets.table import Cell, Column
from ...facts import fact
from ..model import Known, Tab
from ..signs import score, short_id, state

_MOST_SEATS = 64
_COLUMNS = (
    Column("state", 11),
    Column("players", 0, least=24),
    Column("scores", 14, "right", "strong"),
    Column("replay", 8),
    Column("age", 5, "right", "muted", optional=True),
    Column("episode", 13, style="muted", optional=True),
)


def _cells(row: EpisodeRow, place: int, known: Known) -> Sequence[Cell | None]:
    del place
    episode = known.episodes.get(row.id)
    status = (episode.status if episode is not None else None) or row.status
    return (
        state(status),
        _players(row, episode, known),
        _scores(episode),
        _replay(row, status),
        Span(age(row.created_at)),
        Span(short_id(row.id)),
    )


def _players(row: EpisodeRow, episode: Episode | None, known: Known) -> Line:
    """The seats by policy, mine in the accent, the one to blame marked."""
    if episode is None:
        is_mine = known.my_versions.intersection(row.policy_version_ids)
        return (Span("yours among them" if is_mine else "", "accent"),)
    if episode.error_type and not episode.participants:
        return (Span(safe_line(episode.error_type, 40), "error"),)
    spans: list[Span] = []
    for seat in episode.participants[:_MOST_SEATS]:
        failed = episode.failed_policy_index is not None and seat.position == episode.failed_policy_index
        mine = isinstance(seat, Participant) and seat.policy_version_id in known.my_versions
        style = "error" if failed else "accent" if mine else ""
        spans += [Span("  ")] if spans else []
        spans.append(Span(("✗ " if failed else "") + safe_line(seat.label, 40), style))
    return tuple(spans)


def _scores(episode: Episode | None) -> Span:
    if episode is None:
        return Span("…", "muted")
    if episode.status in ("failed",):
        return Span(safe_line(episode.error_type or "", 24), "error")
    scores = [episode.score_of(seat) for seat in episode.participants]
    if not any(value is not None for value in scores):
        return Span("–", "muted")
    return Span(" : ".join("–" if value is None else f"{value:g}" for value in scores[:6]))


def _replay(row: EpisodeRow, status: str | None) -> Span:
    if row.replay_url:
        return Span("● replay", "good")
    return Span("none" if status in OVER and status != "completed" else "not yet", "muted")


def _replay_at_length(row: EpisodeRow, episode: Episode | None) -> str:
    if row.replay_url:
        return "there; enter opens it"
    status = (episode.status if episode is not None else None) or row.status
    if status in OVER and status != "completed":
        return "none: l shows what was said"
    since = age(row.created_at)
    return "none yet" if not since else f"none yet; asked for {since}{'' if since == 'now' else ' ago'}"


def _lines(row: EpisodeRow, known: Known, width: int) -> Sequence[Line]:
    episode = known.episodes.get(row.id)
    lines = [
        *fact("episode", row.id, width, "strong"),
        *fact("replay", _replay_at_length(row, episode), width),
    ]
    if episode is None:
        return [*lines, (Span("asking for its players and scores …", "muted"),)]
    lines += [
        *fact(
            "error", " · ".join(part for part in (episode.error_type, episode.error) if part), width, "error"
        ),
        *fact("live", episode.live_url or "", width, "accent"),
        *fact("seed", "" if episode.seed is None else str(episode.seed), width),
        (),
    ]
    for seat in episode.participants[:_MOST_SEATS]:
        failed = episode.failed_policy_index is not None and seat.position == episode.failed_policy_index
        mine = isinstance(seat, Participant) and seat.policy_version_id in known.my_versions
        player = (seat.player_name or "") if isinstance(seat, Participant) else "a person"
        filler = isinstance(seat, Participant) and seat.is_filler
        lines.append(
            (
                Span(
                    f"{'✗' if failed else ' '} {seat.position if seat.position is not None else '?':>2}  ",
                    "error" if failed else "muted",
                ),
                Span(f"{score(episode.score_of(seat)):>10}  ", "strong"),
                Span(safe_line(seat.label, 50), "accent" if mine else ""),
                Span(f"  {safe_line(player, 40)}{'  filler' if filler else ''}", "muted"),
            )
        )
    return lines


EPISODES = Tab[EpisodeRow](
    "episodes",
    "Episodes",
    _COLUMNS,
    _cells,
    _lines,
    "no episodes yet: they come with the first round",
    {0: ("status",), 3: ("replay_url",), 4: ("created_at",)},
    frozenset({4}),
)
