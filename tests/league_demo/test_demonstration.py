"""The demonstration as people get it: served, logged in to, and its replays opened."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.config_check import config_problems, slots_problem
from coworld_tui.contract.package import parse_package
from coworld_tui.contract.validation import schema_problems
from coworld_tui.league_demo.demonstration import demo_login, demonstration, serving_demo
from coworld_tui.league_demo.games import GAMES, PLAYERS, Game, recorded_games
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import identity_of
from coworld_tui.observatory.reading import episodes_of_round, leagues, my_policy_version_ids, rounds
from coworld_tui.observatory.replays import fetch_replay
from coworld_tui.observatory.servers import web_link
from coworld_tui.replay.opening import open_replay

from .recording import LIMIT

GAME_LIST = recorded_games()


def frames(path: Path) -> int:
    """How many there are, counted to the end."""
    replay = open_replay(path)
    while replay.source.advance():
        pass
    assert replay.source.is_complete
    assert replay.problems == ()
    replay.close()
    return len(replay.source)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_demo() as url:
        yield url


async def test_our_client_is_at_home_there(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = demo_login(url, tmp_path / "login")
    path = folder / "credentials.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(folder))
    identity = identity_of(url)
    assert identity.kind == "user"
    async with Observatory(url, identity) as client:
        assert len(await leagues(client)) == 2
        newest = (await rounds(client, limit=1, status="completed")).entries[0]
        age = datetime.now(UTC) - newest.created_at if newest.created_at else None
        assert age is not None and timedelta() < age < timedelta(minutes=10)
        played = (await episodes_of_round(client, newest.id, limit=100)).entries
        assert len(played) == len(PLAYERS) * (len(PLAYERS) - 1) // 2
        assert await my_policy_version_ids(client)


def test_a_login_is_written_anew_and_follows_no_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "credentials.yaml").symlink_to(elsewhere)
    demo_login("http://127.0.0.1:1/api", tmp_path)
    demo_login("http://127.0.0.1:2/api", tmp_path)
    assert elsewhere.read_text() == "mine"
    assert "127.0.0.1:1" not in (tmp_path / "credentials.yaml").read_text()


def test_only_this_machine_reaches_it_and_it_ends_with_its_context() -> None:
    with serving_demo() as url:
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}/observatory/v2/leagues").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


@pytest.mark.parametrize(
    "path", ["/watch?league=league_1", "/policies/versions/1", "/observatory/v2/lobbies/1"]
)
def test_links_to_pages_of_the_web_lead_somewhere(url: str, path: str) -> None:
    answer = httpx.get(web_link(url, path))
    assert answer.status_code == 200
    assert "--demo" in answer.text


def test_it_does_not_keep_a_program_that_ends_and_says_nothing() -> None:
    code = (
        "from coworld_tui.league_demo.demonstration import serving_demo\n"
        "running = serving_demo()\nprint(running.__enter__())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("http://127.0.0.1:")


async def test_a_replay_is_fetched_and_opens(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(demo_login(url, tmp_path / "login")))
    async with Observatory(url, identity_of(url)) as client:
        newest = (await rounds(client, limit=1, status="completed")).entries[0]
        played = (await episodes_of_round(client, newest.id, limit=100)).entries
        path = await fetch_replay(client, next(row for row in played if row.replay_url))
    assert frames(path) == 121


def test_the_coworld_is_the_bundled_one() -> None:
    state, _ = demonstration(now=datetime.now(UTC))
    (coworld,) = state.coworlds.values()
    bundled = bundled_package()
    hosted = parse_package(json.dumps(coworld["manifest"]).encode(), "hosted", None)
    assert hosted.manifest == bundled.manifest
    assert (coworld["name"], coworld["version"]) == ("enclosure", bundled.manifest.game.version)


@pytest.mark.parametrize("game", GAME_LIST, ids=lambda game: "-".join(game.players))
def test_a_recorded_game_is_one_of_the_bundled_coworld(game: Game, tmp_path: Path) -> None:
    manifest = bundled_package().manifest
    assert config_problems(manifest, dict(game.config)) == []
    assert slots_problem(manifest, dict(game.config)) == ""
    assert [player["name"] for player in game.config["players"]] == list(game.players)
    left = game.artifacts
    assert left.game_log
    if game.error is not None:
        assert left.error_info
        return
    assert left.results is not None and left.replay is not None
    results = json.loads(left.results)
    assert schema_problems(manifest.game.results_schema, results) == []
    assert tuple(results["scores"]) == game.scores
    assert set(left.seat_logs) == set(range(len(game.players)))
    path = tmp_path / "game.replay"
    path.write_bytes(zlib.decompress(left.replay))
    assert frames(path) == results["ticks"] + 1


def test_the_recorded_games_are_small_and_cover_every_pairing() -> None:
    assert GAMES.stat().st_size <= LIMIT
    played = {frozenset(game.players) for game in GAME_LIST if game.error is None}
    assert len(played) == len(PLAYERS) * (len(PLAYERS) - 1) // 2
    assert any(game.error for game in GAME_LIST)


def test_the_recorded_tracebacks_name_no_place_but_the_container() -> None:
    logs = [
        log for game in GAME_LIST for log in (game.artifacts.game_log, *game.artifacts.seat_logs.values())
    ]
    places = [place for log in logs for place in re.findall(rb'File "(.*?)"', log or b"")]
    assert places
    assert {place for place in places if not place.startswith((b"/app/", b"/usr/", b"<"))} == set()
