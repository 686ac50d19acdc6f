"""Episodes, as lists have them and in full (hosted.md 3.7)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, computed_field

from .base import ApiModel, Moment, Rows
from .policies import policy_label

OVER = ("completed", "failed", "cancelled", "canceled")
"""States that an episode does not leave again, nor a round."""


class EpisodeRow(ApiModel):
    """An episode in a list: no scores, names or seed."""

    id: str = ""
    status: str | None = None
    coworld_id: str | None = None
    round_id: str | None = None
    replay_url: str | None = None
    policy_version_ids: list[str] = Field(default_factory=list)
    created_at: Moment | None = None


class Participant(ApiModel):
    """A seat taken by a policy. A filler is not credited."""

    position: int | None = None
    kind: str = "policy"
    policy_version_id: str | None = None
    policy_id: str | None = None
    policy_name: str | None = None
    version: int | None = None
    player_id: str | None = None
    player_name: str | None = None
    is_filler: bool = False

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        """``name:vN``."""
        return policy_label(self.policy_name, self.version)


class HumanParticipant(ApiModel):
    """A seat taken by a person."""

    position: int | None = None
    kind: str = "human"
    user_id: str | None = None
    name: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        """Their name."""
        return self.name or "?"


def _by_kind(value: Any) -> Any:
    if isinstance(value, dict):
        return (HumanParticipant if value.get("kind") == "human" else Participant).model_validate(value)
    return value


AnyParticipant = Annotated[Participant | HumanParticipant, BeforeValidator(_by_kind)]


class Score(ApiModel):
    """The score of a policy version: seats that play the same one share it."""

    policy_version_id: str | None = None
    score: float | None = None


class Episode(ApiModel):
    """An episode in full. ``failed_policy_index`` is the seat its failure is blamed on."""

    id: str = ""
    requester_user_id: str | None = None
    round_id: str | None = None
    mod_name: str | None = None
    env_config_name: str | None = None
    coworld_id: str | None = None
    seed: int | None = None
    max_steps: int | None = None
    status: str | None = None
    policy_version_ids: list[str] = Field(default_factory=list)
    participants: Rows[AnyParticipant] = Field(default_factory=list)
    job_id: str | None = None
    episode_id: str | None = None
    replay_url: str | None = None
    live_url: str | None = None
    error_type: str | None = None
    error: str | None = None
    failed_policy_index: int | None = None
    failed_agent_index: int | None = None
    scores: Rows[Score] = Field(default_factory=list)
    created_at: Moment | None = None
    game_config: dict[str, Any] | None = None

    def score_of(self, participant: Participant | HumanParticipant) -> float | None:
        """The score of a seat; None for a person, a filler and an episode that has none yet."""
        if not isinstance(participant, Participant) or participant.is_filler:
            return None
        wanted = participant.policy_version_id
        return next((row.score for row in self.scores if wanted and row.policy_version_id == wanted), None)
