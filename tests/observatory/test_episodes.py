"""Finding episodes where the API lists them by one root at a time: each once, none left out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.episodes import EpisodeFilter, episodes
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.models.episodes import EpisodeRow

from .server import Observatory as StandIn

MINE = ("sweeper:v2", "sweeper:v3", "sweeper:v4", "glider:v1")


@pytest.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    async with Observatory(
        observatory.url, Identity(observatory.url, "user", token=observatory.token_user)
    ) as client:
        yield client


async def every(client: Observatory, wanted: EpisodeFilter, limit: int = 100) -> list[EpisodeRow]:
    """All episodes, page by page."""
    rows: list[EpisodeRow] = []
    cursor = None
    for _ in range(300):
        page = await episodes(client, wanted, limit=limit, cursor=cursor)
        assert len(page.entries) <= limit
        rows += page.entries
        cursor = page.next_cursor
        if cursor is None:
            assert len({row.id for row in rows}) == len(rows)
            return rows
        assert page.entries, "a page is empty only at the end, or when much was looked through in vain"
    raise AssertionError("the list never ends")


def known(observatory: StandIn, *labels: str, round_id: str = "", division_id: str = "") -> set[str]:
    """The ids of the episodes that fit, by the server's own state; of any of the policies."""
    state = observatory.state
    versions = {state.policy_version(label)["id"] for label in labels}
    return {
        row["id"]
        for row in state.episodes.values()
        if (not labels or versions & set(row["policy_version_ids"]))
        and round_id in ("", row["round_id"])
        and (
            not division_id
            or (row["round_id"] and state.rounds[row["round_id"]]["division"]["id"] == division_id)
        )
    }


def competition(observatory: StandIn) -> str:
    (found,) = (key for key, row in observatory.state.divisions.items() if row["name"] == "Competition")
    return found


def full_round(observatory: StandIn) -> str:
    return [key for key, row in observatory.state.rounds.items() if row["status"] == "completed"][-1]


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_a_division_comes_round_by_round(client: Observatory, observatory: StandIn, limit: int) -> None:
    division = competition(observatory)
    rows = await every(client, EpisodeFilter(division_id=division), limit)
    assert {row.id for row in rows} == known(observatory, division_id=division)
    numbers = [observatory.state.rounds[row.round_id or ""]["round_number"] for row in rows]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_mine_come_each_once(client: Observatory, observatory: StandIn, limit: int) -> None:
    shared = [
        row
        for row in observatory.state.episodes.values()
        if {observatory.state.policy_version(label)["id"] for label in ("sweeper:v3", "glider:v1")}
        <= set(row["policy_version_ids"])
    ]
    assert shared, "some are of two policies of mine"
    rows = await every(client, EpisodeFilter(mine=True), limit)
    assert {row.id for row in rows} == known(observatory, *MINE)


async def test_all_filters_must_fit(client: Observatory, observatory: StandIn) -> None:
    round_id, division = full_round(observatory), competition(observatory)
    found = await every(
        client, EpisodeFilter(round_id=round_id, policy="glider:v1", with_replay=True), limit=20
    )
    assert {row.id for row in found} == {
        each
        for each in known(observatory, "glider:v1", round_id=round_id)
        if observatory.state.episodes[each]["replay_url"]
    }
    found = await every(client, EpisodeFilter(division_id=division, mine=True), limit=20)
    assert {row.id for row in found} == known(observatory, *MINE, division_id=division)
    found = await every(client, EpisodeFilter(policy="sweeper:v4", mine=True), limit=20)
    assert {row.id for row in found} == known(observatory, "sweeper:v4")


async def test_small_rounds_are_gathered_into_a_page(client: Observatory, observatory: StandIn) -> None:
    wanted = EpisodeFilter(division_id=competition(observatory))
    sizes = []
    page = await episodes(client, wanted, limit=20)
    while page.next_cursor is not None:
        sizes.append(len(page.entries))
        page = await episodes(client, wanted, limit=20, cursor=page.next_cursor)
    assert len(sizes) > 5
    assert min(sizes) > 10


async def test_one_root_is_asked_once_a_page_with_its_own_cursor(
    client: Observatory, observatory: StandIn
) -> None:
    round_id = full_round(observatory)
    first = await episodes(client, EpisodeFilter(round_id=round_id), limit=50)
    asked = observatory.asked(f"/v2/rounds/{round_id}/episode-requests")
    assert [request.query["limit"] for request in asked] == ["50"]
    await episodes(client, EpisodeFilter(round_id=round_id), limit=50, cursor=first.next_cursor)
    (_, second) = observatory.asked(f"/v2/rounds/{round_id}/episode-requests")
    assert second.query["cursor"] == first.next_cursor


async def test_looking_for_what_is_nowhere_stops_now_and_then(
    client: Observatory, observatory: StandIn
) -> None:
    wanted = EpisodeFilter(division_id=competition(observatory), policy="sweeper:v1")
    page = await episodes(client, wanted, limit=50)
    assert page.entries == []
    assert page.next_cursor is not None
    assert len(observatory.requests) < 25
    rest = await episodes(client, wanted, limit=50, cursor=page.next_cursor)
    assert (rest.entries, rest.next_cursor) == ([], None)


@pytest.mark.parametrize(
    ("wanted", "cursor"),
    [
        (EpisodeFilter(), None),
        (EpisodeFilter(with_replay=True), None),
        (EpisodeFilter(mine=True), "round_1@x"),
        (EpisodeFilter(mine=True), ""),
    ],
)
async def test_what_cannot_be_listed(client: Observatory, wanted: EpisodeFilter, cursor: str | None) -> None:
    with pytest.raises(CoworldError) as raised:
        await episodes(client, wanted, limit=5, cursor=cursor)
    assert (raised.value.type, raised.value.exit_code) == ("invalid_request", 2)
