"""Asking the stand-in: what is sent, what is tried again, and what each kind of trouble is called."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import AT_ONCE, Observatory
from coworld_tui.observatory.identity import Identity

from .faults import KINDS, Kind
from .server import Observatory as StandIn

LEAGUES = "/v2/leagues"


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried at once, unless the server says when."""
    monkeypatch.setattr("coworld_tui.observatory.client._BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr("coworld_tui.observatory.client._JITTER_SECONDS", 0.0)


def user_of(observatory: StandIn) -> Identity:
    """The user whom the stand-in knows."""
    return Identity(observatory.url, "user", token=observatory.token_user)


async def refused(
    observatory: StandIn, identity: Identity, path: str = LEAGUES, **params: Any
) -> CoworldError:
    """The error that asking for ``path`` ends in, which must not give the token away."""
    async with Observatory(observatory.url, identity, timeout=0.5) as client:
        with pytest.raises(CoworldError) as caught:
            await client.get(path, params)
        assert not identity.token or identity.token not in repr(client) + repr(vars(client))
    error = caught.value
    assert not identity.token or identity.token not in str(error.as_dict()) + repr(error)
    assert error.next_step
    return error


async def test_what_is_asked_arrives_as_the_real_client_sends_it(observatory: StandIn) -> None:
    async with Observatory(observatory.url + "/", user_of(observatory)) as client:
        params = {"mine": True, "active_only": False, "limit": 3, "cursor": None, "ids": ["a&", "é"]}
        answer = await client.get("/v2/league-policy-memberships", params)
    (seen,) = observatory.requests
    assert sorted(seen.query.multi_items()) == [
        ("active_only", "false"),
        ("ids", "a&"),
        ("ids", "é"),
        ("limit", "3"),
        ("mine", "true"),
    ]
    assert seen.headers["authorization"] == f"Bearer {observatory.token_user}"
    assert seen.headers["user-agent"].startswith("coworld-tui/")
    assert isinstance(answer.data, list)
    assert answer.request_id == "req_1"
    assert not answer.from_cache


async def test_nobody_sends_no_token_and_is_told_to_log_in(observatory: StandIn) -> None:
    nobody = Identity(observatory.url, "anonymous")
    async with Observatory(observatory.url, nobody) as client:
        assert (await client.get(LEAGUES)).data
    assert "authorization" not in observatory.requests[0].headers
    error = await refused(observatory, nobody, "/v2/rounds")
    assert (error.type, error.title, error.exit_code) == ("login_needed", "This needs a login", 3)
    assert error.next_step == f"run `softmax login --server {observatory.url}`"


async def test_who_still_asks_when_it_is_closed_is_told(observatory: StandIn) -> None:
    observatory.fault(LEAGUES, "stall", math.inf)
    async with Observatory(observatory.url, user_of(observatory)) as client:
        under_way = [asyncio.create_task(client.get(LEAGUES)) for _ in range(AT_ONCE)]
        waiting = asyncio.create_task(client.get(LEAGUES))
        sending = asyncio.create_task(client.send("POST", "/v2/league-submissions", {}))
        # The server is on another thread, which tells nobody.
        while len(observatory.requests) < AT_ONCE:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for task in (*under_way, waiting, sending):
        with pytest.raises(CoworldError) as caught:
            await task
        assert caught.value.type == "unreachable"


def test_a_token_is_not_taken_to_another_server(observatory: StandIn) -> None:
    with pytest.raises(ValueError, match="another server"):
        Observatory("http://localhost:1/api", user_of(observatory))


EXPECTED: dict[Kind, tuple[str, int, int]] = {
    "401": ("login_needed", 3, 1),
    "403": ("not_allowed", 3, 1),
    "404": ("not_found", 1, 1),
    "409": ("conflict", 1, 1),
    "422": ("invalid_request", 2, 1),
    "429": ("rate_limited", 3, 3),
    "429-other": ("rate_limited", 3, 1),
    "500": ("server_error", 3, 1),
    "503": ("server_error", 3, 3),
    "taken": ("unreachable", 3, 1),
    "drop": ("unreachable", 3, 3),
    "stall": ("unreachable", 3, 1),
    "slow": ("unreachable", 3, 1),
    "cut_body": ("unreachable", 3, 3),
    "cut_json": ("bad_answer", 3, 1),
    "html": ("bad_answer", 3, 1),
    "endless": ("bad_answer", 3, 1),
    "redirect": ("bad_answer", 3, 1),
    "moved": ("bad_answer", 3, 6),
}
"""Type, exit code, and how many requests are made before it is given up."""


@pytest.mark.parametrize("kind", KINDS)
async def test_trouble_that_stays(observatory: StandIn, kind: Kind) -> None:
    observatory.fault(LEAGUES, kind, math.inf)
    error = await refused(observatory, user_of(observatory))
    assert (error.type, error.exit_code, len(observatory.requests)) == EXPECTED[kind]
    if kind[0].isdigit():
        assert f"/v2/leagues answered {kind[:3]}" in error.cause
        assert f"(request id req_{len(observatory.requests)})" in error.cause


@pytest.mark.parametrize("kind", ["429", "503", "drop", "cut_body", "moved"])
async def test_trouble_that_passes(observatory: StandIn, kind: Kind) -> None:
    observatory.fault(LEAGUES, kind, 2)
    async with Observatory(observatory.url, user_of(observatory)) as client:
        assert (await client.get(LEAGUES)).data
    assert [seen.headers["authorization"] for seen in observatory.requests] == [
        f"Bearer {observatory.token_user}"
    ] * 3


@pytest.mark.parametrize("kind", ["429", "503"])
async def test_a_wait_that_is_long_or_no_number(observatory: StandIn, kind: Kind) -> None:
    for wait in ("60", "soon", "1" * 10):
        observatory.requests.clear()
        observatory.faults.clear()
        observatory.fault(LEAGUES, kind, math.inf, retry_after=wait)
        error = await refused(observatory, user_of(observatory))
        assert len(observatory.requests) == (3 if kind == "503" and wait != "60" else 1)
        if kind == "429":
            assert error.next_step == f"wait {'60' if wait == '60' else 'some'} seconds, then try again"


async def test_reasons_are_the_servers_own(observatory: StandIn) -> None:
    user = user_of(observatory)
    observatory.fault(LEAGUES, "403")
    assert "You can only view your own player's prompt" in (await refused(observatory, user)).cause
    error = await refused(observatory, user, "/v2/rounds", limit=0)
    assert "answered 422: query.limit: Input should be between" in error.cause
    observatory.fault(LEAGUES, "html")
    assert "is a web page" in (await refused(observatory, user)).cause


async def test_an_address_that_cannot_be_sent(observatory: StandIn) -> None:
    user = user_of(observatory)
    for path, status in [(LEAGUES + "/\n", ""), (LEAGUES + "/" + "x" * 70_000, ""), (LEAGUES, "\udc80")]:
        error = await refused(observatory, user, path, status=status)
        assert (error.type, error.exit_code) == ("invalid_request", 2)
    assert not observatory.requests


async def test_what_is_cancelled_gives_its_place_up(observatory: StandIn) -> None:
    observatory.fault(LEAGUES, "stall", AT_ONCE)
    async with Observatory(observatory.url, user_of(observatory)) as client:
        tasks = [asyncio.create_task(client.get(LEAGUES)) for _ in range(AT_ONCE)]
        while len(observatory.requests) < AT_ONCE:  # noqa: ASYNC110 - the server lives in a thread
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError)
            for end in await asyncio.gather(*tasks, return_exceptions=True)
        )
        assert (await client.get(LEAGUES)).data


async def test_logs_hold_no_token(observatory: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    observatory.fault(LEAGUES, "drop")
    async with Observatory(observatory.url, user_of(observatory)) as client:
        await client.get(LEAGUES)
    assert "/v2/leagues" in caplog.text
    assert observatory.token_user not in caplog.text
