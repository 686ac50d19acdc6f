"""Tables are shown by rows, as far as they go and no more of them than fits."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coworld_tui.replay import tables
from coworld_tui.replay.file_views import view_of

from .shown_files import TABLE, file_of, parquet, shown, streamed


def test_csv() -> None:
    view = view_of(file_of('tick,name,api_key\n1,"a, b",q\n20,c,q\n'))
    assert shown(view) == ("2 rows · 3 columns\ntick  name  api_key\n   1  a, b  hidden\n  20  c     hidden")
    assert "CSV" in view_of(file_of("a;b\n1;2\n3;4\n")).title
    assert "CSV" in view_of(file_of("a\tb\n1\t2\n", "x.tsv")).title
    assert "text" in view_of(file_of("Hello, world\nBye, world\n")).title
    assert (
        "text" in view_of(file_of("2026-11-20 12:00:00,123 a\n2026-11-20 12:00:01,123 b\n2026 c,d\n")).title
    )


def test_csv_is_bounded_by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    view = view_of(file_of("a,b\n" + "1,2\n" * 9))
    assert (view.lines.row_count, shown(view).split("\n")[0]) == (5, "the first 3 rows · 2 columns")


TABLE_TEXT = (
    "  n    x  s    l           b          d  token\n"
    "  1  0.5  one  [1]         <2 bytes>  p  hidden\n"
    "     1.0  two  [40 items]  <0 bytes>  q  hidden\n"
    "300                                   p  hidden"
)


@pytest.mark.parametrize(
    "data",
    [parquet(TABLE), streamed(TABLE), streamed(TABLE, as_file=True)],
    ids=["Parquet", "Arrow stream", "Arrow file"],
)
def test_tables_of_many_types(data: bytes) -> None:
    summary, _, rest = shown(view_of(file_of(data))).partition("\n")
    assert summary.startswith("3 rows · n int64, x double, s string, l list<")
    assert rest == TABLE_TEXT


def test_a_long_table_is_read_by_window(monkeypatch: pytest.MonkeyPatch) -> None:
    data = parquet(pa.table({"n": range(250)}), row_group_size=40)
    view = view_of(file_of(data))
    assert view.lines.row_count == 252
    assert shown(view, 200, 203) == "198\n199\n200"
    assert shown(view, 2, 3) == "  0"
    assert shown(view, 250, 400) == "248\n249"
    monkeypatch.setattr(tables, "MAX_ROWS", 100)
    cut = view_of(file_of(data))
    assert (cut.lines.row_count, shown(cut, 0, 1)) == (102, "the first 100 rows of 250 · n int64")


def test_a_text_repeated_in_every_row_does_not_fill_the_memory() -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000, pa.int32()), pa.array(["x" * 100_000]))
    data = parquet(pa.table({"s": words}))
    before = pa.total_allocated_bytes()
    view = view_of(file_of(data))
    assert shown(view, 3_000, 3_001).startswith("xxxx")
    assert pa.total_allocated_bytes() - before < 20_000_000, "written out it would be 400 MB"


def test_endless_lists_in_every_row_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = parquet(pa.table({"n": range(2_000), "l": pa.array([[7] * 1_000] * 2_000)}))
    monkeypatch.setattr(tables, "_MOST_BYTES", 1_000_000)
    before = pa.total_allocated_bytes()
    view = view_of(file_of(data))
    assert shown(view, 2, 3) == "  0  [1 000 items]"
    assert shown(view, 1_900, 1_950) == "the table breaks off here"
    assert pa.total_allocated_bytes() - before < 4_000_000, "whole it would be 16 MB"


def test_metadata_over_which_arrow_would_end_the_process_are_not_read() -> None:
    data = parquet(TABLE)
    metadata = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for at in range(metadata, metadata + 120):
        for instead in (0, data[at] ^ 1):
            assert shown(view_of(file_of(data[:at] + bytes([instead]) + data[at + 1 :])), 0, 1)


def test_a_table_that_breaks_off_says_so() -> None:
    whole = parquet(pa.table({"n": range(50_000)}), row_group_size=10_000)
    place = pq.read_metadata(io.BytesIO(whole)).row_group(3).column(0).dictionary_page_offset
    view = view_of(file_of(whole[:place] + bytes(100) + whole[place + 100 :]))
    assert view.lines.row_count == 50_002
    assert shown(view, 5_000, 5_001) == "4998"
    assert shown(view, 49_000, 49_100) == "the table breaks off here"


def test_tables_that_are_cut() -> None:
    data = parquet(TABLE)
    view = view_of(file_of(data[:-30]))
    assert view.title.startswith("file · damaged Parquet · ")
    assert view.note.startswith("this Parquet file cannot be read: ")
    assert shown(view, 0, 1).startswith("0000  50 41 52 31")
    assert shown(view_of(file_of(streamed(TABLE)[:-200])), 0, 1).startswith("0 rows · n int64")
