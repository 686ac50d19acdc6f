"""Going on with a watch: from our own checkpoint, the real client's, and none that are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.experience_checkpoint import load_checkpoint, save_checkpoint
from coworld_tui.observatory.experience_feed import Feed

from .peer_client import PeerClient
from .server import Observatory as StandIn
from .test_client import user_of
from .test_experience_feed import CHANGES, batch_of

BATCH = "xreq_00000001-1111-4222-8333-000000000001"
SERVER = "http://127.0.0.1:1/api"


async def read_once(observatory: StandIn, feed: Feed) -> list[str]:
    """The ids that the first news has."""
    async with Observatory(observatory.url, user_of(observatory)) as client:
        async for news in feed.news(client):
            return [change.id for change in news.changes]
    return []


async def test_only_what_is_new_comes_after_a_checkpoint(observatory: StandIn, tmp_path: Path) -> None:
    batch, waiting = batch_of(observatory)
    first = Feed([batch])
    assert len(await read_once(observatory, first)) == 5
    path = tmp_path / "deep" / "watch.json"
    save_checkpoint(path, first, observatory.url)
    assert observatory.token_user not in path.read_text()
    for episode in waiting:
        observatory.state.finish_episode(episode, 1.0, 0.0)
    second = Feed([batch])
    load_checkpoint(path, second, observatory.url)
    assert set(await read_once(observatory, second)) == {row["id"] for row in waiting}
    assert len(second.episodes) == 5
    assert "cursor" in observatory.asked(CHANGES)[-1].query


@pytest.mark.peer
async def test_one_client_goes_on_where_the_other_ended(
    observatory: StandIn, peer: PeerClient, tmp_path: Path
) -> None:
    batch, waiting = batch_of(observatory)
    path = tmp_path / "watch.json"
    line = ("xp-request", "watch", batch, "--checkpoint", str(path), "--timeout", "1", "--jsonl")
    (theirs,) = peer.ask(line)
    assert theirs.code == 3  # timed out
    feed = Feed([batch])
    load_checkpoint(path, feed, observatory.url)
    assert len(feed.episodes) == 5
    for episode in waiting:
        observatory.state.finish_episode(episode, 1.0, 0.0)
    assert set(await read_once(observatory, feed)) == {row["id"] for row in waiting}
    save_checkpoint(path, feed, observatory.url)
    (theirs,) = peer.ask(line)
    assert theirs.code == 0, theirs.err
    assert json.loads(theirs.out.splitlines()[0])["entries"] == []


def test_without_a_file_it_begins_at_the_beginning(tmp_path: Path) -> None:
    feed = Feed([BATCH])
    load_checkpoint(tmp_path / "none.json", feed, SERVER)
    assert feed.cursor is None


@pytest.mark.parametrize(
    ("settings", "server"),
    [({"view": "results"}, SERVER), ({"until": "evidence"}, SERVER), ({}, "http://localhost:1/api")],
)
def test_another_watch_is_refused(tmp_path: Path, settings: dict[str, Any], server: str) -> None:
    path = tmp_path / "watch.json"
    save_checkpoint(path, Feed([BATCH]), SERVER)
    with pytest.raises(CoworldError) as refused:
        load_checkpoint(path, Feed([BATCH], **settings), server)
    assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
    assert "--reset" in refused.value.next_step


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
rows = st.fixed_dictionaries(
    {}, optional={"revision": json_values, "status": json_values, "evidence_state": json_values}
)


@given(
    cursor=st.none() | st.text() | json_values,
    episodes=json_values | st.dictionaries(st.text(max_size=9), rows, max_size=4),
)
def test_any_checkpoint_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cursor: Any, episodes: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    save_checkpoint(path, Feed([BATCH]), SERVER)
    path.write_text(json.dumps({**json.loads(path.read_text()), "cursor": cursor, "episodes": episodes}))
    feed = Feed([BATCH])
    try:
        load_checkpoint(path, feed, SERVER)
    except CoworldError as error:
        assert error.type == "invalid_request"
    else:
        save_checkpoint(path, feed, SERVER)


def test_a_file_that_cannot_be_is_said(tmp_path: Path) -> None:
    path = tmp_path / "watch.json"
    path.write_text("no")
    with pytest.raises(CoworldError) as refused:
        load_checkpoint(path, Feed([BATCH]), SERVER)
    assert "is not JSON" in refused.value.cause
    with pytest.raises(CoworldError) as lost:
        save_checkpoint(path / "beneath.json", Feed([BATCH]), SERVER)
    assert (lost.value.type, lost.value.exit_code) == ("output_lost", 3)
