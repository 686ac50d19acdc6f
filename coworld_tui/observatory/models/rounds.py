"""Rounds and their results (hosted.md 3.3)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment, Rows
from .leagues import Division
from .policies import Player, PolicyVersion


class Round(ApiModel):
    """A round of a division. ``error`` says why a failed one failed."""

    id: str = ""
    round_number: int | None = None
    commissioner_key: str | None = None
    execution_backend: str | None = None
    round_config: dict[str, Any] = Field(default_factory=dict)
    round_display: dict[str, Any] | None = None
    status: str | None = None
    error: str | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    division: Division = Field(default_factory=Division)
    created_at: Moment | None = None


class RoundResult(ApiModel):
    """A policy's place in a round; not on the scale of the division's scores."""

    id: str = ""
    rank: int | None = None
    score: float | None = None
    result_metadata: dict[str, Any] | None = None
    policy_version: PolicyVersion = Field(default_factory=PolicyVersion)
    player: Player | None = None
    created_at: Moment | None = None


class RoundDetail(Round):
    """A round with its results, in whatever order the server has them."""

    results: Rows[RoundResult] = Field(default_factory=list)
