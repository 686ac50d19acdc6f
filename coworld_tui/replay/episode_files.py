"""The files of one episode, wherever they lie: a run, a workspace, a bundle, a download, a lone replay."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.generations import Generation, workspace_generation
from ..contract.text import safe_line
from ..runs.directory import LAYOUT
from ..runs.directory import MANIFEST as RUN_MANIFEST
from .blob import reason_of
from .bundles import archive_parts, bundle_parts
from .downloads import download_of
from .folders import BUNDLE_MANIFEST, Folder, kind_of_folder, names_in
from .parts import REPLAY_NAMES, Contents, Parts, common_folder, replay_places, usual_parts

if TYPE_CHECKING:
    from ..runs.index import RunEntry

_ARTIFACT = re.compile(r"(?:.*[/-])?policy_artifact_(\d{1,4})\.zip\Z")
_MANIFEST_LIMIT = 16 << 20
_NAME_LIMIT = 120
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06")
_OF_AN_EPISODE = {*REPLAY_NAMES, "results.json", "config.json"}


@dataclass
class EpisodeFiles:
    """Where each part of an episode is.

    ``kind`` is ``run``, ``workspace``, ``bundle``, ``download`` or ``file``. ``artifacts`` are the zips
    players left, by slot or by artifact id. ``run`` is the manifest of a run directory. ``problems`` says
    what was left out. All names are keys of ``contents`` and outside text.
    """

    path: Path
    kind: str
    contents: Contents
    parts: Parts
    episode: str
    has_failed: bool = False
    artifacts: Mapping[str, str] = field(default_factory=dict)
    run: RunEntry | None = None
    problems: tuple[str, ...] = ()

    @property
    def generation(self) -> Generation:
        """Whose layout the episode has; 0.1.64 when nothing decides."""
        names = {_base(name) for name in self.contents.sizes}
        replay = _base(self.parts.replay)
        return workspace_generation({replay}) or workspace_generation(names) or "0.1.64"

    def close(self) -> None:
        """Let go of what is open."""
        self.contents.close()


def open_episode(path: Path) -> EpisodeFiles:
    """Find the parts of the episode at ``path``. Nothing is read but lists of names and the manifest.

    CoworldError (exit 2) ``episode_missing``, ``many_replays``, ``run_unfinished``, ``archive_broken``.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
        with path.open("rb") as stream:
            magic = stream.read(4)
    except (OSError, ValueError) as error:
        raise _no_episode(path, reason_of(error)) from error
    return _of_archive(path) if magic in _ZIP_MAGIC else _of_file(path)


def _of_folder(path: Path) -> EpisodeFiles:
    names = names_in(path)
    kind = kind_of_folder(names)
    if kind == "run":
        return _of_run(path)
    if path.name == "workspace" and RUN_MANIFEST in names_in(path.parent):
        return _of_run(path.parent)
    contents = Folder({"": path})
    if kind == "bundle":
        return _of_bundle(path, contents, "")
    if names.isdisjoint(_OF_AN_EPISODE):
        raise _no_episode(path, "the folder holds neither a replay nor results")
    return _of_workspace(path, contents)


def _of_run(path: Path) -> EpisodeFiles:
    from ..runs.index import read_run

    run = read_run(path)
    if run.status == "running":
        raise CoworldError(
            "run_unfinished",
            f"{safe_line(run.run_id, 60)} is still running",
            next_step="wait for its end, or stop it",
            exit_code=EXIT_USAGE,
        )
    # The workspace may be a link of ours to an output folder: that one link is followed.
    contents = Folder({f"{part}/": Path(os.path.realpath(path / part)) for part in LAYOUT})
    parts = usual_parts(contents.sizes, "workspace/")
    own = [name for name in contents.sizes if name.startswith("workspace/")]
    return EpisodeFiles(
        path,
        "run",
        contents,
        parts,
        safe_line(run.run_id, 60),
        has_failed=run.status != "passed",
        artifacts=_artifacts(own),
        run=run,
        problems=tuple(contents.problems),
    )


def _of_workspace(path: Path, contents: Folder) -> EpisodeFiles:
    parts = usual_parts(contents.sizes)
    return EpisodeFiles(
        path,
        "workspace",
        contents,
        parts,
        safe_line(path.resolve().name, 60),
        has_failed=not parts.results or bool(parts.error_info),
        artifacts=_artifacts(list(contents.sizes)),
        problems=tuple(contents.problems),
    )


def _of_archive(path: Path) -> EpisodeFiles:
    from .archive import Archive

    archive = Archive(path)
    try:
        prefix = common_folder(archive.sizes)
        if prefix + BUNDLE_MANIFEST in archive.sizes:
            return _of_bundle(path, archive, prefix)
        found = archive_parts(archive)
        if found.replays > 1:
            raise CoworldError(
                "many_replays",
                f"{safe_line(str(path), _NAME_LIMIT)} holds {found.replays} replays, not one",
                next_step="extract it and name one of them",
                exit_code=EXIT_USAGE,
            )
        if not found.parts.results and not replay_places(archive.sizes):
            raise _no_episode(path, "the archive holds neither a replay nor results")
        return EpisodeFiles(
            path,
            "bundle",
            archive,
            found.parts,
            safe_line(path.stem, 60),
            has_failed=not found.parts.results or bool(found.parts.error_info),
            artifacts=_artifacts(list(archive.sizes)),
            problems=(*archive.problems, *found.problems),
        )
    except BaseException:
        archive.close()
        raise


def _of_bundle(path: Path, contents: Contents, prefix: str) -> EpisodeFiles:
    found = bundle_parts(contents, prefix)
    if not found.parts.replay and not found.parts.results and not found.parts.logs:
        raise _no_episode(path, "; ".join(found.problems) or "the bundle holds nothing of an episode")
    return EpisodeFiles(
        path,
        "bundle",
        contents,
        found.parts,
        found.episode or safe_line(path.stem, 60),
        has_failed=found.status != "success" if found.status else bool(found.parts.error_info),
        artifacts=_listed_artifacts(contents, prefix) or _artifacts(list(contents.sizes)),
        problems=(*contents.problems, *found.problems),
    )


def _of_file(path: Path) -> EpisodeFiles:
    download = download_of(path)
    if download is not None:
        return EpisodeFiles(
            path,
            "download",
            download.contents,
            download.parts,
            download.listed.episode or safe_line(path.stem, 60),
            has_failed=bool(download.parts.error_info),
            artifacts=_artifacts(list(download.contents.sizes)),
        )
    beside = names_in(path.parent) if path.name in REPLAY_NAMES else set()
    if not beside.isdisjoint({"results.json", "config.json"}):
        return _of_folder(path.parent)
    try:
        contents = Folder.single(path)
    except OSError as error:
        raise _no_episode(path, reason_of(error)) from error
    return EpisodeFiles(path, "file", contents, Parts(replay=path.name), safe_line(path.stem, 60))


def _artifacts(names: list[str]) -> dict[str, str]:
    found = ((_ARTIFACT.match(name), name) for name in names)
    return {str(slot): name for slot, name in sorted((int(match[1]), name) for match, name in found if match)}


def _listed_artifacts(contents: Contents, prefix: str) -> dict[str, str]:
    """The players' zips as the bundle's manifest lists them: their names are its own affair."""
    from ..contract.bundle import parse_bundle_manifest

    try:
        data = contents.file(prefix + BUNDLE_MANIFEST).read(_MANIFEST_LIMIT + 1)
        listed: dict[str, Any] = parse_bundle_manifest(data).entries("player_artifact")
    except (CoworldError, OSError, KeyError):
        return {}
    return {key: prefix + name for key, name in listed.items() if prefix + name in contents.sizes}


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _no_episode(path: Path, cause: str) -> CoworldError:
    return CoworldError(
        "episode_missing",
        f"there is no episode in {safe_line(str(path), _NAME_LIMIT)}",
        cause=safe_line(cause, 300),
        next_step="give a run, a run id, a workspace or a bundle",
        exit_code=EXIT_USAGE,
    )
