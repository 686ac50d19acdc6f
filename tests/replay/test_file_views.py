"""Every file shows something, told by its content, and says what of it is not shown."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.measures import size_text
from coworld_tui.replay.file_views import view_of
from coworld_tui.replay.lenses.spans import Span
from coworld_tui.replay.source import ReplayFile
from coworld_tui.replay.zip_view import members

from .json_values import unhurried
from .shown_files import TABLE, file_of, parquet, shown, streamed, text_shown, zipped
from .test_grid import assert_printable


def test_what_is_cut_is_said_and_still_hides_its_tokens() -> None:
    data = json.dumps(
        {"config": {"tokens": ["quiet", "quieter"]}, "frames": [{"tick": at} for at in range(99)]}
    )
    view = view_of(file_of(data), limit=200)
    assert view.note == f"first 200 B of {size_text(len(data))}"
    assert shown(view, 0, 3) == '{"config": {"tokens": "hidden"},\n"frames": [{"tick": 0},\n{"tick": 1},'
    assert view_of(file_of(b"a\n" * 100), limit=100).note == "first 100 B of 200 B"


def test_files_at_whose_end_the_contents_stand_are_read_whole() -> None:
    table = parquet(pa.table({"n": range(5_000)}))
    assert shown(view_of(file_of(table), limit=100), 0, 1) == "5 000 rows · n int64"
    archive = zipped({"a": "x" * 100})
    assert shown(view_of(file_of(archive), limit=10), 0, 1) == "1 entry, 100 B unpacked"


def test_pictures_are_named_and_measured() -> None:
    from PIL import Image

    for kind in ("PNG", "JPEG", "GIF"):
        target = io.BytesIO()
        Image.new("RGB", (31, 17)).save(target, kind)
        view = view_of(file_of(target.getvalue(), "x.bin"))
        assert (shown(view), view.title.split(" · ")[1]) == (f"{kind} image, 31x17 pixels", f"{kind} image")


def test_a_picture_that_claims_to_be_huge_is_only_measured() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 1_000_000, 1_000_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = (
        b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    assert text_shown(data) == "PNG image, 1000000x1000000 pixels"
    assert view_of(file_of(data[:20])).note == "the header of this PNG image cannot be read"


def test_compressed_text_is_inflated_up_to_the_limit() -> None:
    data = gzip.compress(b"line\n" * 100_000)
    view = view_of(file_of(data), limit=1_000)
    assert view.lines.row_count == 200
    assert view.note.startswith("inflated from gzip, first 1000 B")
    assert text_shown(gzip.compress(b"line\n" * 9)[:-12]).startswith("line"), "what came before the cut"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf[1]", "[1]"),
        ('{"a": 1}'.encode("utf-16"), '{\n  "a": 1\n}'),
        (b"caf\xe9 and more of it, so that it is text", "caf\ufffd and more of it, so that it is text"),
        (b'{"a": NaN, "b": 1e999}', None),
        (b"\x1b[2Jclear \xe2\x80\xaetxt", "clear \ufffdtxt"),
        (b"\x00\x01\x02", "0000  00 01 02                                          ···"),
    ],
)
def test_encodings_and_oddities(data: bytes, text: str | None) -> None:
    drawn = text_shown(data)
    assert drawn == text if text is not None else "NaN" in drawn


def test_a_file_that_cannot_be_read_says_so() -> None:
    def gone(limit: int) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    def refused(limit: int) -> bytes:
        raise CoworldError("inflated_too_large", "it inflates to more than 1 GiB")

    view = view_of(ReplayFile("a\x1b[31m.log", 5, gone))
    assert view.title == "a.log · unreadable · 5 B"
    assert shown(view) == "cannot be read: [Errno 2] No such file or directory"
    assert shown(view_of(ReplayFile("x", 5, refused))) == "cannot be read: it inflates to more than 1 GiB"
    assert members(ReplayFile("x", 5, gone)) == []


SEEDS = [
    parquet(TABLE),
    streamed(TABLE),
    streamed(TABLE, as_file=True),
    zipped(
        {
            "manifest.json": '{"render": "a.md"}',
            "a.md": "# A\n\n|a|b|\n|-|-|\n|1|2|\n",
            "b.json": '{"a": [1]}',
        }
    ),
    gzip.compress(b'{"a": 1}\n' * 9),
    b'{"a": {"tokens": ["q"], "b": [1, 2, {"c": null}]}}',
    b"# T\n\n- a\n  1. b\n\n> c **d** `e` [f](http://g)\n\n|a|b|\n|-|-|\n|1|2|\n\n```\nx\n```\n",
    b"<html><table><tr><td>a</table><ul><li>b<blockquote><pre>c</pre><p>d &amp; <a href=http://e>f</a>",
    b"a,b,c\n1,2,3\n4,5,6\n",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0",
]
damage = st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=4), st.integers(0, 4)), max_size=6)


def assert_shows_something(file: ReplayFile, width: int = 80) -> None:
    view = view_of(file, 4_096, width)
    count = view.lines.row_count
    assert_printable(
        [
            (Span(view.title), Span(view.note)),
            *view.lines.lines(0, 40),
            *view.lines.lines(count - 5, count + 5),
        ]
    )
    assert view.lines.lines(0, 1)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), damage, st.integers(0, 100))
def test_damaged_files_show_something(seed: bytes, places: list[tuple[int, bytes, int]], width: int) -> None:
    data = bytearray(seed)
    for at, instead, length in places:
        data[at % len(data) : at % len(data) + length] = instead
        data = data or bytearray(b"x")
    file = file_of(bytes(data))
    assert_shows_something(file, width)
    for member in members(file):
        assert_shows_something(member, width)


@unhurried
@given(st.binary(max_size=500), st.sampled_from(["x", "x.md", "x.csv", "x.html", "x.parquet"]))
def test_any_bytes_show_something(data: bytes, name: str) -> None:
    assert_shows_something(file_of(data, name))
