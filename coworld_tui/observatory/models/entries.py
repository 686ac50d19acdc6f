"""How a policy takes part in a league, and what happens there (hosted.md 3.4 to 3.6)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment
from .leagues import Division, League
from .policies import Player, PolicyVersion


class Membership(ApiModel):
    """A policy version seated in a division; over once ``end_time`` is set.

    ``is_champion`` is the version that represents its player, not the winner of anything.
    """

    id: str = ""
    status: str | None = None
    substatus: str | None = None
    is_champion: bool = False
    start_time: Moment | None = None
    end_time: Moment | None = None
    league: League = Field(default_factory=League)
    division: Division = Field(default_factory=Division)
    policy_version: PolicyVersion = Field(default_factory=PolicyVersion)
    player: Player | None = None
    created_at: Moment | None = None


class Submission(ApiModel):
    """A policy version handed in to a league. ``notes`` says why it was rejected."""

    id: str = ""
    auto_champion: str = "always"
    status: str | None = None
    league: League = Field(default_factory=League)
    policy_version: PolicyVersion = Field(default_factory=PolicyVersion)
    player: Player | None = None
    league_policy_membership_id: str | None = None
    notes: str | None = None
    created_at: Moment | None = None


class Event(ApiModel):
    """Something that happened in a league. The values of ``event_type`` are an open set."""

    id: str = ""
    event_type: str | None = None
    audience: str | None = None
    user_id: str | None = None
    player: Player | None = None
    policy_version: PolicyVersion | None = None
    league: League | None = None
    division: Division | None = None
    round_id: str | None = None
    headline: str | None = None
    summary: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    created_at: Moment | None = None
