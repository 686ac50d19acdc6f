"""The head of a replay tells its players, scores and length, or what is wrong with it."""

from __future__ import annotations

import gzip
import json
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.heads import HEAD_BYTES, head_of

from .libraries import REPLAY, REPLAY_BYTES, file, only, rows_in
from .paintarena import state


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


@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=60) | st.binary(max_size=40).map(zlib.compress) | st.just(REPLAY_BYTES[:300]),
    is_whole=st.booleans(),
)
def test_any_bytes_have_a_head(data: bytes, is_whole: bool) -> None:
    head_of(data, is_whole=is_whole)
