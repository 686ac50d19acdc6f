"""Whatever is opened, there is a replay with named problems or one error that says what is wrong."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.opening import open_replay, replays_in, settle
from coworld_tui.replay.source import Replay

from .episodes import (
    bundle_files,
    document,
    frames,
    workspace_files,
    write_closed,
    write_folder,
    write_run,
    write_stream,
    write_zip,
)
from .json_values import unhurried, values

LIMIT = 1 << 20
_MOST_STEPS = 100_000


def read_all(replay: Replay, most_frames: int = 200) -> list[bytes]:
    """Use all of a replay, as screens do; its frames. Only reading may fail, and only with OSError."""
    source = replay.source
    for _ in range(_MOST_STEPS):
        if source.is_complete or not source.advance():
            break
    settle(replay)
    payloads = []
    for index in range(min(len(source), most_frames)):
        try:
            payloads.append(source.payload(index))
            source.tick(index)
            source.time(index)
        except OSError:
            continue
        assert source.kind(index) in ("json", "text", "binary")
        assert source.origin(index) in ("", "replay", "recording")
    for file in (*replay.files, *replay.logs.values()):
        assert file.name.isprintable()
        try:
            assert len(file.read(1_000)) <= 1_000
        except OSError:
            continue
    for text in (*replay.players, *replay.problems, replay.note, replay.game, replay.episode):
        assert text.isprintable()
    for event in replay.declared:
        assert 0 <= event.index < max(1, len(source)) or not source.is_complete or not len(source)
        assert event.text.isprintable()
    replay.close()
    return payloads


def attempt(path: Path, **settings: Any) -> Replay | CoworldError:
    """Open something and use all of it; anything but a replay or a CoworldError fails the test."""
    try:
        replay = open_replay(path, **settings)
    except CoworldError as error:
        assert error.exit_code == 2
        assert error.title.isprintable()
        assert error.next_step
        return error
    read_all(replay)
    return replay


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", ["replay.json", "x.zip", "frames.parquet", "x.gz", "x"])
@pytest.mark.parametrize("data", [b"", b" \n\t ", b"\xef\xbb\xbf"])
def test_nothing_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    replay = attempt(write(tmp_path / name, data))
    assert isinstance(replay, Replay)
    assert len(replay.problems) == 1
    assert replay.problems[0].startswith(name)


FORMS: dict[str, Callable[[Path], bytes]] = {
    "json": lambda path: json.dumps(document(range(3))).encode(),
    "json lines": lambda path: "".join(json.dumps(frame) + "\n" for frame in frames(range(4))).encode(),
    "zlib": lambda path: zlib.compress(json.dumps(document(range(3))).encode()),
    "gzip": lambda path: gzip.compress(json.dumps(document(range(3))).encode()),
    "bundle": lambda path: write_zip(path / "b", bundle_files(ticks=range(2))).read_bytes(),
    "parquet": lambda path: write_closed(path / "c", frames(range(4))).read_bytes(),
    "arrow": lambda path: write_stream(path / "s", frames(range(4))).read_bytes(),
}


@pytest.mark.parametrize("form", FORMS)
def test_cut_anywhere_it_opens_as_far_as_it_goes_or_says_why_not(tmp_path: Path, form: str) -> None:
    data = FORMS[form](tmp_path)
    whole = open_replay(write(tmp_path / "whole", data))
    expected = read_all(whole)
    step = max(1, len(data) // 120)
    for size in (*range(0, len(data), step), *range(max(0, len(data) - 12), len(data))):
        cut = attempt(write(tmp_path / "cut", data[:size]))
        if isinstance(cut, Replay) and cut.source.format not in ("text", "binary") and len(cut.source) > 1:
            assert len(cut.source) <= len(expected)


def test_cut_json_keeps_its_whole_frames_and_names_the_byte(tmp_path: Path) -> None:
    data = json.dumps(document(range(5))).encode()
    at = data.index(b'"tick": 3')
    replay = open_replay(write(tmp_path / "replay.json", data[:at]))
    assert read_all(replay) == [json.dumps(frame).encode() for frame in frames(range(3))]
    assert f"replay.json is cut off at byte {at:,}" in replay.problems[0]


@pytest.mark.parametrize(
    "data",
    [
        b'{"frames": [{"tick": 1, "name": "\xff\xfe"}, {"tick": 2, "name": "ok"}]}',
        b'{"frames": [{"tick": 1, "x": NaN}, {"tick": 2, "x": -Infinity}]}',
        b'{"frames": [{"tick": 1, "x": 1e999}, {"tick": 2, "x": %s}]}' % (b"9" * 5_000),
        b'{"frames": [{"tick": 1, "tick": 1}, {"tick": 2, "tick": 2}], "config": 1, "config": {}}',
        b'{"frames": [{"tick": 1}, {"tick": 2}], "results": {"scores": [NaN, 1e999, true, "x"]}}',
        b'{"frames": [{"tick": 1}, {"tick": 2}], "player_names": [1, null, {}], "config": {"players": {}}}',
        b'{"frames": [{"tick": 1}, {"tick": 2}], "config": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    ],
)
def test_odd_values_cost_themselves_and_nothing_else(tmp_path: Path, data: bytes) -> None:
    replay = attempt(write(tmp_path / "replay.json", data))
    assert isinstance(replay, Replay)
    assert len(replay.source) == 2
    assert replay.problems == ()


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"frames":[', b"[{"])
def test_nesting_a_hundred_thousand_deep(tmp_path: Path, opening: bytes) -> None:
    for data in (opening * 100_000, opening * 100_000 + b"1"):
        assert attempt(write(tmp_path / "replay.json", data)) is not None
        folder = write_folder(
            tmp_path / "w", {**workspace_files(), "results.json": data, "events.json": data}
        )
        replay = attempt(folder)
        assert isinstance(replay, Replay)
        assert len(replay.source) == 5
        assert len(replay.problems) == 2


@pytest.mark.parametrize("kind", ["gzip", "zip", "zlib", "gzip in zip"])
def test_a_bomb_stops_at_the_limit_and_names_the_option(tmp_path: Path, kind: str) -> None:
    zeros = bytes(8 << 20)
    if kind == "zlib":
        path = write(tmp_path / "x.z", zlib.compress(zeros))
    elif kind == "zip":
        path = write_zip(tmp_path / "x.zip", {"replay": zeros})
    else:
        path = write(tmp_path / "x.gz", gzip.compress(zeros))
        if kind == "gzip in zip":
            path = write_zip(tmp_path / "x.zip", {"replay.json.gz": path.read_bytes()})
    outcome = attempt(path, max_inflated=LIMIT)
    said = [outcome.title, outcome.next_step] if isinstance(outcome, CoworldError) else list(outcome.problems)
    assert "--max-inflated" in " ".join(said)
    assert isinstance(attempt(path, max_inflated=16 << 20), Replay)


def test_a_gigabyte_of_zeros_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "replay.json"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    script = (
        "import sys; from pathlib import Path\n"
        "from coworld_tui.replay.opening import open_replay\n"
        "replay = open_replay(Path(sys.argv[1]))\n"
        "while replay.source.advance(): pass\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(len(replay.source), status.split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert count == 1
    assert kilobytes < 250_000


def test_what_is_no_file_says_so(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "empty").mkdir()
    expected = {
        "pipe": "replay_unreadable",
        "loop": "replay_missing",
        "missing": "replay_missing",
        "empty": "no_replay",
        "nul\0": "replay_missing",
        "x" * 5_000: "replay_missing",
    }
    found = {name: attempt(tmp_path / name) for name in expected}
    assert {name: error.type for name, error in found.items() if isinstance(error, CoworldError)} == expected
    assert isinstance(attempt(Path("/dev/zero")), CoworldError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "x.json", b"{}")
    path.chmod(0)
    assert isinstance(attempt(path), CoworldError)


def test_a_file_that_vanishes_or_is_cut_while_open(tmp_path: Path) -> None:
    for name, data in (("x.json", json.dumps(document()).encode()), ("b.zip", b"")):
        path = write(tmp_path / name, data)
        if name == "b.zip":
            write_zip(path, bundle_files())
        gone = open_replay(path)
        path.unlink()
        assert len(read_all(gone)) == 5
        if name == "b.zip":
            write_zip(path, bundle_files())
        else:
            write(path, data)
        cut = open_replay(path)
        with path.open("r+b") as file:
            file.truncate(10)
        read_all(cut)


def test_lines_that_are_appended_while_open_become_frames(tmp_path: Path) -> None:
    first, *rest = [json.dumps(frame) + "\n" for frame in frames(range(6))]
    path = tmp_path / "x.jsonl"
    path.write_text(first + rest[0])
    replay = open_replay(path)
    with path.open("a") as file:
        file.write("".join(rest[1:]))
    assert [json.loads(payload) for payload in read_all(replay)] in (frames(range(2)), frames(range(6)))
    replay = open_replay(path)
    while replay.source.advance():
        pass
    with path.open("a") as file:
        file.write(json.dumps(frames([6])[0]) + "\n")
    while replay.source.advance():
        pass
    assert len(replay.source) == 7
    replay.close()


def test_names_full_of_what_terminals_obey(tmp_path: Path) -> None:
    name = "\x1b[31m\x07\u202e[b]\u200b\udcff.json"
    cut = json.dumps(document()).encode()[:-30]
    replay = attempt(write(tmp_path / name, cut))
    assert isinstance(replay, Replay)
    assert len(replay.problems) == 1
    folder = write_folder(tmp_path / name.replace("json", "d"), {**workspace_files(), f"logs/{name}": b"x"})
    assert isinstance(attempt(folder), Replay)
    assert isinstance(attempt(folder / "missing"), CoworldError)
    for error in (attempt(folder / "missing"), attempt(write(tmp_path / f"{name}.zip", b"PK\x03\x04"))):
        assert isinstance(error, CoworldError)
        assert error.cause.isprintable()


def test_a_recording_that_is_truncated_while_open(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", range(1, 3), frames(range(40)))
    replay = open_replay(run)
    for name in ("artifacts/frames.parquet", "workspace/replay"):
        with (run / name).open("r+b") as file:
            file.truncate(10)
    read_all(replay)


def test_nothing_is_written_beside_what_is_opened(tmp_path: Path) -> None:
    names = {"../up.json": b"{}", "/tmp/coworld-tui-evil": b"{}", **bundle_files()}
    path = write_zip(tmp_path / "b.zip", names)
    before = {found: found.stat().st_mtime_ns for found in tmp_path.rglob("*")}
    assert isinstance(attempt(path), Replay)
    assert {found: found.stat().st_mtime_ns for found in tmp_path.rglob("*")} == before
    assert not Path("/tmp/coworld-tui-evil").exists()


def test_folders_that_go_in_circles_or_down_for_ever(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(60):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path)
    assert replays_in(tmp_path) == []
    assert isinstance(attempt(tmp_path), CoworldError)


def test_a_run_whose_workspace_is_a_link_to_itself(tmp_path: Path) -> None:
    run = write_folder(tmp_path / "run", {"run_manifest.json": b"{}"})
    (run / "workspace").symlink_to(run / "workspace")
    error = attempt(run)
    assert isinstance(error, CoworldError)
    assert error.type == "no_replay"


@pytest.mark.parametrize("kind", ["folder", "link outside", "link to nothing", "pipe"])
def test_what_only_has_the_name_of_a_file_is_left_out(tmp_path: Path, kind: str) -> None:
    outside = write_folder(tmp_path / "outside", {"secret": json.dumps(document()).encode()}) / "secret"
    stores: dict[str, dict[str, bytes]] = {
        "workspace": {**workspace_files(), "events.json": b"[]", "frames.parquet": b""},
        "bundle": {**bundle_files(), "results.json": b"{}"},
        "download": {"a.replay": b"{}", "index.json": b'[{"local_path": "a.replay"}]'},
        "receipts": {"x/replay.replay": b"{}", "x/download.json": b"{}", "manifest.jsonl": b"{}"},
    }
    for store, files in stores.items():
        for number, name in enumerate(files):
            folder = write_folder(tmp_path / f"{store}{number}", files)
            path = folder / name
            path.unlink()
            if kind == "folder":
                path.mkdir()
            elif kind == "pipe":
                os.mkfifo(path)
            else:
                path.symlink_to(outside if kind == "link outside" else folder / "nothing")
            attempt(folder)
            attempt(path)


MAGICS = [
    b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"\xff\xff\xff\xff", b"\x1f\x8b\x08\x00", b"\x78\x9c",
    b"\x28\xb5\x2f\xfd", b"\x89PNG", b"{", b"[", b'{"frames":[', b"\xff\xfe{\0", b'{"version": 2}\n', b"",
]  # fmt: skip
NAMES = ["replay", "x.json", "x.zip", "frames.parquet", "frames.arrows", "x.jsonl", "a.replay"]


@settings(unhurried, max_examples=250)
@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=400), name=st.sampled_from(NAMES))
def test_any_bytes_open_or_say_why_not(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, rest: bytes, name: str
) -> None:
    attempt(write(tmp_path_factory.getbasetemp() / name, magic + rest), max_inflated=LIMIT)


@settings(unhurried, max_examples=150)
@given(value=values, name=st.sampled_from(NAMES))
def test_any_json_opens(tmp_path_factory: pytest.TempPathFactory, value: Any, name: str) -> None:
    data = json.dumps(value).encode("utf-8", "surrogatepass")
    assert isinstance(attempt(write(tmp_path_factory.getbasetemp() / name, data)), Replay)


documents = st.sampled_from(
    [
        "manifest.json", "results.json", "config.json", "events.json", "error_info.json", "index.json",
        "download.json", "policy_annotations_0.jsonl", "run_manifest.json", "../up", "a/../b", "replay",
        "replay.json", "replay.json.z", "logs/game.log", "x.parquet", "frames.arrows",
        "artifacts/frames.parquet",
    ]
)  # fmt: skip
contents = st.one_of(
    st.binary(max_size=60),
    values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
    st.lists(values, max_size=3).map(
        lambda rows: b"\n".join(json.dumps(row).encode("utf-8", "surrogatepass") for row in rows)
    ),
    st.just(json.dumps(document(range(2))).encode()),
    st.fixed_dictionaries(
        {"files": st.dictionaries(st.sampled_from(["replay", "results", "config"]), values)}
    ).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
)


@settings(unhurried, max_examples=150)
@given(files=st.dictionaries(documents, contents, max_size=6))
def test_any_files_in_an_archive_or_a_folder_open_or_say_why_not(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    base = tmp_path_factory.getbasetemp()
    attempt(write_zip(base / "any.zip", files))
    folder = tmp_path_factory.mktemp("any")
    attempt(write_folder(folder, {name: data for name, data in files.items() if ".." not in name}))
