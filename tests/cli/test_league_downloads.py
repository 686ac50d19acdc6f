"""``league replays|stats|logs|episode-results|bundle|download``: what they print, write and return."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.cli.arguments import Parser
from coworld_tui.cli.league_downloads import ACTIONS
from coworld_tui.cli.loading import load
from coworld_tui.cli.output import guarded
from coworld_tui.cli.parsers.league_downloads import add
from coworld_tui.runs.paths import config_file

from ..observatory.conftest import login, observatory, peer, peer_process
from ..observatory.downloads import Json, big_round, completed, give, mine, names_in, replay_of
from ..observatory.peer_client import PeerClient
from ..observatory.server import Observatory
from .command import Done, coworld, until

__all__ = ["login", "observatory", "peer", "peer_process"]

Ask = Callable[..., Done]


@pytest.fixture
def ask(
    observatory: Observatory,
    login: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Ask:
    """One of the commands against the stand-in, in a folder of its own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    parser = Parser()
    add(parser.add_subparsers(dest="action", required=True))

    def run(*arguments: str) -> Done:
        options = parser.parse_args([*arguments, "--server", observatory.url])
        code = guarded(lambda: ACTIONS[options.action](options), options)
        done = Done(code, *capfd.readouterr())
        assert "Traceback" not in done.err
        assert "\x1b" not in done.err
        assert observatory.token_user not in done.out + done.err
        return done

    return run


@pytest.fixture
def episode(observatory: Observatory) -> Json:
    """An episode with a seat of mine, all of whose seats left something."""
    row = mine(observatory)
    seats = [seat["position"] for seat in row["participants"]]
    give(
        observatory,
        row,
        game_log=b"tick 1\n\x1b[2Jtick 2\n",
        seat_logs={seat: f"seat {seat}\n".encode() for seat in seats},
        seat_zips={seat: b"PK" + bytes([seat]) for seat in seats},
    )
    return row


def seat_of(server: Observatory, episode: Json) -> int:
    """My seat."""
    players = server.state.tokens[server.token_user].players
    return int(next(seat["position"] for seat in episode["participants"] if seat["player_id"] in players))


@pytest.mark.peer
def test_lists_of_replays_are_the_real_clients(observatory: Observatory, ask: Ask, peer: PeerClient) -> None:
    round_id, _ = big_round(observatory)
    for line in (f"replays --round {round_id}", "replays --policy sweeper:v4 --limit 7"):
        (theirs,) = peer.ask((*line.split(), "--json"))
        ours = ask(*line.split(), "--json").document
        assert ours == theirs.document
        if ours["next_cursor"]:
            more = (*line.split(), "--cursor", ours["next_cursor"], "--json")
            assert ask(*more).document == peer.ask(more)[0].document


@pytest.mark.peer
def test_what_is_printed_of_an_episode_is_the_real_clients(
    observatory: Observatory, ask: Ask, peer: PeerClient, episode: Json
) -> None:
    ereq, seat = episode["id"], seat_of(observatory, episode)
    give(observatory, episode, game_log="tick 1 — ö\n".encode(), seat_logs={seat: b"mine\n"})
    (stats, results, game, mine_) = peer.ask(
        ("episode-stats", ereq, "--json"),
        ("episode-results", ereq),
        ("episode-logs", ereq, "--game"),
        ("episode-logs", ereq, "--agent", str(seat)),
    )
    assert ask("stats", ereq, "--json").document == stats.document
    assert ask("episode-results", ereq).out == results.out
    assert ask("logs", ereq, "--game").out + "\n" == game.out
    assert ask("episode-logs", ereq, "--agent", str(seat)).out + "\n" == mine_.out


@pytest.mark.peer
@pytest.mark.parametrize("which", [[], ["--game"], ["--artifact"], ["--mine"]], ids=" ".join)
def test_logs_in_a_folder_are_the_real_clients(
    observatory: Observatory, ask: Ask, peer: PeerClient, episode: Json, which: list[str]
) -> None:
    # The real client asks for the memberships of mine, which hold the policy of this seat.
    (theirs,) = peer.ask(("episode-logs", episode["id"], *which, "-d", "theirs"))
    assert ask("logs", episode["id"], *which, "-d", "ours").code == theirs.code == 0
    assert _tree(Path("ours")) == _tree(peer.home / "theirs")
    assert len(_tree(Path("ours"))) >= 4


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_replays_for_people(observatory: Observatory, ask: Ask) -> None:
    round_id, rows = big_round(observatory)
    for row in rows:
        give(observatory, row)
    listed = ask("replays", "--round", round_id, "--limit", "5")
    assert listed.out.splitlines()[0].split() == ["episode", "request", "state", "coworld", "replay"]
    assert "there is more: --cursor=" in listed.err
    first = ask("replays", "--round", round_id, "--limit", "200", "-o", "out")
    assert first.code == 0
    assert first.out.startswith(f"{len(rows)} replays downloaded to out, ")
    again = ask("replays", "--round", round_id, "--limit", "200", "-o", "out")
    assert again.out.splitlines() == [
        "0 replays downloaded to out, 0 B",
        f"{len(rows)} were there already",
    ]


def test_replays_of_which_some_fail(observatory: Observatory, ask: Ask) -> None:
    rows = completed(observatory)[:3]
    for row in rows[:2]:
        give(observatory, row)
    ids = [row["id"] for row in rows]
    done = ask("replays", *ids, "-o", "out", "--json")
    assert done.code == 1
    index = json.loads(done.out)
    assert [row["episode_request_id"] for row in index] == ids[:2]
    assert index == json.loads(Path("out/index.json").read_bytes())
    assert f"✗ {ids[2]}" in done.err
    assert "1 of 3 could not be downloaded" in done.err


def test_replays_wrongly_asked_for(observatory: Observatory, ask: Ask) -> None:
    ereq = completed(observatory)[0]["id"]
    assert ask("replays").code == 2
    assert ask("replays", ereq, "--mine").code == 2
    assert ask("replays", "round_1").code == 2
    observatory.fault("*", "drop", math.inf)
    assert ask("replays", ereq).code == 3


def test_ctrl_c_keeps_what_has_come(observatory: Observatory, ask: Ask) -> None:
    done, stuck = completed(observatory)[:2]
    for row in (done, stuck):
        give(observatory, row)
    path = "/" + str(stuck["replay_url"]).split("/", 3)[3]
    observatory.fault(path, "stall", math.inf)

    def interrupt() -> None:
        until(lambda: bool(observatory.asked(path)) and Path("out", f"{done['id']}.replay").exists())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    ended = ask("replays", done["id"], stuck["id"], "-o", "out")
    thread.join()
    assert ended.code == 130
    assert names_in(Path("out")) == [f"{done['id']}.replay"]


def test_logs_for_people(observatory: Observatory, ask: Ask, episode: Json) -> None:
    ereq, seat = episode["id"], seat_of(observatory, episode)
    listed = ask("logs", ereq).out
    assert listed == ask("logs", ereq, "--list", "--mine").out
    assert listed.splitlines()[1].split() == [
        str(seat),
        episode["participants"][seat]["policy_name"],
        f"policy_agent_{seat}.log",
        f"policy_artifact_{seat}.zip",
    ]
    saved = ask("logs", ereq, "--game", "-o", "deep/game.log", "--json").document
    assert saved == {"path": "deep/game.log", "size": 18}
    assert Path("deep/game.log").read_bytes() == b"tick 1\n\x1b[2Jtick 2\n"
    assert ask("logs", ereq, "--agent", str(seat), "--artifact").code == 0
    assert Path(f"{ereq}-policy_agent_{seat}.zip").read_bytes() == b"PK" + bytes([seat])
    twice = ask("logs", ereq, "--agent", str(seat), "--artifact")
    assert twice.code == 2
    assert "already" in twice.err
    others = ask("logs", ereq, "--agent", str(1 - seat))
    assert others.code == 1
    assert f"seats with one: {seat}" in others.err


def test_logs_in_a_folder_are_not_written_through_links(ask: Ask, episode: Json, tmp_path: Path) -> None:
    (tmp_path / "here" / "out").mkdir()
    (tmp_path / "precious").write_bytes(b"mine")
    link = tmp_path / "here" / "out" / f"{episode['id']}-game.log"
    link.symlink_to(tmp_path / "precious")
    assert ask("logs", episode["id"], "--game", "-d", "out").code == 0
    assert (tmp_path / "precious").read_bytes() == b"mine"
    assert link.read_bytes() == b"tick 1\n\x1b[2Jtick 2\n"


def test_logs_on_a_terminal_and_in_a_pipe(ask: Ask, episode: Json, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask("logs", episode["id"], "--game").out == "tick 1\n\x1b[2Jtick 2\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ask("logs", episode["id"], "--game").out == "tick 1\ntick 2\n"


def test_logs_wrongly_asked_for(ask: Ask, episode: Json) -> None:
    assert ask("logs", episode["id"], "-o", "x").code == 2
    assert ask("logs", episode["id"], "--game", "-o", "x", "-d", "y").code == 2
    assert names_in(Path()) == []


def test_logs_that_are_not_there_yet(observatory: Observatory, ask: Ask) -> None:
    running = next(row for row in observatory.state.episodes.values() if row["status"] == "running")
    done = ask("logs", running["id"], "--game", "-d", "out")
    assert done.code == 1
    assert "pending" in done.err
    assert ask("logs", running["id"], "--game").code == 1


def test_statistics_for_people(observatory: Observatory, ask: Ask, episode: Json) -> None:
    give(observatory, episode, results=b'{"scores": [40, 80], "cells": [12, 30], "ticks": 120}')
    lines = ask("stats", episode["id"]).out.splitlines()
    assert lines[0].split() == ["seat", "policy", "agents", "reward", "cells"]
    assert [line.split()[-1] for line in lines[1:3]] == ["12.0000", "30.0000"]
    assert lines[-1].split() == ["ticks", "120"]


def test_results_to_a_file(observatory: Observatory, ask: Ask, episode: Json) -> None:
    assert ask("episode-results", episode["id"], "-o", "r/results.json").code == 0
    assert Path("r/results.json").read_bytes() == b'{"scores": [40, 80]}'
    give(observatory, episode, results=b"NaN")
    broken = ask("episode-results", episode["id"])
    assert broken.code == 3
    assert "not JSON" in broken.err


def test_a_bundle(observatory: Observatory, ask: Ask, episode: Json) -> None:
    assert ask("bundle", episode["id"]).code == 0
    assert names_in(Path()) == [f"{episode['id']}.zip"]
    assert ask("bundle", episode["id"]).code == 2
    assert ask("bundle", episode["id"], "--include", "results,nothing", "--force").code == 2
    observatory.fault(f"/v2/episode-requests/{episode['id']}/bundle", "404")
    made = ask("bundle", episode["id"], "-o", "b.zip", "--include", "results, replay")
    assert made.out.endswith("made of its files: the server has no bundle of it\n")


def test_a_coworld(observatory: Observatory, ask: Ask) -> None:
    coworld = next(row for row in observatory.state.coworlds.values() if row["canonical"])
    done = ask("download", coworld["name"], "--json").document
    folder = Path("coworld", coworld["id"])
    assert done["manifest"] == str(folder / "coworld_manifest.json")
    assert [image["state"] for image in done["images"]] == [None] * len(done["images"])
    assert names_in(folder) == ["AGENTS.md", "coworld_images.json", "coworld_manifest.json"]
    again = ask("download", coworld["id"])
    assert again.out.splitlines()[0].split() == ["there", "already", coworld["id"]]
    assert "not pulled" in again.out


def test_an_id_is_downloaded_by_whatever_command_needs_it(observatory: Observatory, ask: Ask) -> None:
    del ask  # in its folder
    config_file().write_text(f'[league]\nserver = "{observatory.url}"\n')
    row = next(row for row in observatory.state.coworlds.values() if row["canonical"])
    package = load(row["id"])
    assert package.directory == Path("coworld", row["id"])
    observatory.fault("*", "drop", math.inf)
    assert load(row["id"]).name == package.name


@pytest.mark.docker
def test_a_coworld_with_its_images(observatory: Observatory, ask: Ask, docker_engine: Any) -> None:
    coworld = next(row for row in observatory.state.coworlds.values() if row["canonical"])
    coworld["manifest"]["game"]["runnable"]["image"] = "127.0.0.1:9/nowhere:1"
    absent = ask("download", coworld["id"], "--pull")
    assert absent.code == 3
    assert "127.0.0.1:9/nowhere:1" in absent.err
    assert names_in(Path("coworld", coworld["id"])) == [
        "AGENTS.md",
        "coworld_images.json",
        "coworld_manifest.json",
    ]


def test_the_program_has_them(observatory: Observatory, login: Path, tmp_path: Path, episode: Json) -> None:
    env = {"SOFTMAX_CONFIG_DIR": str(login.parent)}
    done = coworld(
        "league", "replays", episode["id"], "-o", tmp_path / "out", "--server", observatory.url, env=env
    )
    assert done.code == 0, done.err
    assert names_in(tmp_path / "out") == [f"{episode['id']}.replay", "index.json"]


def test_a_replay_on_the_disk_opens(observatory: Observatory, ask: Ask, episode: Json) -> None:
    from coworld_tui.replay.opening import open_replay, settle

    assert ask("replays", episode["id"], "-o", "out").code == 0
    assert ask("logs", episode["id"], "-d", "out").code == 0
    path = Path("out", f"{episode['id']}.replay")
    assert path.read_bytes() == replay_of()
    replay = open_replay(path)
    settle(replay)
    assert len(replay.source) == 40
    replay.close()
