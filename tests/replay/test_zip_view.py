"""Archives list their entries, which open as files of their own."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping

import pytest

from coworld_tui.replay import zip_view
from coworld_tui.replay.file_views import view_of
from coworld_tui.replay.zip_view import members

from .shown_files import file_of, shown, zipped


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
