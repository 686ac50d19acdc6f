"""Finding packages on this machine. Plain functions, run off the event loop."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..contract.bundled import bundled_package
from ..contract.errors import CoworldError
from ..contract.package import Package, read_package
from ..runs.paths import config_file

MANIFEST = "coworld_manifest.json"


@dataclass(frozen=True)
class Found:
    """A package, or a manifest that could not be read and why."""

    source: str
    package: Package | None = None
    error: CoworldError | None = None

    @property
    def name(self) -> str:
        """What the list shows."""
        return self.package.name if self.package is not None else Path(self.source).parent.name or self.source


def discover(opened: Iterable[str]) -> list[Found]:
    """Packages asked for, there or not, then of this folder, ``./coworld/*/``, the settings, and the demo."""
    found: list[Found] = []
    seen: set[Path] = set()
    asked = [_manifest_at(Path(source).expanduser()) for source in opened]
    for manifest in (*asked, *filter(Path.is_file, map(_manifest_at, _places()))):
        if manifest.resolve() not in seen:
            seen.add(manifest.resolve())
            found.append(read(manifest))
    return [*found, Found("demo", bundled_package())]


def _manifest_at(path: Path) -> Path:
    return path / MANIFEST if path.is_dir() else path


def read(manifest: Path) -> Found:
    """One package, or the reason why not."""
    try:
        return Found(str(manifest), read_package(manifest))
    except CoworldError as error:
        return Found(str(manifest), error=error)


def _places() -> Iterator[Path]:
    here = Path.cwd()
    yield here
    yield from sorted(here.glob(f"*/{MANIFEST}"))
    yield from sorted((here / "coworld").glob("*/"))
    for folder in _configured():
        yield folder
        yield from sorted(folder.glob("*/"))


def _configured() -> list[Path]:
    try:
        settings = tomllib.loads(config_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    folders = settings.get("package_dirs")
    return (
        [Path(folder).expanduser() for folder in folders if isinstance(folder, str)]
        if isinstance(folders, list)
        else []
    )
