"""Text, hex, decoding, the choice of lenses, sparklines."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.choose import decode_frame, lenses_for
from coworld_tui.replay.lenses.hex import HexLines
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.replay.lenses.text import TextLines
from coworld_tui.replay.series import sparkline

from .json_values import numbers, unhurried
from .paintarena import state
from .test_grid import assert_printable


@pytest.mark.parametrize(
    ("payload", "kind", "value"),
    [
        (b'{"tick": 1}', "text", {"tick": 1}),
        (b'{"tick": 1}', "binary", {"tick": 1}),
        (b'{"tick": NaN}', "text", '{"tick": NaN}'),
        (b"[1e999]", "text", "[1e999]"),
        (b"[1, 2", "text", "[1, 2"),
        (b"plain", "text", "plain"),
        (b"\xff\xfe", "text", "\ufffd\ufffd"),
        (b"\xff\xfe", "binary", b"\xff\xfe"),
        (b"", "text", ""),
    ],
)
def test_decode(payload: bytes, kind: str, value: object) -> None:
    assert decode_frame(payload, kind) == value


def test_decoding_nesting_beyond_reason_gives_the_text() -> None:
    payload = b"[" * 100_000 + b"]" * 100_000
    assert decode_frame(payload, "text") == payload.decode()


@unhurried
@given(st.binary(), st.sampled_from(["text", "binary", "other"]))
def test_anything_decodes_and_has_a_lens(payload: bytes, kind: str) -> None:
    assert lenses_for(decode_frame(payload, kind))


def test_lenses_best_first() -> None:
    assert lenses_for(state()) == ["grid", "tree"]
    assert lenses_for({"scores": [1, 2]}) == ["tree"]
    assert lenses_for("text") == ["text"]
    assert lenses_for(b"bytes") == ["hex"]


def test_text_by_window() -> None:
    lines = TextLines("one\r\ntwo\x1b[31m\n[b]three[/b]")
    assert lines.row_count == 3
    assert text_of(lines.lines(1, 9)) == "two\n[b]three[/b]"


def test_hex_by_window() -> None:
    lines = HexLines(bytes(range(0x30, 0x42)))
    assert lines.row_count == 2
    assert text_of(lines.lines(0, 9)) == (
        "0000  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?\n"
        "0010  40 41                                             @A"
    )
    assert text_of(HexLines(b"").lines(0, 9)) == "empty"


@unhurried
@given(st.text())
def test_text_is_printable(text: str) -> None:
    lines = TextLines(text)
    assert_printable(lines.lines(0, lines.row_count))


@unhurried
@given(st.binary())
def test_hex_is_printable(data: bytes) -> None:
    lines = HexLines(data)
    assert len(lines.lines(0, lines.row_count)) == lines.row_count
    assert_printable(lines.lines(0, lines.row_count))


def test_sparkline() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 20) == "▁▂▃▄▅▆▇█"
    assert sparkline([0, 0, 7, 7], 2) == "▁█"
    assert sparkline([3, 3], 5) == "▁▁"
    assert sparkline([5], 5, lo=0, hi=10) == "▅"
    assert sparkline([1, math.nan, 2], 5) == "▁ █"
    assert sparkline([], 5) == sparkline([1], 0) == ""


bounds = st.none() | numbers


@unhurried
@given(st.lists(numbers), st.integers(-1, 30), bounds, bounds)
def test_sparkline_of_anything_is_bounded(
    values: list[float], width: int, lo: float | None, hi: float | None
) -> None:
    drawn = sparkline(values, width, lo, hi)
    assert len(drawn) == max(0, min(width, len(values)))
    assert set(drawn) <= set(" ▁▂▃▄▅▆▇█")


def test_lenses_know_neither_textual_nor_rich() -> None:
    code = (
        "import sys\n"
        "from coworld_tui.replay import series\n"
        "from coworld_tui.replay.lenses import choose, grid, hex, shapes, spans, text, tree\n"
        "assert not {'textual', 'rich', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
