"""The tick of a frame, decoding as little as possible, and the frames of ticks."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Any

import msgspec

from .decoding import decode_json
from .source import FrameSource

_SAMPLES = 64
_WHOLE = re.compile(rb"(-?\d{1,18})(?:\.0+)?")


class _Ticked(msgspec.Struct):
    """The names a tick goes by, best first. What else there is gets skipped, not built."""

    tick: msgspec.Raw = msgspec.Raw()
    step: msgspec.Raw = msgspec.Raw()
    turn: msgspec.Raw = msgspec.Raw()
    frame: msgspec.Raw = msgspec.Raw()
    t: msgspec.Raw = msgspec.Raw()
    observation: msgspec.Raw = msgspec.Raw()


_FIELDS = _Ticked.__struct_fields__[:-1]
_object = msgspec.json.Decoder(_Ticked)
_array = msgspec.json.Decoder(list[msgspec.Raw])


def tick_of(payload: bytes) -> int | None:
    """The whole number under ``tick``, ``step``, ``turn``, ``frame`` or ``t``; ``None`` without.

    Looked for in the frame, in its ``observation``, and in the first element of a frame that is a
    list (one entry per player).
    """
    try:
        return _strict_tick(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _lenient_tick(decode_json(payload))
    except ValueError:
        return None


def find_tick(source: FrameSource, tick: int) -> int | None:
    """The first frame at ``tick`` or, when there is none, after it; ``None`` beyond the last tick.

    By bisection when the ticks never go back (told by a sample), else by looking at every frame.
    """
    count = len(source)
    sample = [source.tick(place) for place in range(0, count, max(1, count // _SAMPLES))]
    known = [found for found in sample if found is not None]
    if len(known) == len(sample) and known == sorted(known):
        found = first_at(source, tick)
        return found if found < count else None
    after = None
    for place in range(count):
        at = source.tick(place)
        if at == tick:
            return place
        if after is None and at is not None and at > tick:
            after = place
    return after


def first_at(source: FrameSource, tick: int) -> int:
    """The first frame at ``tick`` or after it where ticks never go back; the number of frames without any."""
    return bisect_left(range(len(source)), tick, key=lambda place: _tick_or(source, place, tick))


def frames_between(source: FrameSource, first: int | None, last: int | None) -> range:
    """The frames whose ticks are ``first`` to ``last``, both included; by index where there are no ticks."""
    length = len(source)
    if not length or (first is None and last is None):
        return range(length)
    if source.tick(0) is None and source.tick(length - 1) is None:
        start, stop = first, None if last is None else last + 1
    else:
        start = None if first is None else _or_end(find_tick(source, first), length)
        stop = None if last is None else find_tick(source, last + 1)
    begin = min(max(start or 0, 0), length)
    return range(begin, max(begin, _or_end(stop, length)))


def _or_end(index: int | None, length: int) -> int:
    return length if index is None else min(index, length)


def _tick_or(source: FrameSource, index: int, default: int) -> int:
    tick = source.tick(index)
    return default if tick is None else tick


def _strict_tick(payload: bytes) -> int | None:
    text = payload.lstrip()
    if text.startswith(b"["):
        if not text[1:].lstrip().startswith(b"{"):
            return None
        text = bytes(_array.decode(text)[0])
    if not text.startswith(b"{"):
        return None
    found = _object.decode(text)
    tick = _first_whole(found)
    if tick is None and bytes(found.observation).startswith(b"{"):
        tick = _first_whole(_object.decode(found.observation))
    return tick


def _first_whole(found: _Ticked) -> int | None:
    for name in _FIELDS:
        match = _WHOLE.fullmatch(bytes(getattr(found, name)))
        if match:
            return int(match[1])
    return None


def _lenient_tick(value: Any) -> int | None:
    if isinstance(value, list) and value:
        value = value[0]
    for holder in (value, value.get("observation") if isinstance(value, dict) else None):
        if isinstance(holder, dict):
            for name in _FIELDS:
                tick = holder.get(name)
                if isinstance(tick, int) and not isinstance(tick, bool):
                    return tick
    return None
