"""A list that stays on screen: as last seen, as it is, and never torn by what happens meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo.big import big
from coworld_tui.observatory import list_sources, reading
from coworld_tui.observatory.cache import Cache
from coworld_tui.observatory.client import Answer, Observatory, Reader
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.listing import LiveList
from coworld_tui.observatory.models.episodes import EpisodeRow
from coworld_tui.observatory.paging import Page

from .server import Observatory as StandIn
from .server import serving

NUMBERS = count()
USER = Identity("http://127.0.0.1:1/api", "user", token="usr_0123456789abcdef")


class Rows:
    """A list as a server has it, the newest first; a cursor names the row it follows."""

    name = "rows"
    model = EpisodeRow

    def __init__(self, page_size: int = 3) -> None:
        self.rows: list[dict[str, Any]] = []
        self.page_size = page_size
        self.asked: list[str | None] = []
        self.is_there = True
        self._made = 0

    def add(self, count: int = 1) -> None:
        for _ in range(count):
            self.rows.insert(0, {"id": f"ereq_{self._made}", "status": "pending"})
            self._made += 1

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        self.asked.append(cursor)
        if not self.is_there:
            raise CoworldError("unreachable", "The server cannot be reached")
        ids = [row["id"] for row in self.rows]
        if cursor is not None and cursor not in ids:
            raise CoworldError("invalid_request", "Invalid cursor")
        start = 0 if cursor is None else ids.index(cursor) + 1
        taken = [dict(row) for row in self.rows[start : start + self.page_size]]
        return Page(taken, taken[-1]["id"] if start + len(taken) < len(ids) else None)


def of(source: Any) -> LiveList[EpisodeRow]:
    """A new session's look at the list."""
    return LiveList(source, Observatory(USER.server, USER), Cache())


def ids(rows: LiveList[EpisodeRow]) -> list[str]:
    return [row.id for row in rows]


async def to_the_end(rows: LiveList[EpisodeRow]) -> None:
    while not rows.complete and rows.problem is None:
        await rows.more()


async def test_what_was_seen_is_there_at_once_and_then_asked_for(home: Path) -> None:
    source = Rows()
    source.add(10)
    first = of(source)
    await first.open()
    assert (len(first), first.fetched_at, first.complete) == (0, None, False)
    await first.refresh()
    await to_the_end(first)
    assert ids(first) == [row["id"] for row in source.rows]

    source.add(2)
    source.rows[4]["status"] = "running"
    source.asked.clear()
    second = of(source)
    await second.open()
    assert (ids(second), source.asked) == (ids(first), [])
    assert second.complete
    assert second.fetched_at is not None
    assert second.asked_at is None
    done = await second.refresh()
    assert (done.added, done.changed, done.removed) == (("ereq_11", "ereq_10"), (), ())
    assert ids(second)[done.at + done.shift :] == ids(first)[done.at :]
    assert source.asked == [None]
    assert second[4].status == "pending"
    place = second.place_of("ereq_7", near=0)
    assert place == 4
    assert (await second.refresh(place)).changed == ("ereq_7",)
    assert second[4].status == "running"

    third = of(source)
    await third.open()
    assert [(row.id, row.status) for row in third] == [(row["id"], row["status"]) for row in source.rows]


async def test_only_what_is_looked_for_is_read(home: Path) -> None:
    source = Rows()
    source.add(10)
    rows = of(source)
    await rows.refresh()
    await to_the_end(rows)
    again = of(source)
    await again.open(least=4)
    assert (len(again), again.complete) == (6, False)
    source.asked.clear()
    await to_the_end(again)
    assert (len(again), source.asked) == (10, [])


async def test_without_a_server_the_list_says_so_and_stays(home: Path) -> None:
    source = Rows()
    source.add(7)
    rows = of(source)
    await rows.refresh()
    source.is_there = False
    assert await rows.more() == 0
    assert rows.problem is not None
    assert rows.problem.type == "unreachable"
    assert not await rows.refresh()
    assert len(rows) == 3
    source.is_there = True
    assert await rows.more() == 3
    assert rows.problem is None


async def test_after_long_the_list_begins_anew(home: Path) -> None:
    source = Rows()
    source.add(9)
    rows = of(source)
    await rows.refresh()
    await to_the_end(rows)
    source.add(40)
    done = await rows.refresh()
    assert done.anew
    assert rows.generation == 1
    await to_the_end(rows)
    assert ids(rows) == [row["id"] for row in source.rows]


async def test_a_cursor_that_leads_nowhere_begins_the_list_anew(home: Path) -> None:
    source = Rows()
    source.add(9)
    rows = of(source)
    await rows.refresh()
    del source.rows[2]
    await to_the_end(rows)
    assert ids(rows) == [row["id"] for row in source.rows]
    assert rows.generation == 1


async def test_what_is_gone_goes(home: Path) -> None:
    source = Rows()
    source.add(9)
    rows = of(source)
    await rows.refresh()
    await to_the_end(rows)
    del source.rows[1]
    assert (await rows.refresh()).removed == ("ereq_7",)
    source.rows.clear()
    assert len((await rows.refresh()).removed) == 8
    assert (len(rows), rows.complete) == (0, True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_whatever_happens_meanwhile_the_list_becomes_the_servers(
    home: Path, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    monkeypatch.setattr("coworld_tui.observatory.listing._HEAD_LIMIT", 4)
    source = Rows(data.draw(st.integers(1, 4)))
    source.name = f"rows {next(NUMBERS)}"
    rows = of(source)
    for what in data.draw(st.lists(st.sampled_from(["add", "change", "drop", "refresh", "more", "again"]))):
        at = data.draw(st.integers(0, 30))
        if what == "add":
            source.add(at % 6)
        elif what == "change" and source.rows:
            source.rows[at % len(source.rows)]["status"] = f"state {at}"
        elif what == "drop" and source.rows:
            del source.rows[at % len(source.rows)]
        elif what == "refresh":
            await rows.refresh(at)
        elif what == "more":
            await rows.more()
        elif what == "again":
            before = ids(rows)
            rows = of(source)
            await rows.open(10**9)
            assert ids(rows)[: len(before)] == before or not before
        assert len(set(ids(rows))) == len(rows)
        assert all(rows.by_id(row_id) is rows[place] for place, row_id in enumerate(ids(rows)))
    await rows.refresh()
    await to_the_end(rows)
    known = {row["id"] for row in source.rows}
    assert [row_id for row_id in ids(rows) if row_id in known] == [row["id"] for row in source.rows]


async def test_the_episodes_of_a_league_are_those_of_its_rounds(observatory: StandIn, home: Path) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    state = observatory.state
    rounds = [row["id"] for row in list(state.rounds.values())[::-1]]
    expected = [
        row["id"]
        for round_id in rounds
        for row in list(state.episodes.values())[::-1]
        if row["round_id"] == round_id
    ]
    league = next(iter(state.leagues))
    async with Observatory(observatory.url, user) as client:
        rows = LiveList(list_sources.episodes_of_league(league), client, Cache())
        await rows.refresh()
        await to_the_end(rows)
        assert ids(rows) == expected
        division = next(row for row in state.divisions.values() if row["league"]["id"] == league)
        seats = [row for row in state.memberships.values() if row["division"] is division][:2]
        new = state.add_round(division, seats)
        episode = state.add_episode([seat["policy_version"] for seat in seats], new)
        done = await rows.refresh()
        assert done.added == (episode["id"],)
        assert ids(rows) == [episode["id"], *expected]

        seen = LiveList(list_sources.episodes_of_league(league), client, Cache())
        observatory.requests.clear()
        await seen.open(10**9)
        assert ids(seen) == ids(rows)
        assert not observatory.requests


class Circle:
    """A list whose cursors lead round and round."""

    name = "circle"
    model = EpisodeRow

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        self.asked.append(cursor)
        following = {None: "a", "a": "b", "b": "a"}[cursor]
        return Page([{"id": f"ereq_{cursor}"}], following)


async def test_a_list_that_leads_back_ends_where_it_does(home: Path) -> None:
    source = Circle()
    rows = of(source)
    await rows.refresh()
    await to_the_end(rows)
    assert ids(rows) == ["ereq_None", "ereq_a", "ereq_b"]
    assert source.asked == [None, "a", "b"]
    seen = of(source)
    await seen.open()
    assert (ids(seen), seen.complete) == (ids(rows), True)


class Answering:
    """A reader with an answer for each path and cursor."""

    def __init__(self, answers: dict[tuple[str, str | None], Any]) -> None:
        self.answers = answers
        self.asked = 0

    async def get(self, path: str, params: Any = None) -> Answer:
        self.asked += 1
        assert self.asked < 20, "asked for ever"
        return Answer(self.answers[path, params.get("cursor")], None, "", datetime.now(UTC))


async def test_rounds_that_come_again_and_again_are_walked_once() -> None:
    one, two = ({"id": f"round_{number}"} for number in (1, 2))
    reader = Answering(
        {
            ("/v2/rounds", None): {"entries": [one, one, {"id": [7]}, 7], "next_cursor": "a"},
            ("/v2/rounds", "a"): {"entries": [one], "next_cursor": "b"},
            ("/v2/rounds", "b"): {"entries": [two, one], "next_cursor": "a"},
            ("/v2/rounds/round_1/episode-requests", None): [{"id": "ereq_1"}],
            ("/v2/rounds/round_2/episode-requests", None): [{"id": "ereq_2"}],
        }
    )
    source = list_sources.episodes_of_league("league_1")
    cursors: list[str | None] = [None]
    while (page := await source.page(reader, cursors[-1])).next_cursor is not None:
        cursors.append(page.next_cursor)
    assert cursors == [None, "round_2@"]


async def test_a_hundred_thousand_episodes_come_as_they_are_looked_at(home: Path) -> None:
    with serving(big) as server:
        user = Identity(server.url, "user", token=server.token_user)
        league = next(iter(server.state.leagues))
        async with Observatory(server.url, user) as client:
            rows = LiveList(list_sources.episodes_of_league(league), client, Cache())
            await rows.refresh()
            while len(rows) < 1000:
                assert await rows.more()
            assert not rows.complete
            newest = next(row["id"] for row in reversed(list(server.state.rounds.values())))
            assert rows[0].round_id == newest
            running = [at for at, row in enumerate(rows) if row.status == "running"]
            assert running
            server.requests.clear()
            seen = LiveList(list_sources.episodes_of_league(league), client, Cache())
            await seen.open()
            assert ids(seen) == ids(rows)
            assert not server.requests
            assert not await seen.refresh(running[0])
            assert 1 <= len(server.requests) <= 2


async def test_each_source_is_the_list_that_is_read_elsewhere(observatory: StandIn, home: Path) -> None:
    state = observatory.state
    league, division = next(iter(state.leagues)), next(iter(state.divisions))
    version = state.policy_version("sweeper:v3")["id"]
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        for source, listing in (
            (
                list_sources.rounds(league_id=league, status="completed"),
                await reading.rounds(client, league_id=league, status="completed", limit=200),
            ),
            (
                list_sources.rounds(division_id=division),
                await reading.rounds(client, division_id=division, limit=200),
            ),
            (
                list_sources.episodes_of_policy(version),
                await reading.episodes_of_policy(client, version, limit=100),
            ),
            (
                list_sources.memberships(league_id=league, mine=True, active_only=True),
                await reading.memberships(client, league_id=league, mine=True, active_only=True),
            ),
            (
                list_sources.memberships(division_id=division, champions_only=True),
                await reading.memberships(client, division_id=division, champions_only=True),
            ),
            (
                list_sources.submissions(league_id=league, mine=True),
                await reading.submissions(client, league_id=league, mine=True),
            ),
            (
                list_sources.events(division_id=division, event_type="round_completed"),
                await reading.events(client, division_id=division, event_type="round_completed", limit=200),
            ),
            (list_sources.coworlds(), await reading.coworlds(client)),
            (list_sources.images(), await reading.images(client)),
            (list_sources.policies(), await reading.policies(client)),
        ):
            rows: LiveList[Any] = LiveList(source, client, Cache())
            await rows.refresh()
            while len(rows) < len(listing.entries):
                assert await rows.more(), source.name
            assert listing.entries
            assert rows[: len(listing.entries)] == listing.entries
