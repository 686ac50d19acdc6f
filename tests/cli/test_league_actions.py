"""Commands of ``league`` that do something: what they say, when they ask, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.league_demo.artifacts import Artifacts

from ..observatory.logins import write_login
from ..observatory.server import Observatory, serving
from ..terminal.pseudo import Terminal
from .command import PROGRAM, WAIT_SECONDS, Done, Running, coworld, until

SUBMISSIONS = "/v2/league-submissions"
CHANGES = "/v2/episode-requests/changes"
BODY = {"roster": [{"player": {"policy_ref": "sweeper:v4"}}], "num_episodes": 2}


class World:
    """A server, and a command line that is logged in there."""

    def __init__(self, server: Observatory, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.login = write_login(folder / "login", server)
        self.env = {
            "SOFTMAX_CONFIG_DIR": str(self.login.parent),
            "COWORLD_TUI_HOME": str(folder / "home"),
        }
        league = (row["id"] for row in server.state.leagues.values() if row["name"] == "Paint Arena League")
        self.submit = ("submit", "sweeper:v4", "--league", next(league))
        (self.batch,) = server.state.batches

    def do(self, *words: str) -> Done:
        """``league`` with these arguments, without a terminal."""
        done = coworld("league", *words, "--server", self.server.url, env=self.env)
        self.check(done.out + done.err)
        return done

    def check(self, text: str) -> None:
        """No token, and nothing that a terminal would obey."""
        assert self.server.token_user not in text
        assert self.server.token_player not in text
        assert "\x1b" not in text

    def of_juniper(self) -> str:
        """A membership of my first player that goes on."""
        return next(
            name
            for name, row in self.server.state.memberships.items()
            if row["player"] and row["player"]["name"] == "juniper" and row["end_time"] is None
        )

    def finish(self, *, badly: bool = False) -> None:
        """End what is not over of the experience request."""
        state = self.server.state
        for episode in (state.episodes[name] for name in state.batches[self.batch]):
            if episode["status"] in ("pending", "running"):
                if badly:
                    state.fail_episode(episode, "player_error", "it fell\x1b[2J over", 0)
                else:
                    state.finish_episode(episode, 1.0, 0.0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of its own, whose feed may be asked as often as one likes."""
    with serving() as server:
        server.state.feed_poll_seconds = 0.0
        yield World(server, tmp_path)


@pytest.fixture
def terminal(world: World, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """``league`` with these arguments in a terminal."""
    opened: list[Terminal] = []

    def opening(*words: str) -> Terminal:
        line = ("league", *words, "--server", world.server.url)
        opened.append(Terminal(*line, env={**world.env}, cwd=tmp_path))
        return opened[-1]

    yield opening
    for each in opened:
        each.close()


def test_nothing_is_done_where_nobody_can_be_asked(world: World) -> None:
    done = world.do(*world.submit, "--json")
    assert (done.code, done.document["error"]["type"]) == (2, "not_confirmed")
    assert "add --yes" in done.err
    assert "acting as  user Sam" in done.err
    assert "submit     sweeper:v4" in done.err
    assert not world.server.asked(SUBMISSIONS, "POST")


def test_a_submission_that_is_agreed_to(world: World) -> None:
    done = world.do(*world.submit, "--yes", "--preference", "side=left", "--preference", "n=[1]")
    assert done.code == 0
    (sent,) = world.server.asked(SUBMISSIONS, "POST")
    assert sent.json["preferences"] == {"side": "left", "n": [1]}
    lines = done.out.splitlines()
    new = list(world.server.state.submissions.values())[-1]
    assert lines[0].split() == ["submission", new["id"]]
    origin = world.server.url.removesuffix("/api")
    assert lines[-1].split() == ["page", f"{origin}/policies/versions/{new['policy_version']['id']}"]
    again = world.do(*world.submit, "-y", "--json")
    assert again.document["status"] == "pending"
    assert f"handed in before, pending: {new['id']}" in again.err


def test_a_browser_is_opened_only_when_asked_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >>{opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    assert world.do(*world.submit, "--yes", "--no-open-browser").code == 0
    assert not opened.exists()
    assert world.do(*world.submit, "--yes", "--open-browser").code == 0
    (version,) = opened.read_text().split()
    assert "/policies/versions/" in version


def test_episodes_of_a_request_a_line_each(world: World) -> None:
    lines = world.do("xp-request", "episodes", world.batch, "--jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in lines]
    page = world.do("xp-request", "episodes", world.batch, "--json").document
    assert [json.loads(line) for line in lines] == page["entries"]


@pytest.mark.parametrize("preference", ["side", "=left"])
def test_a_preference_is_a_key_and_a_value(world: World, preference: str) -> None:
    done = world.do(*world.submit, "--preference", preference)
    assert done.code == 2
    assert "KEY=VALUE" in done.err
    assert not world.server.requests


def test_in_a_terminal_yes_does_it(world: World, terminal: Callable[..., Terminal]) -> None:
    opened = terminal(*world.submit)
    opened.shows("[y/N]")
    assert not world.server.asked(SUBMISSIONS, "POST")
    opened.press("y\n")
    assert opened.ends() == 0
    assert "pending" in opened.text
    assert len(world.server.asked(SUBMISSIONS, "POST")) == 1


@pytest.mark.parametrize("keys", ["n\n", "\n", "\x04", "yikes\n"])
def test_in_a_terminal_anything_else_does_nothing(
    world: World, terminal: Callable[..., Terminal], keys: str
) -> None:
    opened = terminal(*world.submit)
    opened.shows("[y/N]")
    opened.press(keys)
    assert opened.ends() == 130
    assert "Nothing was done" in opened.text
    assert not world.server.asked(SUBMISSIONS, "POST")


def test_in_a_terminal_the_question_can_be_interrupted(
    world: World, terminal: Callable[..., Terminal]
) -> None:
    opened = terminal(*world.submit)
    opened.shows("[y/N]")
    opened.press("\x03")
    assert opened.ends() == 130
    assert not world.server.asked(SUBMISSIONS, "POST")


def test_memberships_are_retired_and_made_champions(world: World) -> None:
    seat = world.of_juniper()
    done = world.do("champion", seat, "--yes")
    assert done.code == 0
    assert "★" in done.out.splitlines()[1]
    assert "juniper" in done.err
    done = world.do("retire", seat, "--reason", "superseded", "--yes", "--json")
    assert done.document["end_time"]
    done = world.do("retire-membership", seat, "--yes")
    assert done.code == 1
    assert "already ended" in done.err


def test_hosted_games_and_replays_have_links(world: World) -> None:
    origin = world.server.url.removesuffix("/api")
    coworld_id = next(name for name, row in world.server.state.coworlds.items() if row["canonical"])
    lines = world.do("hosted-game", "create", coworld_id, "--no-spectators", "--yes").out.splitlines()
    game = lines[0].split()[1]
    assert f"{origin}/observatory/play/{game}" in lines[2]
    # The line it gives for joining works as it stands.
    words = lines[3].split()[3:]
    joined = coworld("league", *words, "--yes", env=world.env)
    assert f"{origin}/observatory/play/{game}/seat/0" in joined.out
    episode = next(row["id"] for row in world.server.state.episodes.values() if row["status"] == "completed")
    done = world.do("replay-session", episode, "--yes")
    assert f"{origin}/observatory/v2/coworlds/replays/session/" in done.out
    assert "still starting" in done.err


def test_who_we_are(world: World) -> None:
    done = world.do("whoami", "--json")
    assert (done.code, done.document["kind"], done.document["name"]) == (0, "user", "Sam")
    write_login(world.login.parent, world.server, player=True)
    assert "player Sam (ply_" in world.do("whoami").out
    write_login(world.login.parent, world.server, player=True, valid=timedelta(hours=-1))
    expired = world.do("whoami")
    assert expired.code == 0
    assert "expired" in expired.err
    assert "user Sam" in expired.out


def test_a_token_the_server_does_not_know_is_said_once_and_leads_to_a_login(world: World) -> None:
    world.server.state.tokens.clear()
    who = world.do("whoami")
    assert (who.code, "nobody" in who.out) == (3, True)
    done = world.do(*world.submit, "--yes")
    assert done.code == 3
    assert done.err.count("takes us for nobody") == 1
    assert "softmax login --server" in done.err
    assert not world.server.asked(SUBMISSIONS, "POST")


def test_who_acts_need_not_be_known(world: World) -> None:
    world.server.fault("/whoami", "500")
    done = world.do(*world.submit, "--yes")
    assert done.code == 0
    assert "who acts cannot be asked" in done.err


def test_credits(world: World) -> None:
    assert "81.5 of 100" in world.do("credits").out
    assert world.do("credits", "--json").document["status"]["balance_credits"] == 81.5


def test_an_experience_request_from_its_making_to_its_end(world: World) -> None:
    body = world.folder / "request.json"
    body.write_text(json.dumps(BODY))
    made = world.do("experience", "create", str(body), "--title", "bias?", "--yes", "--json").document
    assert (made["title"], made["episode_count"]) == ("bias?", 2)
    listed = world.do("experience", "list", "--mine").out.splitlines()
    assert listed[1].split()[:2] == [made["id"], "pending"]
    assert "sweeper:v4" in world.do("xp-request", "get", made["id"]).out
    episodes = world.do("experience", "episodes", made["id"], "--limit", "1")
    assert len(episodes.out.splitlines()) == 2
    assert "--cursor=" in episodes.err
    cancelled = world.do("experience", "cancel", made["id"], "--yes")
    assert "cancelled" in cancelled.out
    assert world.do("experience", "cancel", made["id"], "--yes").code == 1


def test_a_request_on_stdin_needs_yes(world: World) -> None:
    def create(data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
        line = (*PROGRAM, "league", "experience", "create", "-", *words, "--server", world.server.url)
        return subprocess.run(
            line, input=data, capture_output=True, env={**os.environ, **world.env}, timeout=WAIT_SECONDS
        )

    assert create(json.dumps(BODY).encode()).returncode == 2
    assert not world.server.asked("/v2/experience-requests", "POST")
    assert create(json.dumps(BODY).encode(), "--yes").returncode == 0
    broken = create(b'{"roster": NaN}', "--yes")
    assert broken.returncode == 2
    assert b"stdin: it" in broken.stderr


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"a": 1, "a": 2}', b"\xff"])
def test_what_is_no_request_is_refused_before_anything_is_asked(world: World, content: bytes | None) -> None:
    body = world.folder / "request\x1b[31m.json"
    if content is not None:
        body.write_bytes(content)
    done = world.do("experience", "create", str(body), "--yes")
    assert done.code == 2
    assert not world.server.asked("/v2/experience-requests")


def test_what_cannot_be_seen_is_named(world: World) -> None:
    elsewhere = "xreq_0000ffff-1111-4222-8333-00000000ffff"
    done = world.do("experience", "episodes", world.batch, elsewhere)
    assert done.code == 1
    assert elsewhere in done.err


def test_evidence_is_downloaded_once_and_what_is_missing_said(world: World) -> None:
    state = world.server.state
    for name in state.batches[world.batch]:
        state.artifacts[name] = Artifacts(results=b'{"scores": [1]}', game_log=b"tick 1\x1b[2J\n")
    line = ("experience", "download", world.batch, "--include", "results", "--include", "game_logs")
    there = world.folder / "evidence"
    early = world.do(*line, "-d", str(there), "--json")
    assert early.code == 1
    assert early.document["complete"] is False
    assert sorted({row["state"] for row in early.document["receipts"]}) == ["completed", "pending"]
    world.finish()
    done = world.do(*line, "-d", str(there))
    assert done.code == 0
    paths = [row.split()[1] for row in done.out.splitlines()]
    assert len(paths) == 10
    logs = [there / path for path in paths if path.endswith("game.log")]
    assert {log.read_bytes() for log in logs} == {b"tick 1\x1b[2J\n"}
    asked = len(world.server.requests)
    assert world.do(*line, "-d", str(there)).code == 0
    assert len(world.server.requests) == asked + 1


def test_watching_prints_changes_as_they_come(world: World, start: Callable[..., Running]) -> None:
    line = ("league", "experience", "watch", world.batch, "--json", "--server", world.server.url)
    running = start(*line, env=world.env)
    until(lambda: len(world.server.asked(CHANGES)) == 2)
    world.finish()
    done = running.ends()
    assert done.code == 0
    changes = [json.loads(text) for text in done.out.splitlines()]
    assert [change["episode"]["status"] for change in changes[-2:]] == ["completed", "completed"]
    assert "5 episodes: 5 completed" in done.err


def test_watching_what_fails_ends_with_1(world: World) -> None:
    world.finish(badly=True)
    done = world.do("experience", "watch", world.batch, "--view", "results")
    assert done.code == 1
    assert "failed (player_error)" in done.out
    assert "3 completed, 2 failed" in done.err


def test_watching_ends_when_its_time_is_over(world: World) -> None:
    done = world.do("experience", "watch", world.batch, "--timeout", "0.3")
    assert done.code == 3
    assert "timed_out" in done.err


def test_watching_goes_on_from_its_checkpoint(world: World) -> None:
    file = world.folder / "watch.json"
    line = ("experience", "watch", world.batch, "--checkpoint", str(file))
    early = world.do(*line, "--timeout", "0.5")
    assert (early.code, len(early.out.splitlines())) == (3, 5)
    world.finish()
    done = world.do(*line)
    assert done.code == 0
    assert [text.split()[1] for text in done.out.splitlines()] == ["completed", "completed"]
    assert len(world.do(*line, "--reset").out.splitlines()) == 5
    other = world.do(*line, "--view", "results")
    assert other.code == 2
    assert "--reset" in other.err


def test_watching_can_be_interrupted(world: World, start: Callable[..., Running]) -> None:
    line = ("league", "experience", "watch", world.batch, "--server", world.server.url)
    running = start(*line, env=world.env)
    until(lambda: len(world.server.asked(CHANGES)) == 2)
    running.signal(signal.SIGINT)
    assert running.ends().code == 130


def test_who_interrupts_what_was_sent_is_told_that_it_may_be_done(
    world: World, start: Callable[..., Running]
) -> None:
    seat = world.of_juniper()
    path = f"/v2/league-policy-memberships/{seat}/retire"
    world.server.fault(path, "taken")
    running = start("league", "retire", seat, "--yes", "--server", world.server.url, env=world.env)
    until(lambda: bool(world.server.asked(path)))
    running.signal(signal.SIGINT)
    done = running.ends()
    assert done.code == 130
    assert "it may have been done" in done.err
    assert len(world.server.asked(path)) == 1


@pytest.mark.parametrize(
    ("kind", "code"), [("401", 3), ("403", 3), ("404", 1), ("409", 1), ("422", 2), ("429-other", 3)]
)
def test_refusals_have_their_exit_codes(world: World, kind: Any, code: int) -> None:
    path = f"/v2/league-policy-memberships/{world.of_juniper()}/champion"
    world.server.fault(path, kind)
    assert world.do("champion", world.of_juniper(), "--yes").code == code
    assert len(world.server.asked(path)) == 1


def test_a_submission_whose_answer_was_lost_is_found(world: World, terminal: Callable[..., Terminal]) -> None:
    before = set(world.server.state.submissions)
    opened = terminal(*world.submit)
    opened.shows("[y/N]")
    world.server.fault(SUBMISSIONS, "cut_body")
    opened.press("y\n")
    assert opened.ends() == 0
    (new,) = set(world.server.state.submissions) - before
    assert new in opened.text
    assert len(world.server.asked(SUBMISSIONS, "POST")) == 1
