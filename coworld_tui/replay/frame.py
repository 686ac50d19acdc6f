"""A recorded frame, and the names of the files that recordings are kept in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

STREAM_NAME = "frames.arrows"
CLOSED_NAME = "frames.parquet"


@dataclass(frozen=True)
class Frame:
    """One message of the global viewer, exactly as received, and when."""

    seq: int
    received_at: datetime | None
    tick: int | None
    kind: str
    payload: bytes
