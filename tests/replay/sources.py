"""Frames in memory, as a source."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

MORNING = datetime(2026, 1, 1, 8, tzinfo=UTC)


class ListSource:
    """Frames given as JSON values, text or bytes. ``shown`` of them are there at first, all by default."""

    format = "list"
    progress = 1.0

    def __init__(self, frames: Sequence[Any], shown: int | None = None) -> None:
        self.frames = list(frames)
        self.shown = len(self.frames) if shown is None else shown

    @property
    def is_complete(self) -> bool:
        return self.shown == len(self.frames)

    def __len__(self) -> int:
        return self.shown

    def advance(self) -> bool:
        if self.is_complete:
            return False
        self.shown += 1
        return True

    def payload(self, index: int) -> bytes:
        if not 0 <= index < self.shown:
            raise IndexError(index)
        frame = self.frames[index]
        if isinstance(frame, bytes):
            return frame
        return frame.encode() if isinstance(frame, str) else json.dumps(frame).encode()

    def kind(self, index: int) -> str:
        frame = self.frames[index]
        return "binary" if isinstance(frame, bytes) else "text" if isinstance(frame, str) else "json"

    def tick(self, index: int) -> int | None:
        frame = self.frames[index]
        tick = frame.get("tick") if isinstance(frame, dict) else None
        return tick if isinstance(tick, int) else None

    def time(self, index: int) -> datetime | None:
        return MORNING + timedelta(milliseconds=100 * index)

    def origin(self, index: int) -> str:
        return ""

    def close(self) -> None:
        pass
