"""What a killed run leaves behind is found by its marks and removed; what has a living owner stays.

Other runs on this machine reap as well, so nothing here counts on leftovers staying for a while.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from coworld_tui.runner.docker_engine import LABEL_OWNER, LABEL_RUN
from coworld_tui.runner.process_backend import OWNER_VARIABLE, RUN_VARIABLE
from coworld_tui.runner.reaper import reap
from coworld_tui.runs.index import newest_runs
from coworld_tui.runs.owner import Owner

from ..rogue.launch import BARE_IMAGE
from .ending import running_parts, wait_until

WAIT_SECONDS = 30

RUNNER = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from coworld_tui.contract.request import plan_episode
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from tests.rogue.launch import local_episode, rogue_package
from tests.runner.ending import until

async def main():
    if sys.argv[2] == "process":
        episode = local_episode("--hold --grandchild session --count 3", ["--stubborn", "--grandchild group"])
    else:
        package = rogue_package(image=sys.argv[2], game="--players 2 --hold --count 3")
        episode = Episode(plan_episode(package), LaunchOptions())
    running = asyncio.create_task(episode.run())
    await until(episode, "phase", phase="playing")
    print(episode.run_id, flush=True)
    await running

asyncio.run(main())
"""


@pytest.fixture
def start_run() -> Iterator[Any]:
    """Starts an episode in another process; returns that process and the run's id once it plays."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str) -> tuple[subprocess.Popen[str], str]:
        root = Path(__file__).parents[2]
        process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(root), kind], stdout=subprocess.PIPE, text=True, cwd=root
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.wait(WAIT_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


async def test_processes_of_a_killed_run(start_run: Any) -> None:
    process, run_id = start_run("process")
    alive = running_parts(run_id)
    assert len(alive) == 5, "game, two players, two grandchildren"
    await reap(engine=False)
    assert running_parts(run_id) == alive, "the owner lives"
    process.kill()
    process.wait(WAIT_SECONDS)
    assert next(newest_runs(1)).status == "stale"
    await reap(engine=False)
    wait_until(lambda: not running_parts(run_id))
    assert len(list(newest_runs(5))) == 1


@pytest.mark.docker
async def test_containers_of_a_killed_run(start_run: Any, rogue_image: str, docker_engine: Any) -> None:
    process, run_id = start_run(rogue_image)

    def containers() -> list[Any]:
        found: list[Any] = docker_engine.containers.list(
            ignore_removed=True, all=True, filters={"label": f"{LABEL_RUN}={run_id}"}
        )
        return found

    assert len(containers()) == 3
    await reap()
    assert len(containers()) == 3, "the owner lives"
    process.kill()
    process.wait(WAIT_SECONDS)
    await reap()
    wait_until(lambda: not containers())  # another reaper may be at it


@pytest.mark.docker
@pytest.mark.parametrize("owner", ["", "nonsense", "a/b/c/d", "a/b/1/2/3", "//0/0", "\n"])
async def test_a_container_with_a_label_we_do_not_understand_is_left_alone(
    owner: str, docker_engine: Any
) -> None:
    container = docker_engine.containers.create(
        BARE_IMAGE, ["true"], labels={LABEL_RUN: "test-reaping", LABEL_OWNER: owner}
    )
    try:
        await reap()
        container.reload()
    finally:
        container.remove(force=True)


@pytest.mark.parametrize(
    ("change", "is_dead"),
    [
        ({}, False),
        ({"started": 1.0}, True),
        ({"pid": 2**22 + 1}, True),
        ({"boot": "another"}, True),
        ({"machine": "another"}, False),
        ({"machine": "another", "boot": "another", "pid": 2**22 + 1}, False),
    ],
    ids=["me", "pid used again", "no such process", "another boot", "another machine", "all different"],
)
def test_who_is_dead(change: dict[str, Any], is_dead: bool) -> None:
    me = Owner.current()
    owner = Owner(**{**me.__dict__, **change})
    assert owner.is_dead() == is_dead
    assert Owner.parse(str(owner)) == owner


def test_a_zombie_is_dead() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER_OF_ITSELF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        owner = Owner.parse(process.stdout.readline().strip())
        assert owner is not None
        assert not owner.is_dead()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE
        assert owner.is_dead()


OWNER_OF_ITSELF = """
import sys
from coworld_tui.runs.owner import Owner
print(Owner.current(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("text", ["", "a", "a/b/c", "a/b/c/d", "a/b/1/x", "a/b/1/2/3", "\0", "é/é/é/é"])
def test_an_owner_that_makes_no_sense(text: str) -> None:
    assert Owner.parse(text) is None


@pytest.mark.parametrize(
    "marks", [{RUN_VARIABLE: "x"}, {OWNER_VARIABLE: "nonsense"}, {OWNER_VARIABLE: "{me}"}]
)
async def test_a_process_without_a_dead_owner_is_left_alone(marks: dict[str, str]) -> None:
    env = {name: value.format(me=Owner.current()) for name, value in marks.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; sys.stdin.read()",
        env={**os.environ, **env},
        stdin=asyncio.subprocess.PIPE,
    )
    await reap(engine=False)
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0
