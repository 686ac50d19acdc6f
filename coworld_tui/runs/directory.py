"""One run directory: its layout, its manifest, and writing that never leaves half a file."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from .owner import Owner
from .paths import runs_dir

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}\Z")
LAYOUT = ("inputs", "workspace", "artifacts", "logs")
MANIFEST = "run_manifest.json"


def new_run_id(now: datetime | None = None) -> str:
    """``YYYYMMDDTHHMMSSZ-xxxxxxxx``: UTC, sortable, safe as a file name."""
    moment = now or datetime.now(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def write_atomic(path: Path, data: bytes | str, mode: int = 0o644) -> None:
    """Write ``data`` beside ``path`` and rename it into place. OSError as the system gives it."""
    raw = data.encode() if isinstance(data, str) else data
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def write_json(path: Path, value: Any, mode: int = 0o644) -> None:
    """``write_atomic`` of indented JSON with a final newline."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n", mode)


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
        self._manifest: dict[str, Any] = {}

    @classmethod
    def create(cls, run_id: str | None = None, workspace: Path | None = None) -> RunDirectory:
        """Make the directories. ``workspace`` puts the game's files elsewhere, behind a link.

        Raises CoworldError (``workspace_unwritable``, exit 2) naming the place that refused.
        """
        run_id = run_id or new_run_id()
        run = cls(runs_dir() / run_id, run_id)
        place = run.path
        try:
            for part in (run.inputs, run.artifacts, run.logs):
                part.mkdir(parents=True)
            if workspace is not None:
                place = workspace
                workspace.mkdir(parents=True, exist_ok=True)
                if any(workspace.iterdir()):
                    raise CoworldError(
                        "workspace_not_empty",
                        f"{workspace} already holds files",
                        cause="a run needs a fresh folder: leftover results would be taken for new ones",
                        next_step="give --output-dir a new or empty folder",
                        exit_code=EXIT_USAGE,
                    )
                run.workspace.symlink_to(workspace.resolve(), target_is_directory=True)
                run.workspace = workspace.resolve()
            else:
                run.workspace.mkdir()
            (run.workspace / "logs").mkdir()
            # Containers run as users we do not know and reach this by mount; the run's own
            # folder keeps everybody else out.
            run.path.chmod(0o700)
            run.workspace.chmod(0o777)
            (run.workspace / "logs").chmod(0o777)
        except OSError as error:
            raise CoworldError(
                "workspace_unwritable",
                f"cannot write to {place}",
                cause=error.strerror or str(error),
                next_step="choose another folder with --output-dir or COWORLD_TUI_HOME",
                exit_code=EXIT_USAGE,
            ) from error
        return run

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
