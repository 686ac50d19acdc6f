"""What a built manifest refers to beside images: the replay viewer's bundle and players that are files."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.jsontext import SIZE_LIMIT, UnreadableJson, read_json_object
from ..contract.manifest import Manifest
from ..contract.text import safe_line

VIEWER_HOOK = Path("tools", "build_replay_viewer.sh")
PLAYER_FILE_LIMIT = 100 << 20

_LAST_LINES = 12
_LINE_LIMIT = 300
_PIPE_LIMIT = 1 << 20
_GRACE_SECONDS = 2.0


class PackageFiles:
    """Files of the package made from the template in ``source``, to lie beside the manifest ``output``.

    What is there already is replaced only when the manifest there names it: then an earlier build
    made it. Everything that can be said beforehand is checked here: CoworldError ``package_files``,
    exit 2. Blocking.
    """

    def __init__(self, manifest: Manifest, source: Path, output: Path) -> None:
        self._source = source.resolve()
        self._output = output.parent.resolve()
        self._made = _player_paths(output, self._output)
        viewer = manifest.game.replay_viewer
        self._viewer = viewer.bundle if viewer is not None and _is_path(viewer.bundle) else None
        named = [p.file for p in manifest.player if p.file is not None and _is_path(p.file)]
        for name in named:
            self._target(name)
        self._players = _outermost(named)
        if self._viewer is not None:
            self._below(self._viewer, "game.replay_viewer.bundle")
            if not os.access(self._hook, os.X_OK) or not self._hook.is_file():
                raise _files_error(
                    f"game.replay_viewer has a bundle, and there is no executable {VIEWER_HOOK.as_posix()}",
                    f"write {safe_line(str(self._hook), 200)}, which gets the folder to fill as its argument",
                )

    async def make(self, on_line: Callable[[str], None]) -> None:
        """Run the viewer's build hook and copy the players' files, replacing those of an earlier build."""
        if self._viewer is not None:
            await self._run_hook(self._below(self._viewer, "game.replay_viewer.bundle"), on_line)
        for name in self._players:
            await asyncio.to_thread(self._copy, name)
            on_line(f"{safe_line(name, 100)}  copied")

    @property
    def _hook(self) -> Path:
        return self._source / VIEWER_HOOK

    async def _run_hook(self, bundle: Path, on_line: Callable[[str], None]) -> None:
        on_line(f"replay viewer  {VIEWER_HOOK.as_posix()}")
        try:
            process = await asyncio.create_subprocess_exec(
                self._hook,
                bundle,
                cwd=self._source,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                limit=_PIPE_LIMIT,
            )
        except OSError as error:
            raise self._hook_failed(f"it cannot be started: {error.strerror or error}") from None
        last: deque[str] = deque(maxlen=_LAST_LINES)
        reading = asyncio.create_task(_read_lines(process, last))
        try:
            await process.wait()
        finally:
            await _end_group(process)
            # What left the group may hold the pipe for ever; what the group wrote is there by now.
            await asyncio.wait({reading}, timeout=_GRACE_SECONDS)
            reading.cancel()
        if process.returncode:
            for line in last:
                on_line(f"replay viewer    | {line}")
            raise self._hook_failed(f"it ended with {process.returncode}")
        if not (bundle / "index.html").is_file():
            raise self._hook_failed(f"it left no index.html in {bundle}")

    def _hook_failed(self, cause: str) -> CoworldError:
        return CoworldError(
            "build_failed",
            "the replay viewer could not be built",
            cause=safe_line(cause, 300),
            next_step=f"run it by hand: {safe_line(str(self._hook), 200)} FOLDER",
        )

    def _player_file(self, name: str) -> Path:
        """The file or folder of a player. Links are refused, as the published client does."""
        path = self._source / self._below(name, "player.file").relative_to(self._output)
        entries = [path, *path.rglob("*")] if path.is_dir() else [path]
        if any(entry.is_symlink() for entry in entries):
            raise _files_error(f"the player file {name} is or holds a link", "put the file itself there")
        if not path.resolve().is_relative_to(self._source):
            raise _files_error(f"the player file {name} lies outside the project", "move it into the project")
        if not path.exists():
            raise _files_error(f"there is no player file {name}", "correct player.file in the template")
        if sum(entry.stat().st_size for entry in entries if entry.is_file()) > PLAYER_FILE_LIMIT:
            raise _files_error(
                f"the player file {name} is larger than {PLAYER_FILE_LIMIT >> 20} MiB", "make it smaller"
            )
        return path

    def _below(self, name: str, where: str) -> Path:
        parts = _inner_parts(name)
        path = self._output.joinpath(*parts)
        if not parts:
            raise _files_error(
                f"{where} is no path within the package: {name}", "write a path such as build/x"
            )
        if not path.resolve().is_relative_to(self._output):
            raise _files_error(f"{where} leads out of {self._output} by a link: {name}", "remove the link")
        return path

    def _target(self, name: str) -> Path | None:
        """Where a player's file is to go, None when it is there already; refused when others' files are."""
        source, target = self._player_file(name), self._below(name, "player.file")
        if target.resolve() == source.resolve():
            return None
        if target.is_relative_to(source) or source.is_relative_to(target):
            raise _files_error(
                f"the player file {name} and its place in the output lie within one another",
                "give another --output",
            )
        if os.path.lexists(target) and not any(target.is_relative_to(made) for made in self._made):
            raise _files_error(
                f"{target} is in the way, and no earlier build made it: no manifest there names it",
                "move it away, or give another --output",
            )
        return target

    def _copy(self, name: str) -> None:
        source, target = self._player_file(name), self._target(name)
        if target is None:
            return
        try:
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
            target.unlink(missing_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            else:
                shutil.copy2(source, target, follow_symlinks=False)
        except OSError as error:
            raise _files_error(f"{target}: {error.strerror or error}", "make room for the output") from None


def _player_paths(manifest: Path, folder: Path) -> list[Path]:
    """The players' files that a manifest, if there is one, names within ``folder``."""
    try:
        if not manifest.is_file():
            return []
        with manifest.open("rb") as stream:
            players = read_json_object(stream.read(SIZE_LIMIT + 1)).get("player")
    except (OSError, UnreadableJson):
        return []
    entries = players if isinstance(players, list) else []
    files = [entry.get("file") for entry in entries if isinstance(entry, dict)]
    parts = [_inner_parts(file) for file in files if isinstance(file, str) and _is_path(file)]
    return [folder.joinpath(*each) for each in parts if each]


def _outermost(names: Sequence[str]) -> list[str]:
    """One name for each path that lies in no other."""
    paths = {PurePosixPath(name): name for name in names}
    return [name for path, name in paths.items() if paths.keys().isdisjoint(path.parents)]


def _inner_parts(name: str) -> tuple[str, ...]:
    """The parts of a path that stays within the folder it starts from; none for another."""
    parts = PurePosixPath(name).parts
    return () if name.startswith("/") or ".." in parts or "\0" in name else parts


def _is_path(reference: str) -> bool:
    return not reference.startswith("sha256:")


async def _read_lines(process: asyncio.subprocess.Process, last: deque[str]) -> None:
    assert process.stdout is not None
    while data := await process.stdout.read(_PIPE_LIMIT):
        lines = data.decode(errors="replace").splitlines()[-_LAST_LINES:]
        last.extend(safe_line(line, _LINE_LIMIT) for line in lines)


async def _end_group(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running of what the hook started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            return
        await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=_GRACE_SECONDS)


def _files_error(cause: str, next_step: str) -> CoworldError:
    return CoworldError(
        "package_files",
        "files of the package cannot be put together",
        cause=safe_line(cause, 400),
        next_step=next_step,
        exit_code=EXIT_USAGE,
    )
