"""Everything one run writes: its directory, events, recording, logs, and the manifest at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..contract.request import EpisodePlan
from ..runs.directory import RunDirectory, write_json
from ..runs.redact import Redactor
from .backend import PartExit
from .collect import compress_replay, find_replay, write_player_status
from .events import EventLog
from .launch import Identity, LaunchOptions
from .logs import LogFile, LogRing
from .outcome import Outcome
from .recorder import Recorder

_RESERVED_BYTES = 64 << 10
GAME_LOGS = ("game.stdout.log", "game.stderr.log")


def player_log(slot: int) -> str:
    """The name of a player's log."""
    return f"policy_agent_{slot}.log"


class RunFiles:
    """Opened when the run is prepared, closed when it is over. Write errors are collected, not raised."""

    def __init__(self, directory: RunDirectory, redactor: Redactor) -> None:
        self.directory = directory
        self.redactor = redactor
        self.events = EventLog(directory.logs / "events.jsonl", redactor)
        self.recorder = Recorder(directory.artifacts)
        self._reserve = directory.logs / ".reserve"
        self._logs: dict[str, LogFile] = {}

    @property
    def workspace(self) -> Path:
        """What the game sees."""
        return self.directory.workspace

    @property
    def logs(self) -> Path:
        """Where the logs of game and players are."""
        return self.directory.workspace / "logs"

    def begin(self, plan: EpisodePlan, options: LaunchOptions, identity: Identity) -> None:
        """Write the manifest, the inputs and the game's ``config.json``. OSError as the system gives it."""
        self.directory.begin(
            kind=options.kind,
            command=self.redactor.text(options.command),
            provider=options.backend,
            operation=f"{plan.package.name}:{plan.variant_id}",
            inputs={
                "manifest": plan.package.source,
                "version": plan.package.version,
                "slots": [seat.name for seat in plan.seats],
                "seed": plan.game_config.get("seed"),
            },
        )
        self._reserve.write_bytes(bytes(_RESERVED_BYTES))
        write_json(self.directory.inputs / "coworld_manifest.json", plan.package.raw)
        write_json(self.directory.inputs / "episode_request.json", plan.request())
        write_json(self.workspace / "config.json", {**plan.game_config, "tokens": list(identity.tokens)})

    def open_logs(self, rings: Mapping[str, LogRing]) -> None:
        """Open the game's two logs and one a player; ``rings`` are by source.

        All of them now: once it runs, the game could put links in their places.
        """
        for source, ring in rings.items():
            slot = source.removeprefix("player ")
            for name in GAME_LOGS if source == "game" else (player_log(int(slot)),):
                self._logs[name] = LogFile(self.logs / name, ring)

    def log(self, name: str) -> LogFile:
        """A log that has been opened."""
        return self._logs[name]

    def write_error(self) -> OSError | None:
        """The first write that failed, if one did."""
        errors = [
            self.events.write_error,
            self.recorder.error,
            *(log.write_error for log in self._logs.values()),
        ]
        return next((error for error in errors if error is not None), None)

    async def close_streams(self) -> None:
        """No more frames and log lines; the space kept for the last words is free."""
        await self.recorder.close()
        for log in self._logs.values():
            log.close()
        with contextlib.suppress(OSError):
            self._reserve.unlink()

    def settle(self, plan: EpisodePlan, exits: Mapping[int, PartExit | None]) -> Path | None:
        """Put the workspace into its final shape; returns the replay if the game wrote one."""
        replay = find_replay(self.workspace, plan)
        with contextlib.suppress(OSError):
            self.directory.close_workspace()
            if exits:
                write_player_status(self.workspace, exits)
            if replay is not None:
                compress_replay(replay)
        return replay

    def finish(self, outcome: Outcome) -> None:
        """Rewrite the manifest with the outcome and close the event log."""
        document = outcome.as_dict()
        result: dict[str, Any] = {
            key: document[key] for key in ("scores", "slots", "seconds", "phases", "frames")
        }
        if outcome.error is not None:
            result["error"] = str(outcome.error)
            result["problem"] = outcome.error.as_dict()
        with contextlib.suppress(OSError):
            self.directory.finish(
                status=outcome.status,
                result=self.redactor.value(result),
                artifacts=self._artifacts(outcome),
                event_count=self.events.count,
            )
        self.events.close()

    def _artifacts(self, outcome: Outcome) -> dict[str, str]:
        paths = {"events": self.directory.logs / "events.jsonl"}
        if outcome.recording:
            paths["frames"] = Path(outcome.recording)
        for name in ("results.json", "config.json"):
            paths[name.removesuffix(".json")] = self.workspace / name
        if outcome.replay:
            paths["replay"] = Path(outcome.replay)
        return {label: self.directory.relative(path) for label, path in paths.items() if path.is_file()}
