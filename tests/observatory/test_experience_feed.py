"""Following experience requests by their change feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import pytest_asyncio

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Answer, Observatory
from coworld_tui.observatory.experience_feed import Feed, News

from .faults import Kind
from .server import Observatory as StandIn
from .test_client import user_of

CHANGES = "/v2/episode-requests/changes"


@pytest_asyncio.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    """Logged in as a user, where the feed may be asked as often as one likes."""
    observatory.state.feed_poll_seconds = 0.0
    async with Observatory(observatory.url, user_of(observatory), timeout=2) as client:
        yield client


def batch_of(observatory: StandIn) -> tuple[str, list[dict[str, Any]]]:
    """An experience request of mine, and those of its episodes that are not over: one of them runs."""
    (batch,) = observatory.state.batches
    episodes = [observatory.state.episodes[name] for name in observatory.state.batches[batch]]
    return batch, [row for row in episodes if row["status"] in ("pending", "running")]


async def until_waiting(observatory: StandIn, cursors: int = 1) -> None:
    """Until the feed waits for changes: it was asked with a wait so many times."""
    # The server is on another thread, which tells nobody.
    while sum("wait_seconds" in seen.query for seen in observatory.asked(CHANGES)) < cursors:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_all_is_told_at_first_and_then_each_change_until_the_end(
    client: Observatory, observatory: StandIn
) -> None:
    batch, waiting = batch_of(observatory)
    feed = Feed([batch], wait_seconds=5)
    told: list[News] = []

    async def follow() -> None:
        async for news in feed.news(client):
            told.append(news)

    following = asyncio.create_task(follow())
    await until_waiting(observatory)
    assert len(told[0].changes) == len(feed.episodes) == 5
    assert not feed.is_over
    for number, episode in enumerate(waiting, 2):
        observatory.state.finish_episode(episode, 1.0, 0.0)
        if number <= len(waiting):
            await until_waiting(observatory, number)
    await asyncio.wait_for(following, 10)
    assert [change.id for news in told[1:] for change in news.changes] == [row["id"] for row in waiting]
    assert feed.is_over
    assert not feed.has_failures
    assert all(seen.query["ids"] == batch for seen in observatory.asked(CHANGES))


async def test_it_was_not_all_well_when_one_failed(client: Observatory, observatory: StandIn) -> None:
    batch, waiting = batch_of(observatory)
    first, *others = waiting
    observatory.state.fail_episode(first, "player_error", "it fell over", 0)
    for episode in others:
        observatory.state.finish_episode(episode, 1.0, 0.0)
    feed = Feed([batch])
    async for _ in feed.news(client):
        pass
    assert feed.has_failures
    assert len(observatory.asked(CHANGES)) == 1  # it was over at once


@pytest.mark.parametrize("kind", ["404", "409"])
async def test_a_cursor_that_is_refused_begins_again_without_repeating(
    client: Observatory, observatory: StandIn, kind: Kind
) -> None:
    batch, waiting = batch_of(observatory)
    feed = Feed([batch], wait_seconds=1)
    told = []
    async for news in feed.news(client):
        told.append(news)
        if len(told) == 1:
            observatory.fault(CHANGES, kind)
        if news.is_restart:
            for episode in waiting:
                observatory.state.finish_episode(episode, 1.0, 0.0)
    assert [news.is_restart for news in told] == [False, True, False]
    assert {change.id for change in told[2].changes} == {row["id"] for row in waiting}
    fresh = observatory.asked(CHANGES)[2]
    assert "cursor" not in fresh.query


async def test_what_is_not_in_the_fresh_snapshot_is_gone(client: Observatory, observatory: StandIn) -> None:
    batch, waiting = batch_of(observatory)
    feed = Feed([batch], wait_seconds=1)
    told = []
    async for news in feed.news(client):
        told.append(news)
        if len(told) == 1:
            observatory.fault(CHANGES, "404")
        if news.is_restart:
            for episode in waiting:
                observatory.state.batches[batch].remove(episode["id"])
    assert {change.id for change in told[-1].changes if change.removed} == {row["id"] for row in waiting}
    assert len(feed.episodes) == 5 - len(waiting)


async def test_what_is_not_there_at_all_is_an_error(client: Observatory, observatory: StandIn) -> None:
    feed = Feed(["xreq_0000ffff-1111-4222-8333-00000000ffff"])
    with pytest.raises(CoworldError) as missing:
        await anext(feed.news(client))
    assert missing.value.type == "not_found"
    assert len(observatory.requests) == 1


async def test_cursors_refused_again_and_again_end_it(client: Observatory, observatory: StandIn) -> None:
    batch, _ = batch_of(observatory)
    feed = Feed([batch], wait_seconds=1)

    async def follow() -> None:
        async for news in feed.news(client):
            if news.is_restart:
                feed.episodes.clear()  # so that the snapshot is news
            else:
                observatory.fault(CHANGES, "409")

    with pytest.raises(CoworldError) as refused:
        await asyncio.wait_for(follow(), 10)
    assert refused.value.type == "conflict"


@pytest.mark.parametrize("kind", ["drop", "503", "429"])
async def test_trouble_on_the_way_is_told_and_waited_out(
    client: Observatory, observatory: StandIn, kind: Kind
) -> None:
    batch, waiting = batch_of(observatory)
    for episode in waiting:
        observatory.state.finish_episode(episode, 1.0, 0.0)
    times = 3 if kind == "429" else 1  # twice it is sent again without a word
    observatory.fault(CHANGES, kind, times, retry_after="0")
    told = [news async for news in Feed([batch]).news(client)]
    assert bool(told[0].problem) is (not told[0].changes) is True
    assert len(told[1].changes) == 5


async def test_a_server_that_always_has_more_of_nothing_is_not_asked_without_pause() -> None:
    asked: list[dict[str, Any]] = []

    class Stuck:
        async def send(self, method: str, path: str, *, params: dict[str, Any], timeout: float) -> Answer:  # noqa: ASYNC109
            asked.append(params)
            if len(asked) == 4:
                raise CoworldError("login_needed", "Enough")
            body = {"batches": [{"id": "xreq_1", "status": "running"}], "has_more": True, "next_cursor": "a"}
            return Answer({**body, "poll_after_seconds": 0}, None, "", datetime.now(UTC))

    with pytest.raises(CoworldError):
        await anext(Feed(["xreq_1"], wait_seconds=7).news(cast(Observatory, Stuck())))
    assert [params["wait_seconds"] for params in asked] == [None, None, "7", "7"]


@pytest.mark.parametrize(("kind", "error_type"), [("401", "login_needed"), ("403", "not_allowed")])
async def test_what_will_not_pass_ends_it(
    client: Observatory, observatory: StandIn, kind: Kind, error_type: str
) -> None:
    batch, _ = batch_of(observatory)
    observatory.fault(CHANGES, kind)
    with pytest.raises(CoworldError) as refused:
        await anext(Feed([batch]).news(client))
    assert refused.value.type == error_type


async def test_a_wait_can_be_cancelled(client: Observatory, observatory: StandIn) -> None:
    batch, _ = batch_of(observatory)

    async def follow() -> None:
        async for _ in Feed([batch]).news(client):
            pass

    following = asyncio.create_task(follow())
    await until_waiting(observatory)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(following, 5)
