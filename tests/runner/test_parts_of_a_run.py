"""The small pieces: phases, limits, events, batches, summaries, ports, things that go together."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.manifest import Resources
from coworld_tui.runner.batch import Batch
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.events import Event, EventLog
from coworld_tui.runner.limits import container_limits, quantity
from coworld_tui.runner.outcome import Outcome, summarize
from coworld_tui.runner.phases import LABELS, Phase, PhaseClock
from coworld_tui.runner.process_backend import free_port
from coworld_tui.runner.run_files import RunFiles
from coworld_tui.runner.together import end, together
from coworld_tui.runs.redact import Redactor

from ..rogue.launch import local_episode
from .ending import check_ending, running_parts, until

MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), ("500m", 0.5), ("0.25", 0.25), (".5", 0.5), ("1k", 1000), ("1Ki", 1024),
        ("1.5Gi", 1.5 * 2**30), ("2M", 2e6), (" 64Mi ", 64 * MIB), ("0", 0),
    ],
)  # fmt: skip
def test_a_quantity(text: str, number: float) -> None:
    assert math.isclose(quantity(text), number)


@pytest.mark.parametrize("text", ["", "x", "1X", "-1", "1e3", "1 Gi", "1KI", "Gi", "1\n2", "٣", "1mi", "nan"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(CoworldError) as caught:
        quantity(text)
    assert (caught.value.type, caught.value.exit_code) == ("config_error", 2)


@pytest.mark.parametrize(
    ("resources", "cpus", "memory"),
    [
        (None, 1.0, 1024 * MIB),
        ({}, 1.0, 1024 * MIB),
        (
            {"limits": {"cpu": "250m", "memory": "64Mi"}, "requests": {"cpu": "2", "memory": "2Gi"}},
            0.25,
            64 * MIB,
        ),
        ({"limits": {}, "requests": {"cpu": "2", "memory": "2Gi"}}, 2.0, 2048 * MIB),
        ({"limits": {"cpu": "1m", "memory": "1"}}, 0.01, 6 * MIB),
        ({"limits": {"cpu": "64"}}, 4.0, 1024 * MIB),
    ],
)
def test_limits_of_a_container(resources: dict[str, Any] | None, cpus: float, memory: int) -> None:
    parsed = Resources.model_validate(resources) if resources is not None else None
    assert container_limits(parsed, engine_cpus=4) == {
        "nano_cpus": int(cpus * 1e9),
        "mem_limit": memory,
        "memswap_limit": memory,
        "device_requests": None,
    }


def test_limits_without_knowing_the_engine() -> None:
    resources = Resources.model_validate({"limits": {"cpu": "64"}})
    assert container_limits(resources, engine_cpus=0)["nano_cpus"] == 64 * 10**9


def test_a_requested_gpu_is_asked_of_the_engine() -> None:
    resources = Resources.model_validate({"requests": {"gpu": 1}})
    (request,) = container_limits(resources, engine_cpus=2)["device_requests"]
    assert (request["Count"], request["Capabilities"]) == (1, [["gpu"]])


def test_a_clock_adds_up_and_stands_still_at_the_end() -> None:
    clock = PhaseClock()
    clock.enter(Phase.STARTING_GAME)
    clock.enter(Phase.PASSED)
    assert set(clock.durations) == {Phase.PREPARING, Phase.STARTING_GAME}
    assert math.isclose(sum(clock.durations.values()), clock.total(), abs_tol=1e-6)
    assert clock.elapsed() == clock.total()
    assert clock.phase.is_final
    assert set(LABELS) == set(Phase)


def test_events_are_lines_redacted_and_told(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl", Redactor(["s3cret"]))
    heard: list[Event] = []
    log.listeners.append(heard.append)
    log.emit("note", "the s3cret\nand more", key="s3cret", tokens=["a"], name=" \ud800")
    log.close()
    (line,) = (tmp_path / "events.jsonl").read_bytes().splitlines()
    event = json.loads(line)
    assert (event["seq"], event["kind"], event["message"]) == (0, "note", "the [redacted]\nand more")
    assert event["data"]["tokens"] == ["[redacted]"]
    assert [item.message for item in heard] == [event["message"]]


def test_events_on_a_full_disk_are_remembered() -> None:
    log = EventLog(Path("/dev/full"), Redactor())
    assert log.emit("note", "x").seq == 0
    log.close()
    assert log.write_error is not None
    assert [event.message for event in log.events] == ["x"]


def test_a_listener_that_fails_is_noted_and_hears_no_more(home: Path) -> None:
    log = EventLog(Path("/dev/null"), Redactor(["s3cret"]))
    heard: list[int] = []

    def fails(event: Event) -> None:
        raise ValueError("s3cret")

    log.listeners += [fails, lambda event: heard.append(event.seq)]
    log.emit("note", "x")
    log.emit("note", "y")
    log.close()
    assert heard == [0, 1]
    trace = (home / "coworld-tui.log").read_text()
    assert trace.count("ValueError: [redacted]") == 1


async def test_a_bug_of_ours_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Even one in the cleaning up gives an outcome with one sentence, and its trace to the log file."""

    def breaks(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(RunFiles, "settle", breaks)
    episode = local_episode()
    ended = await episode.run()
    assert ended.error is not None
    assert (ended.status, ended.error.type, ended.error.owner) == ("failed", "platform_error", "coworld-tui")
    assert ended.error.cause == "RuntimeError: a bug"
    assert not running_parts(episode.run_id)
    assert "Traceback" in (home / "coworld-tui.log").read_text()


def test_memory_for_events_is_bounded() -> None:
    log = EventLog(Path("/dev/null"), Redactor())
    for _ in range(10_500):
        log.emit("note", "x")
    log.close()
    assert log.count == 10_500
    assert len(log.events) <= 10_000
    assert log.events[-1].seq == 10_499


async def test_the_first_failure_ends_the_others() -> None:
    ended: list[str] = []

    async def waits(name: str) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)
        return name

    async def fails() -> str:
        raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        await together(waits("a"), fails(), waits("b"))
    assert sorted(ended) == ["a", "b"]


async def test_cancelling_ends_them_all() -> None:
    ended: list[int] = []

    async def waits(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    task = asyncio.create_task(together(waits(1), waits(2)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert sorted(ended) == [1, 2]


async def test_results_come_in_order() -> None:
    async def value(number: int) -> int:
        return number

    assert await together(value(3), value(1)) == [3, 1]
    assert await together() == []


def test_free_ports_are_not_handed_out_twice() -> None:
    ports = [free_port("127.0.0.1") for _ in range(200)]
    assert len(set(ports)) == 200


async def test_a_batch_runs_so_many_at_a_time_and_tells_of_each_end() -> None:
    running: set[str] = set()
    most = 0

    class Watched(Episode):
        async def run(self) -> Outcome:
            nonlocal most
            running.add(self.run_id)
            most = max(most, len(running))
            try:
                return await super().run()
            finally:
                running.discard(self.run_id)

    template = local_episode()
    episodes = [Watched(template.plan, template.options) for _ in range(5)]
    heard: list[str] = []
    outcomes = await Batch(episodes, 2, on_end=lambda episode, _: heard.append(episode.run_id)).run()
    assert most == 2
    assert [outcome.run_id for outcome in outcomes] == [episode.run_id for episode in episodes]
    assert sorted(heard) == sorted(episode.run_id for episode in episodes)
    assert {outcome.status for outcome in outcomes} == {"passed"}


async def test_a_cancelled_batch_stops_what_runs_and_starts_no_more(home: Path) -> None:
    episodes = [local_episode("--hold") for _ in range(4)]
    batch = Batch(episodes, 2)
    running = asyncio.create_task(batch.run())
    for episode in episodes[:2]:
        await until(episode, "phase", phase="playing")
    batch.cancel()
    outcomes = await running
    assert {outcome.status for outcome in outcomes} == {"cancelled"}
    for episode, outcome in zip(episodes, outcomes, strict=True):
        check_ending(episode, outcome)
    assert len(list((home / "runs").iterdir())) == 2


def outcome(status: str, scores: list[float] | None, slot: int | None = None) -> Outcome:
    """One that ended so."""
    error = CoworldError("player_error", "crashed", slot=slot) if status == "failed" else None
    return Outcome("id", "", status, "", ("A", "B"), scores=scores, error=error)


def test_a_summary_counts_means_wins_ties_and_failures() -> None:
    summary = summarize(
        [
            outcome("passed", [1.0, 3.0]),
            outcome("passed", [2.0, 2.0]),
            outcome("passed", None),
            outcome("failed", [9.0, 9.0], slot=1),
            outcome("failed", None),
            outcome("cancelled", None),
        ]
    )
    assert (summary["episodes"], summary["passed"], summary["failed"], summary["cancelled"]) == (6, 3, 2, 1)
    assert summary["slots"] == [
        {"slot": 0, "name": "A", "scores": [1.0, 2.0], "mean": 1.5, "wins": 1, "failures": 0},
        {"slot": 1, "name": "B", "scores": [3.0, 2.0], "mean": 2.5, "wins": 2, "failures": 1},
    ]


def test_a_summary_of_nothing() -> None:
    assert summarize([])["slots"] == []


@pytest.mark.parametrize(("status", "code"), [("passed", 0), ("failed", 1), ("cancelled", 130)])
def test_exit_codes(status: str, code: int) -> None:
    assert outcome(status, None).exit_code == code
