"""One JSON document whose frames lie in an array somewhere in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from .blob import MIB, Blob
from .collecting import LARGE_MEMBER, Collector, Layout, members
from .decoding import LENIENT_LIMIT
from .frames_array import MOST_LEVELS, FramesArray, Tree, best_array, hinted_scalar_arrays, without_closed
from .index_cache import StoredIndex
from .indexed_file import IndexedFile
from .structure import Brackets, Scanner, joined, string_spans

WHOLE_LIMIT = LENIENT_LIMIT
"""Most bytes of a document without frames that are shown, as a single frame."""

_PIECE = MIB
_HEAD = 8 * MIB
"""This much is scanned before an array is chosen that is named like frames; shorter documents, whole."""
_LOOKS = 64
"""An array that is not, or has ended, is chosen only in this many times as much: a better one may follow."""
_MOST_BRACKETS = 4_000_000
"""No more brackets than this are looked at at once, however few bytes they take."""
_TEXTS_LIMIT = 64 * MIB
"""Longest array of strings, in bytes, whose strings are taken for frames."""
_GAP = 4096
_BLANKS = b" \t\r\n\x1e"


class JsonDocument(IndexedFile):
    """The elements of the array of frames (``frames_array``), or the whole document when it has none.

    A document that was cut off and grows goes on with the frames that follow.
    """

    format = "json"

    def __init__(
        self, blob: Blob, start: int = 0, *, piece: int = _PIECE, head: int = _HEAD, flaw: str = ""
    ) -> None:
        """Nothing is read yet. ``start`` is where the text begins; ``piece`` and ``head`` are in bytes.

        ``flaw`` says what is already known to be no JSON in it.
        """
        super().__init__(blob, start, piece)
        self._flaw = flaw
        self._start = start
        self._look_at = start + head
        self._look_limit = _LOOKS * head
        self._scanner = Scanner(start)
        self._pending: list[Brackets] = []
        self._pending_count = 0
        self._collector: Collector | None = None
        self._layout: Layout | None = None
        self._broken_at = -1

    @classmethod
    def restored(cls, blob: Blob, layout: Layout, stored: StoredIndex) -> JsonDocument:
        """A document whose index was kept."""
        document = cls(blob)
        document._layout = layout
        document._restore(stored)
        document._is_over = True  # what is kept was whole: nothing after it can be another frame
        return document

    @property
    def path(self) -> str | None:
        """Where the frames are, as ``match.frames``; empty for the top level, ``None`` while not known."""
        return None if self._layout is None else self._layout.array.path

    def kind(self, index: int) -> str:
        """``json``, or ``text`` for the strings of an array and for the head of a document too large."""
        _, stop = self._index.span(index)
        if self._layout is None:
            return "json" if stop >= self._blob.size else "text"
        return "text" if self._layout.array.of_strings else "json"

    def frames_span(self) -> tuple[int, int]:
        """A document without an array of frames is none itself."""
        return (0, 0) if self._layout is None else super().frames_span()

    def members(self) -> dict[str, Any]:
        """What the objects around the frames hold besides (config, results, ...), members up to 1 MiB each.

        Before the document is complete these are the ones before the frames. OSError when the file is gone.
        """
        return {} if self._layout is None else members(self._layout, self._blob.read)

    def _shown(self, data: bytes) -> bytes:
        if self._layout is None or not self._layout.array.of_strings:
            return data
        try:
            return str(json.loads(data.decode("utf-8", "replace"), strict=False)).encode("utf-8", "replace")
        except ValueError:
            return data[1:-1]

    def _take(self, piece: bytes) -> None:
        brackets = self._scanner.feed(piece)
        extra = np.flatnonzero(brackets.level <= 0)
        if len(extra):
            self._broken_at = int(brackets.offset[extra[0]])
            brackets = brackets.where(slice(0, int(extra[0])))
        if self._collector is not None:
            self._collector.feed(brackets)
        else:
            self._pending.append(brackets.where(brackets.level <= MOST_LEVELS + 2))
            self._pending_count += len(self._pending[-1])
            due = self._scanner.offset >= self._look_at or self._pending_count >= _MOST_BRACKETS
            if due and not len(extra):
                self._look(is_all=False)
        if len(extra):
            self._end()
            self._complete = True

    def _end(self) -> None:
        if self._collector is None:
            self._look(is_all=True)
        if self._collector is None:
            stop = min(self._blob.size, self._start + WHOLE_LIMIT)
            self._index.add(np.array([self._start]), np.array([stop]))
        self._is_over = self._collector is None or self._broken_at >= 0

    def _look(self, *, is_all: bool) -> None:
        """Choose the array of frames if the brackets so far allow it."""
        brackets = joined(self._pending)
        tree = Tree(brackets, self._blob.read)
        seen = self._scanner.offset
        size = self._blob.size / (self._blob.progress or 1.0)
        found = best_array(tree, seen, seen if is_all else size)
        if found is None or not found.is_named:
            texts = self._find_texts(tree, is_all=is_all)
            if texts is not None:
                self._follow(texts, brackets)
                return
        enough = is_all or seen - self._start >= self._look_limit or len(brackets) >= _MOST_BRACKETS
        if found is not None and (enough or (found.is_named and found.is_open)):
            self._follow(found.array, brackets)
            return
        self._pending = [brackets if found is not None else without_closed(tree, brackets, LARGE_MEMBER)]
        self._pending_count = len(self._pending[0])
        self._look_at = self._start + 2 * (seen - self._start)

    def _find_texts(self, tree: Tree, *, is_all: bool) -> FramesArray | None:
        """A whole array of strings that is named like frames, its strings counted."""
        for array, end in hinted_scalar_arrays(tree):
            first = array.offset + 1
            stop = end - 1 if end >= 0 else self._scanner.offset
            if (end < 0 and not is_all) or stop - first > _TEXTS_LIMIT:
                continue
            if not self._blob.read(first, min(stop, first + _GAP)).lstrip().startswith(b'"'):
                continue
            starts, stops = string_spans(self._blob.read(first, stop), first)
            if len(starts) >= 2:
                self._index.add(starts, stops)
                return array
        return None

    def _follow(self, array: FramesArray, brackets: Brackets) -> None:
        self._collector = Collector(array, self._index)
        self._layout = self._collector.layout
        self._pending = []
        self._collector.feed(brackets)

    def _problems(self) -> Iterator[str]:
        if self._flaw:
            yield self._flaw
        if self._broken_at >= 0:
            yield f"is no JSON from byte {self._broken_at:,} on: a bracket closes what was never opened"
        elif self._complete and not self._unread and (self._scanner.depth or self._scanner.in_string):
            before = f"; whole frames before it: {len(self):,}" if self._layout else ", before any frames"
            yield f"is cut off at byte {self._scanner.offset:,}{before}"
        elif self._complete and not self._unread and (at := self._text_after()) >= 0:
            yield f"is no JSON from byte {at:,} on: text after the document"
        if self._complete and self._layout is None and len(self) and self._index.span(0)[1] < self._blob.size:
            yield f"holds no array of frames; the first {WHOLE_LIMIT // MIB} MiB are shown as text"

    def _text_after(self) -> int:
        """Where text follows on the document that holds the frames; -1 when none does."""
        if self._layout is None:
            return -1
        stop = next(iter(self._layout.stops), self._layout.array_stop)
        if stop < 0:
            return -1
        try:
            after = self._blob.read(stop, min(stop + _GAP, self._blob.size))
        except OSError:
            return -1
        text = after.lstrip(_BLANKS)
        return stop + len(after) - len(text) if text and text[:1] not in b"[{" else -1

    def _layout_json(self) -> bytes | None:
        return None if self._layout is None else msgspec.json.encode(self._layout)
