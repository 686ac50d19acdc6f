"""The library lists everything at once, describes what is looked at, and says what is wrong in words."""

from __future__ import annotations

import gzip
import json
import os
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.replay import library as library_module
from coworld_tui.replay.descriptions import DownloadIndexes, describe
from coworld_tui.replay.heads import HEAD_BYTES, head_of
from coworld_tui.replay.library import (
    SORT_KEYS,
    Library,
    LibraryRow,
    configured_folders,
    filtered,
    sorted_rows,
)
from coworld_tui.runs.owner import Owner
from coworld_tui.runs.paths import cache_dir, config_file, runs_dir

from .paintarena import state

REPLAY = {
    "config": {"players": [{"name": "Ada"}, {"name": "Bob"}], "tokens": ["secret-1", "secret-2"]},
    "player_names": ["Ada", "Bob"],
    "frames": [state(tick) for tick in range(1, 8)],
    "results": {"scores": [4.0, 3.0]},
}
REPLAY_BYTES = json.dumps(REPLAY).encode()
NASTY = "\x1b[31m[b]\u202eevil\x07"
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


def listed(library: Library) -> list[LibraryRow]:
    """Everything there is to list."""
    while library.advance():
        pass
    return library.rows


def rows_in(*folders: Path) -> list[LibraryRow]:
    """All rows below some folders, described."""
    library = Library(folders)
    return [library.describe(row) for row in listed(library)]


def only(folder: Path) -> LibraryRow:
    (row,) = rows_in(folder)
    return row


def file(path: Path, content: bytes | Any, when: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    if when:
        os.utime(path, (when, when))
    return path


def run(name: str, manifest: bytes | Any) -> Path:
    return file(runs_dir() / name / "run_manifest.json", manifest).parent


def passed(**changes: Any) -> dict[str, Any]:
    return {
        "status": "passed",
        "kind": "episode",
        "operation": "paintarena:wide",
        "result_summary": {
            "scores": [53, 43.5],
            "slots": ["Ada", "Bob"],
            "frames": {"recorded": 20, "distinct_ticks": 19},
        },
    } | changes


def row(**changes: Any) -> LibraryRow:
    name = str(changes.pop("name", "x"))
    blank = LibraryRow(f"/r/{name}", "file", (changes.pop("when", 0), 1), "", name, name)
    return blank._replace(**changes)


# --- runs


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


def test_a_run_that_goes_on_is_looked_at_again() -> None:
    folder = run("20260101T000000Z-00000001", passed(status="running", owner=str(Owner.current())))
    library = Library()
    (found,) = [library.describe(each) for each in listed(library)]
    assert (found.problem, found.is_described) == ("", False)
    run(folder.name, passed(operation="other:x"))
    assert library.describe(found).game == "other"
    assert [each.game for each in library.rows] == ["other"]


def test_runs_come_newest_first_without_being_read() -> None:
    for number in (2, 3, 1):
        run(f"2026010{number}T000000Z-00000001", b"\0broken")
    (runs_dir() / "notes").mkdir()
    assert [found.path.name[:8] for found in listed(Library())] == ["20260103", "20260102", "20260101"]


# --- folders


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


def bundle(path: Path, manifest: Any, **entries: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if manifest is not None:
            archive.writestr("manifest.json", json.dumps(manifest))
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return path


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


def test_what_is_no_replay_is_not_listed(tmp_path: Path) -> None:
    for name in (
        "notes.md",
        "coworld_manifest.json",
        "results.json",
        ".hidden.json",
        ".hidden/a.json",
        "node_modules/a.json",
        "1/2/3/4/too_deep.json",
    ):
        file(tmp_path / name, b"{}")
    file(tmp_path / "1/2/3/deep.json", b"{}")
    assert [each.path.name for each in rows_in(tmp_path)] == ["deep.json"]


def test_links_are_not_followed_but_a_given_one_is(tmp_path: Path) -> None:
    real = tmp_path / "real"
    file(real / "a.json", b"{}")
    (real / "loop").symlink_to(real)
    (real / "b.json").symlink_to(real / "a.json")
    (tmp_path / "given").symlink_to(real)
    assert [each.path.name for each in rows_in(tmp_path / "given", real)] == ["a.json"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    assert rows_in(tmp_path) == []
    (found,) = rows_in(tmp_path / "a.json")
    assert (found.kind, found.problem) == ("folder", "cannot be opened: not a directory")
    file(tmp_path / "b.json", b"{}")
    library = Library([tmp_path])
    (row,) = listed(library)
    row.path.unlink()
    os.mkfifo(row.path)
    assert library.describe(row).problem == "cannot be read: is not a file"


def test_a_folder_that_is_missing_is_a_row_that_says_so(tmp_path: Path) -> None:
    found = only(tmp_path / "gone")
    assert (found.kind, found.problem) == ("folder", "cannot be opened: no such file or directory")


@not_as_root
def test_a_folder_that_may_not_be_read_is_a_row_that_says_so(tmp_path: Path) -> None:
    file(tmp_path / "a" / "b.json", b"{}")
    file(tmp_path / "c.json", b"{}").chmod(0)
    (tmp_path / "a").chmod(0)
    try:
        problems = {each.path.name: each.problem for each in rows_in(tmp_path)}
    finally:
        (tmp_path / "a").chmod(0o700)
    assert problems == {
        "a": "cannot be opened: permission denied",
        "c.json": "cannot be opened: permission denied",
    }


def test_a_file_that_went_away_is_a_row_that_says_so(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", b"{}")
    library = Library([tmp_path])
    (found,) = listed(library)
    path.unlink()
    assert library.describe(found).problem == "is not there any more"


def test_single_files_may_be_given(tmp_path: Path) -> None:
    found = only(file(tmp_path / "notes.txt", REPLAY_BYTES))
    assert (found.kind, found.players, found.length) == ("file", ("Ada", "Bob"), 7)


# --- bare replays


@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress])
def test_a_bare_replay_tells_what_its_head_tells(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = file(tmp_path / "a.replay", pack(REPLAY_BYTES))
    found = only(tmp_path)
    assert (found.players, found.scores, found.length) == (("Ada", "Bob"), (4.0, 3.0), 7)
    assert (found.title, found.size, found.problem) == ("a.replay", path.stat().st_size, "")
    assert "secret-1" not in repr(found)


@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_of_a_large_replay_only_the_head_is_read(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    frames = [state(tick, 40, 40) | {"noise": os.urandom(300).hex()} for tick in range(300)]
    file(
        tmp_path / "a.json", pack(json.dumps({"game": "big", "match": {"frames": frames}} | REPLAY).encode())
    )
    found = only(tmp_path)
    assert (found.game, found.length, found.problem) == ("big", None, "")


def test_names_inside_the_first_frame_count(tmp_path: Path) -> None:
    file(tmp_path / "a.jsonl", b"\n".join(json.dumps(state(tick)).encode() for tick in range(5)))
    file(tmp_path / "b.json", [[{"player_names": ["C"]}], [{"player_names": ["C"]}]])
    lines, lists = sorted(rows_in(tmp_path), key=lambda each: each.where)
    assert (lines.players, lines.length) == (("Sweep Painter 1", "Sweep Painter 2"), 5)
    assert (lists.players, lists.length) == (("C",), 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (REPLAY_BYTES[:-20], "is not whole JSON: "),
        (b'{"frames": [1,}', "is not whole JSON: "),
        (b"[" * 200_000, "is nested too deeply to look into"),
        (b'{"a":' * 100_000, "is nested too deeply to look into"),
        (zlib.compress(REPLAY_BYTES)[:-9], "is compressed, and the compressed data is cut off or damaged"),
        (b'{"n":' + b"9" * 5_000 + b"}", "holds a number too large to read"),
        (b'{"frames":[{"a":1},' + b'{"a":1},' * HEAD_BYTES, "is cut off: the end is missing"),
    ],
    ids=["empty", "cut", "comma", "deep list", "deep object", "cut zlib", "huge number", "large and cut"],
)
def test_a_broken_replay_is_a_row_that_says_so(content: bytes, problem: str, tmp_path: Path) -> None:
    file(tmp_path / "a.json", content)
    assert only(tmp_path).problem.startswith(problem)


@pytest.mark.parametrize(
    "content",
    [b"\x00\xff\x01", b"plain text", b'{"a": NaN}', b'\xef\xbb\xbf{"a": 1}', b"[]", b"{}"],
    ids=range(6),
)
def test_what_can_be_opened_is_no_problem(content: bytes, tmp_path: Path) -> None:
    file(tmp_path / "a.json", content)
    assert only(tmp_path).problem == ""


def test_a_bomb_is_inflated_no_further_than_its_head(tmp_path: Path) -> None:
    file(tmp_path / "a.json", gzip.compress(gzip.compress(b'{"game":"' + bytes(50_000_000))))
    began = time.process_time()
    only(tmp_path)
    assert time.process_time() - began < 0.5


# --- hostile texts


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


@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=60) | st.binary(max_size=40).map(zlib.compress) | st.just(REPLAY_BYTES[:300]),
    is_whole=st.booleans(),
)
def test_any_bytes_have_a_head(data: bytes, is_whole: bool) -> None:
    head_of(data, is_whole=is_whole)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draws=st.data())
def test_a_damaged_archive_is_described_all_the_same(draws: st.DataObject, tmp_path: Path) -> None:
    path = bundle(tmp_path / "b.zip", {"files": {"replay": "replay"}}, replay=REPLAY_BYTES)
    content = bytearray(path.read_bytes())
    for _ in range(draws.draw(st.integers(1, 4))):
        content[draws.draw(st.integers(0, len(content) - 1))] = draws.draw(st.integers(0, 255))
    path.write_bytes(content[: draws.draw(st.integers(1, len(content)))])
    describe(str(path), "bundle", "", DownloadIndexes())


# --- what is known from the last time


def test_descriptions_are_known_the_next_time_and_only_while_nothing_changed(tmp_path: Path) -> None:
    path = file(tmp_path / "a.json", REPLAY_BYTES, when=1_000_000_000)
    other = file(tmp_path / os.fsdecode(b"\xff.json"), REPLAY_BYTES, when=900_000_000)
    first = Library([tmp_path])
    assert [first.describe(each).players for each in listed(first)] == [("Ada", "Bob")] * 2
    first.save()
    (again, unknown) = listed(Library([tmp_path]))
    assert (again.players, again.is_described) == (("Ada", "Bob"), True)
    assert (unknown.where, unknown.is_described) == (str(other), False)
    file(path, {"player_names": ["New"], "frames": [{}]})
    library = Library([tmp_path])
    found = next(each for each in listed(library) if each.path == path)
    assert not found.is_described
    assert library.describe(found).players == ("New",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"/a": 1}', b'{"/a": [1, 2, {"players": 5}]}', b"\xff"]
)
def test_a_damaged_cache_is_ignored_and_written_anew(content: bytes, tmp_path: Path) -> None:
    file(tmp_path / "a.json", REPLAY_BYTES)
    file(cache_dir() / "library.json", content)
    library = Library([tmp_path])
    assert [library.describe(each).players for each in listed(library)] == [("Ada", "Bob")]
    library.save()
    assert listed(Library([tmp_path]))[0].is_described


def test_saving_after_every_page_does_not_write_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "_SAVE_SECONDS", 1e9)
    one, other = (file(tmp_path / name, REPLAY_BYTES) for name in ("a.json", "b.json"))
    library = Library([one, other])
    for row in listed(library):
        library.describe(row)
        library.save()
    assert [row.is_described for row in listed(Library([one, other]))] == [True, False]


def test_a_cache_that_cannot_be_written_is_no_matter(tmp_path: Path, home: Path) -> None:
    file(tmp_path / "a.json", REPLAY_BYTES)
    file(home / "cache", b"a file where the folder should be")
    library = Library([tmp_path])
    assert [library.describe(each).length for each in listed(library)] == [7]
    library.save()
    assert (home / "cache").is_file()


# --- sorting, filtering, bounds


def test_sorting() -> None:
    rows = [
        row(name="b", when=1, game="B", scores=(1.0, 9.0), length=5, size=10),
        row(name="a", when=2, game="a", scores=(2.0,), size=30),
        row(name="c", when=3, length=9, size=20, problem="is empty"),
    ]

    def order(key: Any, reverse: bool = False) -> str:
        return "".join(each.below for each in sorted_rows(rows, key, reverse))

    assert order("modified", True) == "cab"
    assert order("modified") == "bac"
    assert order("game") == "abc"
    assert order("scores", True) == "bac", "what has none comes last"
    assert order("scores") == "abc", "either way"
    assert (order("length"), order("length", True)) == ("bca", "cba")
    assert order("size", True) == "acb"
    assert order("problem") == "cab"
    assert order("kind") == "cab", "of equal ones the newest first"


def test_filtering(tmp_path: Path) -> None:
    run("20260101T000000Z-00000001", passed(status="failed"))
    file(tmp_path / "Ärger" / "Game 7.json", REPLAY_BYTES)
    file(tmp_path / "empty.json", b"")
    rows = rows_in(tmp_path)
    for text, names in (
        ("", 3),
        ("  ", 3),
        ("PAINTARENA", 1),
        ("ada", 2),
        ("ada paint", 1),
        ("bob failed", 1),
        ("ärger game", 1),
        ("ÄRGER", 1),
        ("is empty", 1),
        ("file", 2),
        (str(tmp_path.parent), 0),
        ("ada zzz", 0),
    ):
        assert len(filtered(rows, text)) == names, text


def test_the_newest_of_a_folder_come_first(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        file(tmp_path / f"{number}.json", b"{}", when=1_000_000_000 + number)
    rows = listed(Library([tmp_path]))
    assert [each.below[-6] for each in rows] == ["3", "2", "1"]
    assert rows[0].modified == datetime.fromtimestamp(1_000_000_003, UTC)


def test_a_limit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "ROW_LIMIT", 3)
    for number in range(5):
        file(tmp_path / f"{number}.json", b"{}")
    library = Library([tmp_path])
    assert len(listed(library)) == 3
    assert library.problem == "only the first 3 are listed"


def test_nothing_is_listed_twice(tmp_path: Path) -> None:
    file(tmp_path / "a" / "a.json", b"{}")
    assert len(rows_in(tmp_path, tmp_path / "a", tmp_path / "a" / "a.json")) == 1


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        ('[library]\nfolders = ["/a", "~/b", 5]', [Path("/a"), Path("~/b")]),
        ('[library]\nfolders = "/a"', []),
        ("library = 5", []),
        ("[[[", []),
        ("", []),
    ],
)
def test_folders_come_from_the_settings(text: str, folders: list[Path]) -> None:
    file(config_file(), text.encode())
    assert configured_folders() == folders


def test_without_settings_there_are_no_folders() -> None:
    assert configured_folders() == []


def test_a_hundred_thousand_rows_filter_and_sort_quickly() -> None:
    rows = [
        row(name=f"episode {number}", when=number * 7919 % 100_003, game=f"game {number % 50}", size=number)
        for number in range(100_000)
    ]
    assert len(filtered(rows, "episode 12345")) == 1
    assert fastest(lambda: filtered(rows, "episode 99")) < 0.05
    for key in SORT_KEYS:
        assert fastest(partial(sorted_rows, rows, key, True)) < 0.3, key


def fastest(call: Callable[[], object]) -> float:
    """The processor time of the fastest of three calls."""
    times = []
    for _ in range(3):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)
