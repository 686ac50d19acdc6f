"""What the engine asks of a place where games and players run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..contract.env import GAME_PORT
from ..contract.manifest import Resources
from .logs import LogFile

LOOPBACK = "127.0.0.1"
HOST_FROM_CONTAINER = "host.docker.internal"


@dataclass(frozen=True)
class Mount:
    """A host directory as the part sees it at ``target``.

    ``is_copied`` gives a container a copy, and copies what it wrote back after its end, so that no file
    of its user's ever lies in the directory; more than ``limit`` bytes are refused. Where the engine
    sees another disk, every mount is a copy.
    """

    source: Path
    target: str
    read_only: bool = False
    is_copied: bool = False
    limit: int = 8 << 30


@dataclass(frozen=True)
class PartSpec:
    """One game, player or replay server to run.

    ``argv`` empty means the image's own command. ``env`` may hold tokens and secret values: it
    goes to the engine's API or to ``execve``, never onto a command line. ``port`` is the host
    port to publish ``listens_on`` on (0: any free one; None: nothing listens). ``has_network`` False
    cuts a container off from everything; a process it cannot.
    """

    role: str
    name: str
    slot: int | None = None
    image: str | None = None
    argv: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    alias: str | None = None
    port: int | None = None
    listens_on: int = GAME_PORT
    extra_ports: dict[int, int] = field(default_factory=dict)
    resources: Resources | None = None
    has_network: bool = True


@dataclass(frozen=True)
class PartExit:
    """How a part ended. ``code`` is negative for a signal; ``reason`` is for people, possibly empty.

    ``left_out`` is what it wrote to a copy of a mount and could not be copied back, a line each.
    """

    code: int
    reason: str = ""
    out_of_memory: bool = False
    left_out: tuple[str, ...] = ()


class Part(Protocol):
    """A created part. ``exit`` is set once it has ended."""

    spec: PartSpec
    exit: PartExit | None

    async def start(self) -> None:
        """Start it. CoworldError when the place refuses."""
        ...

    async def address(self) -> tuple[str, int]:
        """Host and port, as seen from this machine, of a part that listens."""
        ...

    async def wait(self) -> PartExit:
        """Wait for its end, its logs read to their end."""
        ...

    async def remove(self) -> None:
        """Make it gone, running or not. Never raises; safe to repeat."""
        ...


class Backend(Protocol):
    """A place where parts run."""

    name: str

    async def prepare(self, images: frozenset[str]) -> None:
        """Check that the place answers and has the images. CoworldError otherwise."""
        ...

    async def create(self, spec: PartSpec, stdout: LogFile, stderr: LogFile) -> Part:
        """Make a part ready to start."""
        ...

    async def close(self) -> None:
        """Release what the backend itself holds."""
        ...
