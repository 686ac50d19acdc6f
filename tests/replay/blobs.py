"""Blobs in memory, packed bytes, and sources read to their end."""

from __future__ import annotations

from typing import TypeVar

import pyarrow as pa

from coworld_tui.replay.source import FrameSource

Source = TypeVar("Source", bound=FrameSource)


class MemoryBlob:
    """Bytes of which the first ``shown`` are there at once and ``step`` more with every ``advance``."""

    identity: tuple[int, int] | None = None
    containers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __init__(self, data: bytes, *, shown: int | None = None, step: int = 1) -> None:
        self.data = data
        self.size = len(data) if shown is None else min(shown, len(data))
        self._step = step

    @property
    def is_complete(self) -> bool:
        return self.size == len(self.data)

    @property
    def progress(self) -> float:
        return self.size / len(self.data) if self.data else 1.0

    def advance(self) -> bool:
        before = self.size
        self.size = min(len(self.data), self.size + self._step)
        return self.size > before

    def read(self, start: int, stop: int) -> bytes:
        if not 0 <= start <= stop <= self.size:
            raise OSError("out of range")
        return self.data[start:stop]

    def close(self) -> None:
        self.size = 0


def scanned(source: Source) -> Source:
    """``source``, advanced until there is nothing to do."""
    while source.advance():
        pass
    assert source.is_complete
    return source


def payloads(source: FrameSource) -> list[bytes]:
    """Every frame."""
    return [source.payload(index) for index in range(len(source))]


def zstd(data: bytes) -> bytes:
    """``data``, compressed."""
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed
