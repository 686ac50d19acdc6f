"""Members of large JSON objects, found by the text of their keys and not by reading what lies before."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from .paths import MISSING, Path

_LONG_LIST = 512
_SMALL_VALUE = 2_048
_COMMA = ord(",")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_COLON = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_SCALAR = re.compile(rb'("[^"]*"|[-+.0-9A-Za-z]+)[ \t\r\n]*[,}]')
_read_value = json.JSONDecoder().raw_decode  # of all readers the one that tells where a value ends


class _UnsureError(Exception):
    """Only reading all of it would tell."""


class Members:
    """The members ``names`` of objects, as far as ``paths`` lead into them."""

    def __init__(self, names: Sequence[str], paths: Sequence[Path]) -> None:
        self._members = [_Member(name, paths) for name in names]

    def locate(self, payload: bytes) -> dict[str, Any] | None:
        """Those that the object has; ``None`` when only reading all of it would tell. Expects whole JSON."""
        # Without backslashes every key stands there as it is, and every quote begins or ends a string.
        if b"\\" in payload or payload.lstrip()[:1] != b"{":
            return None
        try:
            return self._located(payload)
        except (_UnsureError, ValueError, RecursionError):  # ValueErrors: msgspec's, json's and UTF-8's
            return None

    def _located(self, payload: bytes) -> dict[str, Any]:
        found = {}
        places = [(member.place_in(payload), member) for member in self._members]
        start = depth = 0
        for at, member in sorted(places, key=lambda place: place[0]):
            if at < 0:
                continue
            pieces = payload[start:at].split(b'"')
            if len(pieces) % 2 == 0:
                raise _UnsureError
            outside = b"".join(pieces[::2]).translate(None, _NO_BRACKETS)
            depth += outside.count(b"{") + outside.count(b"[") - outside.count(b"}") - outside.count(b"]")
            start = at
            value = member.value_at(payload, at) if depth == 1 else MISSING
            if value is not MISSING:
                found[member.name] = value
        return found


class _Member:
    """One member of objects, by its key."""

    def __init__(self, name: str, paths: Sequence[Path]) -> None:
        self.name = name
        self._key = json.dumps(name, ensure_ascii=False).encode("utf-8", "replace")
        places = [path[1] if len(path) == 2 else None for path in paths if path[:1] == (name,)]
        indexes = [place for place in places if isinstance(place, int)]
        self._indexes = indexes if len(indexes) == len(places) else None
        self._last: tuple[bytes, Any] = (b"", None)

    def place_in(self, payload: bytes) -> int:
        """Where the text of the key stands, -1 for nowhere. Unsure when it occurs more than once."""
        at = payload.find(self._key)
        if at >= 0 and payload.find(self._key, at + 1) >= 0:
            raise _UnsureError
        return at

    def value_at(self, payload: bytes, at: int) -> Any:
        """The value after the key at ``at``; ``MISSING`` when what stands there is no key.

        Of a long flat list only the items that are needed, the others being ``MISSING``.
        """
        colon = _COLON.match(payload, at + len(self._key))
        if colon is None:
            return MISSING
        at = colon.end()
        if payload[at : at + 1] not in (b"[", b"{"):
            scalar = _SCALAR.match(payload, at)
            if scalar is None:
                raise _UnsureError
            return msgspec.json.decode(scalar.group(1))
        end = payload.find(b"]", at)
        is_flat = payload[at : at + 1] == b"[" and end > 0
        if not is_flat or any(payload.find(mark, at + 1, end) >= 0 for mark in (b"[", b"{", b'"')):
            return _read_value(payload[at : at + _SMALL_VALUE].decode(), 0)[0]
        if self._indexes is None or end - at < _LONG_LIST:
            return self._flat(payload[at : end + 1])
        return _items(payload, at + 1, end, self._indexes)

    def _flat(self, text: bytes) -> Any:
        # Unchanged bytes are an unchanged value, and comparing it to itself takes no time either.
        known, value = self._last
        if known != text:
            value = msgspec.json.decode(text)
            self._last = text, value
        return value


def _items(payload: bytes, start: int, end: int, indexes: Sequence[int]) -> list[Any]:
    """The items at ``indexes`` of a flat list of scalars that stands between ``start`` and ``end``."""
    commas = np.flatnonzero(np.frombuffer(payload, np.uint8, end - start, start) == _COMMA) + start
    values: list[Any] = [MISSING] * (len(commas) + 1)
    for index in indexes:
        if index < len(values):
            first = int(commas[index - 1]) + 1 if index else start
            last = int(commas[index]) if index < len(commas) else end
            values[index] = msgspec.json.decode(payload[first:last])
    return values
