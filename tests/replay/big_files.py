"""Big replays, made quickly: frames of fixed size, of which only what changes is written anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

DOCUMENT_FRAMES = 40_000
LINES_FRAMES = 500_000
_SIDE = 64
_TILES = _SIDE * _SIDE
_BRUSH = 8
_RAIN = 6
_CELLS = {-1: b"-1,", 0: b" 0,", 1: b" 1,"}
_CELL = 3
_LINE_TILES = 170
_SPREAD = 97
_BATCH = 256


def document(path: Path, frames: int = DOCUMENT_FRAMES) -> Path:
    """One document of ``frames`` boards of 64x64, 12.5 KB each: 500 MB of the default size.

    Two players walk over the board, one by rows and one by columns, and paint where they go, while a
    few tiles are washed clean (-1): about 20 change from frame to frame. ``scores`` are the tiles
    owned. Frame ``i`` is of tick ``i + 1``.
    """
    return _write(path, _document(frames))


def _document(frames: int) -> Iterator[bytes]:
    chance = random.Random(1)
    owners = [-1] * _TILES
    board = bytearray(_CELLS[-1] * _TILES)
    scores = [0, 0]
    yield b'{"config":{"width":64,"height":64,"players":[{"name":"A"},{"name":"B"}]},'
    yield b'"player_names":["A","B"],"frames":['
    for tick in range(1, frames + 1):
        paces = range(_BRUSH * tick, _BRUSH * (tick + 1))
        painted = dict.fromkeys(chance.sample(range(_TILES), _RAIN), -1)
        painted |= {pace % _TILES: 0 for pace in paces}
        painted |= {pace % _SIDE * _SIDE + pace // _SIDE % _SIDE: 1 for pace in paces}
        for tile, owner in painted.items():
            before, owners[tile] = owners[tile], owner
            if before >= 0:
                scores[before] -= 1
            if owner >= 0:
                scores[owner] += 1
            board[_CELL * tile : _CELL * (tile + 1)] = _CELLS[owner]
        column, row = paces[-1] % _SIDE, paces[-1] // _SIDE % _SIDE
        yield b'%s{"type":"state","tick":%d,"width":64,"height":64,' % (b"," if tick > 1 else b"", tick)
        yield b'"positions":[[%d,%d],[%d,%d]],"board":[' % (column, row, row, column)
        yield bytes(board[:-1])
        yield b'],"scores":[%d,%d],"done":false}' % tuple(scores)
    yield b'],"results":{"scores":[%d,%d],"ticks":%d}}' % (*scores, frames)


def lines(path: Path, frames: int = LINES_FRAMES) -> Path:
    """JSON lines of 500 bytes: 250 MB of the default size. Some tiles change from frame to frame."""
    chance = random.Random(2)
    owners = chance.choices((0, 1, -1), k=_LINE_TILES)
    boards = []
    for _ in range(_SPREAD):
        for tile in chance.sample(range(_LINE_TILES), _RAIN):
            owners[tile] = chance.choice((0, 1, -1))
        boards.append(",".join(map(str, owners)).encode())
    boards += boards[-2:0:-1]  # there and back, so that no frame is all new

    def pieces() -> Iterator[bytes]:
        for tick in range(frames):
            yield b'{"type":"state","tick":%d,"width":17,"height":10,"board":[%s],"scores":[%d,%d]}\n' % (
                tick + 1,
                boards[tick % len(boards)],
                tick // 3,
                tick // 5,
            )

    return _write(path, pieces())


def _write(path: Path, pieces: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        while batch := b"".join(islice(pieces, _BATCH)):
            file.write(batch)
    return path
