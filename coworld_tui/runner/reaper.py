"""Finding what a killed run left behind, by its marks, and removing only what nobody owns."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from ..contract.errors import CoworldError
from ..runs.owner import Owner
from .docker_engine import LABEL_OWNER, LABEL_RUN, DockerEngine, connect
from .process_backend import kill_orphans


@dataclass(frozen=True)
class Reaped:
    """How many leftovers were removed."""

    containers: int = 0
    processes: int = 0

    def __str__(self) -> str:
        return f"{self.containers} containers, {self.processes} processes"


async def reap(*, engine: bool = True) -> Reaped:
    """Remove leftovers of dead owners. Without an engine only processes are looked for; never raises."""
    processes = await asyncio.to_thread(kill_orphans)
    containers = 0
    if engine:
        with contextlib.suppress(CoworldError):
            containers = await _reap_containers(await connect())
    return Reaped(containers, processes)


async def _reap_containers(engine: DockerEngine) -> int:
    labelled: list[dict[str, Any]] = await engine.call(
        engine.api.containers, all=True, filters={"label": LABEL_RUN}
    )
    orphans = [container["Id"] for container in labelled if _is_orphan(container.get("Labels") or {})]
    for container in orphans:
        with contextlib.suppress(CoworldError):
            await engine.call(engine.api.remove_container, container, force=True, v=True)
    return len(orphans)


def _is_orphan(labels: dict[str, str]) -> bool:
    owner = Owner.parse(labels.get(LABEL_OWNER, ""))
    return owner is not None and owner.is_dead()
