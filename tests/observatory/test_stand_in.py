"""The stand-in by itself: its pages, its refusals, its faults, and the world it plays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import httpx
import pytest

from ..cli.command import until
from .faults import DETAILS, KINDS, Kind
from .server import Observatory, serving

ROUNDS = "/v2/rounds"
CHANGES = "/v2/episode-requests/changes"

Client = httpx.Client


@pytest.fixture
def client(observatory: Observatory) -> Iterator[Client]:
    """Logged in as a user."""
    with connected(observatory, observatory.token_user) as client:
        yield client


def connected(observatory: Observatory, token: str | None) -> Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=f"{observatory.url}/observatory", headers=headers)


def walk(
    client: Client, path: str, cursor_of: Callable[[httpx.Response], str | None], **params: Any
) -> list[str]:
    """The ids of all pages. The walk must end."""
    found: list[str] = []
    for _ in range(100):
        response = client.get(path, params=params).raise_for_status()
        body = response.json()
        found += [row["id"] for row in (body if isinstance(body, list) else body["entries"])]
        cursor = cursor_of(response)
        if cursor is None:
            return found
        params["cursor"] = cursor
    raise AssertionError("the pages never end")


def in_header(response: httpx.Response) -> str | None:
    cursor = response.headers.get("X-Next-Cursor")
    assert cursor is None or isinstance(cursor, str)
    return cursor


def in_body(response: httpx.Response) -> str | None:
    cursor = response.json()["next_cursor"]
    assert cursor is None or isinstance(cursor, str)
    return cursor


def in_feed(response: httpx.Response) -> str | None:
    body = response.json()
    assert body["next_cursor"]
    return in_body(response) if body["has_more"] else None


@pytest.mark.parametrize("limit", [1, 7, 60, 200])
def test_pages_of_any_size_hold_every_row_once(observatory: Observatory, client: Client, limit: int) -> None:
    state = observatory.state
    (batch,) = state.batches
    assert walk(client, ROUNDS, in_body, limit=limit) == list(state.rounds)[::-1]
    assert walk(client, "/v2/league-policy-memberships", in_header, limit=limit) == list(state.memberships)
    changes = walk(client, CHANGES, in_feed, ids=batch, limit=limit)
    assert sorted(changes) == sorted(state.batches[batch])


def test_a_row_added_in_front_does_not_shift_the_next_page(observatory: Observatory, client: Client) -> None:
    state = observatory.state
    before = list(state.rounds)[::-1]
    first = client.get(ROUNDS, params={"limit": 3}).json()
    latest = state.rounds[before[0]]
    state.add_round(latest["division"], [])
    second = client.get(ROUNDS, params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [row["id"] for row in first["entries"] + second["entries"]] == before[:6]


def test_the_feed_tells_what_changed_since(observatory: Observatory, client: Client) -> None:
    state = observatory.state
    (batch,) = state.batches
    path, params = CHANGES, {"ids": batch}
    snapshot = client.get(path, params=params).json()
    assert snapshot["phase"] == "snapshot"
    params["cursor"] = snapshot["next_cursor"]
    assert client.get(path, params=params).json()["entries"] == []
    pending = state.episodes[state.batches[batch][-1]]
    state.finish_episode(pending, 0.5, 0.5)
    changed = client.get(path, params=params).json()
    assert [(row["id"], row["episode"]["status"]) for row in changed["entries"]] == [
        (pending["id"], "completed")
    ]
    assert changed["phase"] == "changes"
    assert client.get(path, params={**params, "ids": "xreq_other"}).status_code == 404


def test_the_feed_waits_for_a_change(observatory: Observatory, client: Client) -> None:
    state = observatory.state
    (batch,) = state.batches
    params: dict[str, Any] = {"ids": batch}
    params["cursor"] = client.get(CHANGES, params=params).json()["next_cursor"]
    pending = state.episodes[state.batches[batch][-1]]
    observatory.requests.clear()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(client.get, CHANGES, params=params | {"wait_seconds": 25.5}, timeout=30)
        until(lambda: bool(observatory.requests))
        state.cancel_episode(pending)
        entries = waiting.result().json()["entries"]
    assert [(row["id"], row["episode"]["status"]) for row in entries] == [(pending["id"], "cancelled")]
    for wait in ("30.5", "-1", "nan", "soon"):
        assert client.get(CHANGES, params=params | {"wait_seconds": wait}).status_code == 422


def test_a_route_with_a_mistake_is_an_error_of_the_server(observatory: Observatory, client: Client) -> None:
    next(iter(observatory.state.leagues.values())).clear()
    assert client.get("/v2/leagues").status_code == 500
    assert client.get(ROUNDS, params={"status": "pending", "limit": 1}).status_code == 500
    assert client.get("/v2/container_images").status_code == 200


def test_a_round_goes_on(observatory: Observatory, client: Client) -> None:
    state = observatory.state
    seats = [row for row in state.memberships.values() if row["is_champion"]]
    round_ = state.add_round(seats[0]["division"], seats)

    def status() -> str:
        return str(client.get(f"{ROUNDS}/{round_['id']}").json()["status"])

    assert status() == "pending"
    state.start_round(round_)
    assert status() == "running"
    state.finish_round(round_, {seats[0]["player"]["id"]: 1.0, seats[1]["player"]["id"]: 2.0})
    assert status() == "completed"
    results = client.get(f"{ROUNDS}/{round_['id']}").json()["results"]
    assert [row["player"]["id"] for row in results] == [seats[1]["player"]["id"], seats[0]["player"]["id"]]
    (news,) = client.get("/v2/competition-events", params={"limit": 1}).json()
    assert news["round_id"] == round_["id"]


def test_who_asks_decides_what_is_seen(observatory: Observatory, client: Client) -> None:
    state = observatory.state
    garden, elsewhere = list(state.leagues)[-2:]
    with connected(observatory, None) as nobody, connected(observatory, "wrong") as stranger:
        for anonymous in (nobody, stranger):
            assert len(anonymous.get("/v2/leagues").json()) == 2
            assert anonymous.get(f"/v2/leagues/{garden}").status_code == 401
            assert anonymous.get("/whoami").json()["subject_type"] == "anonymous"
    assert client.get(f"/v2/leagues/{garden}").status_code == 200
    assert client.get(f"/v2/leagues/{elsewhere}").status_code == 404
    assert client.get("/whoami").json()["subject_type"] == "user"
    with connected(observatory, observatory.token_player) as player:
        subject = player.get("/whoami").json()
        assert (subject["subject_type"], subject["subject_id"]) == ("player", next(iter(state.players)))
        mine = player.get("/v2/league-policy-memberships", params={"mine": "true"}).json()
    assert {row["player"]["name"] for row in mine} == {"juniper"}


def test_a_token_taken_away_is_refused_from_then_on(observatory: Observatory, client: Client) -> None:
    assert client.get(ROUNDS).status_code == 200
    del observatory.state.tokens[observatory.token_user]
    assert client.get(ROUNDS).status_code == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/leagues/league_7", 422),
        ("/v2/leagues/div_00000001-1111-4222-8333-000000000001", 422),
        ("/v2/leagues/league_0000ffff-1111-4222-8333-00000000ffff", 404),
        ("/v2/policy-versions/nobody/episode-requests", 422),
        ("/v2/rounds?division_id=main", 422),
        ("/v2/rounds?limit=0", 422),
        ("/v2/rounds?limit=201", 422),
        ("/v2/rounds?limit=many", 422),
        ("/v2/rounds?status=reticulating", 422),
        ("/v2/rounds?cursor=made-up", 400),
        ("/v2/league-policy-memberships?mine=True", 422),
        ("/v2/competition-events?audience=cats", 422),
        ("/v2/nothing-there", 404),
        ("/v2/leagues/", 404),
    ],
)
def test_what_cannot_be_asked(client: Client, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert "X-Request-Id" in response.headers


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in DETAILS])
def test_a_refusal_strikes_so_often_and_only_there(
    observatory: Observatory, client: Client, kind: Kind
) -> None:
    observatory.fault(ROUNDS, kind, 2, retry_after="7")
    assert client.get("/v2/leagues").status_code == 200
    answers = [client.get(ROUNDS) for _ in range(3)]
    status = int(kind[:3])
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers.get("Retry-After") == ("7" if status in (429, 503) else None)
    assert answers[0].headers.get("X-RateLimit-Outcome") == ("rejected" if kind == "429" else None)
    assert answers[0].headers["X-Request-Id"] != answers[1].headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop", httpx.RemoteProtocolError),
        ("cut_body", httpx.RemoteProtocolError),
        ("stall", httpx.ReadTimeout),
        ("slow", httpx.ReadTimeout),
    ],
)
def test_a_broken_answer_breaks_on_the_wire(
    observatory: Observatory, client: Client, kind: Kind, error: type[Exception]
) -> None:
    observatory.fault("*", kind)
    with pytest.raises(error):
        client.get(ROUNDS, timeout=0.5)
    assert client.get(ROUNDS).status_code == 200
    assert len(observatory.asked(ROUNDS)) == 2


def test_answers_that_are_not_what_they_should_be(observatory: Observatory, client: Client) -> None:
    observatory.fault(ROUNDS, "html")
    page = client.get(ROUNDS)
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    observatory.fault(ROUNDS, "cut_json")
    with pytest.raises(json.JSONDecodeError):
        client.get(ROUNDS).json()
    observatory.fault(ROUNDS, "endless")
    with client.stream("GET", ROUNDS) as answer:
        read = 0
        for chunk in answer.iter_raw():
            read += len(chunk)
            if read > 1 << 24:
                break
    assert read > 1 << 24


def test_redirects_away_and_at_home(observatory: Observatory, client: Client) -> None:
    observatory.fault(ROUNDS, "redirect")
    observatory.fault(ROUNDS, "moved")
    client.get(ROUNDS, params={"limit": 5}, follow_redirects=True)
    first, away, *_ = observatory.asked(ROUNDS)
    assert first.headers["host"].startswith("127.0.0.1:")
    assert away.headers["host"].startswith("localhost:")
    assert away.query == first.query
    observatory.requests.clear()
    observatory.fault(ROUNDS, "moved")
    assert client.get(ROUNDS, follow_redirects=True).status_code == 200
    assert len(observatory.asked(ROUNDS)) == 2


def test_members_left_out_are_gone_everywhere(observatory: Observatory, client: Client) -> None:
    observatory.left_out = frozenset({"slug", "label"})
    text = client.get("/v2/league-policy-memberships").text
    assert '"slug"' not in text
    assert '"label"' not in text
    assert '"division"' in text


def test_two_of_them_know_nothing_of_each_other(observatory: Observatory, client: Client) -> None:
    with serving() as other, connected(other, other.token_user) as elsewhere:
        other.state.rounds.clear()
        assert elsewhere.get(ROUNDS).json()["entries"] == []
    assert client.get(ROUNDS).json()["entries"]
    assert len(other.requests) == 1
    assert len(observatory.requests) == 1


@pytest.mark.parametrize("polls", [False, True])
def test_it_stops_while_a_client_waits(polls: bool, caplog: pytest.LogCaptureFixture) -> None:
    with ThreadPoolExecutor() as threads:
        with serving() as observatory:
            url, headers = observatory.url, {"Authorization": f"Bearer {observatory.token_user}"}
            if polls:
                (batch,) = observatory.state.batches
                url += f"/observatory{CHANGES}?wait_seconds=30&ids={batch}"
                url += f"&cursor={httpx.get(url, headers=headers).json()['next_cursor']}"
                observatory.requests.clear()
            else:
                observatory.fault("*", "stall")
            waiting = threads.submit(httpx.get, url, headers=headers, timeout=30)
            until(lambda: bool(observatory.requests))
            began = monotonic()
        assert monotonic() - began < 5
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            waiting.result()
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]
    with pytest.raises(httpx.ConnectError):
        httpx.get(observatory.url)
