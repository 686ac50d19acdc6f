"""JSON as games write it: NaN, numbers no float can hold, bytes that are no UTF-8."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import msgspec

LENIENT_LIMIT = 16 * 1024 * 1024
"""Largest document, in bytes, that is decoded leniently: that takes ten times the time and the memory."""

# A pair of surrogates, one alone, or any other escape: only in this order is a backslash what it seems.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB]XX\\u[dD][c-fC-F]XX|(u[dD][89a-fA-F]XX)|.)".replace("X", "[0-9a-fA-F]")
)


def decode_json(data: bytes) -> Any:
    """The value of ``data``: strictly read, or else as Python's own reader takes objects and arrays.

    Then bytes that are no UTF-8 and halves of surrogate pairs are replaced, NaN and infinities are
    floats, and the last of equal keys counts.
    ValueError for what is no JSON at all, is nested too deeply, or is odd and beyond ``LENIENT_LIMIT``.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _refuse_leniency(data)
    try:
        return json.loads(_text(data), strict=False, parse_int=_integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def json_or_none(data: bytes) -> Any:
    """The value of a document, which may begin with a byte order mark; ``None`` when it is no JSON."""
    try:
        return decode_json(data.removeprefix(codecs.BOM_UTF8))
    except ValueError:
        return None


def depth_within(value: object, depth: int) -> bool:
    """Whether a JSON value is nested at most ``depth`` deep."""
    level: list[Any] = [value]
    for _ in range(depth):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


def is_json(data: bytes) -> bool:
    """Whether ``decode_json`` would give a value; quicker, as none is built when the JSON is strict."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        try:
            decode_json(data)
        except ValueError:
            return False
    return True


def _refuse_leniency(data: bytes) -> None:
    if not data.lstrip().startswith((b"{", b"[")):
        raise ValueError("it is no JSON") from None
    if len(data) > LENIENT_LIMIT:
        raise ValueError("it is no strict JSON, and too large to be read leniently") from None


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)


def _integer(digits: str) -> int | float:
    # Python reads no more than 4 300 digits, and nothing here computes with more than a float holds.
    return int(digits) if len(digits) <= 4_300 else float(digits)
