"""The demonstration league as time goes on, moved by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from coworld_tui.league_demo.building import add_submission
from coworld_tui.league_demo.clock import Clock
from coworld_tui.league_demo.demonstration import REQUESTED, demonstration
from coworld_tui.league_demo.games import PLAYERS
from coworld_tui.league_demo.people import TOKEN_USER, add_policy_version
from coworld_tui.league_demo.routes_reports import membership_events
from coworld_tui.league_demo.state import OVER, Json, State
from coworld_tui.league_demo.wire import Asked

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = 3600.0
ROUND = ("pending", "claimed", "running", "completed", "failed")
EPISODE = ("pending", "submitted", "running", "completed", "failed")
SUBMISSION = ("pending", "processing", "placed", "rejected")


@pytest.fixture
def world() -> tuple[State, Clock]:
    return demonstration(now=NOW)


def shown(state: State) -> str:
    """All that a reader can see."""
    parts: list[Mapping[str, Any]] = [state.rounds, state.episodes, state.events, state.submissions]
    parts += [state.memberships, state.leaderboards]
    return json.dumps([list(part.items()) for part in parts])


def test_the_same_seed_is_the_same_league_in_steps_of_any_size() -> None:
    state, clock = demonstration(now=NOW, seed=7)
    again, other = demonstration(now=NOW, seed=7)
    for _ in range(600):
        clock.advance(1)
    other.advance(600)
    assert shown(state) == shown(again)
    assert shown(state) != shown(demonstration(now=NOW, seed=8)[0])


def test_states_only_go_forward_and_every_episode_is_watched_through_its_states(
    world: tuple[State, Clock],
) -> None:
    state, clock = world
    last: dict[str, int] = {}
    seen: dict[str, set[str]] = {}
    for _ in range(900):
        clock.advance(1)
        for rows, order in (
            (state.rounds, ROUND),
            (state.episodes, EPISODE),
            (state.submissions, SUBMISSION),
        ):
            for row in rows.values():
                at = order.index(row["status"])
                assert at >= last.get(row["id"], 0), row
                last[row["id"]] = at
                seen.setdefault(row["id"].partition("_")[0], set()).add(row["status"])
        assert sum(row["status"] == "running" for row in state.episodes.values()) <= 3
        assert sum(row["status"] not in OVER for row in state.rounds.values()) <= 1
    assert seen["round"] == set(ROUND)
    assert seen["ereq"] == set(EPISODE)
    assert seen["sub"] == set(SUBMISSION)


def test_what_an_episode_leaves_fits_its_state_and_tells_why_it_failed(world: tuple[State, Clock]) -> None:
    state, clock = world
    clock.advance(HOUR)
    failed: set[str] = set()
    for row in state.episodes.values():
        left = state.artifacts.get(row["id"])
        if row["status"] == "completed":
            assert left is not None and left.replay and left.results
            assert row["replay_url"].startswith(f"{state.origin}/files/{row['episode_id']}/")
            by_version = {entry["policy_version_id"]: entry["score"] for entry in row["scores"]}
            seats = [seat["policy_version_id"] for seat in row["participants"]]
            assert json.loads(left.results)["scores"] == [by_version[version] for version in seats]
        elif row["status"] == "failed":
            assert left is not None and left.replay is None
            slot = row["failed_policy_index"]
            log = left.game_log if slot is None else left.seat_logs[slot]
            assert log is not None
            assert log.decode().splitlines()[-1] in row["error"]
            failed.add(row["error_type"])
        else:
            assert left is None
        assert [seat["player_name"] for seat in row["participants"]] == [
            player["name"] for player in row["game_config"]["players"]
        ]
    assert failed == {"player_error", "game_unhealthy"}


def test_standings_move(world: tuple[State, Clock]) -> None:
    state, clock = world
    competition = next(iter(state.divisions))
    orders = set()
    for _ in range(30):
        clock.advance(120)
        rows = state.leaderboards[competition] or []
        assert [row["rank"] for row in rows] == list(range(1, len(PLAYERS) + 1))
        scores = [row["score"] for row in rows]
        assert scores == sorted(scores, reverse=True)
        assert all(len(row["recent_rounds"]) > 1 for row in rows)
        orders.add(tuple(row["player_name"] for row in rows))
    assert len(orders) > 3


def test_no_moment_is_later_than_now(world: tuple[State, Clock]) -> None:
    state, clock = world
    clock.advance(HOUR)
    latest = max(
        datetime.fromisoformat(value)
        for rows in (state.rounds, state.episodes, state.events, state.submissions, state.memberships)
        for row in rows.values()
        for value in (row["created_at"], row.get("completed_at"), row.get("end_time"))
        if value is not None
    )
    assert (latest - clock.now).total_seconds() < 1


def test_a_submission_of_mine_is_placed_and_takes_the_seat_of_the_one_before() -> None:
    ends: set[str] = set()
    seeds = count()
    while len(ends) < 3 and (seed := next(seeds)) < 40:
        state, clock = demonstration(now=NOW, seed=seed)
        (pending,) = [row for row in state.submissions.values() if row["status"] == "pending"]
        assert pending["player"]["name"] == "juniper"
        clock.advance(70)
        ends.add(judged(state, pending))
    assert ends == {"rejected", "disqualified", "competing"}


def judged(state: State, submission: Json) -> str:
    """What became of it; everything that tells of it must agree."""
    membership = state.memberships.get(submission["league_policy_membership_id"])
    if membership is None:
        assert submission["notes"]
        return str(submission["status"])
    told = [
        row
        for row in state.events.values()
        if row["payload"].get("league_policy_membership_id") == membership["id"]
    ]
    if membership["status"] == "competing":
        live = [
            row
            for row in state.memberships.values()
            if row["player"] == membership["player"]
            and row["division"] is membership["division"]
            and row["end_time"] is None
        ]
        assert live == [membership]
        assert membership["is_champion"]
        assert membership["division"]["name"] == "Competition"
    else:
        assert membership["notes"]
        assert membership["end_time"]
    assert len(told) == 1 + (membership["status"] == "competing")
    return str(membership["status"])


def test_a_version_that_plays_already_is_rejected(world: tuple[State, Clock]) -> None:
    state, clock = world
    seat = next(row for row in state.memberships.values() if row["end_time"] is None)
    again = add_submission(state, seat["league"], seat["policy_version"], "pending")
    clock.advance(30)
    assert again["status"] == "rejected"
    assert "already" in again["notes"]


def test_an_experience_request_is_played_and_a_cancelled_episode_stays_so(
    world: tuple[State, Clock],
) -> None:
    state, clock = world
    (batch,) = state.batches.values()
    assert len(batch) == REQUESTED
    state.cancel_episode(state.episodes[batch[-1]])
    clock.advance(180)
    statuses = [state.episodes[episode]["status"] for episode in batch]
    assert statuses[-1] == "cancelled"
    assert {*statuses[:-1]} <= {"completed", "failed"}


def test_a_policy_that_was_turned_out_is_told_why_once() -> None:
    state, clock = demonstration(now=NOW)
    clock.advance(4 * HOUR)
    out = [row for row in state.memberships.values() if row["status"] == "disqualified"]
    assert out
    caller = state.tokens[TOKEN_USER]
    for row in out:
        query = QueryParams({"league_policy_membership_id": row["id"]})
        told = membership_events(Asked(state, caller, {}, query)).body
        assert [event["status"] for event in told] == ["disqualified", "qualifying", "submitted"]
        assert told[0]["evidence"]["episodes_failed"] == 3


def one_seat(state: State) -> list[Json]:
    return [state.policy_version("stoop:v7")]


def same_policy_twice(state: State) -> list[Json]:
    return one_seat(state) * 2


def three(state: State) -> list[Json]:
    return [state.policy_version(label) for label in ("stoop:v7", "drystone:v2", "gleaner:v5")]


def nobodys(state: State) -> list[Json]:
    return [add_policy_version(state, {"id": state.new_id(), "name": "new"}, 1, None), *one_seat(state)]


@pytest.mark.parametrize("seats", [one_seat, same_policy_twice, three, nobodys])
def test_any_experience_request_is_played(
    world: tuple[State, Clock], seats: Callable[[State], list[Json]]
) -> None:
    state, clock = world
    versions = seats(state)
    batch = state.new_id("xreq")
    for _ in range(4):
        state.add_episode(versions, batch=batch)
    clock.advance(240)
    rows = [state.episodes[episode] for episode in state.batches[batch]]
    assert {row["status"] for row in rows} <= {"completed", "failed"}
    assert all(len(row["scores"]) == len({*row["policy_version_ids"]}) for row in rows if not row["error"])


@given(
    start=st.lists(st.integers(0, 40), min_size=6, max_size=6),
    seed=st.integers(0, 1000),
)
@settings(max_examples=20, deadline=None)
def test_the_league_goes_on_though_players_leave_at_any_moment(start: list[int], seed: int) -> None:
    state, clock = demonstration(now=NOW, seed=seed)
    for wait in start:
        clock.advance(wait)
        for row in state.memberships.values():
            if row["end_time"] is None:
                row.update(end_time=state.stamp(), is_champion=False)
                break
    before = len(state.rounds)
    clock.advance(400)
    assert len(state.rounds) > before + 2
