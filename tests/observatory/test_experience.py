"""Experience requests: asked for, listed, stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import experience
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.experience import CreateExperience, selection
from coworld_tui.observatory.refusals import UnknownOutcome

from .server import Observatory as StandIn
from .test_client import user_of

ROOT = "/v2/experience-requests"
BODY = {"roster": [{"player": {"policy_ref": "sweeper:v4"}}, {"player": {"top_n": 3}}], "num_episodes": 2}


@pytest_asyncio.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    """Logged in as a user."""
    async with Observatory(observatory.url, user_of(observatory), timeout=2) as client:
        yield client


async def test_a_request_says_what_it_runs_and_what_is_left_to_pay_with(
    client: Observatory, observatory: StandIn
) -> None:
    body = {**BODY, "target": {"league_name": "Paint\x1b[31m Arena"}, "title": "old"}
    action = await experience.prepare_experience(client, body, title="bias?", description="corner bias")
    said = "\n".join(action.describe())
    for part in ("2 episodes", "sweeper:v4, top_n 3", "Paint Arena", "bias?", "corner bias", "81.5"):
        assert part in said
    assert "\x1b" not in said
    request = await action.run(client)
    (sent,) = observatory.asked(ROOT, "POST")
    assert sent.json == {**body, "title": "bias?", "description": "corner bias"}
    assert request.episode_count == len(request.episodes) == len(observatory.state.batches[request.id]) == 2


async def test_without_knowing_the_credits_one_may_ask_all_the_same(
    client: Observatory, observatory: StandIn
) -> None:
    observatory.fault("/usage/me/credits", "403")
    action = await experience.prepare_experience(client, BODY)
    assert action.balance is None
    assert (await action.run(client)).episode_count == 2


async def test_a_request_whose_answer_is_lost_is_not_sent_again(
    client: Observatory, observatory: StandIn
) -> None:
    action = await experience.prepare_experience(client, BODY)
    observatory.fault(ROOT, "cut_body")
    with pytest.raises(UnknownOutcome) as lost:
        await action.run(client)
    assert "experience list --mine" in lost.value.next_step
    assert len(observatory.asked(ROOT, "POST")) == 1


@pytest.mark.parametrize("body", [[], "x", None, 3])
async def test_a_body_that_is_no_object_is_refused_here(
    client: Observatory, observatory: StandIn, body: Any
) -> None:
    with pytest.raises(CoworldError) as refused:
        await experience.prepare_experience(client, body)
    assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
    assert not observatory.requests


async def test_what_the_server_finds_wrong_is_said(client: Observatory) -> None:
    action = await experience.prepare_experience(client, {**BODY, "num_episodes": 101})
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert refused.value.type == "invalid_request"
    assert "num_episodes" in refused.value.cause


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.fixed_dictionaries(
        {},
        optional={
            "roster": json_values | st.lists(st.fixed_dictionaries({"player": json_values}), max_size=12),
            "target": json_values,
            "num_episodes": json_values,
            "title": json_values,
        },
    )
)
def test_any_body_can_be_described_in_safe_lines(body: dict[str, Any]) -> None:
    for line in CreateExperience(body, 1.5).describe():
        assert line.isprintable()
        assert len(line) < 1000


async def test_requests_come_in_pages_the_newest_first(client: Observatory) -> None:
    made = [await (await experience.prepare_experience(client, BODY)).run(client) for _ in range(3)]
    first = await experience.experience_requests(client, mine=True, limit=2)
    assert [row.id for row in first.entries] == [made[2].id, made[1].id]
    rest = await experience.experience_requests(client, mine=True, limit=2, cursor=first.next_cursor)
    assert rest.entries[0].id == made[0].id
    assert rest.next_cursor is None


async def test_episodes_of_several_requests_are_read_at_once(
    client: Observatory, observatory: StandIn
) -> None:
    (old,) = observatory.state.batches
    new = await (await experience.prepare_experience(client, BODY)).run(client)
    page = await experience.batch_episodes(
        client, [new.id, old, new.id], view="results", status=["completed"]
    )
    assert {row.status for row in page.entries} == {"completed"}
    assert all(row.scores for row in page.entries)
    assert observatory.requests[-1].query.getlist("ids") == sorted([new.id, old])
    elsewhere = "xreq_0000ffff-1111-4222-8333-00000000ffff"
    page = await experience.batch_episodes(client, [old, elsewhere], limit=2)
    assert (len(page.entries), page.unavailable_ids) == (2, [elsewhere])
    assert page.next_cursor is not None
    rest = await experience.batch_episodes(client, [old, elsewhere], limit=200, cursor=page.next_cursor)
    assert len(rest.entries) == len(observatory.state.batches[old]) - 2


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["round_1"],
        ["xreq_00000001-1111-4222-8333-000000000001", "ereq_00000001-1111-4222-8333-000000000001"],
        [f"xreq_{number}" for number in range(51)],
    ],
)
def test_a_selection_the_api_would_not_take_is_refused_here(ids: list[str]) -> None:
    with pytest.raises(CoworldError) as refused:
        selection(ids)
    assert refused.value.type == "invalid_request"


def test_episodes_can_be_selected_but_not_followed() -> None:
    ids = ["ereq_2", "ereq_1", "ereq_2"]
    assert selection(ids) == ["ereq_1", "ereq_2"]
    with pytest.raises(CoworldError):
        selection(ids, batches_only=True)


async def test_a_request_is_stopped_once(client: Observatory, observatory: StandIn) -> None:
    request = await (await experience.prepare_experience(client, {**BODY, "title": "bias?"})).run(client)
    action = await experience.prepare_cancelling(client, request.id)
    assert "bias?" in "\n".join(action.describe())
    assert (await action.run(client)).status == "cancelled"
    states = {observatory.state.episodes[name]["status"] for name in observatory.state.batches[request.id]}
    assert states == {"cancelled"}
    with pytest.raises(CoworldError) as refused:
        await action.run(client)
    assert refused.value.type == "conflict"
