"""Finding packages on this machine. Plain functions, run off the event loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..contract.bundled import bundled_package
from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.package import Package, read_package
from ..contract.text import safe_line
from ..runs.settings import settings

MANIFEST = "coworld_manifest.json"


Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Found:
    """A package, or a manifest that could not be read and why. ``stamp`` is of the file that was read."""

    source: str
    package: Package | None = None
    error: CoworldError | None = None
    stamp: Stamp | None = None

    @property
    def name(self) -> str:
        """What the list shows."""
        return self.package.name if self.package is not None else Path(self.source).parent.name or self.source


def discover(opened: Iterable[str]) -> list[Found]:
    """Packages asked for, there or not, then of this folder, ``./coworld/*/``, the settings, and the demo."""
    found: dict[str, Found] = {}
    for source in opened:
        try:
            manifest = _manifest_at(Path(source).expanduser())
            found.setdefault(os.path.realpath(manifest), read(manifest))
        except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: the home of nobody
            found.setdefault(source, Found(source, error=_unreachable(source, error)))
    for place in _places():
        with contextlib.suppress(OSError):  # no place of ours
            manifest = _manifest_at(place)
            if manifest.is_file() and (real := os.path.realpath(manifest)) not in found:
                found[real] = read(manifest)
    return [*found.values(), Found("demo", bundled_package())]


def stamp_of(source: str) -> Stamp | None:
    """What changes when a file is saved: inode, time, size. None for a file that is not there."""
    try:
        details = os.stat(source)  # noqa: PTH116 - ten times a second
    except (OSError, ValueError):
        return None
    return details.st_ino, details.st_mtime_ns, details.st_size


def read(manifest: Path) -> Found:
    """One package, or the reason why not."""
    stamp = stamp_of(str(manifest))
    try:
        return Found(str(manifest), read_package(manifest), stamp=stamp)
    except CoworldError as error:
        return Found(str(manifest), error=error, stamp=stamp)


def _manifest_at(path: Path) -> Path:
    return path / MANIFEST if path.is_dir() else path


def _unreachable(source: str, error: Exception) -> CoworldError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CoworldError(
        "manifest_missing",
        "The manifest is missing",
        cause=f"{safe_line(source, 200)}: {safe_line(reason, 200)}",
        next_step="give a manifest or its folder",
        exit_code=EXIT_USAGE,
    )


def _places() -> Iterator[Path]:
    try:
        here = Path.cwd()
    except OSError:  # deleted beneath us
        return
    yield here
    yield from _listed(here, f"*/{MANIFEST}")
    yield from _listed(here / "coworld", "*/")
    for folder in _configured():
        yield folder
        yield from _listed(folder, "*/")


def _listed(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _configured() -> list[Path]:
    folders = settings().get("package_dirs")
    found = []
    for folder in folders if isinstance(folders, list) else ():
        with contextlib.suppress(RuntimeError, TypeError):  # the home of nobody, no text
            found.append(Path(folder).expanduser())
    return found
