"""Runs, bundles and downloads are described by their documents, and broken ones say so."""

from __future__ import annotations

import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.replay.descriptions import DownloadIndexes, describe
from coworld_tui.replay.library import Library, LibraryRow
from coworld_tui.runs.paths import runs_dir

from .libraries import REPLAY, REPLAY_BYTES, bundle, file, listed, only, passed, rows_in, run

NASTY = "\x1b[31m[b]\u202eevil\x07"


def test_a_run_tells_what_it_was() -> None:
    folder = run("20260101T000000Z-00000001", passed())
    (found,) = rows_in()
    assert found.path == folder
    assert (found.kind, found.game, found.players) == ("run", "paintarena", ("Ada", "Bob"))
    assert (found.scores, found.length, found.problem) == ((53.0, 43.5), 19, "")
    assert found.is_described


def test_the_replay_of_a_run_knows_its_length_better_than_the_recording() -> None:
    folder = run("20260101T000000Z-00000001", passed(artifact_paths={"replay": "workspace/replay"}))
    file(folder / "workspace" / "replay", REPLAY_BYTES)
    (found,) = rows_in()
    assert (found.length, found.size) == (7, len(REPLAY_BYTES))


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../outside.json", "workspace/../../outside.json", "link"]
)
def test_a_run_manifest_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    folder = run("20260101T000000Z-00000001", passed(artifact_paths={"replay": name}))
    file(folder.parent / "outside.json", REPLAY_BYTES)
    (folder / "link").symlink_to(folder.parent / "outside.json")
    (found,) = rows_in()
    assert (found.length, found.size) == (19, None)


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        (b"", "run_manifest.json is not JSON"),
        (b"{", "run_manifest.json is not JSON"),
        (b"[" * 100_000, "run_manifest.json is not JSON"),
        (b"[]", "run_manifest.json is JSON, but not an object"),
        ({}, "run_manifest.json has no status"),
        (
            {"status": "failed", "result_summary": {"problem": {"title": "slot 1 crashed"}}},
            "failed: slot 1 crashed",
        ),
        ({"status": "failed", "result_summary": {"error": "no replay"}}, "failed: no replay"),
        ({"status": "failed", "result_summary": []}, "failed"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "running", "owner": "nobody"}, "cut off: its process is gone"),
    ],
    ids=range(10),
)
def test_a_broken_run_is_a_row_that_says_so(manifest: bytes | Any, problem: str) -> None:
    run("20260101T000000Z-00000001", manifest)
    (found,) = rows_in()
    assert (found.kind, found.problem) == ("run", problem)


def test_a_run_without_a_manifest_is_a_row_that_says_so() -> None:
    (runs_dir() / "20260101T000000Z-00000001").mkdir(parents=True)
    assert [found.problem for found in rows_in()] == ["run_manifest.json is missing"]


def test_a_workspace_of_either_generation_is_one_row(tmp_path: Path) -> None:
    for name, replay in (("old", "replay.json"), ("new", "replay"), ("packed", "replay.json.z")):
        content = zlib.compress(REPLAY_BYTES) if replay.endswith(".z") else REPLAY_BYTES
        file(tmp_path / name / replay, content)
        file(tmp_path / name / "results.json", {"scores": [9, 8]})
        file(tmp_path / name / "config.json", {"players": [{"name": "C"}, {"name": "D"}], "tokens": ["t"]})
        file(tmp_path / name / "logs" / "game.stdout.log", b"hello")
    found = rows_in(tmp_path)
    assert sorted(each.path.name for each in found) == ["new", "old", "packed"]
    for each in found:
        assert (each.kind, each.players, each.scores, each.length) == ("workspace", ("C", "D"), (9.0, 8.0), 7)
        assert each.size == (tmp_path / each.path.name / each.inner).stat().st_size


def test_a_bundle_is_read_through_its_manifest(tmp_path: Path) -> None:
    manifest = {
        "ereq_id": "ereq_1",
        "status": "success",
        "files": {"replay": "deep/it", "results": "deep/results.json"},
    }
    entries = {"deep__it": REPLAY_BYTES, "deep__results_json": b'{"scores":[5,6]}', "replay": b"decoy"}
    path = bundle(tmp_path / "b.zip", manifest, **entries)
    found = only(tmp_path)
    assert (found.kind, found.players, found.scores, found.length) == (
        "bundle",
        ("Ada", "Bob"),
        (5.0, 6.0),
        7,
    )
    assert (found.size, found.problem) == (path.stat().st_size, "")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "apart")
    apart = rows_in(tmp_path / "apart")[0]
    assert (apart.kind, apart.players, apart.scores, apart.length) == (
        "bundle",
        ("Ada", "Bob"),
        (5.0, 6.0),
        7,
    )


def test_a_bundle_may_lie_in_a_folder_of_its_archive_and_list_less_than_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ereq_1/manifest.json", json.dumps({"files": {"replay": "replay"}}))
        archive.writestr("ereq_1/replay", json.dumps({"frames": REPLAY["frames"]}))
        archive.writestr("ereq_1/results.json", '{"scores": [5, 6]}')
        archive.writestr("ereq_1/config.json", '{"players": [{"name": "C"}, {"name": "D"}]}')
    found = only(tmp_path)
    assert (found.players, found.scores, found.length, found.problem) == (("C", "D"), (5.0, 6.0), 7, "")


def test_the_one_replay_of_an_archive_without_a_manifest_is_found(tmp_path: Path) -> None:
    bundle(tmp_path / "b.zip", None, deep__it_json=REPLAY_BYTES, notes=b"hello")
    assert only(tmp_path).players == ("Ada", "Bob")


def test_a_bundle_of_a_failed_episode_says_why(tmp_path: Path) -> None:
    manifest = {"status": "failed", "files": {"error_info": "error_info.json"}}
    bundle(tmp_path / "b.zip", manifest, error_info_json=b'{"message":"slot 1 left"}')
    bundle(tmp_path / "c.zip", {"status": "failed", "files": {}})
    assert {each.problem for each in rows_in(tmp_path)} == {"failed: slot 1 left", "failed"}


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: file(path, b""), "is not a zip archive"),
        (lambda path: file(path, b"hello"), "is not a zip archive"),
        (lambda path: file(path, b"PK\x03\x04 cut"), "is a broken zip archive"),
        (lambda path: bundle(path, {"files": {"replay": "gone"}}), "replay is listed but not there: gone"),
        (lambda path: bundle(path, []), "manifest.json is JSON, but not an object"),
        (lambda path: bundle(path, {"files": []}), "files: Input should be a valid dictionary"),
        (lambda path: bundle(path, None, a__replay=b"{}", b__replay=b"{}"), "holds 2 replays: extract it"),
        (lambda path: bundle(path, {"files": {"replay": "replay"}}, replay=b""), "is empty"),
    ],
)
def test_a_broken_bundle_is_a_row_that_says_so(
    make: Callable[[Path], Path], problem: str, tmp_path: Path
) -> None:
    make(tmp_path / "b.zip")
    found = only(tmp_path)
    assert found.kind == "bundle"
    assert problem in found.problem


def test_an_archive_of_very_many_entries_is_not_gone_through(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number:06d}.replay", b"{}")
    library = Library([tmp_path])
    (found,) = listed(library)
    began = time.process_time()
    assert "too many entries" in library.describe(found).problem
    assert time.process_time() - began < 0.1


def test_downloads_of_either_client_use_its_index(tmp_path: Path) -> None:
    seats = [
        {"position": 1, "policy_version_id": "b", "policy_name": "bob", "version": 2},
        {"position": 0, "policy_version_id": "a", "label": "ada:v1"},
    ]
    scores = [{"policy_version_id": "b", "score": 3}, {"policy_version_id": "a", "score": 7.5}]
    common = {"coworld_id": "cow_1", "replay_url": "s3://x"}
    index = [
        {"local_path": "DIR/one.json", "participants": seats, "scores": scores, "status": "completed"}
        | common,
        {"local_path": "DIR/two.replay", "status": "failed", "policy_version_ids": ["a"]} | common,
        {"local_path": 5},
        "odd",
    ]
    file(tmp_path / "index.json", index)
    file(tmp_path / "one.json", {"frames": [{"tick": 1}]})
    file(tmp_path / "two.replay", b"\x00\x01opaque")
    file(tmp_path / "three.replay", b"\x00\x01opaque")
    one, three, two = sorted(rows_in(tmp_path), key=lambda each: each.where)
    assert (one.kind, one.game, one.players, one.scores) == (
        "download",
        "cow_1",
        ("ada:v1", "bob"),
        (7.5, 3.0),
    )
    assert (two.game, two.players, two.problem) == ("cow_1", (), "the episode failed")
    assert (three.kind, three.game, three.problem) == ("download", "", "")


def test_receipts_of_the_client_are_downloads(tmp_path: Path) -> None:
    file(tmp_path / ("a" * 64) / "episode.replay", REPLAY_BYTES)
    file(tmp_path / ("a" * 64) / "download.json", {"filename": "episode.replay"})
    file(tmp_path / "manifest.jsonl", b"{}\n")
    found = only(tmp_path)
    assert (found.kind, found.players) == ("download", ("Ada", "Bob"))


def test_a_file_that_went_away_is_a_row_that_says_so(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", b"{}")
    library = Library([tmp_path])
    (found,) = listed(library)
    path.unlink()
    assert library.describe(found).problem == "is not there any more"


def texts(found: LibraryRow) -> Iterator[str]:
    yield from (found.game, found.title, found.problem, *found.players)


def test_names_from_outside_are_safe_to_show(tmp_path: Path) -> None:
    document = {"game": NASTY, "player_names": [NASTY, "x" * 5_000], "frames": [{"a": 1}]}
    file(tmp_path / f"{NASTY}.json", document)
    file(tmp_path / os.fsdecode(b"\xff\xfe.json"), b"")
    run("20260101T000000Z-00000001", passed(operation=NASTY + ":x", status=NASTY))
    bundle(tmp_path / "b.zip", {"files": {"replay": NASTY}})
    found = rows_in(tmp_path)
    assert len(found) == 4
    for text in (text for each in found for text in texts(each)):
        assert not any(ord(character) < 32 or character in "\u202e\ufeff" for character in text)
        assert not any("\ud800" <= character <= "\udfff" for character in text)
        assert len(text) <= 300


KEYS = st.sampled_from(
    ["players", "player_names", "scores", "results", "config", "frames", "name", "status", "files", "replay",
     "position", "participants", "local_path", "result_summary", "slots", "operation",
     "artifact_paths", "game"]
)  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=ODD, cut=st.integers(0, 30))
def test_whatever_documents_hold_there_is_a_description(document: Any, cut: int, tmp_path: Path) -> None:
    data = json.dumps(document).encode()
    data = data[: max(0, len(data) - cut)]
    file(
        tmp_path / "index.json",
        [document, {"local_path": "a.json", "participants": document, "scores": document}],
    )
    file(tmp_path / "a.json", data)
    file(tmp_path / "run" / "run_manifest.json", data)
    for name in ("manifest.json", "replay", "results.json", "config.json"):
        file(tmp_path / "bundle" / name, data)
    bundle(tmp_path / "b.zip", document, replay=data, results_json=data)
    for where, kind, inner in (
        ("a.json", "file", ""),
        ("run", "run", "run_manifest.json"),
        ("bundle", "bundle", "manifest.json"),
        ("bundle", "workspace", "replay"),
        ("b.zip", "bundle", ""),
    ):
        found = describe(str(tmp_path / where), kind, inner, DownloadIndexes())  # type: ignore[arg-type]
        assert len(found.problem) <= 300


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draws=st.data())
def test_a_damaged_archive_is_described_all_the_same(draws: st.DataObject, tmp_path: Path) -> None:
    path = bundle(tmp_path / "b.zip", {"files": {"replay": "replay"}}, replay=REPLAY_BYTES)
    content = bytearray(path.read_bytes())
    for _ in range(draws.draw(st.integers(1, 4))):
        content[draws.draw(st.integers(0, len(content) - 1))] = draws.draw(st.integers(0, 255))
    path.write_bytes(content[: draws.draw(st.integers(1, len(content)))])
    describe(str(path), "bundle", "", DownloadIndexes())
