"""What changes something is sent as the published client sends it: the same bodies to the same paths."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.cli.arguments import Parser
from coworld_tui.cli.league_actions import ACTIONS
from coworld_tui.cli.parsers.league_actions import add

from .logins import write_login
from .peer_client import PeerClient
from .server import Observatory, serving

pytestmark = pytest.mark.peer

XP_REQUEST = {
    "target": {"league_name": "Paint Arena League"},
    "roster": [{"player": {"policy_ref": "sweeper:v4"}, "slot": 0}, {"player": {"random": True}}],
    "num_episodes": 2,
    "notes": "naïve \U0001f600",
}

Sent = list[tuple[str, str, Any]]
Run = Callable[..., int]


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Observatory]:
    """A second stand-in with the same world, where we are logged in."""
    with serving() as running:
        monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(write_login(tmp_path / "twin", running).parent))
        yield running


def ours(server: Observatory, *words: str) -> int:
    """The exit code of one of our commands."""
    parser = Parser()
    add(parser.add_subparsers(dest="action"))
    options = parser.parse_args([*words, "--server", server.url])
    return ACTIONS[options.action](options)


def sent(server: Observatory) -> Sent:
    """What was asked to be done so far, which is then forgotten."""
    found = [
        (seen.method, seen.path, seen.json if seen.body else None)
        for seen in server.requests
        if seen.method != "GET"
    ]
    server.requests.clear()
    return found


def commands(server: Observatory, folder: Path) -> Iterator[list[str]]:
    """Lines that mean the same to both, whose ids are those of a fresh world."""
    state = server.state
    league = next(row["id"] for row in state.leagues.values() if row["name"] == "Paint Arena League")
    mine = [
        row["id"]
        for row in state.memberships.values()
        if row["player"] and row["player"]["name"] in ("juniper", "wren") and row["end_time"] is None
    ]
    juniper, wren = list(state.players)[:2]
    coworld = next(name for name, row in state.coworlds.items() if row["canonical"])
    body = folder / "request.json"
    body.write_text(json.dumps(XP_REQUEST))
    yield ["submit", "sweeper", "--league", league]
    yield ["submit", "sweeper:v2", "-l", league, "--auto-champion", "lineage", "--player", wren]
    preferences = ("side=left", 'n={"a": [1, null, 2.5]}', "b=true", "t=1=2", "e=", "u=naïve")
    options = [word for preference in preferences for word in ("--preference", preference)]
    yield ["submit", "sweeper:3", "-l", league, "--auto-champion", "never", "--player", juniper, *options]
    yield ["retire-membership", mine[0], "--reason", "superseded by \U0001f600"]
    yield ["retire-membership", mine[1]]
    yield ["hosted-game", "create", coworld]
    yield ["hosted-game", "create", coworld, "--variant", "default", "--no-spectators"]
    yield ["xp-request", "create", str(body)]
    yield ["xp-request", "create", str(body), "--title", "bias?", "--description", "corner bias"]


def test_the_same_is_sent(
    observatory: Observatory, peer: PeerClient, twin: Observatory, tmp_path: Path
) -> None:
    for line in commands(observatory, tmp_path):
        theirs = [*line, "--no-open-browser"] if line[0] == "submit" else line
        (answer,) = peer.ask(tuple(theirs))
        assert answer.code == 0, answer.err
        assert ours(twin, *line, "--yes") == 0
        wanted = sent(observatory)
        assert wanted
        assert sent(twin) == wanted, line


def test_a_game_of_one_is_joined_by_the_other(
    observatory: Observatory, peer: PeerClient, login: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coworld = next(name for name, row in observatory.state.coworlds.items() if row["canonical"])
    assert ours(observatory, "hosted-game", "create", coworld, "--yes", "--json") == 0
    session = json.loads(capsys.readouterr().out)["session_id"]
    (theirs,) = peer.ask(("hosted-game", "join", session, "--json"))
    join = f"/v2/coworlds/play/session/{session}/join"
    assert ours(observatory, "hosted-game", "join", session, "--yes", "--json") == 0
    mine = json.loads(capsys.readouterr().out)
    assert (mine["slot"], mine["target_url"]) == (theirs.document["slot"], theirs.document["target_url"])
    assert [seen.body for seen in observatory.asked(join)] == [b"", b""]


def test_experience_requests_are_read_alike(
    observatory: Observatory, peer: PeerClient, login: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (batch,) = observatory.state.batches
    episode = observatory.state.batches[batch][0]
    for line in (
        "xp-request list",
        "xp-request list --mine --limit 1",
        f"xp-request get {batch}",
        f"xp-request episodes {batch}",
        f"xp-request episodes {batch} --view results --status completed --status running --limit 2",
        f"xp-request episodes {episode} --view results",
        "credits",
    ):
        observatory.requests.clear()
        (theirs,) = peer.ask((*line.split(), "--json"))
        wanted = [(seen.path, sorted(seen.query.multi_items())) for seen in observatory.requests]
        observatory.requests.clear()
        assert ours(observatory, *line.split(), "--json") == 0
        assert json.loads(capsys.readouterr().out) == theirs.document, line
        asked = [(seen.path, sorted(seen.query.multi_items())) for seen in observatory.requests]
        assert asked == wanted, line


def test_the_feed_is_followed_alike(
    observatory: Observatory, peer: PeerClient, login: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = observatory.state
    (batch,) = state.batches
    first, *others = (
        state.episodes[name] for name in state.batches[batch] if state.episodes[name]["status"] != "completed"
    )
    state.fail_episode(first, "player_error", "it fell over", 0)
    for episode in others:
        state.finish_episode(episode, 0.5, 0.5)
    (theirs,) = peer.ask(("xp-request", "watch", batch, "--timeout", "20"))
    assert theirs.code == 2  # finished with failures, which with us is 1
    assert ours(observatory, "experience", "watch", batch, "--timeout", "20") == 1
    mine = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in mine] == [line.split()[:2] for line in theirs.out.splitlines()]
    one, other = observatory.asked("/v2/episode-requests/changes")
    assert sorted(one.query.multi_items()) == sorted(other.query.multi_items())
