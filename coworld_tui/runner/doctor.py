"""Is everything here that a run needs? Each check says what it found and what to do about it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import Any, Literal

from ..contract.errors import CoworldError
from ..contract.manifest import ContainerReporter
from ..contract.package import Package
from ..contract.text import safe_line
from ..runs.paths import home
from .docker_engine import NETWORK, DockerEngine, connect

_LOW_DISK_BYTES = 2 << 30

Status = Literal["ok", "warning", "missing"]


@dataclass(frozen=True)
class Check:
    """One finding. Only ``missing`` makes the doctor fail."""

    id: str
    status: Status
    detail: str
    next_step: str = ""

    def as_dict(self) -> dict[str, str]:
        """The JSON form."""
        return {"id": self.id, "status": self.status, "detail": self.detail, "next_step": self.next_step}


async def examine(package: Package | None) -> list[Check]:
    """Check disk, terminal, engine, network, and the images of ``package``."""
    checks = [_disk(), _terminal()]
    try:
        engine = await connect()
    except CoworldError as error:
        return [*checks, Check("engine", "missing", f"{error.title}: {error.cause}", error.next_step)]
    checks.append(Check("engine", "ok", f"Docker {engine.version}, {engine.architecture}, {engine.host}"))
    checks.append(await _network(engine))
    if package is not None:
        checks += [await _image(engine, image) for image in images_of(package)]
    return checks


def images_of(package: Package) -> list[str]:
    """Every image the manifest names, sorted."""
    manifest = package.manifest
    roles = [
        *manifest.player,
        *manifest.commissioner,
        *manifest.grader,
        *manifest.diagnoser,
        *manifest.optimizer,
    ]
    containers = [entry for entry in manifest.reporter if isinstance(entry, ContainerReporter)]
    images = {manifest.game.runnable.image} | {role.image for role in [*roles, *containers] if role.image}
    return sorted(images)


def _disk() -> Check:
    place = home()
    existing = next(path for path in (place, *place.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Check(
            "disk", "missing", f"{place} cannot be written", "set COWORLD_TUI_HOME to a folder of yours"
        )
    free = shutil.disk_usage(existing).free
    detail = f"{free / (1 << 30):.1f} GiB free for {place}"
    if free < _LOW_DISK_BYTES:
        return Check("disk", "warning", detail, "free some space, or set COWORLD_TUI_HOME")
    return Check("disk", "ok", detail)


def _terminal() -> Check:
    term = os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    colours = (
        "no colour" if os.environ.get("NO_COLOR") else os.environ.get("COLORTERM") or "256 colours or fewer"
    )
    detail = f"TERM {term or 'not set'}, {size.columns}x{size.lines}, {colours}"
    if term in ("", "dumb", "unknown"):
        return Check("terminal", "warning", detail, "set TERM, for example to xterm-256color")
    if size.columns < 80 or size.lines < 24:
        return Check("terminal", "warning", detail, "80x24 or larger shows everything")
    return Check("terminal", "ok", detail)


async def _network(engine: DockerEngine) -> Check:
    present = await engine.call(engine.api.networks, names=[f"^{NETWORK}$"])
    return Check("network", "ok", f"{NETWORK} {'is there' if present else 'is made by the first run'}")


async def image_details(engine: DockerEngine, image: str) -> dict[str, Any] | None:
    """What the engine knows of an image; None when it lacks it."""
    try:
        details: dict[str, Any] = await engine.call(engine.api.inspect_image, image)
    except CoworldError:
        return None
    return details


async def _image(engine: DockerEngine, image: str) -> Check:
    name = safe_line(image, 200)
    details = await image_details(engine, image)
    if details is None:
        return Check(
            f"image {name}", "missing", "the engine does not have it", f"docker pull {name}, or build it"
        )
    architecture = str(details.get("Architecture", ""))
    size = f"{int(details.get('Size', 0)) / 1e6:.0f} MB, {architecture}"
    if architecture != engine.architecture:
        return Check(
            f"image {name}", "warning", f"{size}; this engine runs {engine.architecture}", "rebuild it"
        )
    return Check(f"image {name}", "ok", size)
