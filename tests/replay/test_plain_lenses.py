"""Text, hex, decoding, the choice of lenses, sparklines."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.lenses.hex import HexLines
from coworld_tui.replay.lenses.spans import line_width, text_of
from coworld_tui.replay.lenses.text import TextLines
from coworld_tui.replay.series import sparkline

from .json_values import numbers, unhurried
from .test_grid import assert_printable


@pytest.mark.parametrize(
    ("payload", "kind", "value"),
    [
        (b'{"tick": 1}', "text", {"tick": 1}),
        (b'{"tick": 1}', "binary", {"tick": 1}),
        (b"[1e999, -Infinity]", "text", [math.inf, -math.inf]),
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


def test_hex_takes_eight_bytes_a_line_where_sixteen_do_not_fit() -> None:
    data = bytes(range(0x30, 0x42))
    assert HexLines(data, 72).row_count == 2
    assert text_of(HexLines(data, 71).lines(1, 9)) == (
        "0008  38 39 3a 3b 3c 3d 3e 3f  89:;<=>?\n0010  40 41                    @A"
    )
    large = HexLines(bytes(70_000), 72)
    assert large.row_count == 70_000 // 8, "offsets of five digits leave no room for sixteen"
    assert max(map(line_width, large.lines(0, 99))) <= 72


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
    assert sparkline([13477, -13477, 0], 3, lo=-1e-300, hi=0) == "█▁█", (
        "far outside a scale of almost nothing"
    )


bounds = st.none() | numbers


@unhurried
@example([13477], 1, -5.997063035180517e-304, 0)
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
        "from coworld_tui.replay.lenses import choose, registry\n"
        "assert not {'textual', 'rich', 'pyarrow', 'PIL', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
