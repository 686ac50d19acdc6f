"""What is asked of the server by each read, and what cannot be meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import reading
from coworld_tui.observatory.client import Answer, Param

UUID = "0000003C-1111-4222-8333-00000000003c"

Read = Callable[[Any], Awaitable[Any]]


class Told:
    """A reader that gives one answer to everything, and notes what it is asked."""

    def __init__(self, body: Any = None) -> None:
        self.asked: list[tuple[str, Mapping[str, Param]]] = []
        self._body = body

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        """The answer it was told."""
        self.asked.append((path, params or {}))
        return Answer(self._body, None, "", datetime.now(UTC))


@pytest.mark.parametrize(
    "read",
    [
        lambda reader: reading.league(reader, "div_1"),
        lambda reader: reading.league(reader, "league_"),
        lambda reader: reading.round_detail(reader, "round_1/../../leagues"),
        lambda reader: reading.round_detail(reader, "round_1?mine=true"),
        lambda reader: reading.episode(reader, "Ereq_1"),
        lambda reader: reading.episode(reader, "ereq_1\n"),
        lambda reader: reading.rounds(reader, league_id="../../whoami"),
        lambda reader: reading.divisions(reader, league_id=""),
        lambda reader: reading.memberships(reader, player_id="usr_1"),
        lambda reader: reading.events(reader, round_id="div_1"),
        lambda reader: reading.policy_version_id(reader, "sweeper:v0"),
        lambda reader: reading.policy_version_id(reader, "sweeper:latest"),
        lambda reader: reading.policy_version_id(reader, ":v1"),
        lambda reader: reading.policy_version_id(reader, "sweeper:v٣"),
    ],
)
async def test_what_cannot_be_meant_is_not_asked(read: Read) -> None:
    reader = Told([])
    with pytest.raises(CoworldError) as raised:
        await read(reader)
    assert (raised.value.type, raised.value.exit_code) == ("invalid_request", 2)
    assert reader.asked == []


@pytest.mark.parametrize(
    ("policy", "name", "version"),
    [
        ("sweeper", "sweeper", None),
        ("sweeper:3", "sweeper", 3),
        ("sweeper:v3", "sweeper", 3),
        ("a:b:v12", "a:b", 12),
    ],
)
async def test_policies_are_looked_up_by_name_among_mine(policy: str, name: str, version: int | None) -> None:
    reader = Told({"entries": [{"id": "new"}, {"id": "old"}], "next_cursor": None})
    assert await reading.policy_version_id(reader, policy) == "new"
    ((path, params),) = reader.asked
    assert path == "/stats/policy-versions"
    assert (params["mine"], params["name_exact"], params["version"]) == (True, name, version)


async def test_a_uuid_is_a_policy_version_already() -> None:
    reader = Told()
    assert await reading.policy_version_id(reader, UUID) == UUID.lower()
    assert reader.asked == []


async def test_a_policy_of_mine_that_is_not_there() -> None:
    with pytest.raises(CoworldError) as raised:
        await reading.policy_version_id(Told({"entries": []}), "sweeper\x1b[2J")
    assert (raised.value.type, raised.value.exit_code) == ("not_found", 1)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    "read",
    [
        lambda reader: reading.standings(reader, "div_1"),
        lambda reader: reading.leagues(reader),
        lambda reader: reading.memberships(reader),
        lambda reader: reading.rounds(reader, limit=5),
    ],
)
@pytest.mark.parametrize("body", [7, "text", True, {"a": 1}, [7], [None], [[]], [{}, "x"]])
async def test_what_is_no_list_of_objects(read: Read, body: Any) -> None:
    with pytest.raises(CoworldError) as raised:
        await read(Told(body))
    assert (raised.value.type, raised.value.exit_code) == ("bad_answer", 3)


@pytest.mark.parametrize("body", [None, 7, [], "text"])
async def test_what_is_no_object(body: Any) -> None:
    with pytest.raises(CoworldError) as raised:
        await reading.league(Told(body), "league_1")
    assert (raised.value.type, raised.value.exit_code) == ("bad_answer", 3)


async def test_nothing_published_is_no_error() -> None:
    assert await reading.standings(Told(None), "div_1") == []
    assert (await reading.leaderboards(Told(None), "div_1")).views == []


async def test_without_a_limit_none_is_sent() -> None:
    reader = Told([])
    await reading.memberships(reader, mine=True)
    ((_, params),) = reader.asked
    assert params["limit"] is None
    assert (params["mine"], params["active_only"], params["champions_only"]) == (True, False, False)
