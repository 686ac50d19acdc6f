"""Routes of what happened to a policy: membership events, portfolio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .state import Json, State
from .wire import Asked, Reply, Route


@dataclass
class History:
    """What was told of memberships: events by membership, and the ids of those that follow from its state."""

    told: dict[str, list[Json]] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)


def tell(state: State, membership: Json, reason: str, evidence: Any = None, **fields: Any) -> Json:
    """Remember why a membership is what it is now. ``fields`` replace those of the event."""
    row = _event(state, membership, str(membership["status"]), reason, state.stamp())
    row |= {"evidence": evidence, **fields}
    state.part(History).told.setdefault(membership["id"], []).append(row)
    return row


def membership_events(asked: Asked) -> Reply:
    """The newest first."""
    wanted = {
        "league": asked.id_filter("league_id", "league"),
        "policy_version": asked.id_filter("policy_version_id", ""),
    }
    membership = asked.id_filter("league_policy_membership_id", "lpm")
    limit = asked.number("limit", 50, 1, 200)
    rows = [
        event
        for row in list(asked.state.memberships.values())
        if membership in (None, row["id"])
        and _is_visible(asked, row)
        and all(value in (None, row[name]["id"]) for name, value in wanted.items())
        for event in _events(asked.state, row)
    ]
    rows.sort(key=lambda row: str(row["created_at"]), reverse=True)
    return Reply(rows[:limit])


def portfolio(asked: Asked) -> Reply:
    """Live seats of the caller."""
    limit = asked.number("limit", 1000, 1, 1000)
    seats = [
        {
            "player_id": row["player"]["id"],
            "league_id": row["league"]["id"],
            "game_name": row["league"]["game"]["name"],
            "division_id": row["division"]["id"],
            "policy_label": row["policy_version"]["label"],
            "status": row["status"],
            "substatus": row["substatus"],
        }
        for row in list(asked.state.memberships.values())
        if row["end_time"] is None and row["player"] and row["player"]["id"] in asked.caller.players
    ]
    return Reply(seats[:limit])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v2/policy-membership-events", membership_events),
    Route("GET", "/v2/league-policy-memberships/portfolio", portfolio),
)


def _events(state: State, membership: Json) -> Iterator[Json]:
    """That it began, what was told since or else what it is, and that it ended."""
    started = _event(state, membership, "submitted", "Handed in.", membership["start_time"])
    yield started | {"from_division": None, "substatus": None}
    told = state.part(History).told.get(membership["id"], ())
    yield from told
    if not told and membership["end_time"] is None:
        place = f"Placed in {membership['division']['name']}."
        yield _event(state, membership, membership["status"], place, membership["created_at"])
    ended = membership["end_time"]
    if ended is not None and not any(row["created_at"] >= ended for row in told):
        reason = membership["notes"] or "The membership ended."
        yield _event(state, membership, membership["status"], reason, ended)


def _event(state: State, membership: Json, status: str, reason: str, moment: str) -> Json:
    ids = state.part(History).ids
    key = (membership["id"], f"{status} {moment}")
    if key not in ids:
        ids[key] = state.new_id("pme")
    return {
        "id": ids[key],
        "league": membership["league"],
        "league_policy_membership_id": membership["id"],
        "policy_version": membership["policy_version"],
        "from_division": membership["division"],
        "to_division": membership["division"],
        "status": status,
        "substatus": membership["substatus"],
        "reason": reason,
        "evidence": None,
        "created_at": moment,
    }


def _is_visible(asked: Asked, row: Json) -> bool:
    owner = asked.state.owners.get(row["league"]["id"])
    return owner in (None, asked.caller.user_id)
