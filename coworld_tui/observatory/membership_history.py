"""Reads that no command of the real client has: what became of memberships, my seats at a glance."""

from __future__ import annotations

from .client import Reader
from .models.membership_events import MembershipEvent
from .paging import pages
from .reading import as_model, checked_id

_PORTFOLIO_LIMIT = 1000


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
    page = await anext(pages(reader, path, params, "paged", limit=limit))
    found = [as_model(MembershipEvent, entry, path) for entry in page.entries]
    return sorted(found, key=lambda event: -event.created_at.timestamp() if event.created_at else 0.0)
