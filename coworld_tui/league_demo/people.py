"""Who plays: players and their policies, and the tokens of mine."""

from __future__ import annotations

from collections.abc import Sequence

from .state import Caller, Json, State, written

ME = "usr_00000384-1111-4222-8333-000000000384"
SOMEONE = "usr_00000385-1111-4222-8333-000000000385"
TOKEN_USER = "usr_tok-3f9a2c7de1b84406"
TOKEN_PLAYER = "ply_tok-b71e0c55a9d24f18"


def add_player(state: State, name: str, owner: str) -> Json:
    """A player of this user."""
    row: Json = {
        "id": state.new_id("ply"),
        "name": name,
        "is_default": False,
        "avatar_url": None,
        "created_at": state.stamp(),
        "disabled_at": None,
        "user_id": owner,
    }
    state.players[row["id"]] = row
    return row


def add_me(state: State, names: Sequence[str] = ("juniper", "wren")) -> list[Json]:
    """My players, the first of them the default one, and the two tokens I have."""
    players = [add_player(state, name, ME) for name in names]
    players[0]["is_default"] = True
    state.tokens[TOKEN_USER] = Caller("user", ME, tuple(player["id"] for player in players))
    state.tokens[TOKEN_PLAYER] = Caller("player", ME, (players[0]["id"],))
    return players


def add_policy_version(state: State, policy: Json, number: int, player_id: str | None) -> Json:
    """A version of ``policy`` (``id`` and ``name``), uploaded by a player or by nobody who is known."""
    row: Json = {
        "id": state.new_id(),
        "policy": policy,
        "version": number,
        "player_id": player_id,
        "label": f"{policy['name']}:v{number}",
    }
    state.policy_versions[row["id"]] = row
    state.uploaded[row["id"]] = written(state.now)
    return row


def add_policy(state: State, name: str, versions: int, player_id: str | None) -> list[Json]:
    """A policy with versions from 1 on."""
    policy = {"id": state.new_id(), "name": name}
    return [add_policy_version(state, policy, number, player_id) for number in range(1, versions + 1)]
