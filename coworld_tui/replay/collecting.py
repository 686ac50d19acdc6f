"""Following one array through a document: its elements, its end, and what lies beside it."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .decoding import decode_json
from .frame_index import FrameIndex
from .frames_array import FramesArray
from .structure import Brackets, Read

LARGE_MEMBER = 1024 * 1024
"""Members of the enclosing objects longer than this, in bytes, are left out of ``members``."""

_MEMBERS_LIMIT = 16 * LARGE_MEMBER
_LEFT_OUT = "\0left out"
_LEFT_OUT_JSON = b'"\\u0000left out"'


class Layout(msgspec.Struct, tag="document"):
    """What is known around an array: where it ends, where what encloses it ends (-1: still open).

    ``large`` spans the members of the enclosing objects that are longer than ``LARGE_MEMBER``.
    """

    array: FramesArray
    array_stop: int
    stops: list[int]
    large: list[tuple[int, int]]


class Collector:
    """Collects the elements of ``array`` from consecutive brackets, from the first of the document on."""

    def __init__(self, array: FramesArray, index: FrameIndex) -> None:
        self.layout = Layout(array, -1, [-1] * len(array.enclosing), [])
        self._index = index
        self._open_start = -1
        self._open_members = [-1] * len(array.enclosing)

    def feed(self, brackets: Brackets) -> None:
        """Take in the next brackets."""
        # From the inside out: whoever sees that a container ended also sees the ends in it.
        if self.layout.array_stop < 0:
            self._follow_array(brackets.where(brackets.offset > self.layout.array.offset))
        if self.layout.array.enclosing:
            outside = brackets.where(brackets.level <= self.layout.array.level)
            if len(outside):
                self._follow_enclosing(outside)

    def _follow_array(self, brackets: Brackets) -> None:
        level = self.layout.array.level
        ends = np.flatnonzero((brackets.level == level) & ~brackets.opens)
        if level and len(ends):
            self.layout.array_stop = int(brackets.offset[ends[0]]) + 1
            brackets = brackets.where(slice(0, int(ends[0])))
        elements = brackets.where(brackets.level == level + 1)
        opens = elements.opens
        starts, stops = elements.offset[opens], elements.offset[~opens] + 1
        if self._open_start >= 0:
            starts = np.concatenate(([self._open_start], starts))
        whole = len(stops)
        self._open_start = int(starts[-1]) if len(starts) > whole else -1
        self._index.add(starts[:whole], stops)

    def _follow_enclosing(self, brackets: Brackets) -> None:
        opens = brackets.opens
        for place, outer in reversed(list(enumerate(self.layout.array.enclosing))):
            if self.layout.stops[place] >= 0:
                continue
            after = brackets.offset > outer.offset
            ends = np.flatnonzero(after & ~opens & (brackets.level == outer.level))
            if len(ends):
                after[ends[0] :] = False
            if outer.is_object:
                self._note_large(place, brackets, after & (brackets.level == outer.level + 1))
            if len(ends):
                self.layout.stops[place] = int(brackets.offset[ends[0]]) + 1

    def _note_large(self, place: int, brackets: Brackets, chosen: NDArray[np.bool_]) -> None:
        members = brackets.where(chosen)
        opens = members.opens
        starts, stops = members.offset[opens], members.offset[~opens] + 1
        if self._open_members[place] >= 0:
            starts = np.concatenate(([self._open_members[place]], starts))
        whole = len(stops)
        self._open_members[place] = int(starts[-1]) if len(starts) > whole else -1
        starts = starts[:whole]
        large = stops - starts > LARGE_MEMBER
        self.layout.large += zip(starts[large].tolist(), stops[large].tolist(), strict=True)


def members(layout: Layout, read: Read) -> dict[str, Any]:
    """The smaller members of the objects around the array; those of inner ones win.

    As long as an object is open, only those before the array.
    """
    found: dict[str, Any] = {}
    for place, outer in enumerate(layout.array.enclosing):
        if outer.is_object:
            found |= _members_of(layout, place, read)
    return found


def _members_of(layout: Layout, place: int, read: Read) -> dict[str, Any]:
    enclosing = layout.array.enclosing
    start, stop = enclosing[place].offset, layout.stops[place]
    inner = place + 1 < len(enclosing)
    child = enclosing[place + 1].offset if inner else layout.array.offset
    child_stop = layout.stops[place + 1] if inner else layout.array_stop
    holes = sorted(
        {(child, child_stop), *(hole for hole in layout.large if start < hole[0] < stop or stop < 0)}
    )
    if stop < 0:
        holes = [hole for hole in holes if start < hole[0] < child]
        spans = _around(start, child, holes)
    else:
        spans = _around(start, stop, holes)
    if sum(end - begin for begin, end in spans) > _MEMBERS_LIMIT:
        return {}
    text = _LEFT_OUT_JSON.join(read(begin, end) for begin, end in spans)
    if stop < 0:
        text += _LEFT_OUT_JSON + b"}"
    try:
        value = decode_json(text)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {key: member for key, member in value.items() if member != _LEFT_OUT}


def _around(start: int, stop: int, holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """``start`` to ``stop`` without the holes, which may lie inside one another."""
    spans = []
    for begin, end in holes:
        if begin >= start:
            spans.append((start, begin))
            start = end
    return [*spans, (start, stop)]
