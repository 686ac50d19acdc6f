"""Reading JSON bytes that somebody else wrote, with every surprise turned into one sentence."""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any, NoReturn

from .text import safe_line

MIB = 1024 * 1024
SIZE_LIMIT = 64 * MIB
"""Largest document read, in bytes; hosted results have the same bound (local.md 7.9)."""

DEPTH_LIMIT = 100
"""Deepest nesting accepted: far beyond any real document, well below where recursive code breaks."""

VALUE_LIMIT = 1_000_000
"""Most values in a document that is to become a model: pydantic keeps a record of every wrong one."""

_INTEGER_DIGITS = 300  # longer ones no longer fit a float, and every consumer converts sooner or later
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


class UnreadableJson(ValueError):  # noqa: N818 - it names the thing, as the messages do
    """Bytes that are not JSON anyone should work with; the message completes the sentence "it ..."."""


def read_json(data: bytes, limit: int = SIZE_LIMIT, values: int | None = None) -> Any:
    """Return the value of the JSON document ``data``; ``UnreadableJson`` for anything doubtful.

    Stricter than ``json.loads``: refuses NaN and infinities, numbers no float can hold,
    duplicate keys, lone surrogates, byte order marks, nesting beyond ``DEPTH_LIMIT``, more
    than ``limit`` bytes and, when given, more than ``values`` values.
    """
    if len(data) > limit:
        raise UnreadableJson(f"is larger than {limit // MIB} MiB")
    if not data.strip():
        raise UnreadableJson("is empty")
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnreadableJson("starts with a byte order mark; save it as plain UTF-8")
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_integer,
        )
        if _SURROGATE_ESCAPE.search(data):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise UnreadableJson(f"is not UTF-8 text (byte {error.start})") from None
    except UnicodeEncodeError:
        raise UnreadableJson("holds half of a surrogate pair, which is not text") from None
    except json.JSONDecodeError as error:
        raise UnreadableJson(
            f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise UnreadableJson("is nested too deeply") from None
    refuse_bulk(value, values)
    return value


def read_json_object(data: bytes, limit: int = SIZE_LIMIT, values: int | None = None) -> dict[str, Any]:
    """``read_json`` for documents that must be an object."""
    value = read_json(data, limit, values)
    if not isinstance(value, dict):
        raise UnreadableJson("is JSON, but not an object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise UnreadableJson(f"names the key {safe_line(key, 60)!r} twice in one object")
            seen.add(key)
    return value


def _constant(name: str) -> NoReturn:
    raise UnreadableJson(f"holds {name}, which is not a JSON number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise UnreadableJson(f"holds the number {safe_line(digits, 20)}, which is too large")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS:
        raise UnreadableJson(f"holds a number of {len(digits)} digits")
    return int(digits)


def refuse_bulk(value: Any, values: int | None) -> None:
    """Raise ``UnreadableJson`` for nesting beyond ``DEPTH_LIMIT`` or more than ``values`` values."""
    level, count = [value], 0
    for _ in range(DEPTH_LIMIT):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return
        count += len(level)
        if values is not None and count > values:
            raise UnreadableJson(f"holds more than {values} values")
    raise UnreadableJson("is nested too deeply")
