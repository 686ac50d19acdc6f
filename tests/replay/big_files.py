"""Big replays, made quickly: the same few boards over and over, as no reader looks at more than bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

DOCUMENT_FRAMES = 40_000
LINES_FRAMES = 500_000
_BOARD = 64 * 64
_SPREAD = 97
_BATCH = 256


def document(path: Path, frames: int = DOCUMENT_FRAMES) -> Path:
    """One document of ``frames`` boards of 64x64, 12.5 KB each: 500 MB of the default size."""
    chance = random.Random(1)
    boards = [
        ",".join(map(str, chance.choices((0, 10, 20, 255, -1), k=_BOARD))).encode() for _ in range(_SPREAD)
    ]

    def pieces() -> Iterator[bytes]:
        yield b'{"config":{"width":64,"height":64,"players":[{"name":"A"},{"name":"B"}]},'
        yield b'"player_names":["A","B"],"frames":['
        for tick in range(frames):
            yield (
                b'%s{"type":"state","tick":%d,"width":64,"height":64,"positions":[[%d,5],[7,%d]],"board":[%s],'
                % (
                    b"," if tick else b"",
                    tick + 1,
                    tick % 64,
                    tick // 64 % 64,
                    boards[tick % _SPREAD],
                )
            )
            yield b'"scores":[%d,%d],"done":false}' % (tick // 3, tick // 5)
        yield b'],"results":{"scores":[%d,%d],"ticks":%d}}' % (frames // 3, frames // 5, frames)

    return _write(path, pieces())


def lines(path: Path, frames: int = LINES_FRAMES) -> Path:
    """JSON lines of 500 bytes: 250 MB of the default size."""
    chance = random.Random(2)
    boards = [",".join(map(str, chance.choices((0, 1, -1), k=_BOARD // 24))).encode() for _ in range(_SPREAD)]

    def pieces() -> Iterator[bytes]:
        for tick in range(frames):
            yield b'{"type":"state","tick":%d,"width":17,"height":10,"board":[%s],"scores":[%d,%d]}\n' % (
                tick + 1,
                boards[tick % _SPREAD],
                tick // 3,
                tick // 5,
            )

    return _write(path, pieces())


def _write(path: Path, pieces: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        while batch := b"".join(islice(pieces, _BATCH)):
            file.write(batch)
    return path
