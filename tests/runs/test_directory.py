"""Run directories: names, atomic writing, manifests, output folders, and the index that never fails."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.runs.directory import (
    LAYOUT,
    MANIFEST,
    RUN_ID,
    RunDirectory,
    new_run_id,
    replacing,
    write_json,
)
from coworld_tui.runs.index import newest_runs, read_run
from coworld_tui.runs.owner import Owner
from coworld_tui.runs.paths import config_file, home, log_file, runs_dir


def begun(run_id: str | None = None, operation: str = "game:one") -> RunDirectory:
    """A run that has just begun."""
    run = RunDirectory.create(run_id)
    run.begin(kind="episode", command="coworld-tui run", provider="process", operation=operation, inputs={})
    return run


def test_run_ids_are_sortable_unique_and_safe() -> None:
    ids = {new_run_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(RUN_ID.match(run_id) for run_id in ids)
    early = new_run_id(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert early.startswith("20260102T030405Z-")
    assert early < new_run_id(datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))


def test_everything_lives_under_the_home(home: Path) -> None:
    assert [path.parent for path in (runs_dir(), log_file(), config_file())] == [home, home, home]


def test_a_home_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COWORLD_TUI_HOME", "here")
    place = home()
    monkeypatch.chdir("/")
    assert place == tmp_path / "here"


def test_a_run_from_begin_to_end() -> None:
    run = begun()
    assert {path.name for path in run.path.iterdir()} == {*LAYOUT, MANIFEST}
    assert run.path.stat().st_mode & 0o777 == 0o700
    (entry,) = newest_runs(10)
    assert (entry.run_id, entry.status, entry.kind, entry.operation) == (
        run.run_id, "running", "episode", "game:one",
    )  # fmt: skip
    run.finish(status="passed", result={"scores": [1.0]}, artifacts={"results": "x"}, event_count=3)
    entry = read_run(run.path)
    assert (entry.status, entry.result["scores"], entry.manifest["event_count"]) == ("passed", [1.0], 3)
    assert entry.manifest["artifact_paths"] == {"results": "x"}


def test_paths_in_the_manifest_are_relative_where_they_can_be(tmp_path: Path) -> None:
    run = RunDirectory.create(workspace=tmp_path / "out")
    assert run.relative(run.artifacts / "frames.parquet") == "artifacts/frames.parquet"
    assert run.relative(run.workspace / "results.json") == str(tmp_path / "out" / "results.json")


def test_the_same_id_twice_is_refused_and_the_first_run_stays() -> None:
    run = begun()
    with pytest.raises(CoworldError):
        RunDirectory.create(run.run_id)
    assert read_run(run.path).status == "running"


def test_an_output_folder_with_files_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(CoworldError) as caught:
        RunDirectory.create(workspace=tmp_path)
    assert (caught.value.type, caught.value.exit_code) == ("workspace_not_empty", 2)
    assert not runs_dir().exists()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_output_folder_that_cannot_be(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CoworldError) as caught:
        RunDirectory.create(workspace=tmp_path / place)
    assert (caught.value.type, caught.value.exit_code) == ("workspace_unwritable", 2)
    assert str(tmp_path / "file") in caught.value.title


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    write_json(path, {"version": 1})
    with pytest.raises(RuntimeError), replacing(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert json.loads(path.read_bytes()) == {"version": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["document.json"]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    path = tmp_path / "document.json"
    path.symlink_to(outside)
    write_json(path, {}, mode=0o600)
    assert not path.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert outside.read_text() == "mine"


def test_readers_never_see_half_a_manifest() -> None:
    run = begun()
    done = threading.Event()

    def rewrite() -> None:
        for count in range(300):
            run.finish(status="passed", result={"x": "y" * count * 50}, artifacts={}, event_count=count)
        done.set()

    writer = threading.Thread(target=rewrite)
    writer.start()
    while not done.is_set():
        assert read_run(run.path).status in ("running", "passed")
    writer.join()


def test_text_that_is_no_unicode_is_written_somehow(tmp_path: Path) -> None:
    write_json(tmp_path / "x", {"command": os.fsdecode(b"caf\xe9"), "name": "\ud800"})
    assert json.loads((tmp_path / "x").read_bytes())["command"] == "caf?"


def test_newest_first_and_by_operation() -> None:
    names = [f"2026010{day}T000000Z-00000000" for day in (3, 1, 2)]
    for day, name in enumerate(names):
        begun(name, f"game{day % 2}:x")
    assert [run.run_id for run in newest_runs(10)] == sorted(names, reverse=True)
    assert [run.run_id for run in newest_runs(2)] == sorted(names, reverse=True)[:2]
    assert [run.run_id for run in newest_runs(10, "game1:")] == [names[1]]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "manifest-missing"),
        (b"", "manifest-invalid-json"),
        (b"{", "manifest-invalid-json"),
        (b"\xff\xfe", "manifest-invalid-json"),
        (b"[1]", "manifest-not-object"),
        (b"[" * 100_000, "manifest-invalid-json"),
        (b" " * (5 << 20), "manifest-too-large"),
        ("directory", "manifest-unreadable"),
    ],
    ids=["missing", "empty", "cut", "no UTF-8", "list", "deep", "large", "directory"],
)
def test_a_broken_directory_is_a_row(content: bytes | str | None, problem: str) -> None:
    folder = runs_dir() / "20260101T000000Z-00000000"
    folder.mkdir(parents=True)
    if content == "directory":
        (folder / MANIFEST).mkdir()
    elif isinstance(content, bytes):
        (folder / MANIFEST).write_bytes(content)
    (entry,) = newest_runs(10)
    assert (entry.status, entry.problem, entry.result) == ("unreadable", problem, {})


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
)
def test_a_manifest_with_anything_in_its_fields_is_a_row(value: object) -> None:
    folder = runs_dir() / "20260101T000000Z-00000000"
    folder.mkdir(parents=True, exist_ok=True)
    fields = ("status", "kind", "operation", "created_at", "owner", "result_summary")
    (folder / MANIFEST).write_text(json.dumps(dict.fromkeys(fields, value)))
    (entry,) = newest_runs(10)
    assert isinstance(entry.status, str)
    assert isinstance(entry.result, dict)


def test_other_files_among_the_runs_are_no_runs() -> None:
    begun()
    (runs_dir() / "notes.txt").touch()
    (runs_dir() / "lost+found").mkdir()
    assert len(list(newest_runs(10))) == 1


def test_no_runs_at_all() -> None:
    assert not list(newest_runs(10))


def test_a_run_whose_owner_is_dead_is_stale() -> None:
    run = begun()
    path = run.path / MANIFEST
    me = Owner.current()
    for owner, status in (
        (str(me), "running"),
        (f"{me.machine}/{me.boot}/{me.pid}/1.00", "stale"),
        (f"{me.machine}/earlier/{me.pid}/{me.started}", "stale"),
        (f"elsewhere/{me.boot}/1/1.00", "running"),
        ("nonsense", "stale"),
    ):
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "owner": owner}))
        assert read_run(run.path).status == status
