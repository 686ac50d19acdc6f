"""What is kept for offline reading: by whom it was asked, without tokens, within its size."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.cache import Cache, Cached, CachedObservatory, question
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import Identity
from coworld_tui.runs.redact import Redactor

from .server import Observatory as StandIn

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "usr_0123456789abcdef"
USER = Identity("http://127.0.0.1:1/api", "user", token=TOKEN)
ASKED = question(USER, "/v2/leagues")
NOTHING = Redactor()


def files(home: Path) -> list[Path]:
    """What lies in the cache folder."""
    folder = home / "cache" / "observatory"
    return sorted(folder.iterdir()) if folder.exists() else []


async def test_what_was_seen_is_there_offline(observatory: StandIn) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user, timeout=0.2) as client:
        online = CachedObservatory(client, Cache())
        live = await online.get("/v2/rounds", {"limit": 1, "league_id": None})
        assert (online.oldest, online.problem, live.from_cache) == (None, "", False)

        observatory.fault("*", "stall", math.inf)
        offline = CachedObservatory(client, Cache())
        kept = await offline.get("/v2/rounds", {"limit": 1})
        assert (kept.data, kept.next_cursor, kept.from_cache) == (live.data, live.next_cursor, True)
        assert kept.fetched_at == offline.oldest == live.fetched_at.replace(microsecond=0)
        assert "no answer in time" in offline.problem

        for path, params in [("/v2/rounds", {"limit": 2}), ("/v2/rounds", {}), ("/v2/divisions", {})]:
            with pytest.raises(CoworldError, match="cannot be reached"):
                await offline.get(path, params)
        with pytest.raises(CoworldError, match="cannot be reached"):
            await CachedObservatory(client, Cache(), fresh=True).get("/v2/rounds", {"limit": 1})


async def test_one_wait_is_enough_for_a_command(observatory: StandIn) -> None:
    paths = ["/v2/leagues", "/v2/divisions", "/v2/rounds"]
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user, timeout=0.2) as client:
        reader = CachedObservatory(client, Cache())
        live = [(await reader.get(path)).data for path in paths]
        observatory.requests.clear()
        observatory.fault("*", "stall", 1)
        assert [(await reader.get(path)).data for path in paths] == live
        assert len(observatory.requests) == 1
        assert not (await reader.get("/v2/container_images")).from_cache  # never seen: asked for


@pytest.mark.parametrize("kind", ["401", "403", "404", "429-other", "500", "html"])
async def test_a_server_that_answers_is_believed(observatory: StandIn, kind: Any) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        reader = CachedObservatory(client, Cache())
        await reader.get("/v2/leagues")
        observatory.fault("/v2/leagues", kind)
        with pytest.raises(CoworldError):
            await reader.get("/v2/leagues")
        assert reader.oldest is None


async def test_the_age_told_is_that_of_the_oldest_answer(home: Path) -> None:
    cache = Cache()
    for hours, path in [(2, "/a"), (3, "/b"), (1, "/c")]:
        cache.put(question(USER, path), Cached([], None, NOW - timedelta(hours=hours)), NOTHING)
    async with Observatory(USER.server, USER) as client:
        reader = CachedObservatory(client, cache)
        for path in ("/a", "/b", "/c"):
            await reader.get(path)
    assert reader.oldest == NOW - timedelta(hours=3)


def test_answers_belong_to_who_asked_for_what(home: Path) -> None:
    player = Identity(USER.server, "player", "ply_1", "ply_0123456789abcdef")
    later = Identity(USER.server, "player", "ply_1", "ply_fedcba9876543210")
    asked = [
        question(USER, "/v2/rounds"),
        question(Identity(USER.server, "user", token="usr_other"), "/v2/rounds"),
        question(Identity("http://localhost:1/api", "user", token=TOKEN), "/v2/rounds"),
        question(Identity(USER.server, "anonymous"), "/v2/rounds"),
        question(player, "/v2/rounds"),
        question(USER, "/v2/rounds", {"mine": True}),
        question(USER, "/v2/rounds", {"mine": False}),
    ]
    cache = Cache()
    for number, one in enumerate(asked):
        cache.put(one, Cached(number, None, NOW), NOTHING)
    assert [cached and cached.data for cached in map(cache.get, asked)] == list(range(len(asked)))
    assert question(later, "/v2/rounds") == question(player, "/v2/rounds")
    assert question(USER, "/x", {"a": 1, "b": None, "c": ["2"]}) == question(
        USER, "/x", {"c": ["2"], "a": "1"}
    )


def test_no_token_reaches_the_disk(home: Path) -> None:
    signed = "https://bucket.example/replay?X-Amz-Credential=AKIA123&X-Amz-Signature=5ec5e7&part=1"
    data = {
        "token": TOKEN,
        "echo": [f"you are {TOKEN}"],
        TOKEN: 1,
        "game_config": {"tokens": ["tok-1", {"x": "tok-2"}, 4096], "max_tokens": 4096, "token": None},
        "access_token": "tok-3",
        "replay_url": signed,
        "participation_url": "https://softmax.com/api/observatory/v2/participate?league_id=league_1",
        "error": "Authorization: Bearer tok4tok4tok4",
    }
    cache = Cache()
    cache.put(ASKED, Cached(data, None, NOW), Redactor([TOKEN]))
    (path,) = files(home)
    text = path.read_text()
    assert not [secret for secret in (TOKEN, "tok-", "AKIA", "5ec5e7", "tok4") if secret in text]
    kept = cache.get(ASKED)
    assert kept is not None
    assert kept.data["game_config"]["max_tokens"] == 4096
    assert kept.data["game_config"]["token"] is None
    assert kept.data["replay_url"].endswith("&part=1")
    assert kept.data["participation_url"] == data["participation_url"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_the_token_in_use_reaches_neither_names_nor_contents(observatory: StandIn, home: Path) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        reader = CachedObservatory(client, Cache())
        for path in ("/v2/leagues", "/v2/rounds", "/whoami"):
            await reader.get(path)
    assert len(files(home)) == 3
    assert not [path for path in files(home) if observatory.token_user in path.name + path.read_text()]


def test_the_size_is_bounded_and_what_was_read_last_stays(home: Path) -> None:
    limit = 100_000
    cache = Cache(limit=limit)
    favourite = question(USER, "/favourite")
    for number in range(200):
        cache.put(question(USER, f"/{number}"), Cached("x" * 2_000, None, NOW), NOTHING)
        if number == 0:
            cache.put(favourite, Cached("mine", None, NOW), NOTHING)
        moment = 1_000_000_000 + number
        for path in files(home):  # as if a second had passed
            if path.stat().st_mtime > moment:
                os.utime(path, (moment, moment))
        assert sum(path.stat().st_size for path in files(home)) <= limit
        assert cache.get(favourite) is not None
    assert cache.get(question(USER, "/199")) is not None
    assert cache.get(question(USER, "/1")) is None
    assert len(files(home)) > 20

    Cache(limit=10_000).put(ASKED, Cached([], None, NOW), NOTHING)  # another process, with less room
    assert sum(path.stat().st_size for path in files(home)) <= 10_000


def test_what_is_larger_than_all_the_room_is_not_kept(home: Path) -> None:
    cache = Cache(limit=1_000)
    cache.put(ASKED, Cached("x" * 2_000, None, NOW), NOTHING)
    assert not files(home)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda text: text.replace("leagues", "rounds"),
        lambda text: text.replace("+00:00", ""),
        lambda text: text.replace("2026-11-20", "yesterday"),
        lambda text: text.replace('"next_cursor": null', '"next_cursor": 7'),
        lambda text: text.replace('"data"', '"other"'),
    ],
    ids=["cut", "empty", "list", "version", "question", "zone", "date", "cursor", "data"],
)
def test_what_does_not_check_out_is_not_there(home: Path, change: Any) -> None:
    cache = Cache()
    cache.put(ASKED, Cached([1], None, NOW), NOTHING)
    (path,) = files(home)
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    assert cache.get(ASKED) is None
    cache.put(ASKED, Cached([2], "c", NOW), NOTHING)
    assert cache.get(ASKED) == Cached([2], "c", NOW)


def test_a_disk_that_takes_nothing_is_no_error(home: Path) -> None:
    (home / "cache").write_text("in the way")
    cache = Cache()
    cache.put(ASKED, Cached([1], None, NOW), NOTHING)
    assert cache.get(ASKED) is None


_SHORT = st.text(max_size=4)  # no word for a secret is that short
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _SHORT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_SHORT, inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=_JSON)
def test_any_answer_comes_back_as_it_was(home: Path, data: Any) -> None:
    cache = Cache()
    cache.put(ASKED, Cached(data, "\u00e9", NOW), NOTHING)
    kept = cache.get(ASKED)
    assert kept is not None
    assert json.dumps(kept.data) == json.dumps(data)
