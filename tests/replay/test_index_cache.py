"""Indexes are found again, and only when they are right."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from coworld_tui.replay import index_cache
from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.documents import FileSource, JsonDocument, JsonLines, sniff_source
from coworld_tui.replay.index_cache import StoredIndex, fingerprint, load_index, save_index

from .big_files import document, lines
from .blobs import scanned

_FRAMES = 700
_LINES = 20_000


def _kept(home: Path) -> list[Path]:
    return sorted((home / "cache" / "replay-index").glob("*"))


def _open(path: Path) -> FileSource:
    source, _ = sniff_source(open_blob(path))
    return source


def _described(source: FileSource) -> tuple[object, ...]:
    frames = [source.payload(index) for index in (0, 1, len(source) // 2, len(source) - 1)]
    return type(source), len(source), frames, source.members(), source.problems


@pytest.mark.parametrize(("make", "count"), [(document, _FRAMES), (lines, _LINES)])
def test_a_big_file_opened_again_is_complete_at_once_and_the_same(
    tmp_path: Path, home: Path, make: object, count: int
) -> None:
    path = make(tmp_path / "big", count)  # type: ignore[operator]
    first = scanned(_open(path))
    assert len(first) == count
    assert len(_kept(home)) == 1
    again = _open(path)
    assert again.is_complete
    assert _described(again) == _described(first)
    assert not again.advance()


def test_small_and_cut_files_leave_nothing(tmp_path: Path, home: Path) -> None:
    scanned(_open(document(tmp_path / "small", 5)))
    whole = document(tmp_path / "whole", _FRAMES).read_bytes()
    (tmp_path / "cut").write_bytes(whole[:-1])
    assert len(scanned(_open(tmp_path / "cut"))) == _FRAMES
    assert not _kept(home)


def test_a_changed_file_is_scanned_anew(tmp_path: Path, home: Path) -> None:
    path = lines(tmp_path / "lines", _LINES)
    scanned(_open(path))
    changed = path.stat().st_mtime_ns
    text = bytearray(path.read_bytes())
    text[text.index(b"\n")] = ord(" ")
    path.write_bytes(text)
    os.utime(path, ns=(changed, changed))  # same size, same time: the hash of its beginning tells
    assert len(scanned(_open(path))) == _LINES - 1


def test_a_file_that_grew_since_continues_from_a_kept_index(tmp_path: Path) -> None:
    path = lines(tmp_path / "lines", _LINES)
    scanned(_open(path))
    source = _open(path)
    assert isinstance(source, JsonLines)
    with path.open("ab") as file:
        file.write(b'{"tick":-5}\n')
    assert len(scanned(source)) == _LINES + 1
    assert source.tick(_LINES) == -5


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "folder", "other layout"])
def test_a_damaged_index_is_ignored_and_written_again(tmp_path: Path, home: Path, damage: str) -> None:
    path = document(tmp_path / "big", _FRAMES)
    scanned(_open(path))
    [kept] = _kept(home)
    good = kept.read_bytes()
    if damage == "cut":
        kept.write_bytes(good[:-1])
    elif damage == "flipped":
        kept.write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    elif damage == "empty":
        kept.write_bytes(b"")
    elif damage == "folder":
        kept.unlink()
        kept.mkdir()
    else:
        save_index(kept.stem, StoredIndex(b'{"type":"unknown"}', np.zeros(3, np.int64), np.ones(3, np.int64)))
    source = _open(path)
    assert isinstance(source, JsonDocument)
    assert not source.is_complete
    assert len(scanned(source)) == _FRAMES
    if damage != "folder":
        assert kept.read_bytes() == good


def test_the_oldest_indexes_make_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = StoredIndex(b"{}", np.arange(1000), np.arange(1000))
    save_index("probe", index)
    size = _kept(home)[0].stat().st_size
    _kept(home)[0].unlink()
    monkeypatch.setattr(index_cache, "TOTAL_LIMIT", 3 * size)
    for number in range(5):
        save_index(f"k{number}", index)
        kept = home / "cache" / "replay-index" / f"k{number}.index"
        os.utime(kept, (number, number))
        if number == 3:
            assert load_index("k1") is not None  # used just now, so it stays
    assert [path.stem for path in _kept(home)] == ["k1", "k3", "k4"]


def test_nothing_is_kept_where_nothing_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path / "file"))
    save_index("key", StoredIndex(b"{}", np.arange(3), np.arange(3)))
    assert load_index("key") is None
    assert len(scanned(_open(lines(tmp_path / "lines", _LINES)))) == _LINES


def test_a_file_that_changes_while_it_is_scanned_is_not_kept(tmp_path: Path, home: Path) -> None:
    path = document(tmp_path / "big", _FRAMES)
    source = _open(path)
    os.utime(path, (1, 1))
    scanned(source)
    assert not _kept(home)


def test_only_plain_big_files_have_a_fingerprint(tmp_path: Path) -> None:
    assert fingerprint(open_blob(document(tmp_path / "small", 5))) is None
    assert fingerprint(open_blob(document(tmp_path / "big", _FRAMES))) is not None
