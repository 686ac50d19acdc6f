"""Any file opens as frames: what is valid is there, what is not is named, nothing is raised."""

from __future__ import annotations

import gzip
import json
import os
import re
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay import documents
from coworld_tui.replay.blob import MIB, open_blob
from coworld_tui.replay.documents import JsonDocument, JsonLines, OneBlob, sniff_source
from coworld_tui.replay.lenses.choose import decode_frame

from .big_files import document, lines
from .blobs import MemoryBlob, payloads, scanned
from .json_forms import FORMS, LINES, STATES, sniffed, values
from .json_values import unhurried


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


def test_the_classes_are_as_told() -> None:
    kinds = [type(sniffed(data)) for data in (FORMS["compact"], LINES, b"\0")]
    assert kinds == [JsonDocument, JsonLines, OneBlob]


def test_a_first_frame_very_far_away_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_FIRST_ADVANCES", 9)
    text = b'{"a":[' + b"1," * (5 * MIB) + b'1],"frames":[{},{}]}'
    source, problems = sniff_source(MemoryBlob(text))
    assert (len(source), source.is_complete, problems) == (0, False, ())
    assert len(scanned(source)) == 2


@pytest.mark.parametrize("text", [b"[INFO] {started}\n", b"{see} [below]", b"{{{a} and so on, {b}}}"])
def test_text_that_begins_with_a_bracket_is_text(text: bytes) -> None:
    assert sniffed(text).format == "text"
