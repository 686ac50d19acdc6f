"""Experience requests: batches of episodes one asks for, and how they go (hosted.md 3.7, 3.10)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment, Rows
from .episodes import AnyParticipant, Episode, Score


class ExperienceRow(ApiModel):
    """An experience request, and how many of its episodes are in which state."""

    id: str = ""
    requester_user_id: str | None = None
    requester: str | None = None
    coworld_id: str | None = None
    coworld_name: str | None = None
    coworld_version: str | None = None
    variant_id: str | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    episode_count: int = 0
    pending_count: int = 0
    submitted_count: int = 0
    running_count: int = 0
    completed_count: int = 0
    failed_count: int = 0
    error: str | None = None
    created_at: Moment | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None


class ExperienceRequest(ExperienceRow):
    """One with its episodes in full."""

    episodes: Rows[Episode] = Field(default_factory=list)


class BatchEpisode(ApiModel):
    """An episode of an experience request. The last four are there with ``view=results`` only.

    ``evidence_state`` is ``sealed`` once nothing more comes of its logs and files, which may be later
    than its end.
    """

    id: str = ""
    experience_request_id: str | None = None
    created_at: Moment | None = None
    status: str | None = None
    error_type: str | None = None
    evidence_state: str = "pending"
    scores: Rows[Score] | None = None
    participants: Rows[AnyParticipant] | None = None
    replay_url: str | None = None
    error: str | None = None


class BatchEpisodes(ApiModel):
    """A page of episodes. ``unavailable_ids`` are those asked for that cannot be seen."""

    entries: Rows[BatchEpisode] = Field(default_factory=list)
    next_cursor: str | None = None
    unavailable_ids: list[str] = Field(default_factory=list)
    observed_at: Moment | None = None


class Batch(ApiModel):
    """How an experience request goes."""

    id: str = ""
    status: str | None = None
    episode_count: int = 0


class Change(ApiModel):
    """The state of an episode in the change feed. The greater ``revision`` is the newer one."""

    id: str = ""
    experience_request_id: str | None = None
    revision: int = 0
    removed: bool = False
    episode: BatchEpisode | None = None


class ChangePage(ApiModel):
    """A page of the change feed: everything at first (``phase`` is ``snapshot``), then what changed."""

    batches: Rows[Batch] = Field(default_factory=list)
    phase: str = "snapshot"
    entries: Rows[Change] = Field(default_factory=list)
    next_cursor: str | None = None
    has_more: bool = False
    poll_after_seconds: float = 1.0
    expires_at: Any = None
