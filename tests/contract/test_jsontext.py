"""The strict JSON reader: one plain sentence for each surprise."""

from __future__ import annotations

import pytest

from coworld_tui.contract.jsontext import UnreadableJson, read_json, read_json_object


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'{"a": 1,\n "b" 2}', "is not JSON: Expecting ':' delimiter at line 2, column 6"),
        (b"\xef\xbb\xbf{}", "starts with a byte order mark; save it as plain UTF-8"),
        ("{}".encode("utf-16"), "starts with a byte order mark; save it as plain UTF-8"),
        (b'{"a": "\xff"}', "is not UTF-8 text (byte 7)"),
        (b'{"a": NaN}', "holds NaN, which is not a JSON number"),
        (b"[-Infinity]", "holds -Infinity, which is not a JSON number"),
        (b"[1e999]", "holds the number 1e999, which is too large"),
        (b"[" + b"9" * 5000 + b"]", "holds a number of 5000 digits"),
        (b'{"a": 1, "b": 2, "a": 3}', "names the key 'a' twice in one object"),
        (b'{"a": "\\ud800"}', "holds half of a surrogate pair, which is not text"),
        (b"[" * 101 + b"]" * 101, "is nested too deeply"),
        (b'{"a":' * 200_000, "is nested too deeply"),
        (b"[" + b" " * 100 + b"]", "is larger than 0 MiB"),
    ],
)
def test_refusals(data: bytes, sentence: str) -> None:
    limit = 64 if "larger" in sentence else 10**7
    with pytest.raises(UnreadableJson) as caught:
        read_json(data, limit)
    assert str(caught.value) == sentence


def test_hostile_keys_are_shown_safely() -> None:
    with pytest.raises(UnreadableJson) as caught:
        read_json(b'{"\\u001b[31mx": 1, "\\u001b[31mx": 2}')
    assert "\x1b" not in str(caught.value)


def test_ordinary_documents_pass() -> None:
    assert read_json(b'{"a": [1, 2.5, -3, null, true, "\\ud83d\\ude00"]}') == {
        "a": [1, 2.5, -3, None, True, "\N{GRINNING FACE}"]
    }
    assert read_json(b"[" * 100 + b"]" * 100)
    assert read_json(str(2**128).encode()) == 2**128


def test_value_count() -> None:
    assert read_json(b"[1,2,3]", values=3) == [1, 2, 3]
    with pytest.raises(UnreadableJson, match="holds more than 2 values"):
        read_json(b"[1,2,3]", values=2)


def test_objects_only() -> None:
    with pytest.raises(UnreadableJson, match="not an object"):
        read_json_object(b"[]")
