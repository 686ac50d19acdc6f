"""``run`` and ``demo``: documents, displays, exit codes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from coworld_tui.cli.output import number
from coworld_tui.runs.paths import config_file

from .command import PROGRAM, Done, Running, coworld, manifests_of
from .conftest import write_package

Start = Callable[..., Running]

OUTCOME = {
    "run_id",
    "run_dir",
    "status",
    "workspace",
    "scores",
    "results",
    "replay",
    "frames",
    "phases",
    "error",
}
ERROR = {"type", "title", "cause", "next_step", "slot"}


def test_json_says_all_of_an_episode(played: Done) -> None:
    document = played.document
    assert played.code == 0
    assert document.keys() >= OUTCOME
    assert document["status"] == "passed"
    assert document["error"] is None
    assert document["scores"] == document["results"]["scores"]
    assert document["frames"]["recorded"] >= document["frames"]["distinct_ticks"] == 13
    assert document["frames"]["not_drawn"] == document["frames"]["recorded"]
    assert document["phases"].keys() >= {"preparing", "starting_game", "playing", "collecting"}
    assert all(seconds >= 0 for seconds in document["phases"].values())
    run = Path(document["run_dir"])
    assert run.name == document["run_id"]
    assert Path(document["replay"]).is_file()
    assert json.loads((Path(document["workspace"]) / "results.json").read_text()) == document["results"]
    assert json.loads((run / "run_manifest.json").read_text())["status"] == "passed"
    assert played.err == ""


def test_a_failed_episode_says_whose_fault_it_is(moment: Path) -> None:
    done = coworld(
        "run", moment, "--backend", "process", "--slot", "1=cmd=sh -c 'echo no luck; exit 5'", "--json"
    )
    assert done.code == 1
    assert done.document["status"] == "failed"
    assert done.document["error"].keys() >= ERROR
    assert done.document["error"]["slot"] == 1
    assert done.document["error"]["type"] == "player_error"
    assert "no luck" in done.document["error"]["cause"]


def test_plain_lines_go_to_stderr_and_the_result_to_stdout(moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--display", "plain")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.split()[:3] for line in lines[:2]] == [["slot", "0", "Ada"], ["slot", "1", "Bo"]]
    assert [line.split()[0] for line in lines[2:]] == ["run", "replay"]
    assert "◐ playing" in done.err
    assert "passed" in done.err


@pytest.mark.parametrize("display", [[], ["--display", "plain"]], ids=["of its own", "plain"])
def test_json_shows_the_link_of_a_human_slot_and_leaves_stdout_to_the_document(
    display: list[str], endless: Path, start: Start
) -> None:
    running = start("run", endless, "--backend", "process", "--slot", "1=human", "--json", *display)
    running.says("/client/player?slot=1&token=")
    running.signal(signal.SIGINT)
    assert running.ends().document["status"] == "cancelled"


def test_play_shows_all_links_as_data(endless: Path, start: Start) -> None:
    def played(display: str) -> list[str]:
        running = start("play", endless, "--backend", "process", "--display", display)
        running.tells("/admin")
        running.signal(signal.SIGINT)
        return running.ends().out.splitlines()

    assert [line.split()[0] for line in played("plain")[:4]] == ["player", "player", "global", "admin"]
    lines = [json.loads(line) for line in played("json")]
    (links,) = [line["links"] for line in lines if line["kind"] == "links"]
    assert set(links) == {"player 0", "player 1", "global", "admin"}
    assert lines[-1]["kind"] == "outcome"


def test_display_json_is_a_line_an_event_and_the_outcome_last(moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--display", "json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert done.err == ""
    assert [line["seq"] for line in lines[:-1]] == list(range(len(lines) - 1))
    assert lines[-1].keys() >= OUTCOME | {"kind"}
    assert lines[-1]["kind"] == "outcome"
    assert lines[-2]["kind"] == "end"


def test_display_none_is_silent(home: Path, moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--display", "none")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert [run["status"] for run in manifests_of(home)] == ["passed"]


def test_display_full_without_a_terminal_falls_back(moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--display", "full")
    assert done.code == 0
    assert done.err.splitlines()[0] == "plain display: stdin is no terminal"
    assert "◐ playing" in done.err


def test_episodes_run_with_rising_seeds(home: Path, moment: Path, tmp_path: Path) -> None:
    place = tmp_path / "out"
    done = coworld(
        *("run", moment, "--backend", "process", "--episodes", "3", "--jobs", "2", "--json"),
        *("--output-dir", place),
    )
    assert done.code == 0
    document = done.document
    assert document["status"] == "passed"
    assert all(episode.keys() >= OUTCOME for episode in document["episodes"])
    requests = [Path(episode["run_dir"], "inputs/episode_request.json") for episode in document["episodes"]]
    seeds = [json.loads(path.read_text())["game_config"]["seed"] for path in requests]
    assert seeds == [7, 8, 9]
    summary = document["summary"]
    assert (summary["episodes"], summary["passed"], summary["failed"], summary["cancelled"]) == (3, 3, 0, 0)
    assert [row["slot"] for row in summary["slots"]] == [0, 1]
    assert sum(row["wins"] for row in summary["slots"]) >= 3
    assert all(len(row["scores"]) == 3 for row in summary["slots"])
    assert sorted(path.name for path in place.iterdir()) == ["episode-0001", "episode-0002", "episode-0003"]
    assert len(manifests_of(home)) == 3


def test_a_batch_in_plain_ends_with_a_table(moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--episodes", "2", "--jobs", "2")
    lines = done.out.splitlines()
    assert done.code == 0
    assert lines[0] == "2 episodes: 2 passed, 0 failed, 0 cancelled"
    assert lines[1].startswith("slot 0  Ada")
    assert "wins" in lines[1]
    assert lines[-1].startswith("runs ")


def test_the_output_folder_gets_the_workspace(moment: Path, tmp_path: Path) -> None:
    place = tmp_path / "made" / "here"
    arguments = ("run", moment, "--backend", "process", "--output-dir", place, "--json")
    done = coworld(*arguments)
    assert done.code == 0
    assert Path(done.document["workspace"]) == place
    assert {"results.json", "config.json", "logs"} <= {path.name for path in place.iterdir()}
    again = coworld(*arguments)
    assert again.code == 2
    assert again.document["error"]["type"] == "workspace_not_empty"


def test_a_former_request_plays_the_same_episode(played: Done, moment: Path) -> None:
    request = Path(played.document["run_dir"], "inputs", "episode_request.json")
    done = coworld("run", moment, "--request", request, "--backend", "process", "--json")
    assert done.code == 0
    assert done.document["results"] == played.document["results"]


def test_the_replay_can_be_verified(moment: Path) -> None:
    done = coworld("run", moment, "--backend", "process", "--verify-replay", "--json")
    assert done.code == 0
    assert "verifying_replay" in done.document["phases"]


def test_the_demo_needs_nothing() -> None:
    done = coworld("demo", "--variant", "quick", "--json", env={"DOCKER_HOST": "unix:///nonexistent"})
    assert done.code == 0
    assert len(done.document["scores"]) == 2


def test_a_game_and_a_player_can_be_local_commands(moment: Path) -> None:
    runs = json.loads(moment.read_text())
    game, player = (" ".join(part["run"]) for part in (runs["game"]["runnable"], runs["player"][3]))
    done = coworld(
        *("run", moment, "--game-cmd", game, "--slot", f"0=cmd={player}", "--slot", f"1=cmd={player}"),
        *("--backend", "process", "--json"),
    )
    assert done.code == 0


def test_env_reaches_the_players(moment: Path) -> None:
    done = coworld(
        *("run", moment, "--backend", "process", "--env", "GREETING=hello there", "--json"),
        *("--slot", "0=cmd=sh -c 'echo $GREETING; exit 1'"),
    )
    assert "hello there" in done.document["error"]["cause"]


@pytest.mark.parametrize(
    ("arguments", "type_", "words"),
    [
        (["MOMENT", "--variant", "nope"], "config_error", "nope"),
        (["MOMENT", "a", "b", "c"], "config_error", "3 images do not fit 2 slots"),
        (["MOMENT", "--slot", "nine"], "config_error", "nine"),
        (["MOMENT", "--slot", "9=human"], "config_error", "slot 9"),
        (["MOMENT", "--slot", "0=manifest:ghost"], "config_error", "ghost"),
        (["MOMENT", "--slot", "0=cmd='"], "config_error", "slot 0"),
        (["MOMENT", "--env", "NOVALUE"], "config_error", "NOVALUE"),
        (["MOMENT", "--env", "=x"], "config_error", "NAME=VALUE"),
        (["MOMENT", "--secret-env", "NOT_EXPORTED"], "config_error", "NOT_EXPORTED"),
        (["MOMENT", "--secret-env", "=hidden value"], "config_error", "has no name"),
        (["MOMENT", "--game-cmd", "'"], "config_error", "--game-cmd"),
        (["MOMENT", "--game-cmd", " "], "config_error", "it is empty"),
        (["MOMENT", "--run", "x"], "config_error", "image"),
        (["MOMENT", "--request", "/nonexistent.json"], "request_missing", "/nonexistent.json"),
        (["MOMENT", "--request", "MOMENT"], "request_invalid", "request"),
        (["MOMENT", "--request", "x.json", "--variant", "duel"], "config_error", "--request"),
        (["MOMENT", "--request", "x.json", "--env", "A=b"], "config_error", "--env"),
        (["/nonexistent"], "manifest_missing", "/nonexistent"),
        (["/dev/null"], "manifest_invalid", "/dev/null"),
        (["FOLDER"], "manifest_missing", "coworld_manifest.json"),
        (
            ["MOMENT", "--backend", "process", "--game-cmd", "no-such-program"],
            "command_missing",
            "no-such-program",
        ),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(
    arguments: list[str], type_: str, words: str, moment: Path, tmp_path: Path
) -> None:
    places = {"MOMENT": str(moment), "FOLDER": str(tmp_path)}
    done = coworld("run", *(places.get(word, word) for word in arguments), "--json")
    error = done.document["error"]
    assert done.code == 2
    assert error.keys() >= ERROR
    assert error["type"] == type_
    assert words in f"{error['title']} {error['cause']} {error['next_step']}"
    assert "hidden value" not in done.out + done.err


def test_an_id_needs_the_league(tmp_path: Path) -> None:
    config_file().write_text('[league]\nserver = "http://127.0.0.1:9/api"\n')
    done = coworld("run", "cow_1234", "--json", cwd=tmp_path)
    assert done.code == 3
    assert done.document["error"]["type"] == "unreachable"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "manifest"),
        (["run", "demo", "--episodes", "0"], "whole number from 1"),
        (["run", "demo", "--episodes", "abc"], "whole number from 1"),
        (["run", "demo", "--jobs", "-1"], "argument --jobs"),
        (["run", "demo", "--port", "65536"], "whole number from 0 to 65535"),
        (["run", "demo", "--timeout-seconds", "nan"], "seconds above 0"),
        (["run", "demo", "--timeout-seconds", "soon"], "seconds above 0"),
        (["run", "demo", "--display", "pretty"], "--display"),
        (["run", "demo", "--secret", "K=V"], "unrecognized arguments"),
        (["doctor", "--frobnicate"], "--frobnicate"),
        (["--frobnicate"], "--frobnicate"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], words: str) -> None:
    done = coworld(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert words in done.err
    assert "_" not in done.err.splitlines()[-1].replace("K_V", "")


def test_display_json_reports_what_could_not_start() -> None:
    done = coworld("run", "/nonexistent", "--display", "json")
    assert done.code == 2
    assert done.document["kind"] == "outcome"
    assert done.document["error"]["type"] == "manifest_missing"


def test_a_missing_engine_exits_with_3(moment: Path) -> None:
    done = coworld("run", moment, "--json", env={"DOCKER_HOST": "unix:///nonexistent"})
    assert done.code == 3
    assert done.document["error"]["type"] == "engine_unavailable"
    assert done.document["error"]["next_step"]


def test_an_image_that_is_asked_for_is_no_local_process() -> None:
    done = coworld(
        *(
            "run",
            "demo",
            "--slot",
            "0=image=somebody/else:1",
            "--variant",
            "quick",
            "--display",
            "none",
            "--json",
        ),
        env={"DOCKER_HOST": "unix:///nonexistent/docker.sock"},
    )
    assert done.code == 3
    assert json.loads(done.out)["error"]["type"].startswith("engine_")


def test_a_taken_port_is_the_callers_to_change(moment: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = coworld("run", moment, "--backend", "process", "--port", port, "--json")
    assert done.code == 2
    assert done.document["error"]["type"] == "port_taken"


def test_large_scores_keep_their_digits() -> None:
    assert [number(value) for value in (53.0, 0.25, 1234567.0, -3)] == ["53", "0.25", "1234567", "-3"]


def test_a_reader_that_leaves_stops_nothing(home: Path, moment: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "run", str(moment), "--backend", "process", "--display", "json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""
    assert [run["status"] for run in manifests_of(home)] == ["passed"]


@pytest.mark.docker
@pytest.mark.parametrize("version", ["0.1.11", "0.1.64"])
def test_a_peer_package_plays_in_docker(version: str, peer_manifest: Callable[[str], Path]) -> None:
    done = coworld("run", peer_manifest(version), f"coworld-paintarena:{version}", "--json")
    assert done.code == 0, done.err
    assert done.document["status"] == "passed"
    assert len(done.document["scores"]) == 2
    assert done.document["frames"]["distinct_ticks"] > 5
    assert Path(done.document["replay"]).is_file()


def test_the_package_file_and_its_folder_are_the_same(moment: Path) -> None:
    done = coworld("run", moment.parent, "--variant", "nope", "--json")
    assert done.document["error"]["type"] == "config_error"


def test_an_invalid_config_is_refused_before_anything_starts(home: Path, tmp_path: Path) -> None:
    manifest = write_package(tmp_path, tick_rate=-1)
    done = coworld("run", manifest, "--backend", "process", "--json")
    assert done.code == 2
    assert "tick_rate" in done.document["error"]["cause"]
    assert not (home / "runs").exists()
