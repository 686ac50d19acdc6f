"""The demonstration: a league of the bundled Coworld that goes on while one looks, and a login for it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from .application import Application
from .building import add_division, add_league, add_membership, add_submission
from .clock import Clock
from .games import PLAYERS, recorded_games
from .people import ME, SOMEONE, TOKEN_USER, add_me, add_player, add_policy, add_policy_version
from .routes_experience import Requests
from .season import Season
from .serving import answering, loopback
from .state import Json, State
from .uploads import add_coworld

# The data of its neighbour, none of its code: a replay opens and reruns with the game it was played with.
MANIFEST = Path(__file__).parents[1] / "demo" / "coworld_manifest.json"
HISTORY = timedelta(minutes=90)
REQUESTED = 6
VERSIONS = {"juniper": 4, "wren": 3, "kestrel": 7, "marlow": 2, "tansy": 1, "rook": 5}


def demonstration(
    origin: str = State.origin, *, now: datetime, seed: int = 0, speed: float = 1.0
) -> tuple[State, Clock]:
    """The league as it is ``now``, after an hour and a half of rounds, and the clock that moves it on."""
    state = State(origin=origin, now=now - HISTORY, tick=0.001)
    add_coworld(state, json.loads(MANIFEST.read_bytes()), canonical=True)
    league = add_league(state, "Enclosure League", "enclosure")
    league.update(is_game_of_week=True, settings={"round_interval_minutes": 2})
    competition = add_division(state, league, "Competition", 1, "competition")
    qualifiers = add_division(state, league, "Qualifiers", 0, "qualifier")
    _describe(competition, "A round as soon as the last one is over", "Every pair meets once", "Elo, k=24")
    _describe(qualifiers, "Whenever a version comes in", "Four episodes", "None")
    _players(state, competition)
    paused = add_league(state, "Enclosure Winter Cup", "enclosure")
    paused.update(game=league["game"], rounds_paused_at=state.stamp())
    _describe(add_division(state, paused, "Open", 1, "competition"), "Paused", "Four fields", "Most tiles")
    clock = Clock(state, speed)
    Season(state, clock, competition, qualifiers, recorded_games(), seed).begin()
    clock.advance(HISTORY.total_seconds())
    _mine_under_way(state, league)
    return state, clock


@contextlib.contextmanager
def serving_demo(*, seed: int = 0, speed: float = 1.0) -> Iterator[str]:
    """Serve the demonstration; yields what ``--server`` takes. It ends with the program in any case."""
    with loopback() as (listener, origin):
        state, clock = demonstration(origin, now=datetime.now(UTC), seed=seed, speed=speed)
        with answering(Application(state), listener, clock.run()):
            yield f"{origin}/api"


def demo_login(url: str, folder: Path) -> Path:
    """Write ``credentials.yaml`` for the demonstration at ``url`` into a folder of its own; the folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "credentials.yaml"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        yaml.safe_dump({"tokens": {url: TOKEN_USER}}, file)
    return folder


def _players(state: State, competition: Json) -> None:
    players = {row["name"]: row for row in add_me(state, [name for name in PLAYERS if PLAYERS[name].mine])}
    for name, entrant in PLAYERS.items():
        player = players.get(name) or add_player(state, name, SOMEONE)
        *_, newest = add_policy(state, entrant.policy, VERSIONS[name], player["id"])
        add_membership(state, competition, newest)["is_champion"] = True


def _mine_under_way(state: State, league: Json) -> None:
    """Something of mine to watch: a version that was just handed in, and an experience request."""
    newest = {row["policy"]["name"]: row for row in state.policy_versions.values()}
    mine, strongest = newest["hedgerow"], newest["stoop"]
    version = add_policy_version(state, mine["policy"], mine["version"] + 1, mine["player_id"])
    add_submission(state, league, version, "pending")
    batch = state.new_id("xreq")
    state.owners[batch] = ME
    state.part(Requests).said[batch] = {
        "title": f"{version['label']} against {strongest['label']}",
        "description": "Is the new version any better?",
        "variant_id": "duel",
        "created_at": state.stamp(),
    }
    for _ in range(REQUESTED):
        state.add_episode([version, strongest], batch=batch)


def _describe(division: Json, schedule: str, structure: str, rules: str) -> None:
    division["commissioner_description"] = {
        "round_schedule": schedule,
        "next_round": None,
        "round_structure": structure,
        "leaderboard_rules": rules,
        "changelog": [],
    }
