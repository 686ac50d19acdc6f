"""The mounts of a container that are copies: its engine sees another disk, or is to leave ours alone."""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Sequence

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .backend import Mount
from .copying import TooLargeError, packed, unpack
from .docker_engine import DockerEngine


class CopiedFiles:
    """Sends what would be mounted before the container starts, and fetches it after its end. Blocking."""

    def __init__(self, engine: DockerEngine, container: str, mounts: Sequence[Mount]) -> None:
        self._engine = engine
        self._container = container
        self._mounts = tuple(mounts)

    def send(self) -> None:
        """Copy every mount's files into the container."""
        for mount in self._mounts:
            self._engine.api.put_archive(self._container, "/", packed(mount.source, mount.target))

    def fetch(self) -> tuple[str, ...]:
        """Copy back what the container may have written; returns what was left out, a line each.

        CoworldError ``artifact_too_large`` for more than a mount's limit, ``artifact_transport_error``.
        """
        from docker.errors import NotFound

        left: list[str] = []
        for mount in self._mounts:
            if mount.read_only:
                continue
            try:
                chunks, _ = self._engine.streams.get_archive(self._container, mount.target)
                with contextlib.closing(chunks):
                    left += unpack(chunks, mount.source, mount.limit)
            except NotFound:
                continue  # the container has removed the folder
            except TooLargeError as error:
                raise CoworldError(
                    "artifact_too_large",
                    "the container wrote too much",
                    cause=str(error),
                    next_step="let it write less",
                ) from error
            except (OSError, tarfile.TarError) as error:
                raise CoworldError(
                    "artifact_transport_error",
                    "the files of the container could not be fetched",
                    cause=safe_line(str(error), 300),
                    owner="the engine",
                    next_step="coworld-tui doctor",
                ) from error
        return tuple(left)
