"""Brackets outside strings, whatever the pieces they come in."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.structure import Scanner, joined, key_before, string_spans

from .json_values import unhurried

_Bracket = tuple[int, str, int]
_texts = st.text(alphabet='[]{}"\\a,:\n é', max_size=300)


def _plainly(text: bytes) -> list[_Bracket]:
    found, depth, in_string, escaped = [], 0, False, False
    for offset, code in enumerate(text):
        character = chr(code)
        quoted, escaped = escaped, character == "\\" and not escaped
        if character == '"' and not quoted:
            in_string = not in_string
        elif not in_string and character in "[{":
            depth += 1
            found.append((offset, character, depth))
        elif not in_string and character in "]}":
            found.append((offset, character, depth))
            depth -= 1
    return found


def _scanned(text: bytes, cuts: list[int]) -> list[_Bracket]:
    scanner = Scanner()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    found = joined([scanner.feed(text[start:stop]) for start, stop in pairwise(edges)])
    rows = zip(found.offset.tolist(), found.character.tolist(), found.level.tolist(), strict=True)
    return [(offset, chr(code), level) for offset, code, level in rows]


@unhurried
@given(_texts, st.lists(st.integers(0, 300), max_size=8))
def test_brackets_are_those_a_plain_loop_finds_wherever_the_text_is_cut(text: str, cuts: list[int]) -> None:
    assert _scanned(text.encode(), cuts) == _plainly(text.encode())


@unhurried
@given(st.integers(0, 140), st.integers(0, 70), st.integers(1, 70))
def test_runs_of_backslashes_may_cross_pieces_and_words(before: int, slashes: int, piece: int) -> None:
    text = b'["' + b"a" * before + b"\\" * slashes + b'"]}'
    assert _scanned(text, list(range(piece, len(text), piece))) == _plainly(text)


@unhurried
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_any_bytes_are_scanned(data: bytes, cuts: list[int]) -> None:
    assert _scanned(data, cuts) == _plainly(data)


def test_nesting_of_a_hundred_thousand_is_as_quick_as_any_text() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    scanner = Scanner()
    began = time.process_time()
    found = scanner.feed(deep)
    assert time.process_time() - began < 1.0
    assert (len(found), scanner.depth, int(found.level.max())) == (200_000, 0, 100_000)


@given(st.lists(st.text(max_size=8), max_size=8), st.integers(0, 1000))
def test_the_spans_of_strings_hold_the_strings(values: list[str], offset: int) -> None:
    data = json.dumps(values)[1:-1].encode()
    starts, stops = string_spans(data, offset)
    spans = zip((starts - offset).tolist(), (stops - offset).tolist(), strict=True)
    assert [json.loads(data[start:stop]) for start, stop in spans] == values


@given(st.text(max_size=12), st.sampled_from([":", ": ", " :\n  "]), st.booleans())
def test_the_key_before_a_value_is_read_backwards(key: str, colon: str, ascii_only: bool) -> None:
    text = ('{"a":"x",' + json.dumps(key, ensure_ascii=ascii_only) + colon).encode("utf-8", "replace")
    found = key_before(lambda start, stop: text[start:stop], len(text))
    assert found == key.encode("utf-8", "replace").decode()


def test_an_element_of_an_array_has_no_key() -> None:
    for text in (b"", b"[", b'["a",', b"[1, ", b'{"a" ', b":", b'":'):
        assert key_before(lambda start, stop, text=text: text[start:stop], len(text)) is None  # type: ignore[misc]


def test_no_piece_no_brackets() -> None:
    assert len(joined([])) == 0
    assert len(Scanner().feed(b"")) == 0
    assert np.array_equal(string_spans(b"", 5)[0], [])
