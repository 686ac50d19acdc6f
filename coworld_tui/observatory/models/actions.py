"""What the server says about who acts, and of what was done for them (hosted.md 1.5, 3.9, 3.13)."""

from __future__ import annotations

from pydantic import Field

from .base import ApiModel, Moment, Rows


class WhoAmI(ApiModel):
    """Who the server takes us for. A token it does not know makes ``subject_type`` ``anonymous``."""

    user_email: str | None = None
    name: str | None = None
    subject_type: str = "user"
    subject_id: str | None = None
    owner_user_id: str | None = None


class ReplaySession(ApiModel):
    """A hosted viewer of one replay. Until it is ``ready`` its page answers that it is starting."""

    viewer_url: str = ""
    ready: bool = False


class HostedGame(ApiModel):
    """A play session that waits for players. ``lobby_url`` may be a path of the web app."""

    session_id: str = ""
    lobby_url: str = ""
    player_count: int = 0


class GamePlayer(ApiModel):
    """Who sits in a slot of a play session."""

    slot: int | None = None
    label: str | None = None
    user_id: str | None = None
    player_id: str | None = None
    player_name: str | None = None
    joined_at: Moment | None = None


class GameSpectator(ApiModel):
    """Who watches a play session."""

    label: str | None = None
    player_id: str | None = None
    player_name: str | None = None
    joined_at: Moment | None = None


class JoinedGame(ApiModel):
    """How one takes part in a play session: ``entrant_kind`` is ``player`` or ``spectator``."""

    entrant_kind: str = ""
    target_url: str = ""
    slot: int | None = None
    player: GamePlayer | None = None
    spectator: GameSpectator | None = None


class CreditsStatus(ApiModel):
    """The account's credits, which experience requests are paid with."""

    balance_credits: float | None = None
    max_balance_credits: float | None = None
    refill_credits: float | None = None
    refill_cadence: str | None = None
    next_refill_at: Moment | None = None
    credits_per_usd: float | None = None
    spent_this_period_credits: float | None = None
    enforced: bool = False


class RequestCost(ApiModel):
    """What an experience request has cost."""

    experience_request_id: str = ""
    coworld: str | None = None
    episodes: int | None = None
    compute_cost_credits: float | None = None
    last_activity_at: Moment | None = None


class Credits(ApiModel):
    """What is left, and what it went into."""

    status: CreditsStatus = Field(default_factory=CreditsStatus)
    recent_requests: Rows[RequestCost] = Field(default_factory=list)
