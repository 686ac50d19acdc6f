"""The frames of a document, what surrounds them, and what is wrong with it."""

from __future__ import annotations

import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.blob import MIB, open_blob
from coworld_tui.replay.documents import sniff_source
from coworld_tui.replay.json_document import JsonDocument

from .big_files import document
from .blobs import MemoryBlob, payloads, scanned
from .json_forms import DOCUMENT, FORMS, STATES, sniffed, values
from .json_values import unhurried


def test_frames_that_are_lists_open_as_they_are() -> None:
    steps = [
        [{"observation": {"step": turn, "board": [0, 1]}, "action": 1}, {"observation": {}}]
        for turn in (4, 5)
    ]
    source = sniffed(json.dumps({"configuration": {}, "steps": steps, "rewards": [1, 0]}).encode())
    assert values(source) == steps
    assert [source.tick(index) for index in (0, 1)] == [4, 5]


def test_strings_can_be_frames() -> None:
    boards = ["..#\n#..", 'say "hi" \\ \u4e16', "]}"]
    source = sniffed(json.dumps({"frames": boards, "players": [{"name": "A"}, {"name": "B"}]}).encode())
    assert [(source.kind(index), source.payload(index).decode()) for index in range(3)] == [
        ("text", board) for board in boards
    ]
    assert [frame.decode() for frame in source.payloads(0, 3)] == boards
    assert source.tick(0) is None
    assert source.members()["players"] == [{"name": "A"}, {"name": "B"}]


def test_strings_beyond_the_head_are_waited_for() -> None:
    boards = ["x" * 1000] * 20
    text = json.dumps({"list": [{}], "frames": boards, "end": 1}).encode()
    source = scanned(JsonDocument(MemoryBlob(text), piece=512, head=1024))
    assert [frame.decode() for frame in payloads(source)] == boards
    assert source.members() == {"list": [{}], "end": 1}


def test_named_frames_win_although_they_begin_behind_the_head() -> None:
    text = json.dumps({"map": [{"x": tile} for tile in range(200)], "frames": STATES}).encode()
    source = scanned(JsonDocument(MemoryBlob(text), piece=100, head=1000))
    assert (source.path, values(source)) == ("frames", STATES)


@pytest.mark.parametrize(
    "other",
    ["[" + ",".join("1" * 500) + "]", '{"id":1,"x":2,"name":"a town of some size"}'],
    ids=["rows", "objects"],
)
def test_named_frames_win_behind_tens_of_megabytes_of_other_arrays(other: str) -> None:
    count = 36 * MIB // (len(other) + 1)
    data = f'{{"terrain":[{",".join([other] * count)}],"frames":{json.dumps(STATES)}}}'.encode()
    assert values(sniffed(data)) == STATES


def test_members_are_what_surrounds_the_frames() -> None:
    assert sniffed(FORMS["compact"]).members() == {
        key: value for key, value in DOCUMENT.items() if key != "frames"
    }
    nested = {
        "version": 1,
        "match": {"id": 3, "frames": STATES, "version": 2},
        "later": {"x": [1]},
        "frames": None,
    }
    assert sniffed(json.dumps(nested).encode()).members() == {
        "version": 2,
        "id": 3,
        "later": {"x": [1]},
        "frames": None,
    }
    inside = [{"a": 1, "games": [{"seed": 5, "frames": STATES}]}]
    assert sniffed(json.dumps(inside).encode()).members() == {"a": 1, "seed": 5}
    assert sniffed(FORMS["lines"]).members() == {}


def test_large_members_are_left_out() -> None:
    big = [["x" * 1000] * 600, ["x" * 1000] * 600]
    text = json.dumps({"a": 1, "before": big, "frames": STATES, "after": big, "z": {"b": 2}}).encode()
    for piece in (1 << 20, 1 << 16):
        source = scanned(JsonDocument(MemoryBlob(text), piece=piece))
        assert source.members() == {"a": 1, "z": {"b": 2}}


def test_members_before_the_frames_are_there_before_the_end() -> None:
    document = JsonDocument(MemoryBlob(FORMS["compact"], shown=1, step=50), piece=50, head=10)
    while len(document) < 2:
        assert document.advance()
    assert document.members() == {"config": DOCUMENT["config"], "player_names": ["A", "B"]}
    assert not document.is_complete
    assert scanned(document).members()["results"] == DOCUMENT["results"]


@pytest.mark.parametrize(
    ("before", "member"),
    [
        ('"a":NaN,"b":1e999,', {"b": float("inf")}),
        ('"a":1,"a":2,', {"a": 2}),
        ('"a":' + "9" * 5000 + ",", {"a": float("inf")}),
    ],
)
def test_odd_members_are_read_leniently(before: str, member: dict[str, Any]) -> None:
    found = sniffed(("{" + before + '"frames":[{},{}]}').encode()).members()
    assert member.items() <= found.items()


def test_members_that_are_no_json_are_none() -> None:
    assert sniffed(b'{"a":tru,"frames":[{},{}]}').members() == {}
    assert sniffed(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b',"frames":[{},{}]}').members() == {}


def test_a_document_that_is_still_written_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "replay.json"
    text = FORMS["compact"]
    path.write_bytes(text[:1000])
    source, _ = sniff_source(open_blob(path))
    early = values(scanned(source))
    assert 1 <= len(early) < 6
    assert "cut off at byte 1,000" in source.problems[0]
    path.write_bytes(text)
    assert values(scanned(source)) == STATES
    assert source.problems == ()


def test_a_bracket_too_many_ends_the_document() -> None:
    source = sniffed(b'{"frames":[{},{}]}] {"x":[{},{},{},{}]}')
    assert (len(source), source.members()) == (2, {})
    assert "byte 18" in source.problems[0]


def test_a_large_document_without_frames_shows_its_head() -> None:
    text = b'{"a":"' + b"x" * (17 * MIB) + b'"}'
    source = sniffed(text)
    assert (len(source), source.kind(0), len(source.payload(0))) == (1, "text", 16 * MIB)
    assert "16 MiB" in source.problems[0]


class _Gone(MemoryBlob):
    """A file that is empty by the time it is read."""

    def read(self, start: int, stop: int) -> bytes:
        raise OSError("the file ends at byte 0")


def test_a_document_that_goes_before_its_first_byte_is_read_says_so() -> None:
    source = scanned(JsonDocument(_Gone(json.dumps(DOCUMENT).encode())))
    assert len(source) == 0
    assert source.problems == ("cannot be read beyond byte 0: the file ends at byte 0",)


def test_a_document_cut_before_its_frames_counts_none_of_them() -> None:
    assert sniffed(b'{"config": {"seed": 7').problems == ("is cut off at byte 21, before any frames",)
    assert "whole frames before it: 2" in sniffed(b'[{"a": 1}, {"a": 2}, {').problems[0]


@pytest.mark.parametrize("text", [json.dumps(DOCUMENT), json.dumps(STATES)])
def test_what_follows_a_whole_document_is_named(text: str) -> None:
    source = sniffed(f"{text}\n oops".encode())
    assert values(source) == STATES
    assert source.problems == (f"is no JSON from byte {len(text) + 2:,} on: text after the document",)
    assert not sniffed(f"{text}\n \n".encode()).problems


@pytest.mark.parametrize("broken", [b'{"tick": 2 oops}', b'{"tick": 2,}', b"{'tick': 2}"])
def test_a_broken_frame_hides_no_others_and_is_named(broken: bytes) -> None:
    source = sniffed(b'{"frames": [{"tick": 1}, %b, {"tick": 3}]}' % broken)
    assert values(source) == [{"tick": 1}, broken.decode(), {"tick": 3}]
    (problem,) = source.problems
    assert re.match(r"is no JSON at byte (2[5-9]|3\d): ", problem)


def test_memory_stays_flat_while_a_big_document_is_indexed(tmp_path: Path) -> None:
    path = document(tmp_path / "big", 4_000)  # 50 MB
    tracemalloc.start()
    try:
        source, _ = sniff_source(open_blob(path))
        assert source.payload(0)
        scanned(source)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(source) == 4_000
    assert peak < 40 * MIB


def test_bulk_reading_equals_single_reading(tmp_path: Path) -> None:
    source, _ = sniff_source(open_blob(document(tmp_path / "big", 900)))
    scanned(source)
    assert list(source.payloads(3, 890)) == payloads(source)[3:890]


_frames = st.lists(
    st.dictionaries(
        st.sampled_from("abc]}"), st.integers() | st.text(alphabet='a"\\]}{[', max_size=5), max_size=3
    ),
    min_size=1,
    max_size=6,
)


@unhurried
@given(_frames, st.booleans(), st.data())
def test_a_document_cut_anywhere_gives_the_frames_before(
    frames: list[dict[str, Any]], nested: bool, data: st.DataObject
) -> None:
    document: object = {"seed": 1, "frames": frames, "results": [{}, {}, {}]}
    text = json.dumps({"match": document} if nested else document).encode()
    cut = data.draw(st.integers(0, len(text)))
    whole = payloads(scanned(JsonDocument(MemoryBlob(text))))
    assert [json.loads(frame) for frame in whole] == frames
    source = scanned(JsonDocument(MemoryBlob(text[:cut]), piece=data.draw(st.integers(1, 50))))
    if source.path is not None:
        assert payloads(source) == whole[: len(source)]
    assert source.problems or cut == len(text) or not cut
