"""Markdown and HTML are shown as text, whatever stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.file_views import view_of
from coworld_tui.replay.lenses.spans import Span, cell_width
from coworld_tui.replay.markup import html_document, markdown_document

from .json_values import unhurried
from .shown_files import file_of, shown, text_shown
from .test_grid import assert_printable


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


def test_headings_and_where_they_stand() -> None:
    text = (
        "# One [here](https://example.org)\n\ntext\n\n## Two *and* `more` words than fit\n> ### Three\n\n"
        "- #### Four\n\nFive\n====\n\n```\n# no heading\n```\n#\n"
    )
    page = markdown_document(text, 20)
    assert [(heading.level, heading.text) for heading in page.headings] == [
        (1, "One here"),
        (2, "Two and more words than fit"),
        (3, "Three"),
        (4, "Four"),
        (1, "Five"),
    ]
    drawn = ["".join(span.text for span in page.lines[heading.line]) for heading in page.headings]
    assert drawn == ["One here", "Two and more words", "│ Three", "• Four", "Five"]
    html = html_document("<h2>A</h2><p>b<h3>C <b>d</b>\x1b[31m</h3><summary>e</summary>", 80)
    assert [(heading.level, heading.text, heading.line) for heading in html.headings] == [
        (2, "A", 0),
        (3, "C d", 4),
        (6, "e", 6),
    ]
    assert markdown_document("x" * 30_000, 80).headings == []


@given(st.text(st.sampled_from("# =-\n>*1.a|`x"), max_size=60), st.integers(1, 60))
def test_headings_of_anything_stand_on_lines(text: str, width: int) -> None:
    page = markdown_document(text, width)
    at = [heading.line for heading in page.headings]
    assert at == sorted(set(at))
    assert all(any(span.style == "heading" for span in page.lines[line]) for line in at)


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
