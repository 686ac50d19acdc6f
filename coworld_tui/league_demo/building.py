"""Adding leagues, divisions, seats, submissions and standings to a state, in the API's shapes."""

from __future__ import annotations

from .state import Json, State

RECENT_ROUNDS = 8


def add_league(state: State, name: str, coworld_name: str) -> Json:
    """A public league on the version of this Coworld that was uploaded first."""
    league_id = state.new_id("league")
    slug = name.lower().replace(" ", "-")
    row: Json = {
        "id": league_id,
        "name": name,
        "slug": slug,
        "description": f"Where {coworld_name} is played.",
        "game": {
            "id": state.new_id("game"),
            "name": name.removesuffix(" League"),
            "slug": coworld_name,
            "coworld_name": coworld_name,
            "coworld_id": next(row["id"] for row in state.coworlds.values() if row["name"] == coworld_name),
            "description": None,
            "created_at": state.stamp(),
        },
        "participation_url": f"https://coworld.example/participate?league_id={league_id}",
        "forum_markdown_url": None,
        "wiki_markdown_url": None,
        "commissioner_key": "platform",
        "commissioner_config": None,
        "rounds_paused_at": None,
        "submissions_locked_at": None,
        "public": True,
        "hidden": False,
        "is_game_of_week": False,
        "created_at": state.stamp(),
        "disabled_at": None,
    }
    state.leagues[league_id] = row
    return row


def add_division(state: State, league: Json, name: str, level: int, kind: str) -> Json:
    """A division without standings."""
    row: Json = {
        "id": state.new_id("div"),
        "name": name,
        "level": level,
        "type": kind,
        "hidden": False,
        "league": league,
        "description": None,
        "archived_at": None,
        "commissioner_description": {
            "round_schedule": "Every 30 minutes",
            "next_round": "Due in about 12 minutes",
            "round_structure": "Swiss neighbour pairings",
            "leaderboard_rules": "Elo, k=32",
            "changelog": [{"date": "2026-11-10", "title": "k factor raised"}],
        },
        "created_at": state.stamp(),
    }
    state.divisions[row["id"]] = row
    state.leaderboards[row["id"]] = None
    state.views[row["id"]] = None
    return row


def add_membership(state: State, division: Json, version: Json) -> Json:
    """A policy version that competes from now on."""
    row: Json = {
        "id": state.new_id("lpm"),
        "status": "competing",
        "substatus": "active",
        "is_champion": False,
        "start_time": state.stamp(),
        "end_time": None,
        "notes": None,
        "league": division["league"],
        "division": division,
        "policy_version": version,
        "player": state.player(version["player_id"]) if version["player_id"] else None,
        "created_at": state.stamp(),
    }
    state.memberships[row["id"]] = row
    return row


def add_submission(state: State, league: Json, version: Json, status: str) -> Json:
    """A policy version handed in for a league."""
    row: Json = {
        "id": state.new_id("sub"),
        "auto_champion": "always",
        "preferences": None,
        "status": status,
        "league": league,
        "policy_version": version,
        "player": state.player(version["player_id"]),
        "league_policy_membership_id": None,
        "notes": None,
        "created_at": state.stamp(),
    }
    state.submissions[row["id"]] = row
    return row


def standings(state: State, division: Json) -> None:
    """Publish what the last completed round made of the division: its table, and the only view of it."""
    done = [
        row for row in state.rounds.values() if row["division"] is division and row["status"] == "completed"
    ]
    if not done:
        return
    last = done[-RECENT_ROUNDS:]
    places = [{result["player"]["id"]: result for result in round_["results"]} for round_ in last]
    rows: list[Json] = []
    for result in last[-1]["results"]:
        player = result["player"]
        rows.append(
            {
                "rank": result["rank"],
                "player_id": player["id"],
                "player_name": player["name"],
                "score": result["score"],
                "score_label": "MMR",
                "score_value_type": "number",
                "rounds_played": len(done),
                "win_rate": _win_rate(done, player["id"]),
                "policy_label": result["policy_version"]["label"],
                "recent_rounds": [
                    {
                        "id": round_["id"],
                        "round_number": round_["round_number"],
                        "status": round_["status"],
                        "rank": place[player["id"]]["rank"],
                        "score": place[player["id"]]["score"],
                        "started_at": round_["started_at"],
                        "completed_at": round_["completed_at"],
                    }
                    for round_, place in zip(last, places, strict=True)
                    if player["id"] in place
                ],
            }
        )
    state.leaderboards[division["id"]] = rows
    state.views[division["id"]] = {
        "default_view_key": "overall",
        "axes": [{"key": "mode", "label": "Mode"}],
        "views": [
            {
                "key": "overall",
                "title": "Overall",
                "description": None,
                "axis_values": {"mode": "all"},
                "columns": [{"key": "mmr", "label": "MMR", "value_type": "number", "sort": "desc"}],
                "rows": [
                    {
                        "subject_type": "player",
                        "subject_id": row["player_id"],
                        "subject_name": row["player_name"],
                        "values": {"mmr": row["score"]},
                        "policy_version_ids": [],
                        "recent_rounds": None,
                    }
                    for row in rows
                ],
            }
        ],
    }


def _win_rate(rounds: list[Json], player_id: str) -> float | None:
    """Games won of those played, where the rounds counted them."""
    counts = [
        result["result_metadata"]
        for round_ in rounds
        for result in round_["results"]
        if result["player"]["id"] == player_id and "wins" in result["result_metadata"]
    ]
    played = sum(count["episodes"] for count in counts)
    return sum(count["wins"] for count in counts) / played if played else None
