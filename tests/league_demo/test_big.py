"""The big world: made in no time, answered in no time, and the same however one looks at it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from coworld_tui.league_demo.big import (
    DIVISIONS,
    DONE_OF_LAST,
    ENTRANTS,
    EPISODES,
    PACER,
    ROUND_SIZES,
    big,
)
from coworld_tui.league_demo.state import OVER, State

from ..observatory.server import Observatory, serving

PAGES = "/v2/policy-versions/{}/episode-requests"


@pytest.fixture(scope="module")
def world() -> State:
    return big()


@pytest.fixture(scope="module")
def served() -> Iterator[Observatory]:
    with serving(big) as running:
        yield running


@pytest.fixture
def client(served: Observatory) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {served.token_user}"}
    with httpx.Client(base_url=f"{served.url}/observatory", headers=headers) as client:
        yield client


def test_it_is_made_within_a_second() -> None:
    began = time.process_time()
    state = big()
    assert time.process_time() - began < 1
    assert len(state.episodes) == EPISODES == 100_000
    assert len(state.divisions) == DIVISIONS
    assert len({row["league"]["id"] for row in state.divisions.values()}) == 1
    assert len(state.memberships) == DIVISIONS * ENTRANTS


def test_every_episode_belongs_to_one_round_and_its_seats_to_that_division(world: State) -> None:
    rounds = list(world.rounds.values())
    assert sum(len(world.round_episodes(row["id"])) for row in rounds) == EPISODES
    found: list[str] = []
    for round_ in (*rounds[::37], rounds[-1]):
        rows = list(world.round_episodes(round_["id"]))
        assert len(rows) in ROUND_SIZES
        seated = {
            row["policy_version"]["id"]
            for row in world.memberships.values()
            if row["division"] is round_["division"]
        }
        assert {len(set(row["policy_version_ids"]) & seated) for row in rows} == {2}
        assert {row["round_id"] for row in rows} == {round_["id"]}
        is_over = [row["status"] in OVER for row in rows]
        assert all(is_over) if round_["status"] == "completed" else is_over.count(True) == DONE_OF_LAST
        found += (row["id"] for row in rows)
    assert len(found) == len({*found})


def test_an_episode_is_the_same_each_time_and_unknown_ones_are_not_there(world: State) -> None:
    first = next(iter(world.episodes))
    assert world.episodes[first] == world.episodes[first]
    assert world.round_episodes(world.episodes[first]["round_id"])[-1] == world.episodes[first]
    for unknown in (
        "ereq_000186a0-5555-4222-8333-0000000186a0",
        "ereq_00000001-5555-4222-8333-000000000002",
        "ereq_",
    ):
        assert unknown not in world.episodes


def test_the_episodes_of_a_policy_are_those_with_a_seat_of_it(world: State) -> None:
    seat = next(row for row in world.memberships.values() if row["player"]["name"] == "wren")
    version = seat["policy_version"]["id"]
    rows = list(world.policy_episodes(version))
    expected = [
        row["id"]
        for round_ in world.rounds.values()
        if round_["division"] is seat["division"]
        for row in reversed(world.round_episodes(round_["id"]))
        if version in row["policy_version_ids"]
    ]
    assert [row["id"] for row in rows] == expected[::-1]
    assert len(world.policy_episodes(world.policy_version(PACER)["id"])) == EPISODES


def test_a_page_is_quick_anywhere_and_all_pages_hold_every_episode_once(
    served: Observatory, client: httpx.Client
) -> None:
    path = PAGES.format(served.state.policy_version(PACER)["id"])
    found: set[str] = set()
    params: dict[str, str | int] = {"limit": 100}
    began = time.process_time()
    for pages in range(1, 101):
        body = client.get(path, params=params).raise_for_status().json()
        found.update(row["id"] for row in body["entries"])
        assert len(found) == pages * 100
        params["cursor"] = body["next_cursor"]
    assert time.process_time() - began < 5


def test_what_is_added_or_replaced_comes_to_be_seen() -> None:
    state = big()
    round_ = list(state.rounds.values())[-1]
    before = list(state.round_episodes(round_["id"]))
    pair = [row["policy_version"] for row in list(state.memberships.values())[-2:]]
    added = state.add_episode(pair, round_)
    running = next(row for row in before if row["status"] == "running")
    state.episodes[running["id"]] = {**running, "status": "failed"}
    rows = list(state.round_episodes(round_["id"]))
    assert [row["id"] for row in rows] == [added["id"], *(row["id"] for row in before)]
    assert state.episodes[running["id"]]["status"] == "failed"
    assert next(row for row in rows if row["id"] == running["id"])["status"] == "failed"
    assert state.policy_episodes(pair[0]["id"])[0]["id"] == added["id"]
