"""Policies, their versions, and the players they play for (hosted.md 3.12)."""

from __future__ import annotations

from pydantic import Field, computed_field

from .base import ApiModel, Moment

_UNKNOWN = "?"


def policy_label(name: str | None, version: int | None) -> str:
    """``name:vN``, as policies are written everywhere (hosted.md 2)."""
    return f"{name or _UNKNOWN}:v{_UNKNOWN if version is None else version}"


class Player(ApiModel):
    """Who a policy plays for."""

    id: str = ""
    name: str | None = None
    avatar_url: str | None = None


class Policy(ApiModel):
    """A policy, of whatever version."""

    id: str = ""
    name: str | None = None


class PolicyVersion(ApiModel):
    """One version of a policy, as leagues name it."""

    id: str = ""
    policy: Policy = Field(default_factory=Policy)
    version: int | None = None
    player_id: str | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        """``name:vN``."""
        return policy_label(self.policy.name, self.version)


class PolicyVersionRow(ApiModel):
    """One version of a policy, as its owner's list names it: ``id`` is the version's."""

    id: str = ""
    name: str | None = None
    version: int | None = None
    created_at: Moment | None = None

    @property
    def label(self) -> str:
        """``name:vN``."""
        return policy_label(self.name, self.version)
