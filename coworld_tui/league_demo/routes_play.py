"""Routes of play sessions: open one, set it up, take a seat."""

from __future__ import annotations

from dataclasses import dataclass, field

from .state import Json
from .wire import Asked, Refused, Reply, Route

_SEATS = 2


@dataclass
class Sessions:
    """Play sessions by id: ``coworld_id``, ``variant_id``, ``allow_spectators`` and ``seats`` by user."""

    rows: dict[str, Json] = field(default_factory=dict)


def create(asked: Asked) -> Reply:
    """One with the usual variant, which may be watched."""
    body = asked.json
    coworld_id = body.get("coworld_id") if isinstance(body, dict) else None
    if coworld_id not in asked.state.coworlds:
        raise Refused(404, "Coworld not found")
    session_id = asked.state.new_id("ps")
    asked.state.part(Sessions).rows[session_id] = {
        "coworld_id": coworld_id,
        "variant_id": None,
        "allow_spectators": True,
        "seats": {},
    }
    return Reply(_public(session_id))


def configure(asked: Asked) -> Reply:
    """Its variant, or whether it may be watched."""
    session_id, row = _session(asked)
    body = asked.json
    kind = body.get("kind") if isinstance(body, dict) else None
    if kind == "variant":
        variants = asked.state.coworlds[row["coworld_id"]]["manifest"].get("variants", [])
        if body.get("variant_id") not in [variant["id"] for variant in variants]:
            raise Refused(422, "The Coworld has no such variant")
        row["variant_id"] = body["variant_id"]
    elif kind == "spectators":
        row["allow_spectators"] = bool(body.get("allow_spectators"))
    else:
        raise Refused(422, [{"loc": ["body", "kind"], "msg": "Unknown kind", "type": "value_error"}])
    return Reply(_public(session_id))


def join(asked: Asked) -> Reply:
    """The next free seat, or the one the caller has already."""
    session_id, row = _session(asked)
    seats, who = row["seats"], f"{asked.caller.kind} {asked.caller.players[0]}"
    if who not in seats and len(seats) >= _SEATS:
        raise Refused(409, "The session is full")
    slot = seats.setdefault(who, len(seats))
    acting = asked.caller.players[0] if asked.caller.kind == "player" else None
    return Reply(
        {
            "entrant_kind": "player",
            "target_url": f"/observatory/play/{session_id}/seat/{slot}",
            "slot": slot,
            "player": {
                "slot": slot,
                "label": asked.state.players[acting]["name"] if acting else "Sam",
                "user_id": asked.caller.user_id,
                "player_id": acting,
                "player_name": asked.state.players[acting]["name"] if acting else None,
                "joined_at": asked.state.stamp(),
            },
            "spectator": None,
        }
    )


def _session(asked: Asked) -> tuple[str, Json]:
    session_id = asked.id_in_path("ps")
    row = asked.state.part(Sessions).rows.get(session_id)
    if row is None:
        raise Refused(404, "Session not found")
    return session_id, row


def _public(session_id: str) -> Json:
    return {
        "session_id": session_id,
        "lobby_url": f"/observatory/play/{session_id}",
        "player_count": _SEATS,
    }


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v2/coworlds/play/session", create),
    Route("PUT", "/v2/coworlds/play/session/{session_id}/config", configure),
    Route("POST", "/v2/coworlds/play/session/{session_id}/join", join),
)
