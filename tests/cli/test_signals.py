"""Interrupted runs: the exit code, the manifest, and nothing left running."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from docker.errors import NotFound

from coworld_tui.runner.docker_engine import CONNECT_SECONDS

from ..processes import started_for
from .command import Running, coworld, manifests_of

Start = Callable[..., Running]
PLAYING = "◐ playing"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_episode(
    number: signal.Signals, home: Path, endless: Path, start: Start
) -> None:
    running = start("run", endless, "--backend", "process", "--display", "plain", "--json")
    running.says(PLAYING)
    parts = started_for(home)
    assert len(parts) == 4
    running.signal(number)
    done = running.ends()
    assert done.code == 130
    assert done.document["status"] == "cancelled"
    assert done.document["error"] is None
    assert not any(part.is_running() for part in parts)
    assert started_for(home) == []
    (manifest,) = manifests_of(home)
    assert manifest["status"] == "cancelled"
    assert done.document["frames"]["recorded"] > 0


def test_an_early_signal_cancels_as_well(home: Path, endless: Path, start: Start) -> None:
    running = start("run", endless, "--backend", "process", "--display", "plain")
    running.says("◐ prepare")
    running.signal(signal.SIGINT)
    assert running.ends().code == 130
    assert started_for(home) == []


def test_a_batch_is_cancelled_as_a_whole(home: Path, endless: Path, start: Start) -> None:
    running = start(
        *("run", endless, "--backend", "process", "--episodes", "4", "--jobs", "2"),
        *("--display", "plain", "--json"),
    )
    running.says(PLAYING, times=2)
    running.signal(signal.SIGINT)
    done = running.ends()
    assert done.code == 130
    assert [episode["status"] for episode in done.document["episodes"]] == ["cancelled"] * 4
    assert done.document["summary"]["cancelled"] == 4
    assert started_for(home) == []
    assert {manifest["status"] for manifest in manifests_of(home)} == {"cancelled"}


def test_nohup_is_respected(home: Path, moment: Path, start: Start) -> None:
    running = start(
        *("run", moment, "--backend", "process", "--display", "plain", "--json"), ignored=signal.SIGHUP
    )
    running.says("◐ prepare")
    running.signal(signal.SIGHUP)
    done = running.ends()
    assert done.code == 0
    assert done.document["status"] == "passed"


def kill_a_run(home: Path, package: Path, start: Start) -> list[psutil.Process]:
    """What a killed run leaves behind: at least a player that would not end by itself."""
    running = start("run", package, "--backend", "process", "--display", "plain", "--slot", "0=cmd=sleep 60")
    running.says("◐ frames")
    left = [process for process in started_for(home) if process.pid != running.process.pid]
    assert len(left) == 3
    running.signal(signal.SIGKILL)
    running.ends()
    return left


def test_after_sigkill_the_doctor_clears_away_what_is_left(home: Path, endless: Path, start: Start) -> None:
    left = kill_a_run(home, endless, start)
    (run,) = home.glob("runs/*")
    assert coworld("inspect", run, "--json").document["status"] == "stale"
    done = coworld("doctor", "--reap", "--json", env={"DOCKER_HOST": "unix:///nonexistent"})
    # Any start on this machine may have been the one that ended them, so the count tells nothing.
    assert done.document["reaped"].keys() == {"containers", "processes"}
    psutil.wait_procs(left, timeout=10)
    assert started_for(home) == []


def test_the_next_start_clears_away_what_is_left(
    home: Path, endless: Path, moment: Path, start: Start
) -> None:
    left = kill_a_run(home, endless, start)
    assert coworld("run", moment, "--backend", "process", "--display", "none").code == 0
    psutil.wait_procs(left, timeout=10)
    assert started_for(home) == []


def test_the_doctor_leaves_living_runs_alone(home: Path, endless: Path, start: Start) -> None:
    running = start("run", endless, "--backend", "process", "--display", "plain")
    running.says(PLAYING)
    before = len(started_for(home))
    coworld("doctor", "--reap", env={"DOCKER_HOST": "unix:///nonexistent"})
    assert len(started_for(home)) == before
    assert running.process.poll() is None
    running.signal(signal.SIGINT)
    assert running.ends().code == 130


def slow_peer(manifest: Path, folder: Path) -> Path:
    """The peer's package with an episode that outlasts the test."""
    document = json.loads(manifest.read_text())
    document["certification"]["game_config"].update(max_ticks=1000, tick_rate=2)
    path = folder / "coworld_manifest.json"
    path.write_text(json.dumps(document))
    return path


def containers_of(engine: Any, home: Path) -> list[Any]:
    """The containers that carry the label of a run under this home, running or not."""
    return [
        container
        for run in home.glob("runs/*")
        for container in engine.containers.list(
            ignore_removed=True, all=True, filters={"label": f"coworld-tui.run={run.name}"}
        )
    ]


@pytest.mark.docker
def test_sigint_removes_the_containers(
    home: Path, tmp_path: Path, peer_manifest: Callable[[str], Path], docker_engine: Any, start: Start
) -> None:
    manifest = slow_peer(peer_manifest("0.1.64"), tmp_path)
    running = start("run", manifest, "--display", "plain", "--json")
    running.says(PLAYING)
    assert len(containers_of(docker_engine, home)) == 3
    running.signal(signal.SIGINT)
    done = running.ends()
    assert done.code == 130
    assert done.document["status"] == "cancelled"
    assert containers_of(docker_engine, home) == []


@pytest.mark.docker
def test_after_sigkill_the_doctor_removes_the_containers(
    home: Path, tmp_path: Path, peer_manifest: Callable[[str], Path], docker_engine: Any, start: Start
) -> None:
    manifest = slow_peer(peer_manifest("0.1.64"), tmp_path)
    running = start("run", manifest, "--display", "plain")
    running.says(PLAYING)
    left = containers_of(docker_engine, home)
    assert len(left) == 3
    running.signal(signal.SIGKILL)
    running.ends()
    assert coworld("doctor", "--reap").code == 0
    # Another start on this machine may have been the one that removes them, and still be at it.
    for container in left:
        with contextlib.suppress(NotFound):
            container.wait(condition="removed", timeout=10)
    assert containers_of(docker_engine, home) == []


def test_an_engine_that_never_answers_can_be_interrupted(home: Path, moment: Path, start: Start) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        running = start("run", moment, "--display", "plain", env={"DOCKER_HOST": address})
        running.says("◐ prepare")
        running.signal(signal.SIGINT)
        assert running.ends(seconds=CONNECT_SECONDS - 1).code == 130
