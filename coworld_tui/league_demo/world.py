"""A made-up Observatory: four leagues, more rows than a page holds, and what real servers surprise with.

Surprises: a division without standings, a rank that is null, states nobody documented, unknown fields,
names with escape sequences and path separators, a human seat, filler seats, leagues that are not public.
"""

from __future__ import annotations

from .building import add_division, add_league, add_membership, add_submission, standings
from .people import ME, SOMEONE, add_me, add_player, add_policy
from .state import Json, State
from .uploads import add_uploads

ROUNDS = 30
FULL_ROUND_EPISODES = 120
FILLERS = 55


def made_up(origin: str = State.origin) -> State:
    """A whole world, the same each time but for where its files are."""
    state = State(origin=origin)
    _people(state)
    add_uploads(state)
    competition, qualifiers = _leagues(state)
    _memberships(state, competition, qualifiers)
    _rounds(state, competition)
    _standings(state, competition)
    _submissions(state, competition)
    _batch(state)
    return state


def _people(state: State) -> None:
    """Two players of mine, three of someone else, and policies of nobody."""
    add_me(state)
    for name in ("kestrel", "marlow", "tansy\x1b[2J\x1b]0;owned\x07"):
        add_player(state, name, SOMEONE)
    for name, player, versions in zip(
        ("sweeper", "glider", "splatter", "checker", "../../drifter"),
        state.players.values(),
        (4, 1, 7, 1, 2),
        strict=True,
    ):
        add_policy(state, name, versions, player["id"])
    for number in range(FILLERS):
        add_policy(state, f"filler-{number}", 1, None)


def _leagues(state: State) -> tuple[Json, Json]:
    """The main league's competition and qualifiers; all else stands around them."""
    main = add_league(state, "Paint Arena League", "paintarena")
    main.update(is_game_of_week=True, moon_phase="waxing", settings={"round_interval_minutes": 30})
    competition = add_division(state, main, "Competition", 1, "competition")
    qualifiers = add_division(state, main, "Qualifiers", 0, "qualifier")
    add_division(state, main, "Staging", -99, "staging")["hidden"] = True
    paused = add_league(state, "Maze League", "maze")
    paused["rounds_paused_at"] = state.stamp()
    add_division(state, paused, "Open", 1, "competition")
    for name, owner in (("Secret Garden", ME), ("Elsewhere", SOMEONE)):
        private = add_league(state, name, "secret-garden")
        private.update(public=False, hidden=True)
        state.owners[private["id"]] = owner
        add_division(state, private, f"{name} One", 1, "competition")
    return competition, qualifiers


def _memberships(state: State, competition: Json, qualifiers: Json) -> None:
    for label in ("sweeper:v3", "glider:v1", "splatter:v7", "checker:v1", "../../drifter:v2"):
        seat = add_membership(state, competition, state.policy_version(label))
        seat["is_champion"] = True
    add_membership(state, qualifiers, state.policy_version("sweeper:v4")).update(
        status="qualifying", substatus=None
    )
    gone = add_membership(state, competition, state.policy_version("sweeper:v2"))
    gone.update(
        status="disqualified", substatus="inactive", end_time=state.stamp(), notes="Crashed too often."
    )
    for number in range(FILLERS):
        seat = add_membership(state, qualifiers, state.policy_version(f"filler-{number}:v1"))
        seat["status"] = "competing" if number else "hibernating"


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


def _standings(state: State, competition: Json) -> None:
    standings(state, competition)
    view = state.views[competition["id"]] or {}
    for place, row in enumerate(state.leaderboards[competition["id"]] or []):
        row["score"] += 0.00004
        row["win_rate"] = 0.5
        if not place:
            row["recent_rounds"] = None
        if place >= 4:
            row["rank"] = None
        view["views"][0]["rows"][place]["values"]["mmr"] = row["score"]


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
        row = add_submission(state, competition["league"], version, status)
        row["league_policy_membership_id"] = seats.get(label) if status == "placed" else None
        row["notes"] = notes


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
