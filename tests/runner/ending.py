"""What must hold whenever an episode is over, however it ended."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.frame import CLOSED_NAME, STREAM_NAME
from coworld_tui.replay.recorded import ClosedFrames, StreamFrames
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.events import Event
from coworld_tui.runner.outcome import Outcome
from coworld_tui.runs.directory import MANIFEST
from coworld_tui.runs.index import read_run

from ..processes import inheritors

_WAIT_SECONDS = 60.0
_OWNERS = ("you", "the game", "the engine", "slot ")
_LONGEST_TITLE = 160


async def play(episode: Episode) -> Outcome:
    """Run an episode to its end and check everything that holds for any ending."""
    tasks = asyncio.all_tasks()
    outcome = await asyncio.wait_for(episode.run(), _WAIT_SECONDS)
    check_ending(episode, outcome)
    left = [task for task in asyncio.all_tasks() - tasks if not task.done()]
    assert not left, f"tasks left: {left}"
    return outcome


async def play_until(episode: Episode, kind: str, **data: Any) -> asyncio.Task[Outcome]:
    """Start an episode as ``play`` does and come back once it has emitted such an event."""
    running = asyncio.create_task(play(episode))
    waiting = asyncio.create_task(until(episode, kind, **data))
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not waiting.done():
        waiting.cancel()
        raise AssertionError(f"ended before {kind} {data}: {running.result()}")
    waiting.result()
    return running


async def until(episode: Episode, kind: str, **data: Any) -> None:
    """Wait for an event of a running episode."""
    happened = asyncio.Event()

    def look(event: Event) -> None:
        if event.kind == kind and data.items() <= event.data.items():
            happened.set()

    async with asyncio.timeout(_WAIT_SECONDS):
        while (log := episode.events) is None:  # noqa: ASYNC110 - it is there when the directory is
            await asyncio.sleep(0)
        log.listeners.append(look)
        for event in log.events:
            look(event)
        await happened.wait()
    log.listeners.remove(look)


def check_ending(episode: Episode, outcome: Outcome) -> None:
    """The record is whole, nothing runs any more, no token got out, and an error can be acted on."""
    assert outcome is episode.outcome
    assert outcome.status == episode.phase.value
    assert outcome.status in ("passed", "failed", "cancelled")
    assert (outcome.error is not None) == (outcome.status == "failed")
    if outcome.error is not None:
        check_error(outcome.error)
        assert outcome.exit_code in (1, 2, 3)
    check_record(outcome)
    check_no_token(episode, outcome)
    assert not running_parts(outcome.run_id)
    assert not [thread for thread in threading.enumerate() if thread.name == "recorder"]


def check_error(error: CoworldError) -> None:
    """One plain sentence, whose turn it is, and what to do next."""
    for text in (error.title, error.cause, error.next_step):
        assert "\n" not in text
        assert "Traceback" not in text
        assert text.isprintable()
    assert 0 < len(error.title) <= _LONGEST_TITLE
    assert not error.title.endswith(".")
    assert error.owner.startswith(_OWNERS)
    assert error.next_step
    assert (error.slot is None) or error.owner in (f"slot {error.slot}", "you")


def recording_in(artifacts: Path) -> ClosedFrames | StreamFrames | None:
    """The frames on disk: the closed recording, or all that can be read of a growing one, or None."""
    closed, stream = artifacts / CLOSED_NAME, artifacts / STREAM_NAME
    if closed.exists():
        return ClosedFrames(open_blob(closed))
    return stream_frames(stream) if stream.exists() else None


def stream_frames(path: Path) -> StreamFrames:
    """Every whole batch of a stream that nobody writes any more."""
    frames = StreamFrames(open_blob(path))
    while frames.advance():
        pass
    return frames


def check_record(outcome: Outcome) -> None:
    """Events, manifest and recording can be read and agree with the outcome."""
    if not outcome.run_dir:
        return
    directory = Path(outcome.run_dir)
    events = [json.loads(line) for line in (directory / "logs/events.jsonl").read_bytes().splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert events[-1]["kind"] == "end"
    assert events[-1]["message"] == outcome.status
    manifest = json.loads((directory / MANIFEST).read_bytes())
    assert manifest["status"] == outcome.status == read_run(directory).status
    assert manifest["event_count"] == len(events)
    for path in manifest["artifact_paths"].values():
        assert (directory / path).exists()
    recording = recording_in(directory / "artifacts")
    assert (0 if recording is None else len(recording)) == outcome.recorded
    if recording is not None:
        assert all(recording.time(seq) is not None for seq in range(len(recording)))
        recording.close()
    left = {path.name for path in (directory / "artifacts").iterdir()}
    assert left == ({"frames.parquet"} if outcome.recorded else set())


def check_no_token(episode: Episode, outcome: Outcome) -> None:
    """Tokens are in ``config.json`` and the game's own files, nowhere else."""
    if not outcome.workspace:
        return
    config = Path(outcome.workspace, "config.json")
    tokens = json.loads(config.read_bytes())["tokens"] if config.exists() else []
    directory = Path(outcome.run_dir)
    shown = [json.dumps(outcome.as_dict()), str(outcome.error), repr(outcome.error)]
    shown += [(directory / name).read_text() for name in (MANIFEST, "logs/events.jsonl")]
    shown += [path.read_text() for path in (directory / "inputs").iterdir()]
    for ring in episode.rings.values():
        shown += [ring.line(index) for index in range(ring.first, ring.total)]
    for token in tokens:
        assert not [text for text in shown if token in text]


def running_parts(run_id: str) -> list[psutil.Process]:
    """The processes of a run that still live, however far from their parents."""
    return inheritors("COWORLD_TUI_RUN", run_id)


def wait_until(condition: Callable[[], bool]) -> None:
    """Let threads, processes and the engine work until the condition holds."""
    turn = threading.Event()
    deadline = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "never happened"
        turn.wait(0.001)
