"""What an episode leaves behind, as the server keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Artifacts:
    """Bytes as they are sent; None, or a seat that is missing, was never made: its route answers 404."""

    replay: bytes | None = None
    """Compressed, as the end of ``replay_url`` says (``.z``)."""
    results: bytes | None = None
    game_log: bytes | None = None
    error_info: bytes | None = None
    seat_logs: Mapping[int, bytes] = field(default_factory=dict)
    """By ``position`` of the participant."""
    seat_zips: Mapping[int, bytes] = field(default_factory=dict)
