"""What routes are made of: files in ranges, bodies, the most specific path, addresses outside the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers, QueryParams

from coworld_tui.league_demo import application
from coworld_tui.league_demo.application import Application
from coworld_tui.league_demo.people import TOKEN_USER
from coworld_tui.league_demo.state import ANONYMOUS, State
from coworld_tui.league_demo.wire import Asked, Refused, Reply, Route, body_page, file_reply
from coworld_tui.league_demo.world import made_up

DATA = bytes(range(100))


def asked(query: str = "", **headers: str) -> Asked:
    sent = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return Asked(State(), ANONYMOUS, {}, QueryParams(query), headers=sent)


@given(first=st.integers(0, 120), last=st.integers(0, 120))
def test_a_range_is_that_part_of_the_file(first: int, last: int) -> None:
    reply = file_reply(asked(range=f"bytes={first}-{last}"), DATA, "text/plain")
    if first >= len(DATA) or last < first:
        assert (reply.status, reply.headers["Content-Range"]) == (416, "bytes */100")
        return
    assert (reply.status, reply.body) == (206, DATA[first : last + 1])
    assert reply.headers["Content-Range"] == f"bytes {first}-{min(last, 99)}/100"


@given(count=st.integers(0, 120))
def test_an_open_range_goes_to_the_end_and_a_last_part_is_from_the_end(count: int) -> None:
    rest = file_reply(asked(range=f"bytes={count}-"), DATA, "text/plain")
    assert rest.body == DATA[count:]
    tail = file_reply(asked(range=f"bytes=-{count}"), DATA, "text/plain")
    assert tail.body == DATA[max(0, 100 - count) :] if count else tail.status == 416


def test_a_file_that_changed_is_sent_whole() -> None:
    etag = file_reply(asked(), DATA, "text/plain").headers["ETag"]
    same = file_reply(asked(range="bytes=90-", if_range=etag), DATA, "text/plain")
    other = file_reply(asked(range="bytes=90-", if_range=etag), DATA + b"!", "text/plain")
    assert (same.status, same.body) == (206, DATA[90:])
    assert (other.status, other.body) == (200, DATA + b"!")
    assert file_reply(asked(range="bytes=0-1,4-5"), DATA, "text/plain").status == 200


@given(
    rows=st.integers(0, 30),
    limit=st.integers(1, 8),
    added=st.lists(st.integers(0, 3), max_size=6),
    at_end=st.booleans(),
)
def test_pages_hold_what_was_there_once_though_rows_are_added(
    rows: int, limit: int, added: list[int], at_end: bool
) -> None:
    """The newest come in front where lists begin with them, at the end elsewhere."""
    table = [{"id": f"row-{number}"} for number in range(rows)]
    wanted = [row["id"] for row in table]
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = body_page(asked(f"limit={limit}" + (f"&cursor={cursor}" if cursor else "")), table, 5, 8).body
        found += [row["id"] for row in body["entries"]]
        cursor = body["next_cursor"]
        new = [{"id": f"new-{len(table)}-{number}"} for number in range(added.pop() if added else 0)]
        table = [*table, *new] if at_end else [*new, *table]
    assert [row for row in found if row in wanted] == wanted
    assert len(found) == len({*found})


def test_a_body_that_is_no_json_is_invalid() -> None:
    with pytest.raises(Refused) as refused:
        _ = asked().json
    assert refused.value.status == 422


async def pieces() -> AsyncIterator[bytes]:
    for _ in range(3):
        await asyncio.sleep(0)
        yield b"abc"


async def later(asked: Asked) -> Reply:
    await asyncio.sleep(0)
    return Reply({"late": asked.json, "as": asked.caller.kind, "at": asked.origin}, status=202)


def refused(asked: Asked) -> Reply:
    raise Refused(429, "Slow down", {"Retry-After": "3"})


MORE = (
    Route("GET", "/v2/things/{thing}", lambda asked: Reply(asked.path["thing"])),
    Route("GET", "/v2/things/special", lambda _: Reply("the special one")),
    Route("POST", "/v2/things/{thing}", later),
    Route("PUT", "/v2/things/{thing}", refused),
    Route("GET", "/stored/{name:path}", lambda _: Reply(pieces(), {}, 200, "text/plain"), True, True),
)


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr(application, "ROUTES", MORE)
    transport = httpx.ASGITransport(Application(made_up()))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://host/api/observatory",
        headers={"Authorization": f"Bearer {TOKEN_USER}"},
    ) as client:
        yield client


async def test_the_most_specific_path_answers_wherever_it_stands(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v2/things/special")).json() == "the special one"
    assert (await client.get("/v2/things/other")).json() == "other"


async def test_methods_bodies_and_statuses(client: httpx.AsyncClient) -> None:
    done = await client.post("/v2/things/one", json={"a": 1})
    assert (done.status_code, done.json()) == (202, {"late": {"a": 1}, "as": "user", "at": "http://host"})
    assert (await client.post("/v2/things/one", content=b"{")).status_code == 422
    slow = await client.put("/v2/things/one")
    assert (slow.status_code, slow.headers["Retry-After"]) == (429, "3")
    assert (await client.delete("/v2/things/one")).status_code == 405


async def test_outside_the_api_nobody_logs_in_and_bodies_come_in_pieces(client: httpx.AsyncClient) -> None:
    done = await client.get("http://host/stored/a/b.bin", headers={"Authorization": ""})
    assert (done.status_code, done.text) == (200, "abcabcabc")
    assert (await client.get("/stored/a/b.bin")).status_code == 404
    assert (await client.get("/v2/things/other", headers={"Authorization": ""})).status_code == 401
