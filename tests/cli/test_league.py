"""``league``: what it prints of a server, without one, and of one that misbehaves."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ..observatory.logins import write_login
from ..observatory.server import Observatory, serving
from .command import Done, coworld


@dataclass(frozen=True)
class World:
    """A server, and a command line that is logged in there."""

    server: Observatory
    folder: Path

    def ask(self, *arguments: str, login: str = "login") -> Done:
        """``league`` with these arguments; ``login`` is the folder of the credentials."""
        env = {
            "SOFTMAX_CONFIG_DIR": str(self.folder / login),
            "COWORLD_TUI_HOME": str(self.folder / "home"),
        }
        done = coworld("league", *arguments, "--server", self.server.url, env=env)
        for token in (self.server.token_user, self.server.token_player):
            assert token not in done.out + done.err
        assert "\x1b" not in done.out + done.err
        return done

    def read(self, *arguments: str) -> Any:
        """The JSON it prints."""
        done = self.ask(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def an_id(self, rows: str, **fields: Any) -> str:
        """The last of these rows that has all the fields."""
        found = getattr(self.server.state, rows).values()
        return str([row["id"] for row in found if all(row[key] == fields[key] for key in fields)][-1])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all that only reads."""
    with serving() as server:
        world = World(server, tmp_path_factory.mktemp("league"))
        write_login(world.folder / "login", server)
        yield world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of its own."""
    with serving() as server:
        write_login(tmp_path / "login", server)
        yield World(server, tmp_path)


def test_standings_have_scores_with_four_decimals_and_their_measure(shared: World) -> None:
    division = shared.an_id("divisions", name="Competition")
    heading, first, *_, last = shared.ask("standings", division).out.splitlines()
    assert heading.split() == ["rank", "player", "policy", "score", "measure", "rounds", "win", "rate"]
    assert first.split()[:5] == ["1", "juniper", "sweeper:v3", "1500.0000", "MMR"]
    assert last.split()[0] == "5"
    assert shared.read("standings", division) == shared.read("results", division)


def test_a_division_without_standings(shared: World) -> None:
    division = shared.an_id("divisions", name="Qualifiers")
    assert shared.ask("standings", division).out == "none\n"
    assert shared.read("standings", division) == []


def test_tables_of_a_division_of_its_own(shared: World) -> None:
    division = shared.an_id("divisions", name="Competition")
    plain = shared.ask("standings", division, "--view").out.splitlines()
    assert plain[0].split() == ["table", "Overall"]
    assert plain[1].split() == ["player", "MMR"]
    assert plain[2].split() == ["juniper", "1500.0000"]
    assert shared.read("standings", division, "--view", "overall")["key"] == "overall"
    done = shared.ask("standings", division, "--view", "none-such", "--json")
    assert (done.code, done.document["error"]["type"]) == (1, "not_found")
    assert "overall" in done.err
    none = shared.ask("standings", shared.an_id("divisions", name="Qualifiers"), "--view", "--json")
    assert (none.code, none.document["error"]["type"]) == (1, "not_found")


def test_states_of_leagues_and_rounds_are_shown_also_unknown_ones(shared: World) -> None:
    leagues = shared.ask("leagues").out
    assert "paused" in leagues
    rounds = shared.ask("rounds").out
    for said in ("reticulating", "The commissioner did not answer."):
        assert said in rounds


def test_single_things(shared: World) -> None:
    league = shared.an_id("leagues", name="Maze League")
    assert "state       paused" in shared.ask("leagues", league).out
    division = shared.an_id("divisions", name="Competition")
    assert "next round  Due in about 12 minutes" in shared.ask("divisions", division).out
    round_id = shared.an_id("rounds", status="completed")
    assert "   1  juniper  sweeper:v3        1500.0000" in shared.ask("rounds", round_id).out.splitlines()
    coworld_id = shared.an_id("coworlds", name="maze")
    assert "version     1.0.0" in shared.ask("show", coworld_id).out
    image = shared.an_id("images", name="sweeper")
    assert "status      pending" in shared.ask("images", image).out


def test_an_episode_shows_its_seats_and_the_one_that_failed(shared: World) -> None:
    failed = shared.an_id("episodes", status="failed")
    lines = shared.ask("episode", failed).out.splitlines()
    assert "error       player_error Player of seat 1 exited with code 1" in lines
    assert "replay      none" in lines
    assert [line[:8] for line in lines[-2:]] == ["  seat 0", "✗ seat 1"]
    completed = shared.an_id("episodes", status="completed")
    assert shared.ask("episodes", completed).out == shared.ask("episode", completed).out
    assert [line.split()[-2:] for line in shared.ask("episode", completed).out.splitlines()[-2:]] == [
        ["juniper", "1.0000"],
        ["person", "-"],
    ]


def test_policies_are_mine(shared: World) -> None:
    rows = shared.read("policies", "sweeper")["entries"]
    assert [(row["name"], row["version"]) for row in rows] == [("sweeper", n) for n in (4, 3, 2, 1)]
    assert "glider:v1" in shared.ask("policies").out
    assert shared.ask("policies", "splatter").out == "none\n"


@pytest.mark.parametrize("command", ["memberships", "submissions", "events"])
def test_lists_are_filtered_by_policy(shared: World, command: str) -> None:
    page = shared.read(command, "--policy", "sweeper:v3")
    assert {row["policy_version"]["label"] for row in page["entries"]} == {"sweeper:v3"}
    uuid = page["entries"][0]["policy_version"]["id"]
    assert shared.read(command, "-p", uuid) == page


def test_pages_say_how_to_go_on(shared: World) -> None:
    first = shared.ask("events", "--limit", "50")
    assert len(first.out.splitlines()) == 51
    (option,) = shlex.split(first.err.strip().removeprefix("there is more: "))
    second = shared.ask("events", "--limit", "50", option)
    assert not set(first.out.splitlines()[1:]) & set(second.out.splitlines()[1:])
    assert "there is more" not in second.err


def test_my_episodes_in_a_division_go_on_where_they_ended(shared: World) -> None:
    command = ("episodes", "--mine", "--division", shared.an_id("divisions", name="Competition"))
    first = shared.ask(*command, "--limit", "30")
    (option,) = shlex.split(first.err.strip().removeprefix("there is more: "))
    second = shared.ask(*command, "--limit", "30", option)
    pages = [{line.split()[0] for line in page.out.splitlines()[1:]} for page in (first, second)]
    assert all(pages)
    assert not pages[0] & pages[1]


def test_episodes_of_nothing_in_particular(shared: World) -> None:
    done = shared.ask("episodes", "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "invalid_request")
    assert "--division" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("leagues", "div_1"),
        ("results", "ereq_1"),
        ("rounds", "--limit", "201"),
        ("images", "--limit", "0"),
        ("standings",),
        ("episodes", "--policy", "\x1b[2J:x"),
    ],
)
def test_what_cannot_be_meant_is_not_asked(shared: World, arguments: tuple[str, ...]) -> None:
    before = len(shared.server.requests)
    assert shared.ask(*arguments).code == 2
    assert len(shared.server.requests) == before


def test_a_policy_that_is_not_mine(shared: World) -> None:
    done = shared.ask("episodes", "--policy", "splatter", "--json")
    assert (done.code, done.document["error"]["type"]) == (1, "not_found")


def test_without_a_login_what_is_public_can_be_read(shared: World) -> None:
    leagues = shared.ask("leagues", login="none")
    assert leagues.code == 0
    assert "Secret Garden" not in leagues.out
    done = shared.ask("rounds", "--json", login="none")
    assert (done.code, done.document["error"]["type"]) == (3, "login_needed")
    assert "softmax login" in done.err


def test_who_acts_is_said_when_it_is_not_who_was_meant(world: World) -> None:
    write_login(world.folder / "login", world.server, player=True, valid=timedelta(hours=-1))
    done = world.ask("memberships", "--mine")
    assert done.code == 0
    assert "expired" in done.err
    assert "wren" in done.out
    write_login(world.folder / "login", world.server, player=True)
    assert "wren" not in world.ask("memberships", "--mine").out


def test_what_was_seen_is_there_without_the_server(tmp_path: Path) -> None:
    with serving() as server:
        world = World(server, tmp_path)
        write_login(tmp_path / "login", server)
        write_login(tmp_path / "player", server, player=True)
        division = world.an_id("divisions", name="Competition")
        commands = (
            ("leagues",),
            ("standings", division),
            ("rounds", "-d", division, "--limit", "5"),
            ("memberships", "--policy", "sweeper:v3"),
            ("episodes", "--division", division, "--mine", "--limit", "20"),
        )
        seen = [world.ask(*command, "--json") for command in commands]
    for command, before in zip(commands, seen, strict=True):
        after = world.ask(*command, "--json")
        assert (after.code, after.out) == (0, before.out)
        assert "cannot be reached" in after.err
        assert "this was seen just now" in after.err
        assert not before.err
    fresh = world.ask("leagues", "--fresh", "--json")
    assert (fresh.code, fresh.document["error"]["type"]) == (3, "unreachable")
    for never in (("images",), ("rounds", "-d", division, "--limit", "6")):
        assert world.ask(*never).code == 3
    assert world.ask("leagues", login="player").code == 3, "what one identity saw is not shown to another"
    assert world.ask("leagues", login="none").code == 3


def test_what_is_refused_is_not_answered_from_the_past(world: World) -> None:
    league = world.an_id("leagues", name="Paint Arena League")
    for arguments in (("leagues",), ("leagues", league)):
        assert world.ask(*arguments).code == 0
    for kind, path, code, error in (
        ("404", f"/v2/leagues/{league}", 1, "not_found"),
        ("403", f"/v2/leagues/{league}", 3, "not_allowed"),
        ("401", f"/v2/leagues/{league}", 3, "login_needed"),
        ("html", f"/v2/leagues/{league}", 3, "bad_answer"),
    ):
        world.server.fault(path, kind, math.inf)  # type: ignore[arg-type]
        done = world.ask("leagues", league, "--json")
        assert (done.code, done.document["error"]["type"]) == (code, error)
        world.server.faults.clear()
