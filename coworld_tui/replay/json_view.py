"""JSON as lines: laid out, coloured where looked at, without what is named like a secret."""

from __future__ import annotations

import json
import re
from typing import Any

from ..contract.text import LINE_LIMIT, safe_line
from ..runs.redact import Redactor
from .decoding import depth_within
from .lenses.choose import decode_frame
from .lenses.spans import Line, Span
from .log_times import HIDDEN, Rows, is_secret_name, masked_line, masked_text
from .page import merged

MAX_LINES = 200_000
"""Most lines of JSON that are laid out."""


DEPTH = 100
"""Deepest nesting that is laid out."""
_MAX_INDENT = 40
_FLAT_ITEMS = 16
_JSON_LINE = 65_536
_JSON_TOKEN = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"\s*:)|(?P<string>"(?:[^"\\]|\\.)*"?)|(?P<number>-?\d[\d.eE+-]*|-?Infinity|NaN)'
    r"|(?P<accent>true|false|null)|[^\"\dtfnNI-]+|."
)


_SCHEMA_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


_redacted = Redactor().text


def without_secrets(value: Any) -> Any:
    """A copy of a JSON value, at most 100 deep, in which what is named like a secret says ``hidden``."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if is_secret_name(str(key)) and _may_be_secret(item) else without_secrets(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [item if isinstance(item, int | float) else without_secrets(item) for item in value]
    # Only a text with quotes can be JSON itself, as the values of an event log are.
    if isinstance(value, str) and ('"' in value or "'" in value):
        return masked_text(value)
    return value


def _may_be_secret(value: object) -> bool:
    if isinstance(value, dict):
        # What a schema says about tokens is no token.
        kind = value.get("type")
        return bool(value) and not (isinstance(kind, str) and kind in _SCHEMA_TYPES)
    return isinstance(value, str | list) and bool(value)


def json_lines(value: Any, width: int) -> tuple[list[str], bool]:
    """A JSON value, at most 100 deep, as indented lines, and whether all of it is there."""
    lines: list[str] = []
    _lay_out("", value, 0, "", width, lines)
    return lines[:MAX_LINES], len(lines) <= MAX_LINES


def _lay_out(label: str, value: Any, indent: int, tail: str, width: int, lines: list[str]) -> None:
    if len(lines) > MAX_LINES:
        return
    margin = " " * min(indent, _MAX_INDENT)
    flat = _flat(value, max(24, width - len(margin) - len(label) - 1), is_root=not indent)
    if flat is not None:
        lines.append(f"{margin}{label}{flat}{tail}")
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    lines.append(f"{margin}{label}{opening}")
    last = len(value) - 1
    if isinstance(value, dict):
        for at, (key, item) in enumerate(value.items()):
            _lay_out(f"{_dumps(str(key))}: ", item, indent + 2, "," if at < last else "", width, lines)
    elif _is_board(value):
        _fill(_dumps(value)[1:-1], min(indent, _MAX_INDENT) + 2, width, lines)
    else:
        for at, item in enumerate(value):
            _lay_out("", item, indent + 2, "," if at < last else "", width, lines)
            if len(lines) > MAX_LINES:
                return
    lines.append(f"{margin}{closing}{tail}")


def _flat(value: Any, room: int, is_root: bool) -> str | None:
    """``value`` in one line where that is easy to read."""
    if not isinstance(value, dict | list):
        return _dumps(value)
    if is_root and isinstance(value, dict) and value:
        return None
    if len(value) > _FLAT_ITEMS * (1 if isinstance(value, dict) else 8):
        return None
    items = value.values() if isinstance(value, dict) else value
    for item in items:
        if isinstance(item, dict) or (isinstance(item, str) and len(item) > room):
            return None
        if isinstance(item, list) and (
            isinstance(value, dict) or len(item) > 4 or any(map(_is_container, item))
        ):
            return None
    text = _dumps(value)
    return text if len(text) <= room else None


def _fill(text: str, indent: int, width: int, lines: list[str]) -> None:
    """Numbers between commas, as many in a line as fit."""
    margin, room, at = " " * indent, max(24, width - indent), 0
    while at < len(text):
        end = len(text) if len(text) - at <= room else text.rfind(", ", at, at + room) + 1
        end = end or text.find(", ", at) + 1 or len(text)
        lines.append(margin + text[at:end])
        at = end + 1


def _is_board(value: list[Any]) -> bool:
    return all(item is None or isinstance(item, int | float) for item in value)


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list)


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _dumps(value: Any) -> str:
    if isinstance(value, str) and len(value) > 2 * LINE_LIMIT:
        value = value[: 2 * LINE_LIMIT]
    try:
        return _encoded(value)
    except ValueError:
        return '"a number of thousands of digits"'


class JsonText:
    """Lines of JSON, coloured where looked at."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    @property
    def row_count(self) -> int:
        """Number of lines."""
        return len(self._lines)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        return [_json_line(_printable(line)) for line in self._lines[max(0, start) : max(0, stop)]]


class JsonRows:
    """JSON lines: a document a line, each decoded where looked at."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @property
    def row_count(self) -> int:
        """Number of lines."""
        return len(self._rows)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        return [self._line(row) for row in range(max(0, start), min(stop, len(self._rows)))]

    def _line(self, row: int) -> Line:
        raw = self._rows.raw(row)
        value = decode_frame(raw, "binary") if len(raw) <= _JSON_LINE else raw
        if isinstance(value, dict | list) and depth_within(value, DEPTH):
            return _json_line(_printable(_dumps(without_secrets(value))))
        return _json_line(masked_line(self._rows.text(row)))


def _printable(text: str) -> str:
    """JSON whose secret members are hidden already as one line; what is left to hide are links."""
    return safe_line(_redacted(safe_line(text, 2 * LINE_LIMIT)))


def _json_line(text: str) -> Line:
    """A printable line of JSON, or of what is nearly that, with the tokens of its values."""
    return merged(Span(found[0], found.lastgroup or "") for found in _JSON_TOKEN.finditer(text))


def are_json_lines(rows: Rows) -> bool:
    """Whether the first lines that say anything are JSON containers; a last one may be cut off."""
    found = 0
    for row in range(min(len(rows), 20)):
        raw = rows.raw(row).strip()
        if raw:
            if not isinstance(decode_frame(raw, "binary"), dict | list):
                return found > 0 and row == len(rows) - 1
            found += 1
            if found == 3:
                return True
    return found > 1


def loosened(data: bytes) -> bytes:
    """Broken JSON in lines that can be read, without its secrets."""
    text = masked_text(data.decode("utf-8", "replace"))
    return re.sub(r"([\]}],)[ \t]*(?=\S)", r"\1\n", text).encode()
