"""What a lens is given, what it is, and what it answers with: the interfaces that plugins build on too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..paths import MISSING
from .spans import Line, clip


class LineModel(Protocol):
    """Rows drawn by window, so that only what is looked at is worked out."""

    @property
    def row_count(self) -> int:
        """Number of rows."""
        ...

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw rows ``start`` up to but not including ``stop``, as far as there are any."""
        ...


@dataclass(frozen=True)
class FrameView:
    """One frame as a lens sees it.

    ``kind`` is ``json``, ``text`` or ``binary``. ``decoded`` is what ``decode_frame`` made of the payload:
    a JSON value, text or bytes; ``MISSING`` for a frame too large to decode. ``before`` is the decoded
    frame shown previously, where there is one. ``players`` are names by slot, and ``config`` is the
    configuration of the episode: a board's size often stands only there.
    """

    payload: bytes
    kind: str
    decoded: object = MISSING
    before: object = MISSING
    players: tuple[str, ...] = ()
    config: Mapping[str, Any] | None = None
    found: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What the lenses found out about this frame, so that looking for it twice is free."""


class Lens(Protocol):
    """One way to look at a frame."""

    @property
    def name(self) -> str:
        """What a person calls it: one short word in lower case."""
        ...

    def fits(self, view: FrameView) -> bool:
        """Whether the frame has something this lens can show. Asked twenty times a second."""
        ...

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """The picture, no line wider than ``width``. ``height`` is the room; longer models scroll."""
        ...


class FixedLines:
    """Lines that are all made already."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    @property
    def row_count(self) -> int:
        """Number of lines."""
        return len(self._lines)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Return lines ``start`` up to but not including ``stop``, as far as there are any."""
        return list(self._lines[max(0, start) : max(0, stop)])


class ClippedLines:
    """The lines of another model, cut to a width with an ellipsis."""

    def __init__(self, model: LineModel, width: int) -> None:
        self._model = model
        self._width = width

    @property
    def row_count(self) -> int:
        """Number of rows of the other model."""
        return self._model.row_count

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw rows ``start`` up to but not including ``stop``, as far as there are any."""
        return [clip(line, self._width) for line in self._model.lines(start, stop)]
