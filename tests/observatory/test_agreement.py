"""What ``league … --json`` prints is what the published client prints: the same objects, member by member."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.cli.league import league
from coworld_tui.cli.parsers import program
from coworld_tui.league_demo.state import Json

from .logins import write_login
from .peer_client import PeerClient
from .server import Observatory

pytestmark = pytest.mark.peer

Ours = Callable[..., Any]

OPTIONAL = """
    slug commissioner_config public is_game_of_week disabled_at archived_at
    commissioner_description round_display error started_at completed_at substatus is_champion start_time
    end_time auto_champion league_policy_membership_id notes round_id seed max_steps job_id episode_id
    live_url error_type failed_policy_index failed_agent_index game_config mod_name
    env_config_name client_hash image_uri image_digest public_image_uri label avatar_url is_filler
    recent_rounds player_name result_metadata coworld_id coworld_name
"""
"""Members without which the client of 0.1.64 still reads every answer."""


@pytest.fixture
def ours(observatory: Observatory, login: Path, capsys: pytest.CaptureFixture[str]) -> Ours:
    """One of our commands against the stand-in; its JSON."""

    def run(*arguments: str) -> Any:
        line = ["league", *arguments, "--server", observatory.url, "--fresh", "--json"]
        assert league(program().parse_args(line)) == 0
        return json.loads(capsys.readouterr().out)

    return run


def commands(observatory: Observatory) -> list[tuple[str, str]]:
    """Every read command with its filters: ours, and the client's where it has another name."""
    state = observatory.state
    competition, qualifiers, *_ = state.divisions
    finished = [row["id"] for row in state.rounds.values() if row["status"] == "completed"][-1]
    juniper = next(iter(state.players))
    version = state.policy_version("sweeper:v3")["id"]
    main = next(iter(state.leagues))
    same = [
        "leagues",
        f"leagues {main}",
        "divisions",
        f"divisions --league {main}",
        f"divisions {competition}",
        "rounds",
        f"rounds -l {main} -d {competition} --status completed --limit 7",
        *(f"rounds {round_id}" for round_id in list(state.rounds)[-5:]),
        f"results {main}",
        f"results {competition}",
        f"results {qualifiers}",
        f"results {finished}",
        "memberships",
        "memberships --mine --active-only",
        f"memberships --league {main} --division {competition} --champions-only --limit 2",
        f"memberships --policy sweeper:v3 --player {juniper}",
        f"memberships -p {version}",
        "submissions",
        "submissions --mine --limit 2",
        f"submissions -l {main} -p sweeper --player {juniper}",
        "events",
        f"events -l {main} -d {competition} -r {finished} --limit 1",
        f"events --event-type round_completed --audience public --player {juniper} -p {version}",
        f"episodes --round {finished}",
        f"episodes --round {finished} --with-replay --limit 100",
        "episodes --policy sweeper:v4",
        f"episodes -p {version} --limit 3",
        *(f"episodes {row}" for row in some_of_each(state.episodes)),
        "images",
        "images --limit 2",
        *(f"images {row}" for row in state.images),
    ]
    coworld = next(iter(state.coworlds))
    return [
        *((line, line) for line in same),
        ("coworlds", "list"),
        ("coworlds --limit 3", "list --limit 3"),
        (f"show {coworld}", f"show {coworld}"),
        (f"standings {competition}", f"results {competition}"),
        (f"episode {next(iter(state.episodes))}", f"episodes {next(iter(state.episodes))}"),
    ]


def some_of_each(episodes: Mapping[str, Json]) -> list[str]:
    """An episode of each state, and those with a human or a filler."""
    kinds = {
        (row["status"], *(seat["kind"] for seat in row["participants"])): row["id"]
        for row in episodes.values()
    }
    return list(kinds.values())


def asked(observatory: Observatory) -> list[tuple[str, list[tuple[str, str]]]]:
    """Paths and filters of the requests so far, which are then forgotten."""
    found = [(request.path, sorted(request.query.multi_items())) for request in observatory.requests]
    observatory.requests.clear()
    return found


def test_every_read_command_asks_and_prints_the_same(
    observatory: Observatory, peer: PeerClient, ours: Ours
) -> None:
    for line, theirs in commands(observatory):
        (answer,) = peer.ask((*theirs.split(), "--json"))
        wanted = asked(observatory)
        assert ours(*line.split()) == answer.document, line
        if not line.startswith("show"):  # the client pages through all Coworlds first
            assert asked(observatory) == wanted, line
        observatory.requests.clear()


def test_what_an_older_server_leaves_out(observatory: Observatory, peer: PeerClient, ours: Ours) -> None:
    observatory.left_out = frozenset(OPTIONAL.split())
    lines = commands(observatory)
    answers = peer.ask(*((*theirs.split(), "--json") for _, theirs in lines))
    for (line, _), answer in zip(lines, answers, strict=True):
        assert ours(*line.split()) == answer.document, line


@pytest.mark.parametrize(
    "moment",
    ["2026-11-19T10:00:00+00:00", "2026-11-19T10:00:00.5Z", "2026-11-19T12:00:00.123456+02:00"],
)
def test_moments_are_printed_alike(
    observatory: Observatory, peer: PeerClient, ours: Ours, moment: str
) -> None:
    for row in (*observatory.state.rounds.values(), *observatory.state.divisions.values()):
        row["created_at"] = moment
    (answer,) = peer.ask(("rounds", "--json"))
    assert ours("rounds") == answer.document


@pytest.mark.parametrize(
    "line", ["rounds", "memberships --limit 30", "submissions --limit 4", "events", "images --limit 4"]
)
def test_a_cursor_of_one_goes_on_in_the_other(peer: PeerClient, ours: Ours, line: str) -> None:
    cursor = ours(*line.split())["next_cursor"]
    (answer,) = peer.ask((*line.split(), "--cursor", cursor, "--json"))
    assert answer.document["entries"]
    assert ours(*line.split(), "--cursor", cursor) == answer.document


def test_both_act_as_the_same_player(
    observatory: Observatory, peer: PeerClient, login: Path, ours: Ours
) -> None:
    for folder in (login.parent, peer.home / ".softmax"):
        write_login(folder, observatory, player=True)
    (answer,) = peer.ask(("memberships", "--mine", "--json"))
    assert ours("memberships", "--mine") == answer.document
    assert {row["player"]["name"] for row in answer.document["entries"]} == {"juniper"}
    first, last = observatory.asked("/v2/league-policy-memberships")
    assert first.headers["authorization"] == last.headers["authorization"]
