"""Who stands where in a division (hosted.md 3.2). Scores have no fixed unit (hosted.md 9.7)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment, Rows


class RecentRound(ApiModel):
    """How a player did in one round."""

    id: str = ""
    round_number: int | None = None
    status: str | None = None
    rank: int | None = None
    score: float | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None


class LeaderboardEntry(ApiModel):
    """A player's place. ``rank`` may be missing: then the place in the list counts."""

    rank: int | None = None
    player_id: str = ""
    player_name: str | None = None
    score: float | None = None
    score_label: str | None = None
    rounds_played: int | None = None
    win_rate: float | None = None
    policy_label: str | None = None
    recent_rounds: Rows[RecentRound] | None = None


class Column(ApiModel):
    """A column of a view; ``key`` finds its value in a row."""

    key: str = ""
    label: str | None = None
    value_type: str = "number"
    sort: str | None = None


class ViewRow(ApiModel):
    """A row of a view, usually a player."""

    subject_type: str = "player"
    subject_id: str = ""
    subject_name: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    policy_version_ids: list[str] = Field(default_factory=list)
    recent_rounds: Rows[RecentRound] | None = None


class LeaderboardView(ApiModel):
    """One table of a division, with columns of its own."""

    key: str = ""
    title: str | None = None
    description: str | None = None
    axis_values: dict[str, Any] = Field(default_factory=dict)
    columns: Rows[Column] = Field(default_factory=list)
    rows: Rows[ViewRow] = Field(default_factory=list)


class Leaderboards(ApiModel):
    """All tables of a division."""

    default_view_key: str | None = None
    views: Rows[LeaderboardView] = Field(default_factory=list)
