"""After the game: results, the replay, what players left, and whose fault an early end was."""

from __future__ import annotations

import errno
import shutil
import stat
import zlib
from collections.abc import Mapping
from pathlib import Path

from ..contract.errors import CoworldError
from ..contract.generations import replay_filename
from ..contract.request import EpisodePlan
from ..contract.results import Results, parse_player_failure, parse_results
from ..contract.text import safe_line
from ..runs.directory import replacing, write_json
from .backend import PartExit

RESULTS = "results.json"
RESULTS_MISSING = "results_missing"
PLAYER_FAILURE = "player_failure.json"
PLAYER_STATUS = "player_status.json"
_LARGEST_RESULTS = 64 << 20
_LARGEST_FAILURE = 64 << 10
_LARGEST_ARTIFACT = 200 << 20
_CHUNK = 1 << 20


def read_results(workspace: Path, plan: EpisodePlan) -> Results:
    """``results.json``, checked against the manifest's schema.

    Raises CoworldError ``RESULTS_MISSING`` or ``results_malformed``.
    """
    data = _read_plain_file(workspace / RESULTS, _LARGEST_RESULTS)
    if data is None:
        raise CoworldError(
            RESULTS_MISSING,
            "the game wrote no results",
            cause=f"{RESULTS} is not in the workspace, or is no plain file of at most 64 MiB",
            owner="the game",
            next_step="the game must write to COGAME_RESULTS_URI before it exits",
        )
    return parse_results(data, plan.package.manifest.game.results_schema, len(plan.seats))


def declared_failure(workspace: Path, slots: int) -> CoworldError | None:
    """What the game declared about a player in ``player_failure.json``, if it did."""
    data = _read_plain_file(workspace / PLAYER_FAILURE, _LARGEST_FAILURE)
    if data is None:
        return None
    try:
        failure = parse_player_failure(data, slots)
    except CoworldError as error:
        return error
    slot = failure.failed_policy_index
    return CoworldError(
        failure.kind,
        f"the game gave up on slot {slot}",
        cause=safe_line(failure.message, 300),
        owner=f"slot {slot}",
        next_step=f"read logs/policy_agent_{slot}.log",
        slot=slot,
    )


def find_replay(workspace: Path, plan: EpisodePlan) -> Path | None:
    """The replay the game wrote."""
    replay = workspace / replay_filename(plan.package.generation)
    return replay if _plain_size(replay) >= 0 else None


def compress_replay(replay: Path) -> None:
    """Write the zlib copy that the older generation keeps beside its ``replay.json``."""
    if replay.suffix == ".json":
        compressor = zlib.compressobj()
        with replacing(replay.with_suffix(".json.z")) as writing, replay.open("rb") as reading:
            while chunk := reading.read(_CHUNK):
                writing.write(compressor.compress(chunk))
            writing.write(compressor.flush())


def gather_player_artifact(folder: Path, workspace: Path, slot: int) -> None:
    """Move ``policy_artifact_<slot>.zip`` into the workspace when the player left a plain file."""
    name = f"policy_artifact_{slot}.zip"
    source, target = folder / name, workspace / name
    if _plain_size(source) not in range(_LARGEST_ARTIFACT + 1):
        return
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with replacing(target) as writing, source.open("rb") as reading:
            shutil.copyfileobj(reading, writing)
        source.unlink()


def write_player_status(workspace: Path, exits: Mapping[int, PartExit | None]) -> None:
    """``player_status.json`` (local.md section 7.7); None is a player still running when collected."""
    players = []
    for slot, exit_ in sorted(exits.items()):
        state = {"slot": slot, "state": "running", "exit_code": None, "reason": "runner_cleanup_pending"}
        if exit_ is not None:
            reason = "OOMKilled" if exit_.out_of_memory else exit_.reason or "exited"
            state.update(state="exited", exit_code=exit_.code, reason=reason)
        players.append({**state, "finished_at": None})
    write_json(workspace / PLAYER_STATUS, {"schema_version": "1", "players": players}, mode=0o600)


def _plain_size(path: Path) -> int:
    try:
        details = path.lstat()
    except OSError:
        return -1
    return details.st_size if stat.S_ISREG(details.st_mode) else -1


def _read_plain_file(path: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of at most ``limit`` bytes; links and devices are not followed."""
    if _plain_size(path) not in range(limit + 1):
        return None
    try:
        return path.read_bytes()
    except OSError:
        return None
