"""Games, leagues and their divisions (hosted.md 3.1 and 3.2)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment


class Game(ApiModel):
    """What is played in a league."""

    id: str = ""
    name: str | None = None
    slug: str | None = None
    coworld_name: str | None = None
    coworld_id: str | None = None
    description: str | None = None
    created_at: Moment | None = None


class League(ApiModel):
    """A league. It is paused while ``rounds_paused_at`` is set, over once ``disabled_at`` is."""

    id: str = ""
    name: str | None = None
    slug: str | None = None
    game: Game = Field(default_factory=Game)
    participation_url: str | None = None
    forum_markdown_url: str | None = None
    wiki_markdown_url: str | None = None
    commissioner_key: str | None = None
    commissioner_config: dict[str, Any] | None = None
    public: bool = False
    hidden: bool = False
    is_game_of_week: bool = False
    created_at: Moment | None = None
    disabled_at: Moment | None = None
    rounds_paused_at: Moment | None = None
    submissions_locked_at: Moment | None = None

    @property
    def state(self) -> str:
        """``disabled``, ``paused``, ``locked``, ``hidden`` or ``active``: the one that matters most."""
        if self.disabled_at is not None:
            return "disabled"
        if self.rounds_paused_at is not None:
            return "paused"
        if self.submissions_locked_at is not None:
            return "locked"
        return "hidden" if self.hidden else "active"


class CommissionerDescription(ApiModel):
    """How rounds are played in a division, in the words of its commissioner."""

    round_schedule: str | None = None
    next_round: str | None = None
    round_structure: str | None = None
    leaderboard_rules: str | None = None


class Division(ApiModel):
    """A division of a league. Staging ones often have level -99."""

    id: str = ""
    name: str | None = None
    level: int | None = None
    type: str | None = None
    hidden: bool = False
    league: League = Field(default_factory=League)
    description: str | None = None
    archived_at: Moment | None = None
    commissioner_description: CommissionerDescription | None = None
    created_at: Moment | None = None

    @property
    def state(self) -> str:
        """``archived``, ``hidden`` or ``active``."""
        return "archived" if self.archived_at is not None else "hidden" if self.hidden else "active"


class LadderEntry(ApiModel):
    """A division on the ladder of its league."""

    id: str = ""
    name: str | None = None
    level: int | None = None
    member_count: int | None = None
