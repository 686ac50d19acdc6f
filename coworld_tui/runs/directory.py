"""One run directory: its layout, its manifest, and writing that never leaves half a file."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .owner import Owner
from .paths import runs_dir

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
LAYOUT = ("inputs", "workspace", "artifacts", "logs")
MANIFEST = "run_manifest.json"
_PATH_LIMIT = 120


def new_run_id(now: datetime | None = None) -> str:
    """``YYYYMMDDTHHMMSSZ-xxxxxxxx``: UTC, sortable, safe as a file name."""
    moment = now or datetime.now(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A stream into a file beside ``path`` that takes its place once it is whole.

    A link of that name, which a game may have left in its workspace, is replaced and not followed.
    OSError as the system gives it; nothing is left behind then.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """Indented JSON with a final newline, in place of what was there. OSError as the system gives it.

    Lone surrogates, as in a command line that is not UTF-8, become question marks.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with replacing(path, mode) as stream:
        stream.write(text.encode(errors="replace"))


class RunDirectory:
    """``<runs>/<run-id>/{inputs,workspace,artifacts,logs}`` and ``run_manifest.json``.

    The manifest is written ``running`` first and rewritten with the outcome; a crash leaves
    ``running`` with an owner that is dead, which readers show as stale. Field names follow
    the preserved-run format of WorldForge, so that its index can list these directories.
    """

    def __init__(self, path: Path, run_id: str) -> None:
        self.path = path
        self.run_id = run_id
        self.inputs = path / "inputs"
        self.workspace = path / "workspace"
        self.artifacts = path / "artifacts"
        self.logs = path / "logs"
        self._mode = 0o755
        self._manifest: dict[str, Any] = {}

    @classmethod
    def create(cls, run_id: str | None = None, workspace: Path | None = None) -> RunDirectory:
        """Make the directories. ``workspace`` puts the game's files elsewhere, behind a link.

        Raises CoworldError (``workspace_unwritable`` or ``workspace_not_empty``, exit 2) naming the
        place that refused, OSError when the disk is full; nothing is left behind then.
        """
        run_id = run_id or new_run_id()
        run = cls(runs_dir() / run_id, run_id)
        try:
            if workspace is not None:
                workspace.mkdir(parents=True, exist_ok=True)
                require_fresh(workspace)
            run.path.mkdir(parents=True, mode=0o700)
            try:
                run._fill(workspace)
            except OSError:
                run.discard()
                raise
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise unwritable(error.filename or run.path, error) from error
        return run

    def _fill(self, workspace: Path | None) -> None:
        for part in (self.inputs, self.artifacts, self.logs):
            part.mkdir()
        if workspace is not None:
            self.workspace.symlink_to(workspace.resolve(), target_is_directory=True)
            self.workspace = workspace.resolve()
        else:
            self.workspace.mkdir()
        (self.workspace / "logs").mkdir()
        # Containers run as users we do not know and reach this by mount; the run's own folder
        # keeps everybody else out. An output folder of somebody else's is as open as it is.
        self._mode = stat.S_IMODE(self.workspace.stat().st_mode)
        with contextlib.suppress(PermissionError):
            self.workspace.chmod(0o777)

    def discard(self) -> None:
        """Take the directory back before anything has happened in it; an output folder stays."""
        shutil.rmtree(self.path, ignore_errors=True)

    def close_workspace(self) -> None:
        """The game is gone: the workspace is as open as it was before. OSError as the system gives it."""
        self.workspace.chmod(self._mode)

    def begin(
        self, *, kind: str, command: str, provider: str, operation: str, inputs: dict[str, Any]
    ) -> None:
        """Write the manifest with status ``running``."""
        self._manifest = {
            "schema_version": 1,
            "run_id": self.run_id,
            "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "kind": kind,
            "command": command,
            "status": "running",
            "provider": provider,
            "operation": operation,
            "input_summary": inputs,
            "result_summary": {},
            "artifact_paths": {},
            "event_count": 0,
            "layout": {name: name for name in LAYOUT},
            "owner": str(Owner.current()),
        }
        self._write()

    def finish(
        self, *, status: str, result: dict[str, Any], artifacts: dict[str, str], event_count: int
    ) -> None:
        """Rewrite the manifest with the outcome (``passed``, ``failed`` or ``cancelled``)."""
        self._manifest.update(
            status=status,
            finished_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            result_summary=result,
            artifact_paths=artifacts,
            event_count=event_count,
        )
        self._write()

    def relative(self, path: Path) -> str:
        """``path`` as the manifest names it; absolute when it lies outside, as an output folder does."""
        try:
            return path.relative_to(self.path).as_posix()
        except ValueError:
            return str(path)

    def _write(self) -> None:
        write_json(self.path / MANIFEST, self._manifest)


def unwritable(place: object, error: OSError) -> CoworldError:
    """The error for a folder of a run that cannot be written (``workspace_unwritable``, exit 2)."""
    return CoworldError(
        "workspace_unwritable",
        f"cannot write to {safe_line(str(place), _PATH_LIMIT)}",
        cause=error.strerror or str(error),
        next_step="choose another folder with --output-dir or COWORLD_TUI_HOME",
        exit_code=EXIT_USAGE,
    )


def require_fresh(workspace: Path) -> None:
    """Raise CoworldError (``workspace_not_empty``, exit 2) when the folder already holds files."""
    if not workspace.is_dir() or not any(workspace.iterdir()):
        return
    raise CoworldError(
        "workspace_not_empty",
        f"{safe_line(str(workspace), _PATH_LIMIT)} already holds files",
        cause="a run needs a fresh folder: leftover results would be taken for new ones",
        next_step="give --output-dir a new or empty folder",
        exit_code=EXIT_USAGE,
    )
