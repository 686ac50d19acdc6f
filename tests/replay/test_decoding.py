"""What games write is read as far as it can be, and never more than that."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.decoding import LENIENT_LIMIT, decode_json, is_json
from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.paths import MISSING

from .json_values import unhurried

_DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b' {"a":[1,2.5,null]} ', {"a": [1, 2.5, None]}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"a":Infinity}', {"a": math.inf}),
        (b'{"a":1e999,"b":-1e999}', {"a": math.inf, "b": -math.inf}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": math.inf}),
        (b'["\xff"]', ["\ufffd"]),
        (b'["tab\there"]', ["tab\there"]),
        (b'["\\ud800"]', ["\ufffd"]),
        (rb'["\uDE00\ud83d\ude00\\ud800\n"]', ["\ufffd\U0001f600\\ud800\n"]),
    ],
)
def test_odd_json_is_json(data: bytes, value: object) -> None:
    assert decode_json(data) == value
    assert is_json(data)
    for kind in ("json", "text", "binary"):
        assert decode_frame(data, kind) == value


def test_not_a_number_is_one() -> None:
    value = decode_json(b'{"a":NaN}')
    assert math.isnan(value["a"])


def test_a_frame_too_large_to_be_held_as_a_value_is_not_decoded() -> None:
    largest = b"[" + b"1," * (LENIENT_LIMIT // 2 - 1) + b"1]"
    assert len(largest) > LENIENT_LIMIT
    assert decode_frame(largest, "json") is MISSING
    assert decode_frame(b" " * (LENIENT_LIMIT - 3) + b"[1]", "json") == [1]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[1,]", b'{"a" 1}', b"NaN", b"text", b"\xff", b"[1] [2]", _DEEP]
)
def test_what_is_no_json_stays_as_it_is(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(data)
    assert decode_frame(data, "binary") == data
    assert decode_frame(data, "text") == decode_frame(data, "json") == data.decode("utf-8", "replace")


def test_leniency_has_a_limit_and_strictness_has_none() -> None:
    padding = b" " * LENIENT_LIMIT
    assert decode_json(b"[1" + padding + b"]") == [1]
    with pytest.raises(ValueError, match="too large"):
        decode_json(b"[NaN" + padding + b"]")
    assert not is_json(b"[NaN" + padding + b"]")


@unhurried
@given(st.binary(max_size=60) | st.text(alphabet='[]{}":,0e9N\\u', max_size=40).map(str.encode))
def test_any_bytes_are_a_value_or_themselves(data: bytes) -> None:
    for kind in ("json", "text", "binary"):
        value = decode_frame(data, kind)
        try:
            assert repr(value) == repr(decode_json(data))
        except ValueError:
            assert value == (data if kind == "binary" else data.decode("utf-8", "replace"))
