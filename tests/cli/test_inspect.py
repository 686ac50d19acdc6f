"""``inspect``: good, broken and strange runs and replays."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.runs.owner import Owner

from ..replay.episodes import TOKENS, bundle_files, document, workspace_files, write_folder, write_zip
from .command import Done, coworld

RUN_ID = "20260101T000000Z-0123abcd"
FIELDS = {"kind", "format", "frames", "ticks", "players", "scores", "problems", "status", "error", "files"}


def write_run(home: Path, manifest: Any) -> Path:
    run = home / "runs" / RUN_ID
    run.mkdir(parents=True)
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    (run / "run_manifest.json").write_text(text)
    return run


def test_a_passed_run(played: Done) -> None:
    run = Path(played.document["run_dir"])
    done = coworld("inspect", run, "--json")
    assert done.code == 0
    document = done.document
    assert document.keys() >= FIELDS
    assert (document["kind"], document["status"], document["problems"]) == ("run", "passed", [])
    assert document["ticks"] == [0, 12]
    assert document["frames"] == 13
    assert document["recorded"] == played.document["frames"]["recorded"]
    assert document["scores"] == played.document["scores"]
    assert document["players"] == ["Ada", "Bo"]
    assert "workspace/results.json" in [file["path"] for file in document["files"]]
    plain = coworld("inspect", run / "run_manifest.json")
    assert plain.code == 0
    assert "slot 0  Ada" in plain.out
    assert "ticks 0 to 12" in plain.out


def test_a_run_is_found_by_its_id(home: Path, played: Done) -> None:
    shutil.copytree(played.document["run_dir"], home / "runs" / played.document["run_id"], symlinks=True)
    done = coworld("inspect", played.document["run_id"], "--json")
    assert done.code == 0
    assert done.document["path"] == str(home / "runs" / played.document["run_id"])


def test_no_such_run() -> None:
    for name, error in ((RUN_ID, "run_missing"), ("/nonexistent", "replay_missing")):
        done = coworld("inspect", name, "--json")
        assert done.code == 2
        assert done.document["error"]["type"] == error


def test_a_run_whose_owner_died_is_stale(home: Path) -> None:
    living = Owner.current()
    dead = Owner(living.machine, living.boot, living.pid, living.started - 1000)
    run = write_run(home, {"status": "running", "owner": str(dead)})
    assert coworld("inspect", run, "--json").document["status"] == "stale"
    (run / "run_manifest.json").write_text(json.dumps({"status": "running", "owner": str(living)}))
    assert coworld("inspect", run, "--json").document["status"] == "running"


@pytest.mark.parametrize("manifest", ["", "{", "[]", "nul\0", '{"status": 7}', "[" * 100_000])
def test_a_broken_manifest_is_a_problem(home: Path, manifest: str) -> None:
    run = write_run(home, manifest)
    done = coworld("inspect", run, "--json")
    assert done.code == (0 if "7" in manifest else 1)
    assert bool(done.document["problems"]) == (done.code == 1)
    assert coworld("inspect", run).code == done.code


def test_a_folder_without_a_replay(tmp_path: Path) -> None:
    done = coworld("inspect", tmp_path, "--json")
    assert done.code == 2
    assert done.document["error"]["type"] == "no_replay"


def test_a_folder_of_many_replays_names_the_command_to_choose(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(document()))
    done = coworld("inspect", tmp_path)
    assert done.code == 2
    assert f"coworld-tui replay {tmp_path}" in done.err


@pytest.mark.parametrize("form", ["plain", "gzip", "bundle", "workspace"])
def test_a_replay_in_any_form(tmp_path: Path, form: str) -> None:
    if form == "bundle":
        path = write_zip(tmp_path / "b.zip", bundle_files())
    elif form == "workspace":
        path = write_folder(tmp_path / "w", workspace_files())
    else:
        data = json.dumps(document()).encode()
        path = tmp_path / "x"
        path.write_bytes(gzip.compress(data) if form == "gzip" else data)
    done = coworld("inspect", path, "--json")
    assert done.code == 0
    found = done.document
    assert found.keys() >= FIELDS - {"status", "error"} | {"results", "series"}
    assert (found["format"], found["frames"], found["ticks"]) == ("json", 5, [1, 5])
    assert (found["players"], found["scores"]) == (["Ada", "Bo"], [41.0, 42.5])
    assert found["results"] == {"scores": [41.0, 42.5], "ticks": 5}
    assert {"scores.0", "positions.1.0", "tick"} <= set(found["series"])
    assert found["problems"] == []
    plain = coworld("inspect", path)
    assert "slot 1  Bo                                    42.5" in plain.out
    assert "5 frames, ticks 1 to 5" in plain.out
    assert "scores.0" in plain.out
    for token in TOKENS:
        assert token not in plain.out + done.out


def test_a_cut_replay_is_described_as_far_as_it_goes(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    path = tmp_path / "x.json"
    path.write_bytes(data[: data.index(b'"tick": 4')])
    done = coworld("inspect", path, "--json")
    assert (done.code, done.document["frames"], done.document["ticks"]) == (1, 3, [1, 3])
    assert "cut off at byte" in done.document["problems"][0]


def test_what_inflates_beyond_the_limit_is_named_and_the_option_raises_it(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(json.dumps(document()).encode()))
    done = coworld("inspect", path, "--max-inflated", "100", "--json")
    assert done.code == 1
    assert "--max-inflated" in done.document["problems"][0]
    assert coworld("inspect", path, "--max-inflated", "100000", "--json").code == 0
    assert coworld("inspect", path, "--max-inflated", "much").code == 2


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"frames": [{"tick": 1}, {"tick": 2}], "results": {"a": NaN, "b": [1e999], "c": 2}}')
    done = coworld("inspect", path, "--json")
    assert done.document["results"] == {"a": None, "b": [None], "c": 2}


def test_a_broken_recording_is_a_problem(home: Path, played: Done) -> None:
    run = home / "runs" / RUN_ID
    shutil.copytree(played.document["run_dir"], run, symlinks=True)
    (recording,) = (run / "artifacts").glob("frames.*")
    recording.write_bytes(b"PAR1 and then nothing of the kind")
    done = coworld("inspect", run, "--json")
    assert done.code == 1
    assert done.document["problems"][0].startswith("recording unreadable")
    assert done.document["scores"] == played.document["scores"]


@pytest.mark.parametrize(
    "result",
    [
        {"scores": ["x", None, 1], "slots": [None, 2, "\x1b[2Jname"], "problem": "boo"},
        {"scores": "1", "slots": 5, "problem": {"title": 3}, "seconds": []},
        {"scores": {"a": 1}, "slots": {"b": 2}, "problem": [], "error": {}},
        {"scores": [True, 1e400], "slots": ["a", "b"]},
        "no summary",
    ],
)
def test_strange_results_are_shown_as_far_as_they_go(home: Path, result: Any) -> None:
    run = write_run(home, {"status": "passed\x1b]0;x\x07", "result_summary": result})
    done = coworld("inspect", run)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert coworld("inspect", run, "--json").document["kind"] == "run"
