"""News: what happens to me in a league is told in a sentence, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo.building import add_membership, add_submission
from coworld_tui.league_demo.state import Json
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.models.base import ApiModel
from coworld_tui.observatory.models.entries import Membership, Submission
from coworld_tui.observatory.models.episodes import Episode, EpisodeRow
from coworld_tui.observatory.models.leagues import League
from coworld_tui.observatory.models.rounds import RoundDetail
from coworld_tui.observatory.models.standings import LeaderboardEntry
from coworld_tui.observatory.news import Mine, news_of
from coworld_tui.observatory.watch_plans import Following, Seen, scope_of
from coworld_tui.observatory.watching import Question, changed

from .server import Observatory as StandIn


class Told:
    """A watch that looks when it is asked to."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self._seen = following.seen()

    async def news(self) -> list[str]:
        """The sentences of the next look."""
        return [news.sentence for news in (await self.look()).news]

    async def look(self) -> Seen:
        self.following.watch.look_soon()
        async with asyncio.timeout(10):
            return await anext(self._seen)


@pytest.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        yield client


async def watching(client: Observatory, what: str | None) -> Told:
    """A watch that knows what there is."""
    told = Told(Following(client, await scope_of(client, what)))
    assert await told.news() == []
    assert await told.news() == []
    return told


def running(observatory: StandIn) -> Json:
    return next(row for row in observatory.state.rounds.values() if row["status"] == "running")


def champions(observatory: StandIn) -> list[Json]:
    return [row for row in observatory.state.memberships.values() if row["is_champion"]]


@pytest.mark.parametrize("scope", ["none", "league", "division", "round"])
async def test_a_round_is_over(observatory: StandIn, client: Observatory, scope: str) -> None:
    state = observatory.state
    round_ = running(observatory)
    division = round_["division"]
    what = {
        "none": None,
        "league": division["league"]["id"],
        "division": division["id"],
        "round": round_["id"],
    }
    told = await watching(client, what[scope])
    seats = champions(observatory)
    state.finish_round(round_, {seat["player"]["id"]: 10.0 - place for place, seat in enumerate(seats)})
    number = round_["round_number"]
    assert await told.news() == [
        f"Round {number} of Competition is over: juniper is 1 of 5 with 10.0000, wren is 2 of 5 with 9.0000"
    ]
    assert await told.news() == []


async def test_a_round_fails_or_starts(observatory: StandIn, client: Observatory) -> None:
    state = observatory.state
    told = await watching(client, running(observatory)["division"]["id"])
    running(observatory).update(status="failed", error="The commissioner\x1b[2J did not answer.")
    new = state.add_round(next(iter(state.divisions.values())), champions(observatory))
    state.start_round(new)
    assert sorted(await told.news()) == [
        "Round 33 of Competition failed: The commissioner did not answer.",
        "Round 35 of Competition has started",
    ]


async def test_my_episodes_fail(observatory: StandIn, client: Observatory) -> None:
    state = observatory.state
    round_ = running(observatory)
    told = await watching(client, round_["division"]["league"]["id"])
    mine = state.policy_version("sweeper:v3")
    others = [state.policy_version("splatter:v7"), state.policy_version("checker:v1")]
    mine_failed = state.add_episode([mine, others[0]], round_)
    state.fail_episode(mine_failed, "player_error", "exit code 1", seat=0)
    state.fail_episode(state.add_episode(others, round_), "player_error", "exit code 1", seat=0)
    assert await told.news() == [
        "An episode of sweeper:v3 failed: player_error, seat 0 (sweeper:v3): the policy in this seat crashed"
        f" or broke the rules; league why {mine_failed['id']}"
    ]


async def test_episodes_of_a_round_that_came_and_went_between_two_looks(
    observatory: StandIn, client: Observatory
) -> None:
    state = observatory.state
    division = running(observatory)["division"]
    told = await watching(client, division["id"])
    seats = champions(observatory)
    short = state.add_round(division, seats)
    episode = state.add_episode([seat["policy_version"] for seat in seats[:2]], short)
    state.fail_episode(episode, "oom", "")
    state.finish_round(short, {seats[0]["player"]["id"]: 1.0})
    assert [sentence[:20] for sentence in await told.news()] == ["Round 35 of Competit"]
    assert [sentence[:30] for sentence in await told.news()] == ["An episode of sweeper:v3, glid"]
    assert await told.news() == []


async def test_my_rank_moves(observatory: StandIn, client: Observatory) -> None:
    state = observatory.state
    division = running(observatory)["division"]
    told = await watching(client, division["id"])
    rows = state.leaderboards[division["id"]] or []
    first, second, third, *_ = rows
    first["rank"], third["rank"] = 3, 1
    first["score"] = 1400.0
    assert await told.news() == ["juniper moved down from 1 to 3 in Competition (1500.0000 → 1400.0000 MMR)"]
    rows.remove(second)
    assert await told.news() == ["wren is no longer in the standings of Competition"]


async def test_submissions_and_seats(observatory: StandIn, client: Observatory) -> None:
    state = observatory.state
    division = running(observatory)["division"]
    told = await watching(client, None)
    processing = next(row for row in state.submissions.values() if row["status"] == "processing")
    processing.update(status="placed")
    rejected = add_submission(state, division["league"], state.policy_version("sweeper:v1"), "rejected")
    rejected["notes"] = "It crashed in 3 of 3 games."
    seats = champions(observatory)
    seats[0].update(status="disqualified")
    seats[1].update(is_champion=False)
    new = add_membership(state, division, state.policy_version("sweeper:v1"))
    assert sorted(await told.news()) == [
        "Paint Arena League does not take sweeper:v1: It crashed in 3 of 3 games.",
        "glider:v1 no longer stands for wren in Competition",
        "sweeper:v1 takes a seat in Competition",
        "sweeper:v3 is disqualified in Competition",
        "sweeper:v4 has a seat in Paint Arena League",
    ]
    new.update(is_champion=True)
    look = await told.look()
    assert [(news.sentence, news.is_mine, news.is_bad) for news in look.news] == [
        ("sweeper:v1 now stands for juniper in Competition", True, False)
    ]
    assert look.news[0].as_document()["kind"] == "membership"


async def test_a_league_is_paused(observatory: StandIn, client: Observatory) -> None:
    league = next(iter(observatory.state.leagues.values()))
    told = await watching(client, league["id"])
    league["rounds_paused_at"] = observatory.state.stamp()
    assert await told.news() == ["Paint Arena League is paused"]
    league["rounds_paused_at"] = None
    assert await told.news() == ["Paint Arena League goes on"]
    assert await told.news() == []


@pytest.mark.parametrize("what", ["ereq_00000004-1111-4222-8333-000000000004", "", "div_\x1b[2J"])
async def test_what_cannot_be_watched(client: Observatory, what: str) -> None:
    with pytest.raises(CoworldError) as caught:
        await scope_of(client, what)
    assert caught.value.exit_code == 2


NAME = st.text(max_size=20) | st.sampled_from(["me", "completed", "failed", "rejected", "disqualified"])
NAMED = st.fixed_dictionaries({"id": NAME, "name": NAME})
VERSION = st.fixed_dictionaries({"id": NAME, "policy": NAMED, "version": st.integers()})
RANK = st.none() | st.integers()
ROW = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b\x1b[2J"])},
    optional={
        "status": NAME,
        "error": NAME,
        "error_type": NAME,
        "failed_policy_index": RANK,
        "notes": NAME,
        "division": NAMED,
        "league": NAMED,
        "player": NAMED,
        "player_id": st.just("me"),
        "policy_version": VERSION,
        "policy_version_ids": st.lists(NAME, max_size=3),
        "is_champion": st.booleans(),
        "end_time": st.just("2026-11-20T10:00:00Z"),
        "rounds_paused_at": st.just("2026-11-20T10:00:00Z"),
        "round_number": RANK,
        "rank": RANK,
        "score": st.floats(),
        "score_label": NAME,
        "results": st.lists(
            st.fixed_dictionaries({"rank": RANK, "score": st.floats(), "player": NAMED}), max_size=3
        ),
    },
)
MODELS = (RoundDetail, Episode, EpisodeRow, LeaderboardEntry, Submission, Membership, League)


@given(st.sampled_from(MODELS), st.lists(ROW, max_size=3), st.lists(ROW, max_size=3))
def test_whatever_the_server_says_news_are_plain_sentences(
    model: type[ApiModel], before: list[Json], after: list[Json]
) -> None:
    async def nothing(reader: Any) -> list[ApiModel]:
        return []

    question = Question("any", nothing, about="here")
    old, new = ({row["id"]: model.model_validate(row) for row in rows} for rows in (before, after))
    for news in news_of(changed(question, old, new), Mine({"me": "Me"}, {"me": "me:v1"})):
        assert news.sentence
        assert news.sentence.isprintable()
        assert news.id.isprintable()
        assert news.as_document()["kind"] == news.kind
