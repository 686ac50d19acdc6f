"""Telling texts from other bytes."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.text_bytes import NotText, decoded

WORDS = "Größe — 世界\n"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WORDS.encode(), ""),
        (WORDS.encode(), "text/markdown; charset=utf-8"),
        (WORDS.encode(), 'text/plain; charset="made-up"'),
        (codecs.BOM_UTF8 + WORDS.encode(), "text/plain; charset=latin-1"),
        (WORDS.encode("utf-16"), "text/plain"),
        (WORDS.encode("utf-16-be"), "text/plain; charset=UTF-16BE"),
        (WORDS.encode("gb18030"), "text/plain;charset=gb18030"),
        (WORDS.replace("\n", "\r\n").encode(), "application/octet-stream"),
    ],
)
def test_charsets(body: bytes, content_type: str) -> None:
    assert decoded(body, content_type) == (WORDS, False)


def test_a_character_that_was_cut_is_left_out() -> None:
    assert decoded("ab世".encode()[:-1], "text/plain") == ("ab", False)


def test_a_letter_of_another_charset_spoils_nothing() -> None:
    text, _ = decoded("a sentence that is long enough to be about Größe\n".encode("latin-1"), "text/plain")
    assert text == "a sentence that is long enough to be about Gr\ufffd\ufffde\n"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/plain"),
        (b"words with a \0 in them", "text/plain"),
        (bytes(range(1, 256)) * 4, "text/markdown"),
        (b"words", "image/png"),
        (b"%PDF-1.7 words", "application/pdf"),
        (b"words", "Video/mp4; charset=utf-8"),
    ],
)
def test_no_text(body: bytes, content_type: str) -> None:
    with pytest.raises(NotText, match="text"):
        decoded(body, content_type)


def test_html_is_told_by_its_type_or_its_beginning() -> None:
    assert decoded(b"<p>x", "text/html; charset=utf-8")[1]
    assert decoded(b"\n<!-- x --> <!DOCTYPE html><p>", "text/plain")[1]
    assert not decoded(b"# About <html>", "text/plain")[1]


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_are_a_text_or_none(body: bytes, content_type: str) -> None:
    try:
        text, _ = decoded(body, content_type)
    except NotText:
        return
    assert "\0" not in text
    text.encode()
