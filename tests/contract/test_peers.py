"""The published clients as oracles: they accept what we write and seat whom we seat.

Set COWORLD_PEER_64 and COWORLD_PEER_11 to a Python that has ``coworld`` 0.1.64 and 0.1.11.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package
from coworld_tui.contract.request import EpisodePlan, parse_request, parse_slot, plan_episode

from .builders import (
    Json,
    config_schema,
    edited,
    encoded,
    named,
    new_manifest,
    old_manifest,
    package,
    player,
)

pytestmark = pytest.mark.peer

Ask = Callable[..., Any]

PLANS: list[Json] = [
    {"variant": None, "images": [], "run": []},
    {"variant": None, "images": ["mine:1"], "run": []},
    {"variant": None, "images": ["mine:1", "mine:2"], "run": ["go", "now"]},
    {"variant": None, "images": ["mine:1", "mine:2", "mine:3", "mine:4", "mine:5"], "run": []},
    {"variant": None, "images": [], "run": ["go"]},
    {"variant": "nowhere", "images": [], "run": []},
    {"variant": "wide", "images": ["mine:1"], "run": ["go"]},
    {"variant": "three", "images": [], "run": []},
    {"variant": "three", "images": ["mine:1"], "run": []},
    {"variant": "four", "images": [], "run": []},
    {"variant": "unsaid", "images": [], "run": []},
]

MANIFESTS_11: dict[str, Json] = {
    "plain": old_manifest(),
    "readme": edited(old_manifest(), "game.docs", {"readme": {"type": "text", "value": "hi"}}),
    "same player twice": edited(old_manifest(), "certification.players", [{"player_id": "ann"}] * 2),
    "three slots": edited(
        edited(old_manifest(), "game.config_schema", config_schema(3)),
        "certification.players",
        [{"player_id": "ann"}] * 3,
    ),
    "unknown keys in runnables": edited(old_manifest(), "player.0.colour", "red"),
    "parent": edited(old_manifest(), "variants.0.parent_id", "wide"),
}
MANIFESTS_64: dict[str, Json] = {
    "plain": new_manifest(),
    "v1": {**new_manifest(), "apiVersion": "coworld.softmax.com/v1"},
    "unknown keys": {**edited(new_manifest(), "game.runnable.colour", "red"), "mood": "good"},
    "markdown protocols": edited(new_manifest(), "game.protocols.player", "# send moves"),
    "null tags": {**new_manifest(), "tags": None},
    "resources": edited(
        new_manifest(), "player.0", player("ann", resources={"limits": {"cpu": "2", "memory": "1Gi"}})
    ),
    "startup": edited(new_manifest(), "player.0", player("ann", startup={"port": 9000})),
    "named fixture": edited(new_manifest(), "certification.game_config", {"players": named("A", "B")}),
    "fixed": edited(
        edited(new_manifest(), "game.config_schema", config_schema(2)),
        "variants",
        [{"id": "wide", "name": "Wide", "description": "wider", "game_config": {"width": 9}}],
    ),
}


def ask(python: str, manifest: Json, requests: list[Json], plans: list[Json]) -> Json:
    oracle = Path(__file__).with_name("peer_oracle.py")
    job = json.dumps({"manifest": manifest, "requests": requests, "plans": plans})
    done = subprocess.run([python, str(oracle)], input=job, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: Json = json.loads(done.stdout)
    return answer


def peer(generation: str) -> str:
    variable = f"COWORLD_PEER_{generation}"
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} does not name a Python with the published client")
    return python


def ours(read: Package, plan: Json) -> EpisodePlan | None:
    try:
        return plan_episode(read, variant=plan["variant"], images=plan["images"], run=plan["run"])
    except CoworldError:
        return None


def compare(python: str, manifest: Json) -> None:
    read = package(manifest)
    written = [plan_episode(read).request(), plan_episode(read, images=["mine:1"], run=["go"]).request()]
    written.append(plan_episode(read, fills=[parse_slot("0=cmd=./me"), parse_slot("1=human")]).request())
    answer = ask(python, manifest, written, PLANS)
    assert answer["package"] is None
    assert answer["requests"] == [None] * len(written)
    for asked, theirs in zip(PLANS, answer["plans"], strict=True):
        plan = ours(read, asked)
        assert (plan is None) == ("error" in theirs), (asked, theirs)
        if plan is not None:
            assert plan.game_config == theirs["game_config"]
            assert [
                {"image": seat.image, "run": list(seat.run), "env": seat.env} for seat in plan.seats
            ] == theirs["players"]


@pytest.mark.parametrize("name", MANIFESTS_11)
def test_same_episodes_as_0_1_11(name: str) -> None:
    compare(peer("11"), MANIFESTS_11[name])


@pytest.mark.parametrize("name", MANIFESTS_64)
def test_same_episodes_as_0_1_64(name: str) -> None:
    compare(peer("64"), MANIFESTS_64[name])


def test_a_request_is_portable() -> None:
    """A package both generations accept gives one request that both accept."""
    both = edited(old_manifest(), "game.docs", {"readme": {"type": "text", "value": "hi"}})
    both["reporter"] = []
    both["game"]["runnable"]["type"] = "game"
    request = plan_episode(package(both)).request()
    for generation in ("11", "64"):
        assert ask(peer(generation), both, [request], [])["requests"] == [None]


@pytest.mark.parametrize("generation", ["11", "64"])
def test_refusals_are_foreseen(generation: str) -> None:
    """``refused_by`` agrees with the strict readers about requests."""
    both = edited(old_manifest(), "game.docs", {"readme": {"type": "text", "value": "hi"}})
    both["reporter"] = []
    both["game"]["runnable"]["type"] = "game"
    read = package(both)
    request = plan_episode(read).request()
    variants = [
        request,
        {**request, "policy_names": ["a", "b"]},
        edited(request, "players.0", {"image": "x:1"}),
        edited(request, "players.0", {"type": "player", "image": "x:1", "name": "me"}),
        edited(request, "players.1", {"type": "human", "token": "0123456789abcdef"}),
    ]
    answer = ask(peer(generation), both, variants, [])
    foreseen = [parse_request(encoded(variant), read).refused_by() for variant in variants]
    expected = [bool(refusal["0.1.11" if generation == "11" else "0.1.64"]) for refusal in foreseen]
    assert [error is not None for error in answer["requests"]] == expected
