"""A recorded frame, and what a recording of them offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

STREAM_NAME = "frames.arrows"
CLOSED_NAME = "frames.parquet"


@dataclass(frozen=True)
class Frame:
    """One message of the global viewer, exactly as received."""

    seq: int
    received_at: datetime
    tick: int | None
    kind: str
    payload: bytes


class Recording(Protocol):
    """Random access to recorded frames."""

    def __len__(self) -> int: ...

    def frame(self, seq: int) -> Frame:
        """Frame ``seq``. IndexError outside ``0 <= seq < len``."""
        ...
