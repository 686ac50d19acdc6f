"""What documents and lines have in common: an index of frames that grows as the file is scanned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .blob import MIB, Blob
from .frame_index import MOST_FRAMES, FrameIndex
from .index_cache import StoredIndex, fingerprint, save_index
from .ticks import tick_of

_KEPT_LIMIT = 16 * MIB


class IndexedFile(ABC):
    """Frames that are spans of a blob. One thread advances, any thread reads."""

    format = ""

    def __init__(self, blob: Blob, start: int, piece: int) -> None:
        self._blob = blob
        self._piece = piece
        self._scanned = start
        self._index = FrameIndex()
        self._complete = False
        self._is_over = False
        self._unread = ""
        self._cache_key: str | None = None
        self._last: tuple[tuple[int, int], bytes] = ((0, 0), b"")

    @property
    def is_complete(self) -> bool:
        """Whether the file was scanned to the end it had when ``advance`` last looked."""
        return self._complete

    @property
    def progress(self) -> float:
        """The share scanned, 0 to 1."""
        size = self._blob.size
        if self._complete or not size:
            return 1.0
        return min(1.0, self._scanned / size) * self._blob.progress

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the file, as far as it was scanned, a line each."""
        found = [*self._blob.problems, *([self._unread] if self._unread else []), *self._problems()]
        if self._index.is_full:
            found.append(f"frames beyond {MOST_FRAMES:,} are not counted")
        return tuple(found)

    def __len__(self) -> int:
        return len(self._index)

    def advance(self) -> bool:
        """Scan the next piece; at the end, look whether the file has grown. False without anything new."""
        if self._is_over:
            return False
        at, size = self._scanned, self._blob.size
        try:
            if at < size:
                piece = self._blob.read(at, min(at + self._piece, size))
                self._complete = False
                self._take(piece)
                self._scanned += len(piece)
                return True
            if self._blob.advance():
                return True
            if self._complete:
                return False
            self._end()
        except OSError as error:
            self._unread = f"cannot be read beyond byte {at:,}: {error}"
            self._is_over = True
        self._complete = True
        self._keep()
        return True

    def payload(self, index: int) -> bytes:
        """The bytes of a frame. IndexError outside ``0 <= index < len``; OSError when they are gone."""
        span = self._index.span(index)
        last = self._last
        if last[0] == span:
            return last[1]
        payload = self._shown(self._blob.read(*span))
        if len(payload) <= _KEPT_LIMIT:
            self._last = (span, payload)
        return payload

    def payloads(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes of frames ``start`` to ``stop``, as many as there are, read megabytes at a time."""
        return map(self._shown, self._index.payloads(self._blob.read, start, stop))

    def tick(self, index: int) -> int | None:
        """The frame's own tick."""
        return tick_of(self.payload(index))

    def time(self, index: int) -> datetime | None:
        """Never known."""
        return None

    def origin(self, index: int) -> str:
        """A single input."""
        return ""

    def frames_span(self) -> tuple[int, int]:
        """Where the first frame found so far begins and the last one ends; (0, 0) without any."""
        count = len(self._index)
        return (self._index.span(0)[0], self._index.span(count - 1)[1]) if count else (0, 0)

    def close(self) -> None:
        """Close the file."""
        self._blob.close()

    @abstractmethod
    def kind(self, index: int) -> str:
        """``json``, ``text`` or ``binary``. IndexError outside ``0 <= index < len``."""

    @abstractmethod
    def members(self) -> dict[str, Any]:
        """What the file holds around its frames; OSError when it is gone."""

    @abstractmethod
    def _take(self, piece: bytes) -> None:
        """Index the frames in the bytes from ``_scanned`` on."""

    @abstractmethod
    def _end(self) -> None:
        """Index what had to wait for the end of the file."""

    @abstractmethod
    def _problems(self) -> Iterator[str]:
        """What is wrong with the content."""

    @abstractmethod
    def _layout_json(self) -> bytes | None:
        """What is to be kept beside the index of a whole file; ``None`` when it is better found anew."""

    def _shown(self, data: bytes) -> bytes:
        return data

    def keep_under(self, key: str) -> None:
        """Keep the index under a key of the cache once the file is scanned, unless it changes before."""
        self._cache_key = key

    def _restore(self, stored: StoredIndex) -> None:
        self._index = FrameIndex.of(stored.starts, stored.stops)
        self._scanned = self._blob.size
        self._complete = True

    def _keep(self) -> None:
        key, self._cache_key = self._cache_key, None
        if key is None or self.problems:
            return
        layout = self._layout_json()
        try:
            if layout is not None and fingerprint(self._blob) == key:
                save_index(key, StoredIndex(layout, *self._index.arrays()))
        except OSError:
            pass  # the file went away just now; there is no use in its index
