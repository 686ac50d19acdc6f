"""Exporting from an opened replay into one file or folder, for the command and the screen alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .export import (
    SERIES_FORMATS,
    covered,
    format_of,
    new_file,
    new_folder,
    write_frames_table,
    write_json_lines,
    write_series,
)
from .lenses.choose import decode_frame
from .paths import Path as ValuePath
from .paths import dotted, numeric_paths
from .playback import rate_of
from .scanning import frames_gone, reading_frames
from .source import FrameSource, Replay
from .ticks import frames_between

What = Literal["frames", "series", "stats", "cast"]

_MOST_SERIES = 64
_MOST_TEXT_FILES = 100_000


@dataclass(frozen=True)
class Export:
    """What is wanted of a replay, and where.

    The ending of ``output`` says the format: ``frames`` go to .jsonl, .parquet or, without an ending, a
    folder of texts; ``series`` to .csv, .json or .parquet; ``stats`` to .parquet; a ``cast`` anywhere.
    ``first`` and ``last`` are ticks, or indexes where there are none, both included. ``lens`` (the best
    that fits, if None), ``width`` and ``height`` in cells are those of drawings, ``speed`` of the cast
    against the game's. ``paths`` are the series; without any, those of numbers in the middle frame.
    """

    what: What
    output: Path
    first: int | None = None
    last: int | None = None
    lens: str | None = None
    width: int = 80
    height: int = 24
    speed: float = 1.0
    paths: tuple[ValuePath, ...] = ()
    force: bool = False


@dataclass(frozen=True)
class Written:
    """What is there now: ``rows`` frames, or rows of the stats table, at ``path`` in ``format``."""

    path: Path
    what: str
    format: str
    rows: int


def export_replay(replay: Replay, wanted: Export) -> Written:
    """Write what is wanted of the frames counted so far: whole, or not at all.

    CoworldError ``nothing_to_export``, ``format_unknown``, ``output_exists``, ``output_lost``,
    ``too_many_files``, ``lens_missing``, ``path_missing``, or ``frames_gone`` when the frames can no
    longer be read.
    """
    try:
        # Results alone have rows of stats.
        frames = frames_wanted(replay.source, wanted.first, wanted.last, may_be_none=wanted.what == "stats")
        kind, rows = _WRITERS[wanted.what](replay, frames, wanted)
    except OSError as error:
        raise frames_gone(error) from error
    return Written(wanted.output, wanted.what, kind, rows)


def frames_wanted(
    source: FrameSource, first: int | None, last: int | None, *, may_be_none: bool = False
) -> range:
    """The frames of a range of ticks. CoworldError ``nothing_to_export`` where it is empty.

    ``may_be_none`` says that a replay without any frames will do.
    """
    if first is not None and last is not None and first > last:
        raise _nothing(f"from {first} to {last} is backwards", "the first comes before the last")
    frames = frames_between(source, first, last)
    if len(source) and not frames:
        bounds = [f"from {first}"] if first is not None else []
        bounds += [f"to {last}"] if last is not None else []
        raise _nothing(f"no frames {' '.join(bounds)}", "choose other ticks, or none for all frames")
    if not frames and not may_be_none:
        raise _nothing("this replay has no frames", "there may be other files to look at: inspect it")
    return frames


def _nothing(title: str, next_step: str) -> CoworldError:
    return CoworldError("nothing_to_export", title, next_step=next_step, exit_code=EXIT_USAGE)


def _frames(replay: Replay, frames: range, wanted: Export) -> tuple[str, int]:
    kind = format_of(wanted.output, ("jsonl", "parquet", "text"))
    if kind == "text":
        return kind, _text_files(replay, frames, wanted)
    write = write_json_lines if kind == "jsonl" else write_frames_table
    with new_file(wanted.output, force=wanted.force) as stream:
        return kind, write(stream, replay.source, frames)


def _text_files(replay: Replay, frames: range, wanted: Export) -> int:
    """What a lens shows of each frame, a text file each, named by frame."""
    from .lenses.spans import text_of
    from .views import view_lines

    if len(frames) > _MOST_TEXT_FILES:
        raise CoworldError(
            "too_many_files",
            f"that would be {len(frames)} files",
            next_step="ask for fewer with --from and --to, or for one .jsonl file",
            exit_code=EXIT_USAGE,
        )
    digits = len(str(max(frames.stop - 1, 0)))
    with new_folder(wanted.output) as folder:
        for index in frames:
            lines = view_lines(replay, index, wanted.lens, wanted.width, wanted.height)
            (folder / f"frame-{index:0{digits}}.txt").write_text(text_of(lines) + "\n", encoding="utf-8")
    return len(frames)


def _series(replay: Replay, frames: range, wanted: Export) -> tuple[str, int]:
    kind = format_of(wanted.output, SERIES_FORMATS)
    with new_file(wanted.output, force=wanted.force) as stream:
        columns = covered(replay.source, wanted.paths or _usual_paths(replay))
        if wanted.paths and len(replay.source) and not any(map(columns.has_numbers, wanted.paths)):
            raise _no_numbers(wanted.paths)
        return kind, write_series(stream, columns, frames, kind)


def _no_numbers(paths: tuple[ValuePath, ...]) -> CoworldError:
    return CoworldError(
        "path_missing",
        f"no frame has a number at {safe_line(', '.join(map(dotted, paths)), 80)}",
        next_step="coworld-tui inspect PATH  (lists series)",
        exit_code=EXIT_USAGE,
    )


def _usual_paths(replay: Replay) -> list[ValuePath]:
    source = replay.source
    if not len(source):
        return []
    middle = len(source) // 2
    with reading_frames():
        payload, kind = source.payload(middle), source.kind(middle)
    return numeric_paths(decode_frame(payload, kind), _MOST_SERIES)


def _stats(replay: Replay, frames: range, wanted: Export) -> tuple[str, int]:
    from .stats_table import stats_rows, write_stats

    kind = format_of(wanted.output, ("parquet",))
    rows = stats_rows(replay.source, len(replay.players), replay.results, frames)
    with reading_frames():
        first = next(rows, None)
    if first is None:
        raise _nothing(
            "these frames have no rows of stats", "stats are of frames that are JSON objects: export frames"
        )
    with new_file(wanted.output, force=wanted.force) as stream:
        return kind, write_stats(chain((first,), rows), stream)


def _cast(replay: Replay, frames: range, wanted: Export) -> tuple[str, int]:
    from .ansi import uses_colour
    from .cast import write_cast
    from .views import views

    width, height = wanted.width, wanted.height
    pictures = views(replay, frames, wanted.lens, width, height, rate_of(replay.config) * wanted.speed)
    title = replay.game or replay.path.name
    with new_file(wanted.output, force=wanted.force) as stream:
        return "cast", write_cast(stream, pictures, width, height, title, colour=uses_colour(os.environ))


_WRITERS: Mapping[What, Callable[[Replay, range, Export], tuple[str, int]]] = {
    "frames": _frames,
    "series": _series,
    "stats": _stats,
    "cast": _cast,
}
