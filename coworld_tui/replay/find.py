"""Going through all frames for the ones that answer a query, fast and without holding anybody up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from .paths import MISSING
from .query import PathQuery, Query, TextQuery
from .scanning import FieldDecoder, blocks
from .source import FrameSource

_REST_SECONDS = 0.0005  # long enough for another thread to take over, where sleep(0) may not be


def find(
    source: FrameSource,
    query: Query,
    start: int,
    step: int = 1,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda share: None,
) -> int | None:
    """The nearest frame after ``start`` (before it for ``step`` -1) that answers ``query``; ``None`` if none.

    The end is an end: nothing wraps. Frames counted when it is called are searched. ``cancelled`` is
    asked, and ``progress`` (0 to 1) told, every few milliseconds, and other threads get their turn as
    often. OSError when the frames are gone.
    """
    length = len(source)
    if step > 0:
        first, stop = min(max(start + 1, 0), length), length
    else:
        first, stop = max(min(start, length), 0), 0
    for found in _found_by_block(source, query, first, stop, cancelled, progress):
        if found:
            return found[0 if step > 0 else -1]
    return None


def find_all(
    source: FrameSource,
    query: Query,
    start: int = 0,
    stop: int | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda share: None,
) -> Iterator[int]:
    """Every frame from ``start`` up to ``stop`` that answers ``query``, in order; otherwise as ``find``."""
    end = len(source) if stop is None else min(stop, len(source))
    for found in _found_by_block(source, query, min(max(start, 0), end), end, cancelled, progress):
        yield from found


def _found_by_block(
    source: FrameSource,
    query: Query,
    start: int,
    stop: int,
    cancelled: Callable[[], bool],
    progress: Callable[[float], None],
) -> Iterator[list[int]]:
    matching = _texts(query) if isinstance(query, TextQuery) else _conditions(source, query)
    done = 0
    for first, payloads in blocks(source, start, stop):
        yield matching(first, payloads)
        done += len(payloads)
        progress(done / abs(stop - start))
        if cancelled():
            return
        time.sleep(_REST_SECONDS)


_Matching = Callable[[int, list[bytes]], list[int]]


def _texts(query: TextQuery) -> _Matching:
    def matching(first: int, payloads: list[bytes]) -> list[int]:
        # All at once: most runs hold none, however many small frames they have.
        if not query.contains(b"".join(payloads)):
            return []
        return [index for index, payload in enumerate(payloads, first) if query.contains(payload)]

    return matching


def _conditions(source: FrameSource, query: PathQuery) -> _Matching:
    decode = FieldDecoder(query.needed).decode
    needs_before = query.needs_before
    last: tuple[int, object] = (-1, MISSING)

    def matching(first: int, payloads: list[bytes]) -> list[int]:
        nonlocal last
        before: object = MISSING
        if needs_before and first > 0:
            is_next = last[0] == first - 1
            before = (
                last[1] if is_next else decode(source.payload(first - 1), partial(source.kind, first - 1))
            )
        found = []
        for index, payload in enumerate(payloads, first):
            frame = decode(payload, partial(source.kind, index))
            if query.matches(frame, before):
                found.append(index)
            if needs_before:
                before = frame
        last = (first + len(payloads) - 1, before)
        return found

    return matching
