"""Episodes standing still in a chosen state, made of the real parts, for pictures and pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package
from coworld_tui.contract.request import plan_episode
from coworld_tui.roles.certification import Certification, CertifyOptions
from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.roles.steps import STEPS, StepState
from coworld_tui.runner.backend import PartExit
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runner.outcome import Outcome
from coworld_tui.runner.phases import Phase, PhaseClock
from coworld_tui.runner.run_files import RunFiles
from coworld_tui.runs.directory import RunDirectory

RUN_ID = "20261120T024046Z-1f2e3d4c"
NAMES = ("Hunter", "Rover", "Hedger", "Wanderer")


class StoppedClock(PhaseClock):
    """A clock that shows three seconds in its phase, and five in all."""

    def elapsed(self) -> float:
        return self.total() if self.phase.is_final else 3.0

    def total(self) -> float:
        return 5.2


class Lines:
    """A log whose lines carry no time of today."""

    first = 0

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = list(lines)

    @property
    def total(self) -> int:
        return len(self._lines)

    def line(self, index: int) -> str:
        return self._lines[index]


def frame(tick: int, width: int = 12, height: int = 8, names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """A frame in which every player owns a growing part of the rows."""
    slots = len(names)
    owners = [-1] * (width * height)
    for at in range(min(tick, width * height)):
        owners[at] = (at // width) % slots
    positions = [[(tick + slot) % width, min(height - 1, slot * height // slots)] for slot in range(slots)]
    return {
        "type": "state",
        "width": width,
        "height": height,
        "tile_owners": owners,
        "positions": positions,
        "scores": [owners.count(slot) for slot in range(slots)],
        "player_names": list(names),
        "tick": tick,
        "max_ticks": 100,
        "done": False,
    }


def staged(
    home: Path, phase: Phase, frames: Iterable[object] = (), package: Package | None = None
) -> Episode:
    """An episode of the bundled game that has just reached ``phase``, with ``frames`` recorded."""
    package = package or bundled_package()
    episode = Episode(plan_episode(package), LaunchOptions(backend="process"))
    episode.run_id = RUN_ID
    directory = RunDirectory.create(RUN_ID)
    files = RunFiles(directory, episode._redactor)
    episode._files = files
    for value in frames:
        files.recorder.append(value if isinstance(value, str | bytes) else json.dumps(value))
    episode.clock = StoppedClock()
    for number, passed in enumerate(phase for phase in Phase if phase is not Phase.WARMING_UP):
        if passed is phase or passed.is_final or passed is Phase.VERIFYING_REPLAY:
            break
        episode.clock.durations[passed] = 0.1 * (number + 1)
        files.events.emit("phase", passed.value)
    episode.clock.phase = phase
    rings: dict[str, Any] = {
        name: Lines(f"02:40:4{at}.3  {name} says line {at}" for at in range(6)) for name in episode.rings
    }
    episode.rings = rings
    if phase in (Phase.PLAYING, Phase.COLLECTING):
        episode.exits = dict.fromkeys(range(len(episode.plan.seats)))
    return episode


def ended(episode: Episode, status: Phase, error: CoworldError | None = None) -> Episode:
    """The same episode after its end, in a run directory of a name that is always the same."""
    slots = tuple(seat.name for seat in episode.plan.seats)
    episode.exits = dict.fromkeys(range(len(slots)), PartExit(0))
    if error is not None and error.slot is not None:
        episode.exits[error.slot] = PartExit(1)
    episode.clock.phase = status
    place = f"/home/you/runs/{RUN_ID}"
    episode.outcome = Outcome(
        run_id=RUN_ID,
        run_dir=place,
        status=status.value,
        workspace=f"{place}/workspace",
        slots=slots,
        scores=[31.0, 27.0, 20.0, 18.0][: len(slots)] if error is None else None,
        replay=f"{place}/workspace/replay" if error is None else None,
        recording=f"{place}/artifacts/frames.parquet",
        recorded=episode.recorder.count if episode.recorder is not None else 0,
        error=error,
    )
    return episode


class _StoppedStep(StepState):
    """A step whose time does not go on."""

    @property
    def seconds(self) -> float:
        return 0.0 if self.status == "waiting" else 0.1 * len(self.id)


def certifying(home: Path, *, has_failed: bool) -> Certification:
    """A certification of the bundled game in the middle of its episode; or one that ended there."""
    certification = Certification(bundled_package(), CertifyOptions(backend="process"))
    episode = staged(home, Phase.PLAYING, [frame(tick) for tick in range(0, 60, 3)])
    certification.episode = episode
    certification.steps = [_StoppedStep(step) for step in STEPS]
    for state in certification.steps[:4]:
        state.end("pass", "as it should be")
    smoke = certification.state("smoke-episode")
    smoke.begin()
    if has_failed:
        smoke.end("fail", "the player in slot 1 crashed: exit code 1", "player_error")
        for state in certification.steps[5:]:
            state.skip("needs smoke-episode")
        certification.outcome = CertificationOutcome(
            package={"name": "enclosure", "version": "1.0.0", "source": "demo"},
            generation="0.1.64",
            steps=tuple(certification.steps),
            cancelled=False,
            run_id=RUN_ID,
            run_dir=Path("/home/you/runs", RUN_ID),
            episode=None,
            error=None,
            finished_at=datetime(2026, 11, 20, tzinfo=UTC),
            report=Path("/home/you/runs", RUN_ID, "artifacts/certification_report.html"),
        )
    return certification


def crash() -> CoworldError:
    """A player that crashed."""
    return CoworldError(
        "player_error",
        "the player in slot 1 crashed",
        cause="exit code 1; last log line: ZeroDivisionError: division by zero",
        owner="slot 1",
        next_step="read logs/policy_agent_1.log",
        slot=1,
    )
