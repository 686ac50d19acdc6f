"""The picture of a frame, as a lens draws it, for files and pipes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .lenses.choose import decode_frame
from .lenses.model import FrameView, Lens
from .lenses.registry import lenses_for
from .lenses.spans import Line, Span, clip
from .scanning import reading_frames
from .source import Replay


def view_lines(
    replay: Replay, index: int, lens: str | None, width: int, height: int, most: int | None = None
) -> list[Line]:
    """Frame ``index`` drawn for ``width`` by ``height`` cells, by the lens named or the one that fits best.

    At most ``height`` lines, or ``most`` where what lies below is wanted as well. CoworldError
    ``lens_missing`` when the named lens cannot show the frame; FramesGoneError when it is gone.
    """
    with reading_frames():
        payload, kind = replay.source.payload(index), replay.source.kind(index)
    view = FrameView(payload, kind, decode_frame(payload, kind), players=replay.players, config=replay.config)
    model = _chosen(lenses_for(view), lens).model(view, width, height)
    return model.lines(0, min(height if most is None else most, model.row_count))


def views(
    replay: Replay, frames: Sequence[int], lens: str | None, width: int, height: int, per_second: float
) -> Iterator[tuple[float, list[Line]]]:
    """A head line and the picture of each frame, with the second at which it is shown."""
    source = replay.source
    for at, index in enumerate(frames):
        with reading_frames():
            tick = source.tick(index)
        head = clip(_head(tick, index, len(source)), width)
        yield at / per_second, [head, *view_lines(replay, index, lens, width, height - 1)]


def _head(tick: int | None, index: int, length: int) -> Line:
    spans = (Span(f"frame {index + 1}/{length}", "strong"),)
    return spans if tick is None else (*spans, Span(f"  tick {tick}", "muted"))


def _chosen(lenses: Sequence[Lens], name: str | None) -> Lens:
    for lens in lenses:
        if name in (None, lens.name):
            return lens
    raise CoworldError(
        "lens_missing",
        f"the lens {safe_line(str(name), 40)} cannot show this frame",
        cause=f"these can: {', '.join(lens.name for lens in lenses)}",
        next_step="leave --lens out, or name one of them",
        exit_code=EXIT_USAGE,
    )
