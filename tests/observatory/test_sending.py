"""Having something done: sent once, and what is known afterwards."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Answer, Observatory
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.refusals import Refusal, UnknownOutcome

from .faults import Kind
from .server import Observatory as StandIn
from .test_client import user_of
from .test_client_wire import TOKEN, Wire, reply, wire

JOIN = "/v2/coworlds/play/session/ps_00000001-1111-4222-8333-000000000001/join"
REPLAYS = "/v2/coworlds/replays/session"


async def send(
    observatory: StandIn, path: str = REPLAYS, body: Any = None, *, method: str = "POST", seconds: float = 5
) -> Answer:
    """What the stand-in answers."""
    async with Observatory(observatory.url, user_of(observatory)) as client:
        return await client.send(method, path, body, timeout=seconds)


def _user(url: str) -> Observatory:
    return Observatory(url, Identity(url, "user", token=TOKEN))


async def test_a_body_arrives_as_json_and_none_as_nothing(observatory: StandIn) -> None:
    with pytest.raises(Refusal) as refused:
        await send(observatory, body={"naïve": [1, None, "\U0001f600"]})
    assert (refused.value.status, refused.value.type, refused.value.exit_code) == (422, "invalid_request", 2)
    with pytest.raises(Refusal) as missing:
        await send(observatory, JOIN)
    assert (missing.value.status, missing.value.type) == (404, "not_found")
    with_body, without = observatory.requests
    assert with_body.json == {"naïve": [1, None, "\U0001f600"]}
    assert with_body.headers["content-type"] == "application/json"
    assert without.body == b""
    assert "content-type" not in without.headers
    assert all(
        seen.headers["authorization"] == f"Bearer {observatory.token_user}" for seen in (with_body, without)
    )


@pytest.mark.parametrize("value", ["half \udcff", float("nan"), {"\ud800": 1}])
async def test_what_is_no_json_is_not_sent(observatory: StandIn, value: Any) -> None:
    with pytest.raises(CoworldError) as refused:
        await send(observatory, body={"value": [value]})
    assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
    assert not observatory.requests


@pytest.mark.parametrize("kind", ["drop", "stall", "taken", "slow", "cut_body", "cut_json"])
async def test_a_lost_answer_is_not_asked_for_again(observatory: StandIn, kind: Kind) -> None:
    observatory.fault("/v2/coworlds/replays/session", kind, 9)
    coworld = next(iter(observatory.state.coworlds))
    body = {"coworld_id": coworld, "replay_uri": "https://replays.example/1"}
    with pytest.raises(UnknownOutcome) as lost:
        await send(observatory, body=body, seconds=0.3)
    assert (lost.value.type, lost.value.exit_code) == ("outcome_unknown", 3)
    assert lost.value.next_step
    assert observatory.token_user not in str(lost.value.as_dict())
    assert len(observatory.requests) == 1


@pytest.mark.parametrize(
    ("kind", "status", "error_type", "exit_code"),
    [
        ("401", 401, "login_needed", 3),
        ("403", 403, "not_allowed", 3),
        ("404", 404, "not_found", 1),
        ("409", 409, "conflict", 1),
        ("422", 422, "invalid_request", 2),
        ("429-other", 429, "rate_limited", 3),
        ("500", 500, "server_error", 3),
        ("503", 503, "server_error", 3),
    ],
)
async def test_a_refusal_is_final(
    observatory: StandIn, kind: Kind, status: int, error_type: str, exit_code: int
) -> None:
    observatory.fault(REPLAYS, kind, 9)
    with pytest.raises(Refusal) as refused:
        await send(observatory)
    assert (refused.value.status, refused.value.type, refused.value.exit_code) == (
        status,
        error_type,
        exit_code,
    )
    assert len(observatory.requests) == 1


async def test_what_was_refused_unread_for_its_rate_is_sent_again(observatory: StandIn) -> None:
    observatory.fault(JOIN, "429", 2)
    with pytest.raises(Refusal) as refused:
        await send(observatory, JOIN)
    assert refused.value.status == 404
    assert len(observatory.requests) == 3


async def test_a_long_wait_that_is_asked_for_is_told(observatory: StandIn) -> None:
    observatory.fault(JOIN, "429", 1, retry_after="3600")
    with pytest.raises(Refusal) as refused:
        await send(observatory, JOIN)
    assert refused.value.retry_after == 3600
    assert len(observatory.requests) == 1


@pytest.mark.parametrize("kind", ["redirect", "moved"])
async def test_redirects_are_not_followed(observatory: StandIn, kind: Kind) -> None:
    observatory.fault(REPLAYS, kind)
    with pytest.raises(CoworldError) as refused:
        await send(observatory)
    assert refused.value.type == "bad_answer"
    assert len(observatory.requests) == 1


async def test_a_web_page_was_not_the_api(observatory: StandIn) -> None:
    observatory.fault(REPLAYS, "html")
    with pytest.raises(CoworldError) as refused:
        await send(observatory)
    assert refused.value.type == "bad_answer"
    assert not isinstance(refused.value, UnknownOutcome)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
async def test_a_gateway_does_not_know_what_was_done(status: str) -> None:
    async with wire(reply(b"{}", status)) as server:
        async with _user(server.url) as client:
            with pytest.raises(UnknownOutcome):
                await client.send("POST", "/v2/anything")
        assert server.connections == 1


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
async def test_an_empty_answer_is_none(status: str) -> None:
    async with wire(reply(b"", status)) as server, _user(server.url) as client:
        assert (await client.send("DELETE", "/v2/anything")).data is None


async def test_nothing_was_sent_where_nobody_takes_connections() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}/api"
        async with _user(url) as client:
            with pytest.raises(CoworldError) as refused:
                await client.send("POST", "/v2/anything", {})
    assert refused.value.type == "unreachable"


async def test_a_server_that_is_just_being_started_is_reached() -> None:
    started: list[asyncio.Server] = []
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/api"

        async def start() -> None:
            server = Wire(reply(b'{"done": true}'))
            started.append(await asyncio.start_server(server.serve, sock=held))

        async with _user(url) as client:
            loop = asyncio.get_running_loop()
            starting: list[asyncio.Task[None]] = []
            # Refused until then, and tried again a quarter of a second later at the earliest.
            loop.call_later(0.1, lambda: starting.append(loop.create_task(start())))
            assert (await client.send("POST", "/v2/anything", {})).data == {"done": True}
        assert started
        started[0].close()


async def test_a_get_may_wait_longer_than_usual(observatory: StandIn) -> None:
    batch = next(iter(observatory.state.batches))
    async with Observatory(observatory.url, user_of(observatory), timeout=0.2) as client:
        params: dict[str, Any] = {"ids": [batch], "view": "progress"}
        first = await client.send("GET", "/v2/episode-requests/changes", params=params)
        params |= {"cursor": first.data["next_cursor"], "wait_seconds": 1}
        answer = await client.send("GET", "/v2/episode-requests/changes", params=params, timeout=5)
    assert answer.data["entries"] == []


async def test_a_get_that_is_lost_did_nothing(observatory: StandIn) -> None:
    observatory.fault("/whoami", "stall")
    with pytest.raises(CoworldError) as lost:
        await send(observatory, "/whoami", method="GET", seconds=0.2)
    assert lost.value.type == "unreachable"
