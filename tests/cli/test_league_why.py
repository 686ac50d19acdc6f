"""``league why`` and ``league watch``: what they print, when they end, and with which exit code."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coworld_tui.league_demo.artifacts import Artifacts
from coworld_tui.league_demo.building import add_submission
from coworld_tui.league_demo.state import Json, State

from ..observatory.logins import write_login
from ..observatory.server import Observatory, serving
from .command import Done, Running, coworld, until


class World:
    """A server, and a command line that is logged in there."""

    def __init__(self, server: Observatory, folder: Path) -> None:
        self.server = server
        self.state: State = server.state
        login = write_login(folder / "login", server)
        self.env = {
            "SOFTMAX_CONFIG_DIR": str(login.parent),
            "COWORLD_TUI_HOME": str(folder / "home"),
        }

    def why(self, *words: str) -> Done:
        done = coworld("league", "why", *words, "--server", self.server.url, env=self.env)
        assert "\x1b" not in done.out + done.err
        return done

    def running(self) -> Json:
        """The round that runs."""
        return next(row for row in self.state.rounds.values() if row["status"] == "running")

    def finish(self) -> None:
        """End it."""
        seats = [row for row in self.state.memberships.values() if row["is_champion"]]
        scores = {seat["player"]["id"]: 10.0 - place for place, seat in enumerate(seats)}
        self.state.finish_round(self.running(), scores)

    def asked(self, times: int) -> bool:
        """Whether the watch has begun to look so often; the second look knows what there is."""
        return len(self.server.asked("/v2/league-submissions")) >= times


Watching = Callable[..., Running]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as server:
        yield World(server, tmp_path)


@pytest.fixture
def watching(world: World) -> Iterator[Watching]:
    """Start a watch that looks each second; it is ended with the test."""
    started: list[Running] = []

    def start(*words: str) -> Running:
        command = ("league", "watch", *words, "--interval", "1", "--server", world.server.url)
        started.append(Running(*command, env=world.env))
        return started[-1]

    yield start
    for running in started:
        running.close()


def test_why_a_round_has_failures(world: World) -> None:
    rows = [row for row in world.state.episodes.values() if row["status"] == "failed"]
    round_id = rows[-1]["round_id"]
    for row in rows:
        world.state.artifacts[row["id"]] = Artifacts(game_log=b"seat 1 left\x1b[2J at tick 4\n")
    done = world.why(round_id)
    assert done.code == 0
    assert done.out.splitlines()[0] == "Round 30 of Competition: 12 of 120 episodes failed"
    assert "the game says: seat 1 left at tick 4" in done.out
    assert "(the fault of the policy)" in done.out
    document = world.why(round_id, "--json").document
    assert (document["kind"], document["failed"], document["counts"]) == (
        "round",
        12,
        {"completed": 108, "failed": 12},
    )
    assert all(0 < group["share"] <= 1 for group in document["groups"])


def test_why_an_episode_and_a_membership(world: World) -> None:
    failed = [row for row in world.state.episodes.values() if row["status"] == "failed"][-1]
    lines = world.why(failed["id"]).out.splitlines()
    assert lines[0] == "The episode failed: player_error, seat 1"
    assert [line for line in lines if line.startswith("✗ seat 1")]
    gone = next(row for row in world.state.memberships.values() if row["status"] == "disqualified")
    out = world.why(gone["id"]).out
    assert "reason   Crashed too often." in out


def test_why_is_answered_without_a_server_too(world: World) -> None:
    round_id = world.running()["id"]
    first = world.why(round_id, "--json").document
    world.server.fault("*", "drop", math.inf)
    again = world.why(round_id, "--json")
    assert again.document == first
    assert "this was seen" in again.err


@pytest.mark.parametrize(
    "words", [["why"], ["why", "league_1"], ["watch", "ereq_1"], ["watch", "--until", "then"]]
)
def test_what_cannot_be_asked(words: list[str]) -> None:
    assert coworld("league", *words, "--server", "http://127.0.0.1:1/api").code == 2


def test_watch_tells_what_happens_until_ctrl_c(world: World, watching: Watching) -> None:
    running = watching()
    until(lambda: world.asked(3))
    world.finish()
    running.tells("is over")
    assert "Round 33 of Competition is over: juniper is 1 of 5 with 10.0000" in running.out
    running.signal(signal.SIGINT)
    assert running.ends().code == 130


def test_a_watch_of_the_demonstration_leaves_nothing_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary), "COWORLD_TUI_HOME": str(tmp_path / "home")}
    running = Running("league", "--demo", "watch", env=env)
    try:
        running.says("watching my leagues")
        assert list(temporary.iterdir())
        running.signal(signal.SIGTERM)
        assert running.ends().code == 130
    finally:
        running.close()
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1)])
def test_watch_until_a_round_is_done(world: World, watching: Watching, status: str, code: int) -> None:
    round_ = world.running()
    running = watching(round_["id"], "--until", "round-done", "--json")
    until(lambda: world.asked(3))
    if status == "completed":
        world.finish()
    else:
        round_.update(status="failed", error="no commissioner")
    done = running.ends()
    assert done.code == code
    (news,) = [json.loads(line) for line in done.out.splitlines()]
    assert (news["kind"], news["id"]) == ("round_done" if not code else "round_failed", round_["id"])


def test_watch_until_a_submission_is_decided(world: World, watching: Watching) -> None:
    league = world.running()["division"]["league"]
    waiting = [row for row in world.state.submissions.values() if row["status"] == "processing"]
    waiting.append(add_submission(world.state, league, world.state.policy_version("sweeper:v2"), "pending"))
    running = watching(league["id"], "--until", "submission")
    until(lambda: world.asked(3))
    waiting[0]["status"] = "placed"
    running.tells("sweeper:v4 has a seat in Paint Arena League")
    waiting[1].update(status="rejected", notes="too slow")
    done = running.ends()
    assert done.code == 1
    assert "does not take sweeper:v2: too slow" in done.out
    again = watching(league["id"], "--until", "submission").ends()
    assert again.code == 1
    assert "no submission is under way; the newest is rejected" in again.err


def test_watch_goes_on_when_the_server_is_gone_for_a_while(world: World, watching: Watching) -> None:
    running = watching()
    until(lambda: world.asked(3))
    world.server.fault("*", "500", math.inf)
    running.says("trying again in")
    looks = len(world.server.asked("/v2/leagues"))
    until(lambda: len(world.server.asked("/v2/leagues")) > looks + 1)
    world.finish()
    world.server.faults.clear()
    running.says("the server answers again")
    running.tells("Round 33 of Competition is over")
    assert running.err.count("trying again in") == 1


def test_watch_without_login_or_server(tmp_path: Path) -> None:
    env = {"SOFTMAX_CONFIG_DIR": str(tmp_path), "COWORLD_TUI_HOME": str(tmp_path / "home")}
    with serving() as server:
        nobody = coworld("league", "watch", "--server", server.url, env=env)
        assert (nobody.code, nobody.out) == (3, "")
        assert "This needs a login" in nobody.err
    round_id = "round_00000001-1111-4222-8333-000000000001"
    assert coworld("league", "watch", round_id, "--server", server.url, env=env).code == 3


def test_a_reader_that_leaves_ends_the_watch(world: World, watching: Watching) -> None:
    running = watching()
    until(lambda: world.asked(3))
    assert running.process.stdout is not None
    running.process.stdout.close()
    assert running.process.wait(30) == 0
    running.process.stdout = None
