"""Where the values of a JSON text stand, so that one can be replaced and the rest left as it was written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Span:
    """``text[start:stop]`` is one JSON value without the space around it."""

    start: int
    stop: int


def document_span(text: str) -> Span:
    """The span of the whole document. The text must be valid JSON, here and below."""
    return _value(text, 0)


def member_spans(text: str, span: Span) -> dict[str, Span]:
    """The spans of an object's members, by key."""
    members = {}
    at = _after_space(text, span.start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _after_space(text, at) + 1  # the colon
        members[key] = _value(text, at)
        at = _next(text, members[key].stop)
    return members


def item_spans(text: str, span: Span) -> list[Span]:
    """The spans of a list's items."""
    items = []
    at = _after_space(text, span.start + 1)
    while text[at] != "]":
        items.append(_value(text, at))
        at = _next(text, items[-1].stop)
    return items


def margin(text: str, span: Span) -> str | None:
    """The white space before a value that begins its line; None when something else stands there."""
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    return line if not line.strip(" \t") and "\n" in text[: span.start] else None


def is_compact(text: str) -> bool:
    """Whether the text leaves out the space after colons."""
    return re.search(r'[^\\]":\S', text) is not None


def written(value: Any, like: str, indent: str | None, inner: str = "") -> str:
    """``value`` as JSON with the line ends of ``like``, ``indent`` deeper at each level.

    Lines after the first begin with ``inner``. All on one line when ``indent`` is None.
    """
    if indent is None:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":") if is_compact(like) else None)
    newline = "\r\n" if "\r\n" in like else "\n"
    return json.dumps(value, ensure_ascii=False, indent=indent).replace("\n", newline + inner)


def _value(text: str, at: int) -> Span:
    start = _after_space(text, at)
    return Span(start, _DECODER.raw_decode(text, start)[1])


def _next(text: str, at: int) -> int:
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] == "," else at


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
