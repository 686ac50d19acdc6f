"""What every replay offers, whatever it was read from: frames by index, and what is known around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol


class FrameSource(Protocol):
    """Random access to a sequence of frames that may still be growing.

    Opening shows the first frame and no more. ``advance`` finds further ones; one thread drives it,
    while any thread may read what is there already. A frame once counted never changes its index.
    """

    @property
    def format(self) -> str:
        """How the frames are written, in a few words: ``json``, ``json lines``, ``recording``, ``binary``."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether every frame is counted. A recording that still grows is never complete."""
        ...

    @property
    def progress(self) -> float:
        """The share of the input that has been read, 0 to 1."""
        ...

    def __len__(self) -> int:
        """Number of frames counted so far."""
        ...

    def advance(self) -> bool:
        """Count further frames, a few milliseconds' worth. False when there is nothing to do (for now)."""
        ...

    def payload(self, index: int) -> bytes:
        """The bytes of a frame. IndexError outside ``0 <= index < len``; OSError when they are gone."""
        ...

    def kind(self, index: int) -> str:
        """``json``, ``text`` or ``binary``."""
        ...

    def tick(self, index: int) -> int | None:
        """The frame's own tick, or ``None`` when it has none."""
        ...

    def time(self, index: int) -> datetime | None:
        """When the frame was received or made, UTC; ``None`` when nobody noted it."""
        ...

    def origin(self, index: int) -> str:
        """Which of several inputs a frame came from (``replay``, ``recording``); empty for a single one."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


@dataclass(frozen=True)
class Event:
    """Something notable at a frame, derived or declared by the game. ``slot`` is -1 when it is nobody's."""

    index: int
    tick: int | None
    kind: str
    text: str
    slot: int = -1


@dataclass(frozen=True)
class ReplayFile:
    """One thing beside the frames: results, logs, tables, reports. ``read`` gives at most ``limit`` bytes."""

    name: str
    size: int
    read: Callable[[int], bytes]


@dataclass
class Replay:
    """An opened replay. ``problems`` says, a line each, what could not be read; the rest is there.

    ``kind`` is ``run``, ``workspace``, ``bundle``, ``download`` or ``file``. ``players`` are names by
    slot. ``config`` and ``results`` are the documents of the episode, tokens in them hidden.
    ``declared`` are the events the episode came with; ``logs`` maps ``game`` and ``player N`` to files.
    """

    path: Path
    kind: str
    source: FrameSource
    game: str = ""
    players: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    config: Mapping[str, Any] | None = None
    results: Mapping[str, Any] | None = None
    declared: tuple[Event, ...] = ()
    files: tuple[ReplayFile, ...] = ()
    logs: Mapping[str, ReplayFile] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    note: str = ""
    """Where the frames came from, for the screen: ``replay.json``, ``replay, times from the recording``."""
    episode: str = ""
    """The run's or the hosted episode's id, where one is known."""

    def close(self) -> None:
        """Let go of the files."""
        self.source.close()
