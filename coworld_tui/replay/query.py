"""Questions about frames: ``scores.0 > 10``, ``positions.1 changed and done == false``, or plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from .changes import same
from .paths import MISSING, Path, parse_path, value_at

_LONGEST_QUERY = 10_000
_CONDITION = re.compile(
    r"""\s*
    (?P<path> (?: "(?:[^"\\]|\\.)*" | [^\s"'=!<>~,()\\] )+ ) \s*
    (?P<op> == | != | <= | >= | < | > | = | ~ | (?<=\s)(?:changed|appears|gone|in)(?!\S) )
    """,
    re.VERBOSE,
)
_JOINT = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_END = re.compile(r"\s*\Z")
_WORD = re.compile(r"\s*([^\s\"'=!<>~()\[\]{}]+)")
_JSON_START = re.compile(r"\s*(?=[\[{\"\-0-9tfn])")
_QUOTED = re.compile(r"\"([^\"]*)\"\Z|'([^']*)'\Z")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class TextQuery:
    """Frames whose bytes hold a text, in upper or lower case."""

    text: str
    needles: tuple[bytes, ...]
    """The forms in which the text may be written; all in ASCII lower case, as what they are looked up in."""

    def contains(self, payload: bytes) -> bool:
        """Whether the text is in the payload of a frame."""
        lowered = payload.lower()
        return any(needle in lowered for needle in self.needles)


@dataclass(frozen=True)
class Condition:
    """``path op value``. Without a value at the path only ``gone`` can hold.

    In frames that have something at ``operand`` that is the value.
    """

    path: Path
    op: str
    value: Any = None
    operand: Path | None = None

    @property
    def needs_before(self) -> bool:
        """Whether it is about a difference from the frame before."""
        return self.op in _TRANSITIONS

    def holds(self, frame: object, before: object) -> bool:
        """Whether it holds for a decoded frame. ``before`` is ``MISSING`` for the first frame."""
        found = value_at(frame, self.path)
        if self.op in _TRANSITIONS:
            return before is not MISSING and _TRANSITIONS[self.op](value_at(before, self.path), found)
        return found is not MISSING and _COMPARISONS[self.op](found, self._value_in(frame))

    def _value_in(self, frame: object) -> Any:
        value = MISSING if self.operand is None else value_at(frame, self.operand)
        if value is MISSING:
            return self.value
        return [value] if self.op == "in" and not isinstance(value, list) else value


@dataclass(frozen=True)
class PathQuery:
    """Conditions joined by ``and`` within, and by ``or`` between, the ``alternatives``."""

    text: str
    alternatives: tuple[tuple[Condition, ...], ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """What it is about: the left sides of its conditions."""
        return tuple(dict.fromkeys(condition.path for group in self.alternatives for condition in group))

    @property
    def operands(self) -> tuple[Path, ...]:
        """What words on the right lead to, in frames that have such a value."""
        found = (condition.operand for group in self.alternatives for condition in group)
        return tuple(dict.fromkeys(path for path in found if path is not None))

    @property
    def needed(self) -> tuple[Path, ...]:
        """What has to be decoded of a frame."""
        return tuple(dict.fromkeys((*self.paths, *self.operands)))

    @property
    def needs_before(self) -> bool:
        """Whether the frame before has to be known as well."""
        return any(condition.needs_before for group in self.alternatives for condition in group)

    def matches(self, frame: object, before: object = MISSING) -> bool:
        """Whether it holds for a decoded frame. Any value will do; nothing is raised."""
        return any(all(part.holds(frame, before) for part in group) for group in self.alternatives)


Query = TextQuery | PathQuery


def parse_query(text: str) -> Query:
    """Read a question: conditions, or else a text to look for; in quotes it is always a text.

    Operators are ``== != < <= > >=``, ``~`` (contains, whatever the case), ``in`` a list, and, without
    a value, ``changed``, ``appears`` and ``gone``: against the frame before. Values are JSON, or
    single words, for ``in`` also several with commas. In frames that have a value at the path that a
    word names (``scores.0 > scores.1``) it stands for that; in double quotes it is always a text.
    CoworldError ``query_empty`` or ``query_too_long``.
    """
    text = text.strip()
    if len(text) > _LONGEST_QUERY:
        raise _unusable("query_too_long", f"a query of more than {_LONGEST_QUERY} characters is too long")
    conditions = _parse_conditions(text)
    if conditions is not None:
        return PathQuery(text, conditions)
    quoted = _QUOTED.match(text)
    wanted = (quoted.group(1) or quoted.group(2) or "") if quoted else text
    if not wanted:
        raise _unusable("query_empty", "there is nothing to look for")
    return TextQuery(text, _needles(wanted))


def _parse_conditions(text: str) -> tuple[tuple[Condition, ...], ...] | None:
    groups: list[list[Condition]] = [[]]
    at = 0
    while True:
        read = _parse_condition(text, at)
        if read is None:
            return None
        condition, at = read
        groups[-1].append(condition)
        joint = _JOINT.match(text, at)
        if joint is None:
            break
        at = joint.end()
        if joint.group(1).lower() == "or":
            groups.append([])
    return tuple(map(tuple, groups)) if _END.match(text, at) else None


def _parse_condition(text: str, at: int) -> tuple[Condition, int] | None:
    found = _CONDITION.match(text, at)
    if found is None:
        return None
    try:
        path = parse_path(found["path"])
    except CoworldError:
        return None
    op = "==" if found["op"] == "=" else found["op"]
    if op in _TRANSITIONS:
        return Condition(path, op), found.end()
    value, end = _parse_json(text, found.end())
    operand = None
    if value is MISSING:
        word = _WORD.match(text, found.end())
        if word is None:
            return None
        value, end = word.group(1), word.end()
        operand = _path_of(value)
    if op == "in" and not isinstance(value, list):
        value = [_word_value(word) for word in value.split(",")] if isinstance(value, str) else [value]
    return Condition(path, op, value, operand), end


def _path_of(word: str) -> Path | None:
    try:
        return parse_path(word) or None
    except CoworldError:
        return None


def _parse_json(text: str, at: int) -> tuple[Any, int]:
    start = _JSON_START.match(text, at)
    if start is not None:
        try:
            value, end = _DECODER.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            pass
        else:
            if end == len(text) or text[end].isspace():
                return value, end
    return MISSING, at


def _word_value(word: str) -> Any:
    try:
        return _DECODER.decode(word)
    except (ValueError, RecursionError):
        return word


def _needles(text: str) -> tuple[bytes, ...]:
    """As UTF-8 and with JSON's escapes, in each case that a text beyond ASCII may have."""
    forms = {form for cased in (text, text.lower(), text.upper(), text.title()) for form in _written(cased)}
    return tuple(sorted({form.lower() for form in forms}))


def _written(text: str) -> tuple[bytes, ...]:
    plain = text.encode("utf-8", "surrogatepass")
    return (plain,) if text.isascii() else (plain, json.dumps(text)[1:-1].encode())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """An order exists between numbers and between texts, nowhere else."""

    def holds(found: object, value: object) -> bool:
        alike = (_is_number(found) and _is_number(value)) or (
            isinstance(found, str) and isinstance(value, str)
        )
        return alike and compare(found, value)

    return holds


def _contains(found: object, value: object) -> bool:
    return _text_of(value).casefold() in _text_of(found).casefold()


def _text_of(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        return ""


def _is_container(value: object) -> bool:
    return isinstance(value, list | Mapping)


def _equals(found: object, value: object) -> bool:
    if _is_container(found) or _is_container(value):
        return same(found, value)
    return bool(found == value)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equals,
    "!=": lambda found, value: not _equals(found, value),
    "<": _ordered(lambda found, value: found < value),
    "<=": _ordered(lambda found, value: found <= value),
    ">": _ordered(lambda found, value: found > value),
    ">=": _ordered(lambda found, value: found >= value),
    "~": _contains,
    "in": lambda found, value: any(_equals(found, item) for item in value),
}

_TRANSITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "changed": lambda was, found: not same(was, found),
    "appears": lambda was, found: was is MISSING and found is not MISSING,
    "gone": lambda was, found: was is not MISSING and found is MISSING,
}


def _unusable(kind: str, title: str) -> CoworldError:
    return CoworldError(
        kind, title, next_step="ask for some text, or like: scores.0 > 10", exit_code=EXIT_USAGE
    )
