"""Finding an image in the engine, and writing its archive to disk (hosted.md 5.1)."""

from __future__ import annotations

import asyncio
import errno
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import MIB
from ..contract.template import image_name, is_pinned
from ..contract.text import safe_line
from ..runner.docker_backend import image_missing
from ..runner.docker_engine import DockerEngine
from .image_archive import PLATFORM, ImageArchive, read_archive


@dataclass(frozen=True)
class LocalImage:
    """An image that the engine has, fit to be uploaded. ``size`` is in bytes, by the engine's count."""

    ref: str
    id: str
    size: int

    @property
    def name(self) -> str:
        """What the upload is called: the last part of the reference, without tag and digest."""
        return image_name(self.ref).rpartition("/")[2] or "coworld-image"


async def local_image(engine: DockerEngine, ref: str) -> LocalImage:
    """Find an image in the engine; one that is named by digest is pulled when it is not there.

    Raises ``image_unreachable`` (exit code 3) without it, ``image_platform`` (2) when hosted episodes
    could not run it.
    """
    details = await _details(engine, ref)
    if details is None and is_pinned(ref):
        await engine.call(engine.streams.pull, ref, platform="/".join(PLATFORM))
        details = await _details(engine, ref)
    if details is None:
        raise image_missing(ref, "the engine does not have it")
    theirs = (str(details.get("Os", "")), str(details.get("Architecture", "")))
    if theirs != PLATFORM:
        raise CoworldError(
            "image_platform",
            f"the image {safe_line(ref, 100)} is for {safe_line('/'.join(theirs), 40)}",
            cause=f"hosted episodes run {'/'.join(PLATFORM)}",
            next_step=f"docker build --platform {'/'.join(PLATFORM)} …",
            exit_code=EXIT_USAGE,
        )
    return LocalImage(ref, str(details["Id"]), int(details.get("Size") or 0))


async def _details(engine: DockerEngine, ref: str) -> dict[str, Any] | None:
    from docker.errors import ImageNotFound, NotFound

    def inspect() -> dict[str, Any] | None:
        try:
            details: dict[str, Any] = engine.api.inspect_image(ref)
        except (ImageNotFound, NotFound):
            return None
        return details

    return await engine.call(inspect)


async def save_image(
    engine: DockerEngine, image: LocalImage, folder: Path, on_bytes: Callable[[int], None]
) -> ImageArchive:
    """Write the archive of ``image`` into ``folder`` and find its parts. ``on_bytes`` hears how many came.

    ``on_bytes`` is called in another thread. Raises ``disk_full`` and ``disk_error`` (exit code 3),
    ``image_export`` (1) for an archive that holds no single image of the platform, and the engine's errors.
    """
    path = folder / "image.tar"
    stopped = threading.Event()
    try:
        await engine.call(_save, engine, image, path, on_bytes, stopped)
    finally:
        stopped.set()
    return await asyncio.to_thread(read_archive, path, image.ref)


def _save(
    engine: DockerEngine,
    image: LocalImage,
    path: Path,
    on_bytes: Callable[[int], None],
    stopped: threading.Event,
) -> None:
    try:
        # What does not fit need not be written first. The errors of the SDK are OSErrors too.
        if shutil.disk_usage(path.parent).free < image.size:
            raise OSError(errno.ENOSPC, "there is no room for the image")
        file = path.open("wb")
    except OSError as error:
        raise disk_error(error, path) from None
    with file, closing(engine.streams.get_image(image.id, chunk_size=MIB)) as chunks:
        written = told = 0
        for chunk in chunks:
            if stopped.is_set():
                return
            try:
                file.write(chunk)
            except OSError as error:
                raise disk_error(error, path) from None
            written += len(chunk)
            if written - told >= MIB:
                told = written
                on_bytes(written)
        try:
            file.flush()
        except OSError as error:
            raise disk_error(error, path) from None


def disk_error(error: OSError, path: Path) -> CoworldError:
    """The error for room that an upload needs and cannot get."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return CoworldError(
        "disk_full" if full else "disk_error",
        "there is no room for the upload" if full else "the upload cannot be put together",
        cause=safe_line(f"{path.parent}: {error.strerror or error}", 300),
        next_step="free some space, or point COWORLD_TUI_HOME at a disk that has it",
        exit_code=EXIT_MISSING,
    )
