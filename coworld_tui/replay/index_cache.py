"""Indexes of big files kept between runs, found again by size, time of change and a hash of parts.

A file is eight bytes each of magic, checksum of what follows, and length of the layout; the layout (JSON,
padded to eight bytes); then starts and stops as int64 of this machine. What does not check out is as good
as not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..runs.cache_room import make_room
from ..runs.directory import replacing
from ..runs.paths import cache_dir
from .blob import MIB, Blob
from .structure import Offsets

SMALLEST = 8 * MIB
"""Files smaller than this are indexed in less time than it takes to look the index up."""

TOTAL_LIMIT = 256 * MIB
"""Most bytes kept; the indexes that were not used for longest go first."""

_MAGIC = b"CWIDX02" + np.dtype(np.int64).str[:1].encode()
_WORD = 8
_PART = 64 * 1024
_SUFFIX = ".index"


class StoredIndex(NamedTuple):
    """What is known of a file: ``layout`` is the source's own business, JSON."""

    layout: bytes
    starts: Offsets
    stops: Offsets


def fingerprint(blob: Blob) -> str | None:
    """What identifies the file behind ``blob``; ``None`` when no index of it is kept. OSError when gone."""
    identity = blob.identity
    if identity is None or identity[0] < SMALLEST or identity[0] != blob.size:
        return None
    size, changed = identity
    found = hashlib.blake2b(f"{size} {changed}".encode(), digest_size=20)
    for start in (0, (size - _PART) // 2, size - _PART):
        found.update(blob.read(start, start + _PART))
    return found.hexdigest()


def load_index(key: str) -> StoredIndex | None:
    """The index kept under ``key``, if there is one and it is whole."""
    path = _folder() / (key + _SUFFIX)
    try:
        with path.open("rb") as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            file.readinto(data)
        os.utime(path)
    except OSError:
        return None
    body = memoryview(data)[2 * _WORD :]
    if not data.startswith(_MAGIC) or zlib.crc32(body) != int.from_bytes(data[_WORD : 2 * _WORD]):
        return None
    stop = _WORD + int.from_bytes(body[:_WORD])
    offsets = np.frombuffer(body[stop:], np.int64)
    half = len(offsets) // 2
    return StoredIndex(bytes(body[_WORD:stop]), offsets[:half], offsets[half:])


def save_index(key: str, index: StoredIndex) -> None:
    """Keep an index. A disk that is full or forbidden is no reason to complain."""
    layout = index.layout + b" " * (-len(index.layout) % _WORD)
    body = [
        len(layout).to_bytes(_WORD),
        layout,
        index.starts.tobytes(),
        index.stops.tobytes(),
    ]
    checksum = 0
    for part in body:
        checksum = zlib.crc32(part, checksum)
    folder = _folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / (key + _SUFFIX), mode=0o600) as file:
            file.writelines([_MAGIC, checksum.to_bytes(_WORD), *body])
        make_room(folder, TOTAL_LIMIT)


def _folder() -> Path:
    return cache_dir() / "replay-index"
