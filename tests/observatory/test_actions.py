"""Submitting, retiring, naming champions, opening replays: what is said before, sent, and known after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import actions
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.models.entries import Membership
from coworld_tui.observatory.refusals import UnknownOutcome

from .faults import Kind
from .server import Observatory as StandIn
from .test_client import user_of

SUBMISSIONS = "/v2/league-submissions"


@pytest_asyncio.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    """Logged in as a user."""
    async with Observatory(observatory.url, user_of(observatory), timeout=2) as client:
        yield client


def league_of(observatory: StandIn) -> dict[str, Any]:
    """The league that plays."""
    return next(row for row in observatory.state.leagues.values() if row["name"] == "Paint Arena League")


def seat_of(observatory: StandIn, player: str, *, ended: bool = False) -> dict[str, Any]:
    """A membership of this player that goes on, or one that is over."""
    return next(
        row
        for row in observatory.state.memberships.values()
        if row["player"] and row["player"]["name"] == player and (row["end_time"] is not None) is ended
    )


async def test_a_submission_says_what_it_will_do_and_is_sent_once(
    client: Observatory, observatory: StandIn
) -> None:
    league = league_of(observatory)
    league["name"] = "Paint\x1b[2J Arena"
    action = await actions.prepare_submission(
        client, "sweeper:v2", league["id"], auto_champion="lineage", preferences={"side": "left"}
    )
    assert not observatory.asked(SUBMISSIONS, "POST")
    said = "\n".join(action.describe())
    version = observatory.state.policy_version("sweeper:v2")
    for part in ("sweeper:v2", version["id"], league["id"], "Paint Arena", "lineage", '"side": "left"'):
        assert part in said
    assert "\x1b" not in said
    submission = await action.run(client)
    (sent,) = observatory.asked(SUBMISSIONS, "POST")
    assert sent.json == {
        "league_id": league["id"],
        "policy_version_id": version["id"],
        "auto_champion": "lineage",
        "preferences": {"side": "left"},
    }
    assert observatory.state.submissions[submission.id]["status"] == submission.status == "pending"


async def test_a_version_is_found_by_its_uuid_and_named(client: Observatory, observatory: StandIn) -> None:
    version = observatory.state.policy_version("glider:v1")
    action = await actions.prepare_submission(client, version["id"].upper(), league_of(observatory)["id"])
    assert (action.policy, action.policy_version_id) == ("glider:v1", version["id"])
    stranger = observatory.state.policy_version("splatter:v7")["id"]
    action = await actions.prepare_submission(client, stranger, league_of(observatory)["id"])
    assert (action.policy, action.policy_version_id) == ("", stranger)
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert refused.value.type == "not_found"


async def test_a_version_handed_in_before_and_a_league_that_is_closed_are_mentioned(
    client: Observatory, observatory: StandIn
) -> None:
    league = league_of(observatory)
    league["submissions_locked_at"] = "2026-11-19T10:00:00Z"
    action = await actions.prepare_submission(client, "sweeper:v4", league["id"])
    said = "\n".join(action.describe())
    assert "the league is locked" in said
    assert f"handed in before, processing: {action.earlier[0].id}" in said
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert refused.value.type == "conflict"


async def test_another_player_than_the_one_that_acts_is_refused_here(observatory: StandIn) -> None:
    mine, other = observatory.state.tokens[observatory.token_user].players
    identity = Identity(observatory.url, "player", mine, observatory.token_player)
    async with Observatory(observatory.url, identity) as client:
        with pytest.raises(CoworldError) as refused:
            await actions.prepare_submission(client, "sweeper", league_of(observatory)["id"], player_id=other)
        assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
        assert not observatory.requests
        action = await actions.prepare_submission(
            client, "sweeper", league_of(observatory)["id"], player_id=mine
        )
        submission = await action.run(client)
    assert submission.player is not None
    assert submission.player.id == mine
    assert observatory.asked(SUBMISSIONS, "POST")[0].json["player_id"] == mine


@pytest.mark.parametrize("kind", ["taken", "cut_body", "cut_json"])
async def test_a_submission_whose_answer_was_lost_is_found_and_not_sent_twice(
    client: Observatory, observatory: StandIn, kind: Kind
) -> None:
    before = set(observatory.state.submissions)
    action = await actions.prepare_submission(client, "sweeper:v4", league_of(observatory)["id"])
    assert action.earlier
    action = replace(action, timeout_seconds=0.3)
    observatory.fault(SUBMISSIONS, kind)
    submission = await action.run(client)
    (new,) = set(observatory.state.submissions) - before
    assert submission.id == new
    assert len(observatory.asked(SUBMISSIONS, "POST")) == 1


async def test_a_submission_that_shows_late_is_found(client: Observatory, observatory: StandIn) -> None:
    action = await actions.prepare_submission(client, "sweeper:v4", league_of(observatory)["id"])
    action = replace(action, looks_seconds=(0.0, 0.0, 0.0))
    observatory.fault(SUBMISSIONS, "cut_json")
    observatory.fault(SUBMISSIONS, "500", 2)  # two looks fail
    submission = await action.run(client)
    assert submission.id in observatory.state.submissions
    assert submission.id not in {row.id for row in action.earlier}


async def test_a_submission_that_did_not_arrive_is_not_claimed(
    client: Observatory, observatory: StandIn
) -> None:
    action = await actions.prepare_submission(client, "sweeper:v4", league_of(observatory)["id"])
    action = replace(action, looks_seconds=(0.0, 0.0))
    observatory.fault(SUBMISSIONS, "drop")
    with pytest.raises(UnknownOutcome) as lost:
        await action.run(client)
    assert f"--league {action.league.id} --server {client.server}" in lost.value.next_step
    assert len(observatory.asked(SUBMISSIONS, "POST")) == 1


@pytest.mark.parametrize(
    ("kind", "error_type", "exit_code"),
    [
        ("401", "login_needed", 3),
        ("403", "not_allowed", 3),
        ("404", "not_found", 1),
        ("409", "conflict", 1),
        ("422", "invalid_request", 2),
        ("429-other", "rate_limited", 3),
    ],
)
async def test_a_submission_that_is_refused_is_not_looked_for(
    client: Observatory, observatory: StandIn, kind: Kind, error_type: str, exit_code: int
) -> None:
    action = await actions.prepare_submission(client, "sweeper:v4", league_of(observatory)["id"])
    asked = len(observatory.requests)
    observatory.fault(SUBMISSIONS, kind)
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert (refused.value.type, refused.value.exit_code) == (error_type, exit_code)
    assert len(observatory.requests) == asked + 1


async def test_retiring_says_whose_it_is_and_ends_it(client: Observatory, observatory: StandIn) -> None:
    seat = seat_of(observatory, "juniper")
    action = await actions.prepare_retirement(client, seat["id"], reason="superseded")
    said = "\n".join(action.describe())
    for part in (seat["id"], seat["policy_version"]["label"], "juniper", "Paint Arena League", "superseded"):
        assert part in said
    membership = await action.run(client)
    assert membership.end_time is not None
    (sent,) = observatory.asked(f"/v2/league-policy-memberships/{seat['id']}/retire")
    assert sent.json == {"reason": "superseded"}
    again = await actions.prepare_retirement(client, seat["id"])
    assert any("ended" in line for line in again.describe())
    with pytest.raises(CoworldError) as refused:
        await again.run(client)
    assert refused.value.type == "conflict"
    assert observatory.requests[-1].body == b""


async def test_a_membership_of_others_has_an_id_alone(client: Observatory, observatory: StandIn) -> None:
    seat = seat_of(observatory, "kestrel")
    action = await actions.prepare_retirement(client, seat["id"])
    assert action.membership == Membership(id=seat["id"])
    assert any("not among my memberships" in line for line in action.describe())
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert refused.value.type == "not_allowed"


@pytest.mark.parametrize("reason", ["", "x" * 1001])
async def test_a_reason_the_server_cannot_keep_is_refused_here(
    client: Observatory, observatory: StandIn, reason: str
) -> None:
    with pytest.raises(CoworldError) as refused:
        await actions.prepare_retirement(client, seat_of(observatory, "juniper")["id"], reason=reason)
    assert refused.value.type == "invalid_request"
    assert not observatory.requests


async def test_what_is_no_membership_is_refused_here(client: Observatory, observatory: StandIn) -> None:
    with pytest.raises(CoworldError) as refused:
        await actions.prepare_champion(client, "lpm_1/../../whoami")
    assert refused.value.type == "invalid_request"
    assert not observatory.requests


async def test_a_champion_replaces_the_one_before(client: Observatory, observatory: StandIn) -> None:
    old = seat_of(observatory, "juniper")
    new = {**old, "id": observatory.state.new_id("lpm"), "is_champion": False}
    observatory.state.memberships[new["id"]] = new
    old["is_champion"] = True
    membership = await (await actions.prepare_champion(client, new["id"])).run(client)
    assert membership.is_champion
    assert not old["is_champion"]


async def test_a_replay_session_opens_the_replay_of_an_episode(
    client: Observatory, observatory: StandIn
) -> None:
    episode = next(row for row in observatory.state.episodes.values() if row["status"] == "completed")
    action = await actions.prepare_replay_session(client, episode["id"])
    session = await action.run(client)
    assert session.viewer_url
    assert not session.ready
    (sent,) = observatory.asked("/v2/coworlds/replays/session")
    assert sent.json == {
        "coworld_id": episode["coworld_id"],
        "episode_id": episode["episode_id"],
        "replay_uri": episode["replay_url"],
    }


async def test_an_episode_without_a_replay_has_no_session(client: Observatory, observatory: StandIn) -> None:
    episode = next(row for row in observatory.state.episodes.values() if row["status"] == "failed")
    with pytest.raises(CoworldError) as refused:
        await actions.prepare_replay_session(client, episode["id"])
    assert (refused.value.type, refused.value.exit_code) == ("not_found", 1)


async def test_credits_are_those_the_server_tells(client: Observatory) -> None:
    found = await actions.account_credits(client)
    assert found.status.balance_credits == 81.5
    assert found.recent_requests == []
