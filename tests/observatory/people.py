"""Who plays in the made-up world: two players of mine, three of someone else, and policies of nobody."""

from __future__ import annotations

from .state import Caller, Json, State

ME = "usr_00000384-1111-4222-8333-000000000384"
SOMEONE = "usr_00000385-1111-4222-8333-000000000385"
TOKEN_USER = "usr_tok-3f9a2c7de1b84406"
TOKEN_PLAYER = "ply_tok-b71e0c55a9d24f18"

FILLERS = 55


def add_people(state: State) -> None:
    """Players, their policies and the tokens of mine."""
    owned: list[str] = []
    for name, owner in (
        ("juniper", ME),
        ("wren", ME),
        ("kestrel", SOMEONE),
        ("marlow", SOMEONE),
        ("tansy\x1b[2J\x1b]0;owned\x07", SOMEONE),
    ):
        player: Json = {
            "id": state.new_id("ply"),
            "name": name,
            "is_default": name == "juniper",
            "avatar_url": None,
            "created_at": state.stamp(),
            "disabled_at": None,
            "user_id": owner,
        }
        state.players[player["id"]] = player
        if owner == ME:
            owned.append(player["id"])
    state.tokens[TOKEN_USER] = Caller("user", ME, tuple(owned))
    state.tokens[TOKEN_PLAYER] = Caller("player", ME, (owned[0],))
    for name, player, versions in zip(
        ("sweeper", "glider", "splatter", "checker", "../../drifter"),
        state.players.values(),
        (4, 1, 7, 1, 2),
        strict=True,
    ):
        policy = {"id": state.new_id(), "name": name}
        for number in range(1, versions + 1):
            _policy_version(state, policy, number, player["id"])
    for number in range(FILLERS):
        _policy_version(state, {"id": state.new_id(), "name": f"filler-{number}"}, 1, None)


def _policy_version(state: State, policy: Json, number: int, player_id: str | None) -> None:
    row: Json = {
        "id": state.new_id(),
        "policy": policy,
        "version": number,
        "player_id": player_id,
        "label": f"{policy['name']}:v{number}",
    }
    state.policy_versions[row["id"]] = row
