"""Episodes on disk in every shape they come in, small enough to compare frame by frame."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.opening import open_replay, settle
from coworld_tui.replay.recording import SCHEMA
from coworld_tui.replay.source import FrameSource, Replay

from .paintarena import state

SHARED = Path(os.environ.get("COWORLD_TUI_SHARED") or Path(__file__).parents[3] / "shared")
GENERATIONS = ("0.1.11", "0.1.64")
NAMES = ["Ada", "Bo"]
TOKENS = ["token-of-ada-1234", "token-of-bo-56789"]
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EREQ = "ereq_00000000-0000-4000-8000-00000000000a"


def recorded_episode(generation: str) -> Path:
    """The folder of the real Paint Arena episode of a generation; skips where it is not at hand."""
    folder = SHARED / "fixtures" / f"paintarena-{generation}"
    if not folder.is_dir():
        pytest.skip("the shared fixtures are not here (COWORLD_TUI_SHARED)")
    return folder


def frames(ticks: Iterable[int] = range(1, 6)) -> list[dict[str, Any]]:
    """Frames of these ticks."""
    return [state(tick, player_names=NAMES) for tick in ticks]


def document(ticks: Iterable[int] = range(1, 6), **members: Any) -> dict[str, Any]:
    """A replay in the shape of Paint Arena, tokens and all."""
    shown = frames(ticks)
    return {
        "config": {"tick_rate": 5, "players": [{"name": name} for name in NAMES], "tokens": TOKENS},
        "player_names": NAMES,
        "frames": shown,
        "results": {"scores": [41.0, 42.5], "ticks": len(shown)},
        **members,
    }


def workspace_files(generation: str = "0.1.64", ticks: Iterable[int] = range(1, 6)) -> dict[str, bytes]:
    """The files of a workspace by name."""
    replay = document(ticks)
    replay_name = "replay" if generation == "0.1.64" else "replay.json"
    files: dict[str, Any] = {
        replay_name: replay,
        "config.json": replay["config"],
        "results.json": replay["results"],
    }
    texts = {
        "logs/game.stdout.log": f"GET /player?slot=0&token={TOKENS[0]}\n",
        "logs/game.stderr.log": "INFO: started\n",
        "logs/policy_agent_0.log": f"hello {TOKENS[0]}\n",
        "logs/policy_agent_1.log": "hello\n",
    }
    encoded = {name: json.dumps(value).encode() for name, value in files.items()}
    return {**encoded, **{name: text.encode() for name, text in texts.items()}}


def bundle_files(generation: str = "0.1.64", ticks: Iterable[int] = range(1, 6)) -> dict[str, bytes]:
    """The entries of a bundle by name, its replay and results under names only the manifest knows."""
    files = workspace_files(generation, ticks)
    replay = files.pop("replay" if generation == "0.1.64" else "replay.json")
    logs = (
        {"combined": "logs/game.stdout.log"}
        if generation == "0.1.64"
        else {"stdout": "logs/game.stdout.log", "stderr": "logs/game.stderr.log"}
    )
    manifest = {
        "ereq_id": EREQ,
        "status": "success",
        "include": ["results", "replay", "game_logs", "player_logs"],
        "files": {
            "results": "out/scores.txt",
            "replay": "out/the.bin",
            "game_logs": logs,
            "player_logs": {"0": "logs/policy_agent_0.log", "1": "logs/policy_agent_1.log"},
        },
    }
    files["out/scores.txt"] = files.pop("results.json")
    files["out/the.bin"] = replay
    return {"manifest.json": json.dumps(manifest).encode(), **files}


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_zip(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip of these entries."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def batches(shown: Sequence[Mapping[str, Any]], size: int = 3) -> list[Any]:
    """Frames as record batches of a recording, a tenth of a second apart."""
    rows = [
        {
            "seq": seq,
            "received_at": START + timedelta(seconds=seq / 10),
            "tick": frame.get("tick"),
            "kind": "json",
            "payload": json.dumps(frame).encode(),
        }
        for seq, frame in enumerate(shown)
    ]
    return [
        pa.RecordBatch.from_pylist(rows[at : at + size], schema=SCHEMA) for at in range(0, len(rows), size)
    ]


def write_stream(path: Path, shown: Sequence[Mapping[str, Any]], *, ended: bool = True) -> Path:
    """Write a recording as the recorder does while the episode runs; not ``ended``, as a kill leaves it."""
    sink = pa.BufferOutputStream()
    writer = pa.ipc.new_stream(sink, SCHEMA)
    for batch in batches(shown):
        writer.write_batch(batch)
    if ended:
        writer.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sink.getvalue().to_pybytes())
    return path


def write_closed(path: Path, shown: Sequence[Mapping[str, Any]]) -> Path:
    """Write a finished recording, three frames a row group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, SCHEMA, use_dictionary=["kind"]) as writer:
        for batch in batches(shown):
            writer.write_batch(batch)
    return path


def write_run(
    folder: Path, ticks: Iterable[int], recorded: Sequence[Mapping[str, Any]], **manifest: Any
) -> Path:
    """A run directory with a workspace and a closed recording."""
    write_folder(folder / "workspace", workspace_files(ticks=ticks))
    write_closed(folder / "artifacts" / "frames.parquet", recorded)
    details = {
        "run_id": folder.name,
        "status": "passed",
        "operation": "paintarena:quick",
        "result_summary": {"slots": ["Ann", "Ben"], "scores": [41.0, 42.5]},
        **manifest,
    }
    (folder / "run_manifest.json").write_text(json.dumps(details))
    return folder


def counted(source: FrameSource) -> int:
    """Count everything; how many frames there are."""
    for _ in range(1_000_000):
        if source.is_complete:
            break
        source.advance()
    assert source.is_complete
    return len(source)


def decoded(source: FrameSource) -> list[Any]:
    """Every frame as JSON."""
    return [json.loads(source.payload(index)) for index in range(counted(source))]


def opened(path: Path) -> Replay:
    """What is opened from ``path``, everything counted and settled."""
    replay = open_replay(path)
    counted(replay.source)
    settle(replay)
    return replay


def failure(path: Path) -> CoworldError:
    """Why ``path`` cannot be opened, in words that can be printed."""
    with pytest.raises(CoworldError) as caught:
        open_replay(path)
    error = caught.value
    assert error.exit_code == 2
    for text in (error.title, error.cause, error.next_step):
        assert text.isprintable() or not text
    return error
