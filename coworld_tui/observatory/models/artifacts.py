"""What an episode left on the server: its statistics, and which files there are (hosted.md 3.8, 3.10)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment, Rows


class AgentStats(ApiModel):
    """The numbers of one agent."""

    agent_id: int | None = None
    reward: float | None = None
    metrics: dict[str, float] = Field(default_factory=dict)


class PolicyStats(ApiModel):
    """The numbers of the policy in one seat, with those of its agents."""

    position: int | None = None
    policy_version_id: str | None = None
    policy_name: str | None = None
    policy_version: int | None = None
    num_agents: int | None = None
    avg_metrics: dict[str, float] = Field(default_factory=dict)
    avg_reward: float | None = None
    agents: Rows[AgentStats] = Field(default_factory=list)


class EpisodeStats(ApiModel):
    """The numbers of an episode, by whatever names its game gives them."""

    game_stats: dict[str, float] = Field(default_factory=dict)
    policy_stats: Rows[PolicyStats] = Field(default_factory=list)
    steps: int | None = None


class SeatFiles(ApiModel):
    """Which files of a seat there are; only seats whose files you may read are listed."""

    position: int | None = None
    policy_version_id: str | None = None
    policy_name: str | None = None
    has_log: bool = False
    has_artifact: bool = False


class DownloadEntry(ApiModel):
    """A file of the download manifest. A ``ready`` one has ``inline_json``, or ``url`` and ``etag``."""

    episode_request_id: str = ""
    category: str = ""
    position: int | None = None
    artifact_id: str = ""
    version: str | None = None
    filename: str = ""
    state: str = ""
    media_type: str | None = None
    encoding: str = "identity"
    size: int | None = None
    etag: str | None = None
    url: str | None = None
    expires_at: Moment | None = None
    inline_json: dict[str, Any] | None = None


class DownloadPage(ApiModel):
    """A page of the download manifest. ``unavailable_ids`` were asked for and cannot be had."""

    entries: Rows[DownloadEntry] = Field(default_factory=list)
    unavailable_ids: list[str] = Field(default_factory=list)
    next_cursor: str | None = None
