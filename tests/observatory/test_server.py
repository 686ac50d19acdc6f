"""The published client reads the stand-in as it reads the real server: every command, filter and refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from coworld_tui.league_demo.state import Json
from coworld_tui.league_demo.world import FULL_ROUND_EPISODES, ROUNDS

from .logins import write_login
from .peer_client import PeerClient
from .server import Observatory

pytestmark = pytest.mark.peer


def ids(rows: Any) -> list[str]:
    return [row["id"] for row in rows]


def one(rows: Mapping[str, Json], **members: Any) -> Json:
    """The first object with these members."""
    return next(row for row in rows.values() if members.items() <= row.items())


def test_lists_without_pages(observatory: Observatory, peer: PeerClient) -> None:
    state = observatory.state
    main = one(state.leagues, name="Paint Arena League")
    competition = one(state.divisions, name="Competition")
    qualifiers = one(state.divisions, name="Qualifiers")
    elsewhere = one(state.leagues, name="Elsewhere")
    leagues, divisions, of_main, ladder, standings, none = (
        answer.document
        for answer in peer.ask(
            ("leagues", "--json"),
            ("divisions", "--json"),
            ("divisions", "--league", main["id"], "--json"),
            ("results", main["id"], "--json"),
            ("results", competition["id"], "--json"),
            ("results", qualifiers["id"], "--json"),
        )
    )
    assert ids(leagues) == [row for row in state.leagues if row != elsewhere["id"]]
    assert leagues[0]["moon_phase"] == "waxing"
    assert ids(divisions) == [key for key, row in state.divisions.items() if row["league"] is not elsewhere]
    assert ids(of_main) == [key for key, row in state.divisions.items() if row["league"] is main]
    assert [row["name"] for row in ladder] == ["Competition", "Qualifiers"]
    assert [row["rank"] for row in standings] == [1, 2, 3, 4, None]
    assert none == []


def test_one_of_each(observatory: Observatory, peer: PeerClient) -> None:
    state = observatory.state
    finished = one(state.rounds, status="completed")
    wanted = [
        ("leagues", next(iter(state.leagues))),
        ("divisions", next(iter(state.divisions))),
        ("rounds", finished["id"]),
        ("results", finished["id"]),
        ("rounds", one(state.rounds, status="reticulating")["id"]),
        ("episodes", one(state.episodes, status="failed")["id"]),
        ("episodes", one(state.episodes, status="running")["id"]),
        ("episodes", [row for row in state.episodes.values() if row["scores"]][-1]["id"]),
        ("show", one(state.coworlds, canonical=True)["id"]),
        ("images", next(iter(state.images))),
    ]
    answers = peer.ask(*((*command, "--json") for command in wanted))
    assert ids(answer.document for answer in answers) == [object_id for _, object_id in wanted]
    assert len(answers[2].document["results"]) == 5
    assert [seat["kind"] for seat in answers[7].document["participants"]] == ["policy", "human"]


def test_pages_and_their_cursors(observatory: Observatory, peer: PeerClient) -> None:
    state = observatory.state
    full = [row for row in state.rounds.values() if row["status"] == "completed"][-1]
    commands: list[tuple[str, ...]] = [
        ("rounds",),
        ("memberships",),
        ("submissions", "--limit", "4"),
        ("events",),
        ("episodes", "--round", full["id"], "--limit", "100"),
        ("list", "--limit", "3"),
        ("images", "--limit", "4"),
    ]
    first = [answer.document for answer in peer.ask(*((*command, "--json") for command in commands))]
    assert all(page["next_cursor"] for page in first)
    following = [
        (*command, "--cursor", page["next_cursor"], "--json")
        for command, page in zip(commands, first, strict=True)
    ]
    second = [answer.document for answer in peer.ask(*following)]
    assert [page["next_cursor"] for page in second] == [None] * len(commands)
    together = [ids([*one["entries"], *two["entries"]]) for one, two in zip(first, second, strict=True)]
    mine = {seat["id"] for seat in state.players.values() if seat["name"] in ("juniper", "wren")}
    told = [row for row in state.events.values() if not row["player"] or row["player"]["id"] in mine]
    assert together == [
        list(state.rounds)[::-1],
        list(state.memberships),
        list(state.submissions)[::-1],
        ids(told)[::-1],
        [key for key, row in state.episodes.items() if row["round_id"] == full["id"]][::-1],
        [key for key, row in state.coworlds.items() if row["name"] != "elsewhere"],
        list(state.images),
    ]
    assert len(first[4]["entries"]) == 100
    assert len(together[4]) == FULL_ROUND_EPISODES


def test_filters(observatory: Observatory, peer: PeerClient) -> None:
    state = observatory.state
    competition = one(state.divisions, name="Competition")
    maze = one(state.leagues, name="Maze League")
    finished = one(state.rounds, status="completed")
    juniper = one(state.players, name="juniper")
    rounds, none, mine, champions, active, by_policy, by_player, mine_handed, of_round, typed = (
        answer.document["entries"]
        for answer in peer.ask(
            *(
                (*command.split(), "--json")
                for command in (
                    f"rounds --division {competition['id']} --status completed --limit 200",
                    f"rounds --league {maze['id']}",
                    "memberships --mine --limit 1000",
                    "memberships --champions-only",
                    f"memberships --active-only --division {competition['id']}",
                    "memberships --policy sweeper:v3",
                    f"submissions --player {juniper['id']}",
                    "submissions --mine",
                    f"events --round {finished['id']}",
                    "events --event-type round_completed --audience public",
                )
            )
        )
    )
    assert len(rounds) == ROUNDS
    assert none == []
    assert {row["policy_version"]["policy"]["name"] for row in mine} == {"sweeper", "glider"}
    assert len(champions) == 5
    assert len(active) == 5
    assert [row["policy_version"]["label"] for row in by_policy] == ["sweeper:v3"]
    assert {row["player"]["name"] for row in by_player} == {"juniper"}
    assert {row["player"]["name"] for row in mine_handed} == {"juniper", "wren"}
    assert [row["round_id"] for row in of_round] == [finished["id"]]
    assert len(typed) == ROUNDS


def test_episodes_of_a_policy(observatory: Observatory, peer: PeerClient) -> None:
    version = observatory.state.policy_version("sweeper:v4")
    by_name, by_id, seen = (
        answer.document["entries"]
        for answer in peer.ask(
            ("episodes", "--policy", "sweeper", "--json"),
            ("episodes", "--policy", version["id"], "--json"),
            ("episodes", "--policy", version["id"], "--with-replay", "--json"),
        )
    )
    assert len(by_name) == 5
    assert by_name == by_id
    assert len(seen) == 3


def test_the_change_feed_is_followed_to_its_end(observatory: Observatory, peer: PeerClient) -> None:
    state = observatory.state
    (batch,) = state.batches
    for episode in state.batches[batch]:
        if state.episodes[episode]["status"] != "completed":
            state.finish_episode(state.episodes[episode], 0.5, 0.5)
    (watched,) = peer.ask(("xp-request", "watch", batch, "--timeout", "20"))
    assert watched.code == 0, watched.err
    assert len(observatory.asked("/v2/episode-requests/changes")) >= 1


def test_tables_for_people(observatory: Observatory, peer: PeerClient) -> None:
    competition = one(observatory.state.divisions, name="Competition")
    standings, rounds = peer.ask(("results", competition["id"]), ("rounds",))
    assert "kestrel" in standings.out
    assert "reticulating" in rounds.out
    assert standings.code == rounds.code == 0


def test_refusals(observatory: Observatory, peer: PeerClient) -> None:
    elsewhere = one(observatory.state.leagues, name="Elsewhere")
    observatory.fault("/v2/divisions", "401")
    observatory.fault("/v2/container_images", "403")
    observatory.fault("/v2/competition-events", "429", 2)
    expired, forbidden, hidden, malformed, waited = peer.ask(
        ("divisions",), ("images",), ("leagues", elsewhere["id"]), ("rounds", "round_7"), ("events",)
    )
    assert [answer.code for answer in (expired, forbidden, hidden, malformed, waited)] == [1, 1, 1, 1, 0]
    assert "401" in expired.err
    assert "403" in forbidden.err
    assert "404" in hidden.err
    assert "422" in malformed.err
    assert len(observatory.asked("/v2/competition-events")) == 3


def test_whose_token_it_sends(observatory: Observatory, peer: PeerClient) -> None:
    def token(valid: timedelta) -> str:
        write_login(peer.home / ".softmax", observatory, player=True, valid=valid)
        peer.ask(("memberships", "--mine", "--json"))
        return observatory.requests[-1].headers["authorization"]

    assert token(timedelta(hours=1)) == f"Bearer {observatory.token_player}"
    assert token(timedelta(hours=-1)) == f"Bearer {observatory.token_user}"


def test_logged_out_it_lists_public_leagues_alone(observatory: Observatory, peer: PeerClient) -> None:
    (peer.home / ".softmax" / "credentials.yaml").unlink()
    leagues, divisions = peer.ask(("leagues", "--json"), ("divisions",))
    assert [row["name"] for row in leagues.document] == ["Paint Arena League", "Maze League"]
    assert "Not authenticated" in divisions.err
    assert [request.path for request in observatory.requests] == ["/v2/leagues"]
