"""A read that no command of the real client has: what became of memberships (hosted.md 3.4)."""

from __future__ import annotations

from .client import Reader
from .models.membership_events import MembershipEvent
from .reading import checked_id, page_of


async def membership_events(
    reader: Reader,
    *,
    league_id: str | None = None,
    policy_version_id: str | None = None,
    membership_id: str | None = None,
    limit: int = 50,
) -> list[MembershipEvent]:
    """At most ``limit`` changes of status, the newest first."""
    path = "/v2/policy-membership-events"
    params = {
        "league_id": None if league_id is None else checked_id("league", league_id),
        "policy_version_id": policy_version_id,
        "league_policy_membership_id": None if membership_id is None else checked_id("lpm", membership_id),
    }
    found = await page_of(reader, MembershipEvent, path, params, limit)
    return sorted(found.entries, key=lambda event: -event.created_at.timestamp() if event.created_at else 0.0)
