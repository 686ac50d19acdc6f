"""What is remembered of a replay comes back, belongs to its content, and can do no harm."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.replay import memory as memory_module
from coworld_tui.replay.memory import Memory, key_of, remember, remembered
from coworld_tui.runs.paths import state_dir

FULL = Memory(
    position=41,
    lens="grid",
    split="tree",
    filters={"tree": "scores", "log": "warn"},
    markers={"a": 3, "ü": 99},
    series=("scores.0", "scores.1"),
)


def only_file() -> Path:
    (found,) = (state_dir() / "replays").iterdir()
    return found


def test_what_is_remembered_comes_back() -> None:
    remember("key-1", FULL)
    assert remembered("key-1") == FULL
    remember("key-1", Memory(position=1))
    assert remembered("key-1") == Memory(position=1)
    assert stat.S_IMODE(only_file().stat().st_mode) == 0o600


def test_of_what_was_never_seen_nothing_is_remembered() -> None:
    assert remembered("key-1") == Memory()
    assert not state_dir().exists()


@pytest.mark.parametrize("key", ["", "..", "../../outside", "a/b", "/etc/x", "a\0b", "x" * 200, "é"])
def test_a_key_that_is_none_remembers_nothing(key: str, home: Path) -> None:
    remember(key, FULL)
    assert remembered(key) == Memory()
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"position":"x"}',
        b'{"markers":{"a":[]}}',
        b'{"series":5}',
        b"[" * 9_999,
    ],
    ids=range(9),
)
def test_a_damaged_file_is_ignored_and_written_anew(content: bytes) -> None:
    remember("key-1", FULL)
    only_file().write_bytes(content)
    assert remembered("key-1") == Memory()
    remember("key-1", FULL)
    assert remembered("key-1") == FULL


def test_a_pipe_or_a_link_in_place_of_the_file_is_ignored(tmp_path: Path) -> None:
    remember("key-1", FULL)
    path = only_file()
    path.rename(tmp_path / "elsewhere.json")
    os.mkfifo(path)
    assert remembered("key-1") == Memory()
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere.json")
    assert remembered("key-1") == Memory()
    remember("key-1", Memory(position=5))
    assert json.loads((tmp_path / "elsewhere.json").read_bytes())["position"] == 41


def test_a_state_folder_that_cannot_be_written_is_no_matter(home: Path) -> None:
    (home / "state").write_bytes(b"a file where the folder should be")
    remember("key-1", FULL)
    assert remembered("key-1") == Memory()


def test_only_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "KEPT", 3)
    for number in range(6):
        remember(f"key-{number}", Memory(position=number))
        path = state_dir() / "replays" / f"key-{number}.json"
        os.utime(path, (1_000_000_000 + number,) * 2)
    names = sorted(path.name for path in (state_dir() / "replays").iterdir())
    assert names[-1] == "key-5.json"
    assert len(names) <= 3
    assert remembered("key-5") == Memory(position=5)


def test_members_of_a_later_version_are_passed_over() -> None:
    remember("key-1", FULL)
    only_file().write_text(json.dumps({"position": 7, "zoom": 2}))
    assert remembered("key-1") == Memory(position=7)


@settings(max_examples=50, deadline=None)
@given(
    st.builds(
        Memory,
        position=st.integers(),
        lens=st.text(st.characters(), max_size=9),
        filters=st.dictionaries(st.text(st.characters()), st.text(st.characters())),
        markers=st.dictionaries(st.text(), st.integers()),
        series=st.lists(st.text()).map(tuple),
    )
)
def test_whatever_is_remembered_can_be_read_back(memory: Memory) -> None:
    remember("key-1", memory)
    found = remembered("key-1")
    assert 0 <= found.position <= 2**53
    assert len(found.series) == len(memory.series)
    remember("key-1", found)
    assert remembered("key-1") == found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists))
def test_any_file_is_read_or_ignored(data: bytes | Any) -> None:
    remember("key-1", FULL)
    only_file().write_bytes(data if isinstance(data, bytes) else json.dumps({"position": data}).encode())
    assert isinstance(remembered("key-1"), Memory)


def test_the_largest_memory_fits() -> None:
    wide = "\x01" * 999
    names = [f"{number}{wide}" for number in range(500)]
    memory = Memory(2**70, wide, wide, dict.fromkeys(names, wide), dict.fromkeys(names, 2**70), tuple(names))
    remember("key-1", memory)
    found = remembered("key-1")
    assert found.position == 2**53
    assert (len(found.filters), len(found.markers), len(found.series), len(found.lens)) == (
        100,
        100,
        100,
        200,
    )


# --- keys


def test_a_copy_has_the_key_of_its_original(tmp_path: Path) -> None:
    one, other, longer = (tmp_path / name for name in ("one.json", "other.replay", "longer"))
    content = os.urandom(300_000)
    one.write_bytes(content)
    other.write_bytes(content)
    longer.write_bytes(content + b"x")
    assert key_of(one) == key_of(other) != ""
    assert key_of(longer) != key_of(one)


def test_files_that_differ_at_either_end_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = set()
    for number, content in enumerate(
        (b"a" + bytes(200_000) + b"a", b"b" + bytes(200_000) + b"a", b"a" + bytes(200_000) + b"b")
    ):
        path = tmp_path / str(number)
        path.write_bytes(content)
        keys.add(key_of(path))
    assert len(keys) == 3


def test_a_run_is_known_by_its_id_while_it_grows(tmp_path: Path) -> None:
    run = tmp_path / "20260101T000000Z-0000000a"
    run.mkdir()
    (run / "run_manifest.json").write_text("{}")
    assert key_of(run) == "20260101T000000Z-0000000a"
    remember(key_of(run), FULL)
    (run / "run_manifest.json").write_text('{"status": "passed"}')
    assert remembered(key_of(run)) == FULL


def test_a_workspace_is_known_by_its_replay(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "replay").write_bytes(b"frames")
    (workspace / "results.json").write_bytes(b"{}")
    copied = tmp_path / "copied"
    copied.write_bytes(b"frames")
    assert key_of(workspace) == key_of(copied) != ""


def test_what_cannot_be_read_has_no_key(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "folder").mkdir()
    for name in ("gone", "pipe", "loop", "folder", "a\0b"):
        assert key_of(tmp_path / name) == "", name
