"""The mounts of a container whose engine sees another disk than we do."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .backend import Mount
from .copying import packed, unpack
from .docker_engine import DockerEngine

_LARGEST_FETCH = 8 << 30


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

    def fetch(self) -> None:
        """Copy back what the container may have written. CoworldError (``artifact_transport_error``)."""
        for mount in self._mounts:
            if mount.read_only:
                continue
            try:
                chunks, _ = self._engine.streams.get_archive(self._container, mount.target)
                unpack(chunks, mount.source, _LARGEST_FETCH)
            except (OSError, tarfile.TarError) as error:
                raise CoworldError(
                    "artifact_transport_error",
                    "the files of the container could not be fetched",
                    cause=safe_line(str(error), 300),
                    owner="the engine",
                    next_step="coworld-tui doctor",
                ) from error
