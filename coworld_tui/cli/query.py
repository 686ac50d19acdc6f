"""``query``: values of a replay over its ticks, or the ticks at which something holds."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path as FilePath
from typing import NamedTuple

from ..contract.errors import EXIT_DONE, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..replay.paths import MISSING, Path, dotted, numeric_paths, parse_path, value_at
from ..replay.query import PathQuery, Query, parse_query
from ..replay.scanning import frames_gone
from ..replay.source import FrameSource, Replay
from ..replay.ticks import frames_between
from ..replay.tokens import hide_tokens
from .inspect import count_all, find_replay, opened
from .output import say
from .rows import WRITERS, Row, show

_NAMED_PATHS = 6
_PLAYERS_WORDS = {"player": "players", "players": "players", "agent": "agents", "agents": "agents"}


class _Question(NamedTuple):
    paths: tuple[Path, ...]
    condition: Query | None  # None when values are asked for


def query(options: Namespace) -> int:
    """Print the rows of an expression, as a table or for other tools. Exit 2 when no frame has the path."""
    kind = _format(options)
    options.json = kind == "json"
    with contextlib.closing(opened(find_replay(options.path), options)) as replay:
        try:
            count_all(replay)
            question = _question(options, replay)
            frames = frames_between(replay.source, options.first, options.last)
            rows = list(islice(_rows(replay.source, question, options.where, frames), options.limit))
            if not rows and frames and question.condition is None and not options.where:
                raise _nothing_there(replay.source, question.paths)
        except OSError as error:
            raise frames_gone(error) from error
    names, rows = _columns(question, rows)
    if options.output is None:
        show(kind, options.expression, names, rows)
    else:
        from ..replay.export import new_file

        with new_file(FilePath(options.output), force=options.force) as stream:
            WRITERS[kind](stream, options.expression, names, rows)
        say(f"{len(rows)} rows in {options.output}")
    return EXIT_DONE


def _format(options: Namespace) -> str:
    if options.format is not None:
        kind = str(options.format)
    elif options.output is not None:
        from ..replay.export import SERIES_FORMATS, format_of

        kind = format_of(FilePath(options.output), SERIES_FORMATS)
    else:
        kind = "table"
    if kind == "parquet" and options.output is None:
        raise CoworldError(
            "output_missing",
            "a Parquet table needs a file to go to",
            next_step="name it with --output FILE.parquet",
            exit_code=EXIT_USAGE,
        )
    return kind


def _question(options: Namespace, replay: Replay) -> _Question:
    """Paths, where the whole expression is some; otherwise a condition or a text, with what it is about."""
    slot: int | None = options.player
    asked = parse_query(options.expression)
    if isinstance(asked, PathQuery):
        return _Question(asked.needed, asked)
    try:
        paths = [parse_path(part) for part in _split(options.expression)]
    except CoworldError:
        return _Question((), asked)
    if slot is not None:
        paths = [_of_player(path, slot, replay.source) for path in paths]
    return _Question(tuple(dict.fromkeys(paths)), None)


def _split(expression: str) -> list[str]:
    """At commas that are not within quotes."""
    parts, is_quoted = [""], False
    for character in expression:
        is_quoted ^= character == '"'
        if character == "," and not is_quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _of_player(path: Path, slot: int, source: FrameSource) -> Path:
    """One player's value: ``scores`` and ``player.score`` may be ``scores.1`` or ``players.1.score``."""
    candidates: list[Path] = [(*path, slot)]
    if path and path[0] in _PLAYERS_WORDS:
        group, rest = _PLAYERS_WORDS[str(path[0])], path[1:]
        candidates += [(group, slot, *rest)]
        candidates += [(f"{rest[0]}s", slot, *rest[1:]), (rest[0], slot, *rest[1:])] if rest else []
    elif path:
        candidates += [("players", slot, *path), ("agents", slot, *path), (slot, *path)]
        candidates += [(f"{path[0]}s", slot, *path[1:]), (path[0], slot, *path[1:])]
    frames = [_frame(source, index) for index in sorted({0, len(source) // 2, len(source) - 1}) if index >= 0]
    for candidate in candidates:
        if any(value_at(frame, candidate) is not MISSING for frame in frames):
            return candidate
    raise CoworldError(
        "path_missing",
        f"{safe_line(dotted(path), 60)} says nothing of player {slot}",
        next_step="coworld-tui inspect PATH  (lists series)",
        exit_code=EXIT_USAGE,
    )


def _frame(source: FrameSource, index: int) -> object:
    from ..replay.lenses.choose import decode_frame

    return decode_frame(source.payload(index), source.kind(index)) if index < len(source) else None


def _rows(source: FrameSource, question: _Question, where: str | None, frames: range) -> Iterator[Row]:
    from ..replay.scanning import FieldDecoder

    decode = FieldDecoder(question.paths).decode if question.paths else lambda payload, kind: None
    for index, payload in _payloads(source, question.condition, where, frames):
        frame = decode(hide_tokens(payload), partial(source.kind, index))
        values = tuple(value_at(frame, path) for path in question.paths)
        if question.condition is not None or any(value is not MISSING for value in values):
            yield Row(index, source.tick(index), values)


def _payloads(
    source: FrameSource, condition: Query | None, where: str | None, frames: range
) -> Iterator[tuple[int, bytes]]:
    from ..replay.find import find_all
    from ..replay.scanning import blocks

    conditions = [asked for asked in (condition, parse_query(where) if where else None) if asked is not None]
    if not conditions:
        for first, payloads in blocks(source, frames.start, frames.stop):
            yield from enumerate(payloads, first)
        return
    found, *others = (find_all(source, asked, frames.start, frames.stop) for asked in conditions)
    also = [set(other) for other in others]
    for index in found:
        if all(index in other for other in also):
            yield index, source.payload(index)


def _columns(question: _Question, rows: list[Row]) -> tuple[list[str], list[Row]]:
    """The rows and what their values are called, without words of a condition that led nowhere."""
    asked = question.condition
    words = set(asked.operands) - set(asked.paths) if isinstance(asked, PathQuery) else ()
    kept = [
        at
        for at, path in enumerate(question.paths)
        if path not in words or any(row.values[at] is not MISSING for row in rows)
    ]
    names = [dotted(question.paths[at]) for at in kept]
    return names, [row._replace(values=tuple(row.values[at] for at in kept)) for row in rows]


def _nothing_there(source: FrameSource, paths: Sequence[Path]) -> CoworldError:
    """What to say when not a single frame has a value at any of the paths."""
    known = [dotted(path) for path in numeric_paths(_frame(source, 0), limit=_NAMED_PATHS)]
    return CoworldError(
        "path_missing",
        f"no frame has a value at {safe_line(', '.join(map(dotted, paths)), 80)}",
        cause=f"its numbers are {', '.join(known)}, …" if known else "its frames hold no numbers",
        next_step="coworld-tui inspect PATH  (lists series)",
        exit_code=EXIT_USAGE,
    )
