"""What a package has beside its images: player files, reporters, a replay viewer (hosted.md 5.3)."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.jsontext import MIB
from ..contract.manifest import Manifest, WasmReporter
from ..contract.package import Package
from ..contract.text import safe_line
from .player_files import FileContent, player_file, zipped

_VIEWER_LIMIT = 512 * MIB
_DIGEST = "sha256:"


@dataclass(frozen=True)
class ReporterFile:
    """A reporter's component: ``key`` is what it is registered as."""

    id: str
    key: str
    display_name: str
    description: str
    attributes: Mapping[str, Any]
    content: FileContent


@dataclass(frozen=True)
class CoworldFiles:
    """The bytes as they were read: players' by what the manifest calls them."""

    players: Mapping[str, FileContent] = field(default_factory=dict)
    reporters: tuple[ReporterFile, ...] = ()
    viewer: FileContent | None = None

    def every(self) -> list[FileContent]:
        """All of them."""
        contents = [*self.players.values(), *(reporter.content for reporter in self.reporters)]
        return [*contents, self.viewer] if self.viewer is not None else contents


def read_files(package: Package) -> CoworldFiles:
    """Read what the manifest names by path. Blocking.

    Raises ``player_file`` and ``package_files`` (exit code 2) for what is not there, is a link or leads out
    of the package.
    """
    manifest, root = package.manifest, package.directory
    names = [player.file for player in manifest.player if player.file and not player.file.startswith(_DIGEST)]
    reporters = [reporter for reporter in manifest.reporter if isinstance(reporter, WasmReporter)]
    viewer = manifest.game.replay_viewer
    bundle = viewer.bundle if viewer is not None and not viewer.bundle.startswith(_DIGEST) else None
    if root is None:
        if names or reporters or bundle is not None:
            raise _refused("the manifest names files, and came without any", "give the package's folder")
        return CoworldFiles()
    return CoworldFiles(
        {name: player_file(Path(name), root) for name in names},
        tuple(_reporter(manifest, reporter, root) for reporter in reporters),
        _viewer(bundle, root) if bundle is not None else None,
    )


def with_players(document: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """The manifest with the players' files named by digest."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for player in result.get("player") or []:
        if player.get("file") in digests:
            player["file"] = digests[player["file"]]
    return result


def with_reporters(document: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The manifest with its components replaced by the reporters they became, by id."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    if "reporter" in result:
        result["reporter"] = [
            {"reporter": names[entry["id"]]} if "wasm" in entry else entry
            for entry in result["reporter"] or []
        ]
    return result


def with_viewer(document: Mapping[str, Any], bundle: str) -> dict[str, Any]:
    """The manifest with its viewer named by digest; what else it says of it stays."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    result["game"]["replay_viewer"]["bundle"] = bundle
    return result


def _reporter(manifest: Manifest, reporter: WasmReporter, root: Path) -> ReporterFile:
    attributes = reporter.attributes
    purpose = attributes.get("purpose")
    return ReporterFile(
        reporter.id,
        f"{manifest.game.name}-{reporter.id}",
        reporter.display_name or re.sub(r"[-_]+", " ", reporter.id).strip().title(),
        reporter.description or (purpose if isinstance(purpose, str) else ""),
        attributes,
        player_file(Path(reporter.wasm), root),
    )


def _viewer(bundle: str, root: Path) -> FileContent:
    folder = (root.resolve() / bundle).resolve()
    shown = safe_line(bundle, 200)
    if not folder.is_relative_to(root.resolve()):
        raise _refused(f"the replay viewer {shown} lies outside the package", "move it into the package")
    if not (folder / "index.html").is_file():
        raise _refused(f"the replay viewer {shown} has no index.html", "build it: coworld-tui build")
    try:
        return FileContent(shown, zipped(folder, _VIEWER_LIMIT))
    except OSError as error:
        raise _refused(f"{shown}: {error.strerror or error}", "make it readable") from None


def _refused(cause: str, next_step: str) -> CoworldError:
    return CoworldError(
        "package_files",
        "files of the package cannot be sent",
        cause=cause,
        next_step=next_step,
        exit_code=EXIT_USAGE,
    )
