"""Any file opens as frames: what is valid is there, what is not is named, nothing is raised."""

from __future__ import annotations

import gzip
import json
import os
import re
import threading
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay import documents
from coworld_tui.replay.blob import MIB, open_blob
from coworld_tui.replay.documents import (
    FileSource,
    JsonDocument,
    JsonLines,
    OneBlob,
    sniff_source,
)
from coworld_tui.replay.lenses.choose import decode_frame

from .big_files import document, lines
from .blobs import MemoryBlob, payloads, scanned
from .json_values import unhurried
from .paintarena import state

STATES = [state(tick) for tick in range(6)]
DOCUMENT: dict[str, Any] = {
    "config": {"seed": 7, "players": [{"name": "A"}, {"name": "B"}]},
    "player_names": ["A", "B"],
    "frames": STATES,
    "results": {"scores": [1.0, 2.0]},
}
LINES = b"".join(json.dumps(frame).encode() + b"\n" for frame in STATES)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path / "home"))


def sniffed(data: bytes, **shown: int) -> FileSource:
    source, _ = sniff_source(MemoryBlob(data, **shown))
    return scanned(source)


def values(source: FileSource) -> list[Any]:
    return [decode_frame(source.payload(index), source.kind(index)) for index in range(len(source))]


FORMS: dict[str, bytes] = {
    "compact": json.dumps(DOCUMENT, separators=(",", ":")).encode(),
    "indented": json.dumps(DOCUMENT, indent=2).encode(),
    "with a mark": b"\xef\xbb\xbf" + json.dumps(DOCUMENT).encode(),
    "after blanks": b" \r\n\t" * 40_000 + json.dumps(DOCUMENT).encode() + b"\n\n",
    "lines": LINES,
    "lines without the last end": LINES[:-1],
    "lines from Windows": LINES.replace(b"\n", b"\r\n"),
    "lines with blanks between": b"\n \n" + LINES.replace(b"\n", b"\n\n \t\r\n"),
    "lines with a mark": b"\xef\xbb\xbf" + LINES,
    "concatenated": b"".join(json.dumps(frame).encode() for frame in STATES),
    "concatenated, indented": b"\n".join(json.dumps(frame, indent=1).encode() for frame in STATES),
    "text sequence": b"".join(b"\x1e" + json.dumps(frame, indent=1).encode() for frame in STATES)[1:],
    "a plain list": json.dumps(STATES).encode(),
    "a list over lines": b"[\n" + LINES.rstrip().replace(b"\n", b",\n") + b"\n]\n",
    "one level down": json.dumps({"match": {"id": 3, "steps": STATES}, "version": 1}).encode(),
    "in an unnamed list": json.dumps({"version": 1, "rounds": STATES, "players": [{}, {}]}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", [None, 100])
def test_every_form_gives_the_same_frames(form: str, step: int | None) -> None:
    source = sniffed(FORMS[form]) if step is None else sniffed(FORMS[form], shown=10, step=step)
    assert values(source) == STATES
    assert [json.loads(frame) for frame in source.payloads(0, 99)] == STATES
    assert [source.tick(index) for index in range(6)] == [0, 1, 2, 3, 4, 5]
    assert {source.kind(index) for index in range(6)} == {"json"}
    assert (source.problems, source.progress, source.advance()) == ((), 1.0, False)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: data.decode().encode("utf-16")])
def test_packed_forms_give_the_same_frames(tmp_path: Path, pack: Any) -> None:
    for form in ("compact", "lines"):
        (tmp_path / "replay").write_bytes(pack(FORMS[form]))
        source, problems = sniff_source(open_blob(tmp_path / "replay"))
        assert problems == ()
        assert values(scanned(source)) == STATES
        source.close()


def test_indexes_outside_are_errors() -> None:
    for form in ("compact", "lines"):
        source = sniffed(FORMS[form])
        for index in (-1, 6):
            for look in (source.payload, source.kind, source.tick):
                with pytest.raises(IndexError):
                    look(index)
        assert list(source.payloads(4, 99)) == payloads(source)[4:]
        assert list(source.payloads(-3, 2)) == payloads(source)[:2]
        assert list(source.payloads(3, 3)) == []


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


# What surrounds the frames


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


# Lines


def test_a_line_that_is_no_json_is_a_text_frame() -> None:
    source = sniffed(LINES + b"game over\n" + b'{"cut":\n' + LINES)
    assert len(source) == 14
    assert [source.kind(index) for index in (5, 6, 7, 8)] == ["json", "text", "text", "json"]
    assert source.payload(6) == b"game over"
    assert source.tick(6) is None
    assert values(sniffed(b"# log\n" + LINES)) == ["# log", *STATES]


def test_the_header_of_a_cast_is_no_frame() -> None:
    cast = b'{"version":2,"width":80,"height":24}\n[0.1,"o","hi"]\n[0.2,"o","\\u001b[31mho"]\n'
    source = sniffed(cast)
    assert values(source) == [[0.1, "o", "hi"], [0.2, "o", "\x1b[31mho"]]
    assert source.members() == {"version": 2, "width": 80, "height": 24}


def test_lines_that_are_appended_turn_up(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_bytes(LINES[:-1])
    source, _ = sniff_source(open_blob(path))
    seen = [json.loads(frame) for frame in payloads(scanned(source))]
    assert seen == STATES
    for addition, count in [(b"\n", 6), (b'{"tick":6', 6), (b"}", 7), (b'\n{"tick":7}\n\n', 8), (b"bye", 9)]:
        with path.open("ab") as file:
            file.write(addition)
        assert source.advance()
        scanned(source)
        now = values(source)
        assert len(now) == count
        assert now[: len(seen)] == seen
        seen = now[:8]
    assert values(source)[6:] == [{"tick": 6}, {"tick": 7}, "bye"]


def test_a_single_line_without_frames_is_the_first_of_more(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_bytes(b'{"tick":0}\n')
    source, _ = sniff_source(open_blob(path))
    assert len(scanned(source)) == 1
    with path.open("ab") as file:
        file.write(b'{"tick":1}\n')
    assert len(scanned(source)) == 2


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


# Bad input


@pytest.mark.parametrize(
    ("form", "certain_from"),
    [
        ("compact", 1),
        ("indented", 1),
        ("one level down", 1),
        ("lines", 1),
        ("a plain list", 2),
        ("concatenated, indented", 2),
    ],
)
def test_cut_at_every_byte_gives_the_frames_before(form: str, certain_from: int) -> None:
    text = FORMS[form].rstrip()
    ends = [match.end() for match in re.finditer(rb'"done": ?false\s*}', text)]
    assert len(ends) == len(STATES)
    for cut in range(len(text)):
        source = sniffed(text[:cut])
        whole = sum(end <= cut for end in ends)
        if whole >= certain_from:
            assert values(source) == STATES[:whole], cut
        if cut and form not in ("lines", "concatenated, indented"):
            assert source.problems, cut


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\t\n",
        b"\xef\xbb\xbf",
        b"{",
        b"[",
        b"]",
        b"{}",
        b"[]",
        b"null",
        b'"frames"',
        b"-12.5e3",
        b"[info] nothing to see\n[info] really\n",
        b"plain text\nof two lines",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        bytes(1000),
        b"\xff\xfe\x00\x01" * 9,
        b"\x1f\x8b\x08",
        b"PK\x03\x04" + bytes(40),
        b"{'single': 'quotes'}",
        b'{"frames":[{},{}]}}}}]',
        b'{"frames":[}{]}',
        b'{"frames":[{"a":"\xff\xfe"},{"a":"\xed\xa0\x80"}]}',
        b'{"frames":[{"a":NaN},{"a":1e999},{"a":-Infinity}]}',
        b'{"frames":[{"a":' + b"9" * 6000 + b"},{}]}",
        b'{"a":1,"a":2,"frames":[{"t":1,"t":2},{}],"frames":[{}]}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"frames":[' + b"[" * 100_000 + b"]" * 100_000 + b",{}]}",
        b"\\" * 1000 + b'{"a":[]}',
    ],
)
def test_odd_files_open(data: bytes) -> None:
    source = sniffed(data)
    for index in range(len(source)):
        assert source.kind(index) in {"json", "text", "binary"}
        source.tick(index)
        decode_frame(source.payload(index), source.kind(index))
    assert len(list(source.payloads(0, len(source)))) == len(source)
    source.members()
    assert all(problem.isprintable() for problem in source.problems)


def test_what_cannot_be_shown_as_frames_is_one() -> None:
    assert [(len(source), source.format) for source in map(sniffed, (b"\0\1\2", b"text", b'{"a":1}'))] == [
        (1, "binary"),
        (1, "text"),
        (1, "json"),
    ]
    assert sniffed(b"\xef\xbb\xbfno json").payload(0) == b"no json"


@pytest.mark.parametrize(("data", "problem"), [(b"", "is empty"), (b" \n", "holds nothing but blanks")])
def test_files_without_anything_say_so(data: bytes, problem: str) -> None:
    source, problems = sniff_source(MemoryBlob(data))
    assert (len(source), source.is_complete, problems) == (0, True, (problem,))


def test_a_bracket_too_many_ends_the_document() -> None:
    source = sniffed(b'{"frames":[{},{}]}] {"x":[{},{},{},{}]}')
    assert (len(source), source.members()) == (2, {})
    assert "byte 18" in source.problems[0]


@unhurried
@given(
    st.binary(max_size=300) | st.lists(st.sampled_from([*FORMS.values(), b"\n", b"[", b"\0"])).map(b"".join)
)
def test_any_bytes_open(data: bytes) -> None:
    source = sniffed(data[:5000])
    for index in range(len(source)):
        decode_frame(source.payload(index), source.kind(index))
        source.tick(index)
    assert list(source.payloads(0, len(source))) == payloads(source)
    source.members()


def test_zeros_without_end_stay_where_they_are(tmp_path: Path) -> None:
    with (tmp_path / "zeros").open("wb") as file:
        file.truncate(1024 * MIB)
    began = time.process_time()
    source, problems = sniff_source(open_blob(tmp_path / "zeros"))
    assert (len(source), source.kind(0), len(source.payload(0))) == (1, "binary", 16 * MIB)
    assert "only its first 16 MiB" in problems[0]
    assert time.process_time() - began < 2.0


def test_a_large_document_without_frames_shows_its_head() -> None:
    text = b'{"a":"' + b"x" * (17 * MIB) + b'"}'
    source = sniffed(text)
    assert (len(source), source.kind(0), len(source.payload(0))) == (1, "text", 16 * MIB)
    assert "16 MiB" in source.problems[0]


@pytest.mark.parametrize(("make", "frames"), [(document, 2_000), (lines, 20_000)])
def test_a_file_that_is_cut_while_it_is_read_says_so(tmp_path: Path, make: Any, frames: int) -> None:
    path = make(tmp_path / "big", frames)
    source, _ = sniff_source(open_blob(path))
    shown = len(source)
    os.truncate(path, path.stat().st_size // 2)
    assert shown <= len(scanned(source)) < frames
    assert source.payload(shown - 1)
    assert "cannot be read beyond byte" in source.problems[0]
    os.truncate(path, 0)
    with pytest.raises(OSError, match="the file ends"):
        source.payload(shown)


# Size and concurrency


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


def test_frames_are_read_while_others_are_found(tmp_path: Path) -> None:
    source, _ = sniff_source(open_blob(lines(tmp_path / "lines", 60_000)))
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        at = 1
        while not done.is_set():
            at = at * 7919 % len(source)
            for index in (at, len(source) - 1):
                if source.tick(index) != index + 1:
                    wrong.append(index)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    scanned(source)
    done.set()
    for thread in threads:
        thread.join()
    assert len(source) == 60_000
    assert not wrong


def test_bulk_reading_equals_single_reading(tmp_path: Path) -> None:
    source, _ = sniff_source(open_blob(document(tmp_path / "big", 900)))
    scanned(source)
    assert list(source.payloads(3, 890)) == payloads(source)[3:890]


def test_the_classes_are_as_told() -> None:
    kinds = [type(sniffed(data)) for data in (FORMS["compact"], LINES, b"\0")]
    assert kinds == [JsonDocument, JsonLines, OneBlob]


def test_a_first_frame_very_far_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_FIRST_ADVANCES", 9)
    text = b'{"a":[' + b"1," * (5 * MIB) + b'1],"frames":[{},{}]}'
    source, problems = sniff_source(MemoryBlob(text))
    assert (len(source), source.is_complete, problems) == (0, False, ())
    assert len(scanned(source)) == 2


def test_a_first_line_without_a_tick_describes_lines_that_have_one() -> None:
    header = b'{"type": "header", "game": "pong", "players": ["A", "B"]}\n'
    source = sniffed(header + LINES)
    assert values(source) == STATES
    assert source.members()["game"] == "pong"
    assert len(sniffed(LINES)) == len(STATES)
    assert len(sniffed(b'{"broken"\n' + LINES)) == len(STATES) + 1
    assert len(sniffed(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n')) == 3


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


@pytest.mark.parametrize("text", [b"[INFO] {started}\n", b"{see} [below]", b"{{{a} and so on, {b}}}"])
def test_text_that_begins_with_a_bracket_is_text(text: bytes) -> None:
    assert sniffed(text).format == "text"
