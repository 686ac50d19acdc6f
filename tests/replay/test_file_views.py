"""What is shown of files beside the frames, and what is never shown."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.measures import size_text
from coworld_tui.replay import json_view, tables, zip_view
from coworld_tui.replay.file_views import FileView, view_of
from coworld_tui.replay.lenses.spans import Span, cell_width, text_of
from coworld_tui.replay.source import ReplayFile
from coworld_tui.replay.zip_view import members

from .episodes import recorded_episode
from .json_values import unhurried, values
from .test_grid import assert_printable


def file_of(data: bytes | str, name: str = "file", size: int | None = None) -> ReplayFile:
    content = data.encode() if isinstance(data, str) else data
    return ReplayFile(name, len(content) if size is None else size, lambda limit: content[:limit])


def recorded(generation: str, name: str) -> ReplayFile:
    path = recorded_episode(generation) / name
    return file_of(path.read_bytes(), path.name)


def shown(view: FileView, start: int = 0, stop: int = 1_000) -> str:
    return text_of(view.lines.lines(start, stop))


def text_shown(data: bytes | str, name: str = "file", **options: Any) -> str:
    return shown(view_of(file_of(data, name), **options))


def zipped(entries: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def parquet(table: pa.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def streamed(table: pa.Table, *, as_file: bool = False) -> bytes:
    target = io.BytesIO()
    with (pa.ipc.new_file if as_file else pa.ipc.new_stream)(target, table.schema) as writer:
        writer.write_table(table)
    return target.getvalue()


def test_a_real_config_without_its_tokens() -> None:
    view = view_of(recorded("0.1.11", "config.json"))
    assert (view.title, view.note) == ("config.json · JSON · 297 B", "")
    assert shown(view) == (
        "{\n"
        '  "width": 12,\n'
        '  "height": 8,\n'
        '  "max_ticks": 60,\n'
        '  "tick_rate": 10,\n'
        '  "player_connect_timeout_seconds": 30,\n'
        '  "players": [\n'
        '    {"name": "Sweep Painter 1"},\n'
        '    {"name": "Sweep Painter 2"}\n'
        "  ],\n"
        '  "tokens": "hidden"\n'
        "}"
    )
    assert view.lines.lines(1, 2) == [
        (Span("  "), Span('"width":', "key"), Span(" "), Span("12", "number"), Span(","))
    ]


def test_real_results_of_both_generations() -> None:
    for generation in ("0.1.11", "0.1.64"):
        view = view_of(recorded(generation, "results.json"))
        assert shown(view) == '{\n  "scores": [41.0, 42.0],\n  "painted_tiles": [41, 42],\n  "ticks": 60\n}'


def test_a_compressed_real_replay_is_inflated() -> None:
    plain, packed = (view_of(recorded("0.1.11", name)) for name in ("replay.json", "replay.json.z"))
    assert shown(packed) == shown(plain)
    assert (packed.note, plain.note) == ("inflated from zlib", "")
    assert shown(plain, 12, 18) == (
        "  },\n"
        '  "player_names": ["Sweep Painter 1", "Sweep Painter 2"],\n'
        '  "frames": [\n'
        "    {\n"
        '      "type": "state",\n'
        '      "width": 12,'
    )
    assert '"tokens": "hidden"' in shown(plain)


def test_a_schema_keeps_what_it_says_about_tokens() -> None:
    text = shown(view_of(recorded("0.1.11", "supporting/coworld_manifest.json")))
    assert (
        '"tokens": {\n          "type": "array",\n          "minItems": 2,\n          "maxItems": 2,' in text
    )


def test_a_real_report_opens_on_what_it_renders() -> None:
    view = view_of(recorded("0.1.11", "supporting/report.zip"))
    assert (view.title, view.note) == ("report.zip · report · 798 B", "shows summary.md")
    assert shown(view) == (
        "PaintArena — Episode local-1\n"
        "\n"
        "Variant: default · Grid: 12 × 8 (96 tiles) · Duration: 6.6 s (60 ticks)\n"
        "\n"
        "Slot  Policy     Tiles painted  Share\n"
        "────  ─────────  ─────────────  ─────\n"
        "0     sweep-a    41 / 96        42.7%\n"
        "1     sweep-b    42 / 96        43.8%\n"
        "—     unpainted  13 / 96        13.5%\n"
        "\n"
        "Winner: Slot 1 (sweep-b) by 1 tiles.\n"
        "\n"
        "────────────────────────────────────────\n"
        "3 entries, 880 B unpacked\n"
        "name         size  packed\n"
        "summary.md  338 B    69 %\n"
        "stats.json  531 B    46 %\n"
        "render.txt   11 B   118 %"
    )
    assert view.lines.lines(0, 1) == [(Span("PaintArena — Episode local-1", "heading"),)]
    assert view.lines.lines(2, 3)[0][0] == Span("Variant:", "strong")


def test_a_real_diagnosis_opens_on_what_its_manifest_names() -> None:
    view = view_of(recorded("0.1.64", "supporting/diagnosis.zip"), width=60)
    assert shown(view, 0, 13) == (
        "Paint Arena Policy Diagnosis\n"
        "\n"
        "• target_policy_uri: policy://x\n"
        "• winner: slot 1\n"
        "• margin: 1 / 96 tiles\n"
        "• score: 0.0104\n"
        "\n"
        "Recommendations\n"
        "\n"
        "• Compare the target policy's opening route with the\n"
        "  sweep-painter baseline on the same seed.\n"
        "• Use replay frames to find intervals where the target\n"
        "  policy walked over already-owned tiles."
    )
    assert Span("policy://x", "accent") in view.lines.lines(2, 3)[0]


def test_a_real_html_report_is_text() -> None:
    view = view_of(recorded("0.1.64", "supporting/stats/report.html"))
    assert view.title == "report.html · HTML · 6.1 KiB"
    assert shown(view, 0, 14) == (
        "Coworld statistics\n"
        "\n"
        "1 extracted episodes; 0 failed replays.\n"
        "\n"
        "replay-sha256:0d24a7efb845b85e460c77bd96d41bed5496accbe7b942b8b01dc3ec36f47590\n"
        "\n"
        "Metric                     Unidentified policy (seat  Unidentified policy (seat\n"
        "                           0)                         1)\n"
        "─────────────────────────  ─────────────────────────  ─────────────────────────\n"
        "Direct control\n"
        "Executed movement (ticks)  59                         59\n"
        "Movement per recorded      1 (59/59)                  1 (59/59)\n"
        "transition (fraction)\n"
        "Submitted movement         missing: Native replay     missing: Native replay"
    )
    assert '  "provenance": {' in shown(view)


def test_a_real_stats_table() -> None:
    view = view_of(recorded("0.1.11", "supporting/stats.parquet"))
    assert (view.title, view.lines.row_count) == ("stats.parquet · Parquet · 4.5 KiB", 427)
    lines = shown(view).split("\n")
    assert lines[:3] + lines[4:8] + lines[-1:] == [
        "425 rows · ts int64, player int64, key string, value string",
        "ts  player  key            value",
        " 1      -1  scores         [1,1]",
        ' 1      -1  arena          {"height":8,"width":12}',
        " 1       0  position       [1,0]",
        " 1       0  score          1",
        " 1       1  position       [11,6]",
        "60       1  painted_tiles  42",
    ]


def test_a_real_bundle_lists_its_entries_and_leads_into_them() -> None:
    file = recorded("0.1.11", "bundle.zip")
    assert shown(view_of(file)) == (
        "8 entries, 37.6 KiB unpacked\n"
        "name                         size  packed\n"
        "results.json                 64 B    83 %\n"
        "replay.json              35.2 KiB     4 %\n"
        "config.json                 297 B    64 %\n"
        "logs/game.stdout.log        553 B    42 %\n"
        "logs/game.stderr.log        792 B    42 %\n"
        "logs/policy_agent_0.log     110 B    98 %\n"
        "logs/policy_agent_1.log     110 B    98 %\n"
        "manifest.json               495 B    40 %"
    )
    inside = {member.name: member for member in members(file)}
    assert list(inside)[:2] == ["results.json", "replay.json"]
    assert shown(view_of(inside["config.json"])) == shown(view_of(recorded("0.1.11", "config.json")))
    assert shown(view_of(inside["logs/policy_agent_0.log"])) == (
        "connecting to ws://127.0.0.1:33323/player?slot=0&token=[redacted]\nreceived final message, exiting"
    )


def test_real_frames_are_json_lines() -> None:
    view = view_of(recorded("0.1.64", "global_frames.jsonl"))
    assert (view.title, view.lines.row_count) == ("global_frames.jsonl · JSON lines · 9.4 KiB", 20)
    assert shown(view, 3, 4).startswith(
        '{"type": "state", "width": 12, "height": 8, "positions": [[3, 0], [9, 6]],'
    )


def test_no_real_file_shows_a_token() -> None:
    for generation in ("0.1.11", "0.1.64"):
        folder = recorded_episode(generation)
        tokens = json.loads((folder / "config.json").read_bytes())["tokens"]
        for path in (path for path in folder.rglob("*") if path.is_file()):
            whole = recorded(generation, str(path.relative_to(folder)))
            for file in (whole, *members(whole), file_of(path.read_bytes()[:-3], size=whole.size)):
                view = view_of(file)
                text = shown(view, 0, view.lines.row_count)
                assert not [token for token in tokens if token in text], f"{path} {file.name}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"token": "q"}, '{\n  "token": "hidden"\n}'),
        ({"a": {"Api-Key": ["q"]}}, '{\n  "a": {"Api-Key": "hidden"}\n}'),
        ({"tokens": {"0": "q"}}, '{\n  "tokens": "hidden"\n}'),
        ({"db_password": "q", "max_tokens": 5, "secret": None}, None),
        ({"value": '{"tokens": ["q"]}'}, '{\n  "value": "{\\"tokens\\": \\"hidden\\"}"\n}'),
        ({"link": "ws://h/?token=q"}, '{\n  "link": "ws://h/?token=[redacted]"\n}'),
        ([1, [2, 3], None, True], "[1, [2, 3], null, true]"),
        ({}, "{}"),
        ([], "[]"),
        ({"a": {}, "b": []}, '{\n  "a": {},\n  "b": []\n}'),
    ],
)
def test_json_is_laid_out_without_secrets(value: object, text: str | None) -> None:
    drawn = text_shown(json.dumps(value))
    if text is not None:
        assert drawn == text
    else:
        assert drawn == '{\n  "db_password": "hidden",\n  "max_tokens": 5,\n  "secret": null\n}'


def test_boards_in_json_fill_their_lines() -> None:
    drawn = text_shown(json.dumps({"board": list(range(40))}), width=50).split("\n")
    assert drawn[2:5] == [
        "    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,",
        "    14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,",
        "    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,",
    ]


@settings(max_examples=60, deadline=None)
@given(values)
def test_laid_out_json_is_the_same_json(value: Any) -> None:
    text = json.dumps(value)
    lines, is_whole = json_view.json_lines(json.loads(text), 40)
    assert is_whole
    assert json.dumps(json.loads("\n".join(lines))) == json.dumps(json.loads(text))


def test_what_is_cut_is_said_and_still_hides_its_tokens() -> None:
    data = json.dumps(
        {"config": {"tokens": ["quiet", "quieter"]}, "frames": [{"tick": at} for at in range(99)]}
    )
    view = view_of(file_of(data), limit=200)
    assert view.note == f"first 200 B of {size_text(len(data))}"
    assert shown(view, 0, 3) == '{"config": {"tokens": "hidden"},\n"frames": [{"tick": 0},\n{"tick": 1},'
    assert view_of(file_of(b"a\n" * 100), limit=100).note == "first 100 B of 200 B"


@pytest.mark.parametrize("data", ['{"token": "quiet"', "[1, 2", '{"a": 1} trailing', "[" * 100_000])
def test_broken_json_is_shown_as_it_is(data: str) -> None:
    view = view_of(file_of(data))
    assert (view.title.split(" · ")[1], view.note) == ("JSON text", "no valid JSON, shown as it is")
    assert "quiet" not in shown(view)


def test_json_is_bounded_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_view, "MAX_LINES", 5)
    view = view_of(file_of(json.dumps([{"a": at} for at in range(99)])))
    assert (view.lines.row_count, view.note) == (5, "first 5 lines")


def test_json_lines_with_a_broken_one_among_them() -> None:
    view = view_of(file_of('{"a": 1}\n{"token": "q"}\n\n[1]\n{"token": "q\n'))
    assert shown(view).split("\n") == ['{"a": 1}', '{"token": "hidden"}', "", "[1]", '{"token": "hidden"']
    assert "JSON lines" in view_of(file_of('{"version": 2}\n[0.5, "o", "text"]\n[0.6, "o')).title, "asciinema"
    assert "JSON ·" in view_of(file_of('{"a": 1}\n')).title


def test_markdown_by_content_and_by_name() -> None:
    text = (
        "# Title\n\nSome *soft* `code` and a [link](https://example.org/x).\nSame paragraph.\n\n"
        "1. one\n2. two\n   - nested\n\n> quoted\n\n```\nraw  text\n```\n\n---\n<b>not bold</b>\n"
    )
    view = view_of(file_of(text))
    assert shown(view) == (
        "Title\n\n"
        "Some soft code and a link (https://example.org/x). Same paragraph.\n\n"
        "1. one\n2. two\n   • nested\n\n"
        "│ quoted\n\n"
        "raw  text\n\n" + "─" * 80 + "\n\n<b>not bold</b>"
    )
    assert Span("soft", "strong") in view.lines.lines(2, 3)[0]
    assert Span("code", "accent") in view.lines.lines(2, 3)[0]
    assert "Markdown" in view_of(file_of("just words\nmore", "notes.md")).title
    assert text_shown("just words\nmore", "notes.md") == "just words more"
    assert text_shown("# a comment\nkey: value\n", "settings.yaml") == "# a comment\nkey: value"


def test_html_is_reduced_to_text() -> None:
    drawn = text_shown(
        "<!doctype html><title>t</title><style>b{}</style><script>alert('no')</script><!-- no -->"
        "<h1>Head</h1><p onclick='no()'>Some <b>bold</b> &amp; <i>more</i>&nbsp;text "
        "<a href='javascript:no'>here</a>"
        "<ul><li>one<li>two</ul><iframe src=no>no</iframe>"
        "<table><tr><th>a<th>n<tr><td>x<td>10<tr><td>y<td>9</table>"
        "<pre>  kept\n as is</pre><p>token=<b>quiet</b>"
    )
    assert drawn == (
        "Head\n\nSome bold & more text here\n\n• one\n• two\n\n"
        "a  n\n─  ──\nx  10\ny   9\n\n  kept\n as is\n\ntoken=[redacted]"
    )


@pytest.mark.parametrize("piece", ["<", "<a ", "<!a", "<div>", "<blockquote>a", "<td>a", "<ul><li>a", "&#x"])
def test_html_that_never_ends_takes_no_time_to_speak_of(piece: str) -> None:
    view = view_of(file_of("<html>" + piece * 300_000))
    assert "HTML" in view.title
    assert "first 256 KiB" in view.note
    assert max(cell_width(span.text) for line in view.lines.lines(0, 50) for span in line) <= 80


def test_many_comments_before_what_is_no_html_are_passed_quickly() -> None:
    assert "text" in view_of(file_of("<!-- a -->" * 500 + "word")).title
    assert "HTML" in view_of(file_of("<!-- a -->" * 500 + "<p>word")).title


def test_documents_wrap_wide_characters_and_long_words() -> None:
    drawn = text_shown("# 世界\n\n" + "世" * 30 + " " + "x" * 50 + "\n", width=20).split("\n")
    assert drawn == ["世界", "", "世" * 10, "世" * 10, "世" * 10, "x" * 20, "x" * 20, "x" * 10]


def test_markdown_that_no_reader_follows_is_shown_as_text() -> None:
    assert text_shown("# a\n\n" + "[" * 30_000, limit=40_000).startswith("# a\n\n[[[")
    assert text_shown(">" * 500 + "a", "x.md") == ">" * 500 + "a"


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


TABLE = pa.table(
    {
        "n": [1, None, 300],
        "x": [0.5, 1.0, None],
        "s": ["one", "\x1b[31mtwo", None],
        "l": [[1], list(range(40)), None],
        "b": [b"\0\1", b"", None],
        "d": pa.array(["p", "q", "p"]).dictionary_encode(),
        "token": ["quiet"] * 3,
    }
)
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


def test_archives_with_names_that_lead_elsewhere_only_show_them() -> None:
    data = zipped(
        {"../../etc/passwd": "a", "/abs": "b", "C:\\x": "c", "\x1b]0;t\x07name\u202e": "d", "dir/": ""}
    )
    view = view_of(file_of(data, "x.zip"))
    assert shown(view) == (
        "5 entries, 4 B unpacked\n"
        "name              size  packed\n"
        "../../etc/passwd   1 B   300 %\n"
        "/abs               1 B   300 %\n"
        "C:\\x               1 B   300 %\n"
        "name\ufffd              1 B   300 %\n"
        "dir/               0 B       -"
    )
    inside = members(file_of(data))
    assert [member.read(9) for member in inside] == [b"a", b"b", b"c", b"d"]
    assert [view_of(member).title.split(" · ")[0] for member in inside][3] == "name\ufffd"


def test_an_entry_without_a_name_is_one_among_others() -> None:
    data = zipped({"a": "1", "b": "2"}).replace(b"a", b"\0")
    assert [member.name for member in members(file_of(data))] == ["", "b"]
    assert shown(view_of(file_of(data)), 0, 1) == "2 entries, 2 B unpacked"


def test_an_archive_inflates_no_more_than_asked_for() -> None:
    [member] = members(file_of(zipped({"zeros": bytes(50_000_000)})))
    assert member.size == 50_000_000
    assert len(member.read(1_000)) == 1_000
    view = view_of(member, limit=4_096)
    assert (view.lines.row_count, view.note) == (256, "first 4 KiB of 47.7 MiB")


def test_archives_are_listed_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_view, "MAX_ENTRIES", 3)
    data = zipped({f"{at}.txt": "" for at in range(5)})
    view = view_of(file_of(data))
    assert (view.lines.row_count, view.note) == (5, "first 3 entries of 5")
    assert [member.name for member in members(file_of(data))] == ["0.txt", "1.txt", "2.txt"]
    monkeypatch.setattr(zip_view, "_MOST_ENTRIES", 4)
    refused = view_of(file_of(data))
    assert (refused.title.split(" · ")[1], refused.note) == (
        "damaged zip",
        "this archive lists too many entries",
    )
    assert members(file_of(data)) == []


def test_entries_that_cannot_be_read_say_why() -> None:
    data = zipped({"a.txt": "x" * 1_000, "b.txt": "fine"})
    at = data.index(b"a.txt") + len("a.txt")
    damaged, fine = members(file_of(data[:at] + b"\xff" * 8 + data[at + 8 :]))
    assert shown(view_of(damaged)).startswith("cannot be read: it is damaged: ")
    assert view_of(damaged).title == "a.txt · unreadable · 1000 B"
    assert shown(view_of(fine)) == "fine"
    flags = data.index(b"PK\x01\x02") + 8
    locked, _ = members(file_of(data[:flags] + b"\x01\x00" + data[flags + 2 :]))
    assert shown(view_of(locked)) == "cannot be read: it needs a password"
    [coarse] = members(file_of(zipped({"a": "x"}, zipfile.ZIP_LZMA)))
    assert shown(view_of(coarse)) == "cannot be read: it is packed in a way that is not read here"


@pytest.mark.parametrize(
    ("entries", "first"),
    [
        ({"manifest.json": '{"render": "b.html"}', "a.md": "# A\n", "b.html": "<html><h1>B"}, "B"),
        ({"manifest.json": '{"render": "../../b.md"}', "b.md": "# B\n"}, "B"),
        ({"render.txt": "b.md\n", "a.md": "# A\n", "b.md": "# B\n"}, "B"),
        ({"x.json": "{}", "a.html": "<html><h1>A"}, "A"),
        ({"manifest.json": '{"files": {}}', "a.md": "# A\n"}, "2 entries, 17 B unpacked"),
        ({"manifest.json": "[" * 9_999, "deep/a.md": "# A\n"}, "2 entries, 9.8 KiB unpacked"),
        ({"render.txt": "render.txt"}, "1 entry, 10 B unpacked"),
    ],
)
def test_reports_are_known_by_what_they_name(entries: Mapping[str, str], first: str) -> None:
    assert shown(view_of(file_of(zipped(entries))), 0, 1) == first


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


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 KiB"), (8 << 20, "8 MiB"), (300 << 30, "300 GiB")],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


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


@unhurried
@given(st.text(alphabet=st.sampled_from('#*_`[]()<>|-! \n\tabc1.&;/="\x1b\u202e世'), max_size=200))
def test_any_markup_stays_within_the_width(text: str) -> None:
    for kind, start in (("Markdown", "# a\n\n"), ("HTML", "<html>")):
        view = view_of(file_of(start + text), width=30)
        lines = view.lines.lines(0, 10_000)
        assert kind in view.title
        assert_printable(lines)
        if kind == "HTML" and "<pre" not in text:
            assert max((sum(cell_width(span.text) for span in line) for line in lines), default=0) <= 30
