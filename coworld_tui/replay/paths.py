"""Naming one value inside a frame: ``scores.0``, ``positions.1.0``, ``"a key with dots".x``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line

Path = tuple[str | int, ...]
"""Steps from the root of a frame: keys, and indexes into lists. The empty path is the whole frame."""


class _Missing:
    """What a path leads to that leads nowhere. There is one, ``MISSING``, and it is not ``None``."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()

MAX_DEPTH = 6
"""Deepest number that ``numeric_paths`` reports."""

_LONGEST_PATH = 1_000
_LONG_LIST = 32
_MAX_VISITED = 50_000
# Printed and typed without quotes. An operator, a comma or a blank would end it in a query.
_PLAIN = re.compile(r"[^\s.\"'=!<>~,()\\]+")
_INDEX = re.compile(r"(?:0|[1-9][0-9]{0,8})\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def parse_path(text: str) -> Path:
    """Read a path: segments between dots, each a key, an index or a quoted key.

    ``.`` alone is the whole frame, and so is the empty path. A name without dots may be written with
    double underscores, ``player__score`` for ``player.score``; quoted it is one key.
    CoworldError ``path_invalid`` when it cannot be read.
    """
    text = text.strip()
    if text == ".":
        return ()
    if len(text) > _LONGEST_PATH:
        raise _invalid(text, f"it is longer than {_LONGEST_PATH} characters")
    steps: list[str | int] = []
    at = 0
    while True:
        quoted = _QUOTED.match(text, at)
        plain = _PLAIN.match(text, at)
        if quoted is not None:
            steps.append(_unquoted(quoted.group(), text))
            at = quoted.end()
        elif plain is not None:
            name = plain.group()
            steps.append(int(name) if _INDEX.match(name) else name)
            at = plain.end()
        else:
            raise _invalid(text, _what_is_wrong(text, at))
        if at == len(text):
            return _without_underscores(steps, text)
        if text[at] != ".":
            raise _invalid(text, _what_is_wrong(text, at))
        at += 1


def dotted(path: Path) -> str:
    """The text of a path, safe to print: ``parse_path`` of it is the path again."""
    return ".".join(map(_segment, path)) or "."


def value_at(frame: object, path: Path) -> Any:
    """What ``path`` leads to in a decoded frame, or ``MISSING``. An index also finds the key of that name."""
    value = frame
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step if isinstance(step, str) else str(step), MISSING)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def numeric_paths(frame: object, limit: int = 256) -> list[Path]:
    """Paths of the numbers in a decoded frame, in its own order, the nearest to the root first.

    At most ``limit``, at most six steps deep, and none in lists of more than 32 numbers, which are
    boards and not series. Booleans are numbers, 0 and 1.
    """
    found: list[Path] = []
    level: list[tuple[Path, object]] = [((), frame)]
    visited = 0
    for _ in range(MAX_DEPTH + 1):
        below: list[tuple[Path, object]] = []
        for path, value in level:
            if isinstance(value, int | float):
                found.append(path)
                if len(found) >= limit:
                    return found
            elif visited < _MAX_VISITED:
                children = list(_children(value))
                visited += len(children)
                below += [((*path, step), child) for step, child in children]
        level = below
    return found


def _children(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        yield from ((str(key), child) for key, child in value.items())
    elif isinstance(value, list) and not (len(value) > _LONG_LIST and _is_scalar(value[0])):
        yield from enumerate(value)


def _is_scalar(value: object) -> bool:
    return not isinstance(value, Mapping | list)


def _segment(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    is_plain = _PLAIN.fullmatch(step) and step.isprintable() and "__" not in step and not _INDEX.match(step)
    return step if is_plain else json.dumps(step)


def _unquoted(text: str, whole: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise _invalid(whole, "a quoted key is written as in JSON") from None


def _without_underscores(steps: list[str | int], text: str) -> Path:
    parts = text.split("__")
    if len(steps) > 1 or len(parts) < 2 or not all(parts) or '"' in text:
        return tuple(steps)
    return tuple(int(part) if _INDEX.match(part) else part for part in parts)


def _what_is_wrong(text: str, at: int) -> str:
    if not text:
        return "it is empty"
    if at >= len(text) or text[at] == ".":
        return "there is nothing between two dots, or before or after one"
    if text[at] == '"':
        return "a quote is not closed"
    return f"{text[at]!r} is no part of a name without quotes"


def _invalid(text: str, cause: str) -> CoworldError:
    return CoworldError(
        "path_invalid",
        f"{safe_line(text, 60)!r} is no path into a frame",
        cause=safe_line(cause),
        next_step='write it like scores.0 or "a key".x',
        exit_code=EXIT_USAGE,
    )
