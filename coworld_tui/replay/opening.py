"""Opening anything that may be a replay: a run, a workspace, a bundle, a download, or a file of any kind."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..runs.directory import LAYOUT
from ..runs.redact import Redactor
from .blob import DEFAULT_INFLATED_LIMIT, reason_of
from .bundles import Found, archive_parts, bundle_parts
from .candidates import candidates_in
from .downloads import Download, download_of
from .episode_frames import frames_of
from .folders import BUNDLE_MANIFEST, Folder, head, kind_of_folder, names_in
from .metadata import (
    Facts,
    add_documents,
    add_frames,
    hiding,
    hiding_tokens,
    parsed_object,
    settle,
)
from .naming import names_of, scores_of
from .parts import RECORDINGS, REPLAY_NAMES, Contents, Parts, usual_parts
from .source import Replay

if TYPE_CHECKING:
    from ..runs.index import RunEntry

__all__ = ["DEFAULT_INFLATED_LIMIT", "open_replay", "replays_in", "settle"]

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06")
_MOST_FILES = 1_000
_MOST_REPLAYS = 100_000
_MANIFEST_LIMIT = 16 << 20
_NAME_LIMIT = 120
_CAUSE_LIMIT = 400
_NEXT_STEP = "give a run, a workspace, a bundle or a replay file"


def open_replay(path: Path, *, max_inflated: int = DEFAULT_INFLATED_LIMIT) -> Replay:
    """Open the replay at ``path``; its first frame is there at once, the others as its source advances.

    Takes run directories, workspaces, bundles (zips and extracted), what the ``coworld`` client has
    downloaded, and single files; what a file is, its content tells. Nothing inflates to more than
    ``max_inflated`` bytes. Call ``settle`` when every frame is counted.

    CoworldError (exit 2) ``replay_missing``, ``no_replay``, ``many_replays``, ``replay_unreadable``,
    ``archive_broken``, ``inflated_too_large``; what is merely damaged is named in ``problems``.
    """
    try:
        if path.is_dir():
            return _open_folder(path, max_inflated)
        if stat.S_ISREG(path.stat().st_mode) and _is_zip(path):
            return _open_archive(path, max_inflated)
        return _open_file(path, max_inflated)
    except (OSError, ValueError) as error:
        raise _missing(path, error) from error


def replays_in(folder: Path) -> list[Path]:
    """What can be opened below ``folder``, as the library lists it: runs, workspaces, bundles and files."""
    found = (each for each in candidates_in(folder) if each is not None and each.kind != "folder")
    return sorted(Path(each.where) for each in islice(found, _MOST_REPLAYS))


@dataclass
class _Opened(Replay):
    """A replay together with the archive or folder it was found in."""

    contents: Contents | None = None

    def close(self) -> None:
        super().close()
        if self.contents is not None:
            self.contents.close()


def _open_folder(path: Path, limit: int) -> Replay:
    names = names_in(path)
    kind = kind_of_folder(names)
    if kind == "run":
        return _open_run(path, limit)
    if BUNDLE_MANIFEST in names and _lists_files(path / BUNDLE_MANIFEST):
        kind = "bundle"
    if kind == "bundle":
        contents = Folder({"": path})
        return _open_bundle(path, contents, bundle_parts(contents), limit)
    if kind:
        contents = Folder({"": path})
        return _assembled(path, kind, contents, usual_parts(contents.sizes), Facts(), limit)
    found = replays_in(path)
    if not found:
        raise _no_replay(path, "nothing in the folder has a replay's name")
    if len(found) > 1:
        raise _many(
            path,
            len(found),
            f"coworld-tui replay {safe_line(str(path), _NAME_LIMIT)}  (to choose), or name one of them",
        )
    return open_replay(found[0], max_inflated=limit)


def _open_run(path: Path, limit: int) -> Replay:
    from ..runs.index import read_run

    run = read_run(path)
    # The workspace may be a link of ours to an output folder: that one link is followed.
    contents = Folder({f"{part}/": Path(os.path.realpath(path / part)) for part in LAYOUT})
    parts = usual_parts(contents.sizes, "workspace/")
    recordings = [f"artifacts/{name}" for name in RECORDINGS]
    recording = next((name for name in recordings if name in contents.sizes), "")
    facts = _run_facts(run)
    return _assembled(
        path,
        "run",
        contents,
        replace(parts, recording=recording),
        facts,
        limit,
        is_growing=lambda: read_run(path).status == "running",
    )


def _run_facts(run: RunEntry) -> Facts:
    return Facts(
        game=safe_line(run.operation.partition(":")[0], 60),
        episode=safe_line(run.run_id, 60),
        players=names_of(run.result.get("slots")),
        scores=scores_of(run.result.get("scores")),
        problems=[run.problem] if run.problem else [],
    )


def _open_file(path: Path, limit: int) -> Replay:
    name = path.name
    download = download_of(path)
    if download is not None:
        return _open_download(path, download, limit)
    beside = names_in(path.parent) if name in REPLAY_NAMES else set()
    if not beside.isdisjoint({"results.json", "config.json", BUNDLE_MANIFEST}):
        contents = Folder({"": path.parent})
        if name in contents.sizes:
            parts = replace(usual_parts(contents.sizes), replay=name)
            return _assembled(path, "workspace", contents, parts, Facts(), limit)
    return _assembled(path, "file", Folder.single(path), Parts(replay=name), Facts(), limit)


def _open_download(path: Path, download: Download, limit: int) -> Replay:
    listed = download.listed
    facts = Facts(listed.game, listed.episode, listed.players, listed.scores)
    return _assembled(path, "download", download.contents, download.parts, facts, limit)


def _open_archive(path: Path, limit: int) -> Replay:
    from .archive import Archive

    archive = Archive(path)
    try:
        found = archive_parts(archive)
        if found.replays > 1:
            raise _many(path, found.replays, "extract it and open the folder: coworld-tui replay FOLDER")
        return _open_bundle(path, archive, found, limit)
    except BaseException:
        archive.close()
        raise


def _open_bundle(path: Path, contents: Contents, found: Found, limit: int) -> Replay:
    facts = Facts(episode=found.episode, problems=list(found.problems))
    return _assembled(path, "bundle", contents, found.parts, facts, limit)


def _assembled(
    path: Path,
    kind: str,
    contents: Contents,
    parts: Parts,
    facts: Facts,
    limit: int,
    is_growing: Callable[[], bool] = lambda: False,
) -> Replay:
    if not parts.replay and not parts.recording:
        raise _no_replay(path, "; ".join(facts.problems + contents.problems))
    facts.problems += contents.problems
    source, note = frames_of(contents, parts, limit, facts.problems, is_growing)
    try:
        add_documents(facts, contents, parts)
        add_frames(facts, source)
        redactor = Redactor(facts.secrets)
        shown = [name for name in contents.sizes if name not in (parts.replay, parts.recording)]
        replay = _Opened(
            path=path,
            kind=kind,
            source=source,
            game=facts.game,
            episode=facts.episode,
            players=facts.players,
            scores=facts.scores,
            config=facts.config,
            results=redactor.foreign(facts.results) if facts.results is not None else None,
            declared=tuple(
                replace(event, kind=redactor.foreign(event.kind), text=redactor.foreign(event.text))
                for event in facts.events
            ),
            files=tuple(
                (hiding_tokens if name == parts.config else hiding)(contents.file(name), redactor)
                for name in shown[:_MOST_FILES]
            ),
            logs={who: hiding(contents.file(name), redactor) for who, name in parts.logs.items()},
            problems=tuple(safe_line(problem, 300) for problem in facts.problems),
            note=note,
            contents=contents,
        )
        settle(replay)
    except BaseException:
        source.close()
        raise
    return replay


def _lists_files(manifest: Path) -> bool:
    """Whether a ``manifest.json`` is a bundle's: other programs use that name as well."""
    try:
        document, _ = parsed_object(head(manifest, _MANIFEST_LIMIT))
    except OSError:
        return False
    return document is not None and isinstance(document.get("files"), dict)


def _is_zip(path: Path) -> bool:
    return head(path, 4) in _ZIP_MAGIC


def _many(path: Path, count: int, next_step: str) -> CoworldError:
    title = f"{safe_line(str(path), _NAME_LIMIT)} holds {count} replays, not one"
    return CoworldError("many_replays", title, next_step=next_step, exit_code=EXIT_USAGE)


def _refused(kind: str, title: str, cause: str) -> CoworldError:
    return CoworldError(
        kind, title, cause=safe_line(cause, _CAUSE_LIMIT), next_step=_NEXT_STEP, exit_code=EXIT_USAGE
    )


def _missing(path: Path, error: Exception) -> CoworldError:
    return _refused(
        "replay_missing", f"{safe_line(str(path), _NAME_LIMIT)} cannot be opened", reason_of(error)
    )


def _no_replay(path: Path, cause: str) -> CoworldError:
    return _refused("no_replay", f"there is no replay in {safe_line(str(path), _NAME_LIMIT)}", cause)
