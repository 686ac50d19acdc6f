"""What became of a policy in a league (hosted.md 3.4)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment
from .leagues import Division, League
from .policies import PolicyVersion


class MembershipEvent(ApiModel):
    """A change of a membership's status; ``evidence`` is whatever the league judged by."""

    id: str = ""
    league: League = Field(default_factory=League)
    league_policy_membership_id: str | None = None
    policy_version: PolicyVersion = Field(default_factory=PolicyVersion)
    from_division: Division | None = None
    to_division: Division | None = None
    status: str | None = None
    substatus: str | None = None
    reason: str | None = None
    evidence: Any = None
    created_at: Moment | None = None
