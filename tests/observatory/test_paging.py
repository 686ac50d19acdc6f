"""Walking lists: every page once, no further than asked, and no list that never ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Answer, Observatory, Param
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.paging import Page, Style, pages

from .server import Observatory as StandIn


async def walked(client: Any, path: str, style: Style, **bounds: Any) -> list[Page]:
    """All pages of a list."""
    return [page async for page in pages(client, path, {}, style, **bounds)]


class Told:
    """A reader that was told its answers, and notes what it is asked."""

    def __init__(self, *bodies: Any, cursors: Mapping[int, str] | None = None) -> None:
        self.asked: list[Mapping[str, Param]] = []
        self._bodies = bodies
        self._cursors = cursors or {}

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        """The next answer; the last one again and again."""
        self.asked.append(params or {})
        number = min(len(self.asked), len(self._bodies)) - 1
        return Answer(self._bodies[number], self._cursors.get(number), "", datetime.now(UTC))


@pytest.mark.parametrize(
    "path",
    ["/v2/rounds", "/v2/competition-events", "/v2/league-policy-memberships", "/v2/coworlds/summaries"],
)
async def test_small_pages_make_the_same_list(observatory: StandIn, path: str) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        (whole,) = await walked(client, path, "paged", page_size=200)
        by_two = await walked(client, path, "paged", page_size=2)
        some = await walked(client, path, "paged", page_size=2, limit=3)
        rest = await walked(client, path, "paged", cursor=some[-1].next_cursor)
    assert len(whole.entries) > 3
    assert whole.next_cursor is None
    assert [entry for page in by_two for entry in page.entries] == whole.entries
    assert [len(page.entries) for page in some] == [2, 1]
    assert [entry for page in (*some, *rest) for entry in page.entries] == whole.entries


async def test_an_unpaged_list_is_asked_for_without_limit(observatory: StandIn) -> None:
    async with Observatory(observatory.url, Identity(observatory.url, "anonymous")) as client:
        (whole,) = await walked(client, "/v2/leagues", "whole")
        (some,) = await walked(client, "/v2/leagues", "whole", limit=1)
    assert some.entries == whole.entries[:1]
    assert not any(seen.query for seen in observatory.requests)


async def test_trouble_in_the_middle_is_the_clients_error(observatory: StandIn) -> None:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        found = pages(client, "/v2/rounds", {}, "paged", page_size=1)
        assert (await anext(found)).entries
        observatory.fault("/v2/rounds", "500", math.inf)
        with pytest.raises(CoworldError, match="The server failed"):
            await anext(found)


async def test_the_cursor_may_stand_in_either_place() -> None:
    told = Told({"entries": [1]}, [2], {"entries": [], "next_cursor": ""}, cursors={0: "x", 1: "y"})
    assert await walked(told, "/", "paged") == [Page([1], "x"), Page([2], "y"), Page([], None)]


async def test_short_pages_are_followed_until_the_limit() -> None:
    told = Told({"entries": [], "next_cursor": "a"}, {"entries": [1, 2], "next_cursor": "b"})
    found = await walked(told, "/", "paged", limit=2)
    assert [page.entries for page in found] == [[], [1, 2]]
    assert [params["limit"] for params in told.asked] == [2, 2]


async def test_no_leaderboard_is_an_empty_list() -> None:
    assert await walked(Told(None), "/", "whole") == [Page([], None)]


@pytest.mark.parametrize(
    "bodies",
    [
        [{"entries": [1], "next_cursor": "a"}],
        [{"entries": [], "next_cursor": c} for c in "aba"],
        [{"entries": [1], "next_cursor": 7}],
        [{"entries": {"a": 1}}],
        [{"detail": "x"}],
        ["text"],
    ],
)
async def test_what_is_no_list_or_never_ends_is_refused(bodies: list[Any]) -> None:
    with pytest.raises(CoworldError) as refused:
        await walked(Told(*bodies), "/", "paged")
    assert (refused.value.type, refused.value.exit_code) == ("bad_answer", 3)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["entries", "next_cursor", "has_more", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(bodies=st.lists(_JSON, min_size=1, max_size=4), style=st.sampled_from(["paged", "whole"]))
async def test_any_json_ends_in_pages_or_a_plain_error(bodies: list[Any], style: Style) -> None:
    try:
        found = await walked(Told(*bodies), "/", style)
    except CoworldError as error:
        assert error.type == "bad_answer"
    else:
        assert all(isinstance(page.entries, list) for page in found)
