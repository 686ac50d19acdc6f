"""What is remembered of each replay: where the reader was, and how they looked at it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from ..runs.directory import MANIFEST, RUN_ID, replacing
from ..runs.paths import state_dir
from .blob import open_regular
from .folders import BUNDLE_MANIFEST
from .parts import RECORDINGS, REPLAY_NAMES

KEPT = 1_000
"""How many replays are remembered, the latest of them."""

_KEY = re.compile(r"[0-9A-Za-z-]{1,80}\Z")
_FOLDER = "replays"
_HASHED_BYTES = 64 << 10
_LARGEST = 1 << 20
_LAST_FRAME = 2**53
_MOST = 100
_TEXT_LIMIT = 200


@dataclass(frozen=True)
class Memory:
    """``position`` is a frame index, ``lens`` the name of a lens, ``split`` that of a second one beside it.

    ``filters`` are texts by the pane they filter, ``markers`` frame indexes by name, ``series`` the
    paths followed. Empty values stand for nothing chosen.
    """

    position: int = 0
    lens: str = ""
    split: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    markers: Mapping[str, int] = field(default_factory=dict)
    series: tuple[str, ...] = ()


def key_of(path: Path) -> str:
    """The key of a replay: the id of a run, else size and hash of what it starts and ends with, so that a
    copy or a renamed file is the same one. Empty, which remembers nothing, when it cannot be read."""
    try:
        path = path.resolve()
        if path.is_dir():
            if RUN_ID.match(path.name) and (path / MANIFEST).is_file():
                return path.name
            names = (*REPLAY_NAMES, *RECORDINGS, BUNDLE_MANIFEST)
            path = next((path / name for name in names if (path / name).is_file()), path)
        with open_regular(path) as stream:
            return _content_key(stream)
    except (OSError, RuntimeError, ValueError):
        return ""


def remembered(key: str) -> Memory:
    """What is remembered under a key; nothing chosen when there is nothing, or nothing that makes sense."""
    if not _KEY.match(key):
        return Memory()
    import msgspec

    try:
        with open_regular(_file(key)) as stream:
            return _bounded(msgspec.json.decode(stream.read(_LARGEST), type=Memory))
    except (OSError, ValueError, RecursionError):
        return Memory()


def remember(key: str, memory: Memory) -> None:
    """Remember it in place of what was known; a disk that refuses is no matter."""
    if not _KEY.match(key):
        return
    import msgspec

    path = _file(key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(path, mode=0o600) as stream:
            stream.write(msgspec.json.encode(_bounded(memory)))
        _forget_oldest(path.parent)


def _file(key: str) -> Path:
    return state_dir() / _FOLDER / f"{key}.json"


def _content_key(stream: BinaryIO) -> str:
    size = os.fstat(stream.fileno()).st_size
    digest = hashlib.sha256(stream.read(_HASHED_BYTES))
    stream.seek(max(0, size - _HASHED_BYTES))
    digest.update(stream.read(_HASHED_BYTES))
    return f"{size:x}-{digest.hexdigest()[:32]}"


def _bounded(memory: Memory) -> Memory:
    return Memory(
        position=_index(memory.position),
        lens=_text(memory.lens),
        split=_text(memory.split),
        filters={_text(pane): _text(value) for pane, value in _first(memory.filters)},
        markers={_text(name): _index(index) for name, index in _first(memory.markers)},
        series=tuple(map(_text, memory.series[:_MOST])),
    )


def _index(index: int) -> int:
    return max(0, min(index, _LAST_FRAME))


def _first(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(islice(values.items(), _MOST))


def _text(text: str) -> str:
    """At most 200 characters, and none that cannot be written: half a surrogate pair may come from a path."""
    return text[:_TEXT_LIMIT].encode(errors="replace").decode()


def _forget_oldest(folder: Path) -> None:
    with os.scandir(folder) as entries:
        files = [entry for entry in entries if entry.name.endswith(".json")]
    if len(files) <= KEPT:
        return
    dated: list[tuple[int, str]] = []
    for entry in files:
        with contextlib.suppress(OSError):
            dated.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.path))
    for _, name in sorted(dated, reverse=True)[KEPT:]:
        with contextlib.suppress(OSError):
            Path(name).unlink()
