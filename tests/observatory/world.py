"""A made-up Observatory: four leagues, more rows than a page holds, and what real servers surprise with.

Surprises: a division without standings, a rank that is null, states nobody documented, unknown fields,
names with escape sequences and path separators, a human seat, filler seats, leagues that are not public.
"""

from __future__ import annotations

from .people import FILLERS, ME, SOMEONE, add_people
from .state import Json, State
from .uploads import add_uploads

ROUNDS = 30
FULL_ROUND_EPISODES = 120


def made_up() -> State:
    """A whole world, the same each time."""
    state = State()
    add_people(state)
    add_uploads(state)
    competition, qualifiers = _leagues(state)
    _memberships(state, competition, qualifiers)
    _rounds(state, competition)
    _standings(state, competition, qualifiers)
    _submissions(state, competition)
    _batch(state)
    return state


def _leagues(state: State) -> tuple[Json, Json]:
    """The main league's competition and qualifiers; all else stands around them."""
    main = _league(state, "Paint Arena League", "paintarena")
    main.update(is_game_of_week=True, moon_phase="waxing", settings={"round_interval_minutes": 30})
    competition = _division(state, main, "Competition", 1, "competition")
    qualifiers = _division(state, main, "Qualifiers", 0, "qualifier")
    _division(state, main, "Staging", -99, "staging")["hidden"] = True
    paused = _league(state, "Maze League", "maze")
    paused["rounds_paused_at"] = state.stamp()
    _division(state, paused, "Open", 1, "competition")
    for name, owner in (("Secret Garden", ME), ("Elsewhere", SOMEONE)):
        private = _league(state, name, "secret-garden")
        private.update(public=False, hidden=True)
        state.owners[private["id"]] = owner
        _division(state, private, f"{name} One", 1, "competition")
    return competition, qualifiers


def _league(state: State, name: str, coworld_name: str) -> Json:
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


def _division(state: State, league: Json, name: str, level: int, kind: str) -> Json:
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


def _memberships(state: State, competition: Json, qualifiers: Json) -> None:
    for label in ("sweeper:v3", "glider:v1", "splatter:v7", "checker:v1", "../../drifter:v2"):
        seat = _membership(state, competition, state.policy_version(label))
        seat["is_champion"] = True
    _membership(state, qualifiers, state.policy_version("sweeper:v4")).update(
        status="qualifying", substatus=None
    )
    gone = _membership(state, competition, state.policy_version("sweeper:v2"))
    gone.update(
        status="disqualified", substatus="inactive", end_time=state.stamp(), notes="Crashed too often."
    )
    for number in range(FILLERS):
        seat = _membership(state, qualifiers, state.policy_version(f"filler-{number}:v1"))
        seat["status"] = "competing" if number else "hibernating"


def _membership(state: State, division: Json, version: Json) -> Json:
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


def _rounds(state: State, competition: Json) -> None:
    seats = [row for row in state.memberships.values() if row["is_champion"]]
    versions = [seat["policy_version"] for seat in seats]
    for number in range(ROUNDS):
        round_ = state.add_round(competition, seats)
        state.start_round(round_)
        episodes = FULL_ROUND_EPISODES if number == ROUNDS - 1 else 2
        for place in range(episodes):
            pair = [versions[place % 5], versions[(place + 1 + place // 5) % 5]]
            episode = state.add_episode(pair, round_)
            if place % 10 == 9:
                state.fail_episode(episode, "player_error", "Player of seat 1 exited with code 1", seat=1)
            else:
                state.finish_episode(episode, *([0.41, 0.59][: len(episode["policy_version_ids"])]))
        scores = {seat["player"]["id"]: 1500.0 - 37.25 * place for place, seat in enumerate(seats)}
        state.finish_round(round_, scores)
    failed = state.add_round(competition, seats)
    failed.update(status="failed", error="The commissioner did not answer.")
    odd = state.add_round(competition, seats)
    odd["status"] = "reticulating"
    running = state.add_round(competition, seats)
    state.start_round(running)
    for place in range(4):
        state.add_episode([versions[place], versions[place + 1]], running)
    first, second, *_ = (row for row in state.episodes.values() if row["round_id"] == running["id"])
    state.start_episode(first)
    state.finish_episode(second, 0.5, 0.5)
    state.add_round(competition, seats)
    drifter = seats[-1]
    state.add_event(
        "policy_error",
        f"{drifter['policy_version']['label']} crashed",
        "Player exited with code 1",
        division=competition,
        audience="player",
        player=drifter["player"],
        policy_version=drifter["policy_version"],
        payload={"error_code": "player_error"},
    )
    mine = seats[0]
    for number in range(FILLERS):
        state.add_event(
            "league_policy_membership_placed",
            f"filler-{number} placed",
            "A filler took its seat",
            division=competition,
            player=mine["player"],
            policy_version=mine["policy_version"],
        )


def _standings(state: State, competition: Json, qualifiers: Json) -> None:
    last = [row for row in state.rounds.values() if row["status"] == "completed"][-3:]
    rows: list[Json] = []
    for place, result in enumerate(last[-1]["results"]):
        player = result["player"]
        rows.append(
            {
                "rank": place + 1 if place < 4 else None,
                "player_id": player["id"],
                "player_name": player["name"],
                "score": result["score"] + 0.00004,
                "score_label": "MMR",
                "score_value_type": "number",
                "rounds_played": ROUNDS,
                "win_rate": 0.5,
                "policy_label": result["policy_version"]["label"],
                "recent_rounds": [
                    {
                        "id": round_["id"],
                        "round_number": round_["round_number"],
                        "status": round_["status"],
                        "rank": place + 1,
                        "score": result["score"],
                        "started_at": round_["started_at"],
                        "completed_at": round_["completed_at"],
                    }
                    for round_ in last
                ]
                if place
                else None,
            }
        )
    state.leaderboards[competition["id"]] = rows
    state.leaderboards[qualifiers["id"]] = None
    state.views[competition["id"]] = {
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


def _submissions(state: State, competition: Json) -> None:
    seats = {row["policy_version"]["label"]: row["id"] for row in state.memberships.values()}
    for label, status, notes in (
        ("sweeper:v1", "withdrawn", None),
        ("sweeper:v3", "placed", None),
        ("splatter:v7", "placed", None),
        ("checker:v1", "rejected", "Player already holds an active policy in this league."),
        ("glider:v1", "pondering", None),
        ("sweeper:v4", "processing", None),
    ):
        version = state.policy_version(label)
        row: Json = {
            "id": state.new_id("sub"),
            "auto_champion": "always",
            "preferences": None,
            "status": status,
            "league": competition["league"],
            "policy_version": version,
            "player": state.player(version["player_id"]),
            "league_policy_membership_id": seats.get(label) if status == "placed" else None,
            "notes": notes,
            "created_at": state.stamp(),
        }
        state.submissions[row["id"]] = row


def _batch(state: State) -> None:
    """An experience request of mine whose episodes are underway, one of them with a human seat."""
    batch = state.new_id("xreq")
    state.owners[batch] = ME
    versions = [state.policy_version("sweeper:v4"), state.policy_version("splatter:v7")]
    for _ in range(5):
        state.add_episode(versions, batch=batch)
    episodes = [state.episodes[episode] for episode in state.batches[batch]]
    for episode in episodes[:3]:
        state.finish_episode(episode, 1.0, 0.0)
    episodes[2]["participants"][1] = {"position": 1, "kind": "human", "user_id": ME, "name": "Sam"}
    state.start_episode(episodes[3])
