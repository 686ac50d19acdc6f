"""What the first quarter megabyte of a replay tells: a look that costs the same for any size."""

from __future__ import annotations

import codecs
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from .inflate import CutOffError, InflatedTooLargeError, Layers
from .naming import FRAME_KEYS

HEAD_BYTES = 256 << 10

_BLANK = re.compile(r"[\s,:]*")
_DEEPEST = 4
_TAIL_BYTES = 64
_INFLATED_LIMIT = 16 << 20
_NOT_SEQUENCES = ("players", "player_names", "agents", "scores", "teams", "events", "log", "messages")


@dataclass(frozen=True)
class Head:
    """``members`` are those of the document that are whole; of a list that is cut, the first element.

    Where the document is a list or lines they are the first frame's: ``is_of_frame``.
    ``length`` is the number of frames when that shows. ``problem`` says what is wrong, in words.
    """

    members: Mapping[str, Any] = field(default_factory=dict)
    length: int | None = None
    problem: str = ""
    is_of_frame: bool = False


def head_of_file(stream: BinaryIO) -> Head:
    """Look at a file from its beginning. OSError as the system gives it."""
    data = stream.read(HEAD_BYTES + 1)
    is_whole = len(data) <= HEAD_BYTES
    head = head_of(data[:HEAD_BYTES], is_whole=is_whole)
    if head.members and not is_whole and not head.problem and data[:1] in b"{[":
        stream.seek(-_TAIL_BYTES, os.SEEK_END)
        if stream.read(_TAIL_BYTES).rstrip()[-1:] not in (b"}", b"]"):
            return replace(head, length=None, problem="is cut off: the end is missing")
    return head


def head_of(data: bytes, *, is_whole: bool) -> Head:
    """Look at the beginning of a replay, compressed or not; ``is_whole`` says that there is no more of it."""
    if not data:
        return Head(problem="is empty") if is_whole else Head()
    plain = bytearray()
    try:
        layers = Layers(io.BytesIO(data).read, _INFLATED_LIMIT)
        while len(plain) <= HEAD_BYTES and (piece := layers.read(HEAD_BYTES + 1 - len(plain))):
            plain += piece
        # What was wrapped may be whole though its wrapping goes on, but not the other way round.
        is_whole = is_whole and len(plain) <= HEAD_BYTES
    except (CutOffError, InflatedTooLargeError, OSError):
        if is_whole:
            return Head(problem="is compressed, and the compressed data is cut off or damaged")
        is_whole = False
    text = _text(bytes(plain[:HEAD_BYTES]), is_whole)
    if text is None or text.lstrip()[:1] not in ("{", "["):
        return Head()
    try:
        return _whole(text) if is_whole else _beginning(text)
    except RecursionError:
        return Head(problem="is nested too deeply to look into")


def _text(data: bytes, is_whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=is_whole)
    except UnicodeDecodeError:
        return None


def _whole(text: str) -> Head:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _lines(text)
        first = _beginning(text)
        place = f"line {error.lineno}, column {error.colno}"
        return replace(first, length=None, problem=f"is not whole JSON: {error.msg.lower()} at {place}")
    except ValueError:
        return Head(problem="holds a number too large to read")
    return Head(_members(value), _sequence_length(value), is_of_frame=isinstance(value, list))


def _lines(text: str) -> Head:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return Head(_members(json.loads(lines[0])), len(lines), is_of_frame=True)
    except ValueError:
        return Head()


def _beginning(text: str) -> Head:
    start = text.lstrip()
    line, newline, _ = start.partition("\n")
    if newline:
        try:
            return Head(_members(json.loads(line)), is_of_frame=True)
        except ValueError:
            pass
    if start.startswith("["):
        return Head(_members(_first_element(start)), is_of_frame=True)
    return Head(_prefix_members(start, _DEEPEST))


def _members(value: Any) -> dict[str, Any]:
    """What names the players may be in: the document, or the first frame when it is a list of them."""
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _prefix_members(text: str, depth: int) -> dict[str, Any]:
    """The members of the object that the text begins with, as far as they can be read."""
    decoder = json.JSONDecoder()
    members: dict[str, Any] = {}
    place = 1
    while True:
        place = _skip(text, place)
        try:
            key, place = decoder.raw_decode(text, place)
        except ValueError:
            return members
        if not isinstance(key, str):
            return members
        place = _skip(text, place)
        try:
            value, place = decoder.raw_decode(text, place)
            if place == len(text):
                return members  # a number there may go on beyond the cut
            members[key] = value
        except ValueError:
            if text.startswith("[", place):
                members[key] = [_first_element(text[place:])]
            elif text.startswith("{", place) and depth:
                members[key] = _prefix_members(text[place:], depth - 1)
            return members


def _first_element(text: str) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, _skip(text, 1))[0]
    except ValueError:
        return None


def _skip(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place


def _sequence_length(value: Any) -> int | None:
    """The length of the list of frames: one that is called so, else the longest list of objects."""
    if isinstance(value, list):
        return len(value) if value and isinstance(value[0], dict | list) else None
    members = list(value.items())
    for _, member in tuple(members):
        if isinstance(member, dict):
            members += member.items()
    lists = [(key, each) for key, each in members if isinstance(each, list) and each]
    named = [len(each) for key, each in lists if key in FRAME_KEYS and isinstance(each[0], dict | list | str)]
    return max(named or (len(each) for key, each in lists if _are_objects(key, each)), default=None)


def _are_objects(key: str, value: list[Any]) -> bool:
    return key not in _NOT_SEQUENCES and isinstance(value[0], dict)
