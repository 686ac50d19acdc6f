"""Routes of what changes the league: submissions, memberships, replay sessions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import routes_experience, routes_play
from .routes_experience import invalid
from .state import Json
from .wire import UUID, Asked, Refused, Reply, Route

AUTO_CHAMPION = ("always", "never", "lineage")
REASON_LIMIT = 1000


def submit(asked: Asked) -> Reply:
    """Hand in one of one's own versions: pending until the league has placed it."""
    body = asked.json
    for name, pattern in (("league_id", f"league_{UUID}"), ("policy_version_id", UUID)):
        if not isinstance(body, dict) or not re.fullmatch(pattern, str(body.get(name))):
            raise invalid(name, f"String should match pattern '^{pattern}$'")
    mode = body.get("auto_champion", "always")
    if mode not in AUTO_CHAMPION:
        raise invalid("auto_champion", f"Input should be {', '.join(AUTO_CHAMPION)}")
    state, caller = asked.state, asked.caller
    league = state.leagues.get(body["league_id"])
    version = state.policy_versions.get(body["policy_version_id"])
    if league is None or state.owners.get(league["id"], caller.user_id) != caller.user_id:
        raise Refused(404, "League not found")
    if version is None or version["player_id"] not in state.players:
        raise Refused(404, "Policy version not found")
    if state.players[version["player_id"]]["user_id"] != caller.user_id:
        raise Refused(404, "Policy version not found")
    player_id = body.get("player_id") or caller.players[0]
    if player_id not in caller.players:
        raise Refused(403, "You can only submit as a player of your own")
    if league.get("submissions_locked_at") or league.get("disabled_at"):
        raise Refused(409, "Submissions to this league are locked")
    row: Json = {
        "id": state.new_id("sub"),
        "auto_champion": mode,
        "preferences": body.get("preferences"),
        "status": "pending",
        "league": league,
        "policy_version": version,
        "player": state.player(player_id),
        "league_policy_membership_id": None,
        "notes": None,
        "created_at": state.stamp(),
    }
    state.submissions[row["id"]] = row
    return Reply(row)


def retire(asked: Asked) -> Reply:
    """End a membership of one's own; without a body, or with a reason for the record."""
    row = _membership(asked)
    reason = None
    if asked.body:
        reason = asked.json.get("reason") if isinstance(asked.json, dict) else None
        if not isinstance(reason, str) or not 1 <= len(reason) <= REASON_LIMIT:
            raise invalid("reason", f"String should have 1 to {REASON_LIMIT} characters")
    row.update(substatus="inactive", end_time=asked.state.stamp(), is_champion=False, notes=reason)
    return Reply(row)


def champion(asked: Asked) -> Reply:
    """Let a membership of one's own stand for its player in its league, in place of the others."""
    row = _membership(asked)
    for other in asked.state.memberships.values():
        if other["player"] == row["player"] and other["division"]["league"] is row["division"]["league"]:
            other["is_champion"] = other is row
    return Reply(row)


def replay_session(asked: Asked) -> Reply:
    """A viewer that is not ready yet."""
    body = asked.json
    if not isinstance(body, dict) or not isinstance(body.get("replay_uri"), str):
        raise invalid("replay_uri", "Field required")
    if body.get("coworld_id") not in asked.state.coworlds:
        raise Refused(404, "Coworld not found")
    session = asked.state.new_id("rs")
    return Reply({"viewer_url": f"/observatory/v2/coworlds/replays/session/{session}", "ready": False})


def _membership(asked: Asked) -> Json:
    """One of the caller's own that still goes on."""
    rows: Mapping[str, Json] = asked.state.memberships
    row = rows.get(asked.id_in_path("lpm"))
    if row is None:
        raise Refused(404, "Membership not found")
    if row["player"] is None or row["player"]["id"] not in asked.caller.players:
        raise Refused(403, "Only its owner may do that")
    if row["end_time"] is not None:
        raise Refused(409, "Membership has already ended")
    return row


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v2/league-submissions", submit),
    Route("POST", "/v2/league-policy-memberships/{membership_id}/retire", retire),
    Route("POST", "/v2/league-policy-memberships/{membership_id}/champion", champion),
    Route("POST", "/v2/coworlds/replays/session", replay_session),
    *routes_experience.ROUTES,
    *routes_play.ROUTES,
)
