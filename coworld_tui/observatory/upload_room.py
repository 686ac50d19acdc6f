"""Room on the disk for an image on its way to a registry, and what killed uploads left of theirs."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from ..runs.paths import cache_dir
from .image_export import disk_error


@asynccontextmanager
async def room() -> AsyncIterator[Path]:
    """A folder for an archive and its packed layers, gone afterwards. ``disk_full`` and ``disk_error``.

    It lies in the cache folder, where ``COWORLD_TUI_HOME`` can point to a disk with room. Its owner holds a
    lock on it: a folder without one was left by an upload that was killed, and goes when the next begins.
    """
    place = cache_dir() / "uploads"
    try:
        folder, lock = await asyncio.to_thread(_made, place)
    except OSError as error:
        raise disk_error(error, place / "image") from None
    try:
        yield folder
    finally:
        # Gigabytes take their time. When even this is cancelled, the thread goes on.
        await asyncio.to_thread(_removed, folder, lock)


def _made(place: Path) -> tuple[Path, int]:
    place.mkdir(parents=True, exist_ok=True)
    with _locked(place):  # a folder that is not locked yet is nobody's to remove
        for left in place.iterdir():
            with contextlib.suppress(OSError), _locked(left, fcntl.LOCK_NB):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=place))
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def _removed(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


@contextlib.contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(handle)
