"""The step ``supporting-roles``: reporters are read, commissioners asked, the others counted."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from ..contract.errors import CoworldError
from ..contract.generations import Generation
from ..contract.manifest import ContainerReporter, RoleRunnable
from ..contract.package import Package
from ..contract.problems import listed
from ..contract.text import safe_line
from ..runner.launch import BackendName
from ..runner.together import together
from .commissioner_probe import probe_commissioner
from .reporter_references import reporter_problems

_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


async def supporting_roles(
    package: Package, generation: Generation, backend: BackendName, timeout_seconds: float, logs: Path
) -> str:
    """Raises ``reporter_failed`` or ``commissioner_protocol_failed``; logs go below the folder ``logs``."""
    manifest = package.manifest
    notes = [await asyncio.to_thread(_reporters, package, generation)]
    answers = await together(
        *(
            _probe(package, role, generation, backend, timeout_seconds, _folder(logs, role, index))
            for index, role in enumerate(manifest.commissioner)
        )
    )
    notes += answers
    for count, word in (
        (len(manifest.grader), "grader"),
        (len(manifest.diagnoser), "diagnoser"),
        (len(manifest.optimizer), "optimizer"),
    ):
        if count:
            notes.append(f"{count} {word}{'' if count == 1 else 's'} declared, not run")
    return "; ".join(note for note in notes if note) or "none are declared"


def _reporters(package: Package, generation: Generation) -> str:
    reporters = package.manifest.reporter
    issues = []
    for index, reporter in enumerate(reporters):
        problems = list(reporter_problems(package, index))
        if generation == "0.1.64" and isinstance(reporter, ContainerReporter):
            problems.append("0.1.64 knows no container reporters; name a reference or a wasm component")
        issues += [f"reporter[{index}]: {problem}" for problem in problems]
    if issues:
        raise CoworldError(
            "reporter_failed",
            "the reporters are not certifiable",
            cause=listed(issues),
            next_step="correct the reporter section",
        )
    if not reporters:
        return ""
    how = "their images are checked" if generation == "0.1.11" else "checked as far as it is possible here"
    return f"{len(reporters)} reporter{'' if len(reporters) == 1 else 's'} declared, {how}"


async def _probe(
    package: Package,
    role: RoleRunnable,
    generation: Generation,
    backend: BackendName,
    timeout_seconds: float,
    logs: Path,
) -> str:
    answer = await probe_commissioner(package, role, generation, backend, timeout_seconds, logs)
    return f"commissioner {safe_line(role.id, 60)} {answer}"


def _folder(logs: Path, role: RoleRunnable, index: int) -> Path:
    """A folder for one commissioner's logs; its id comes from outside and is used only when it is plain."""
    folder = logs / "commissioners" / (role.id if _FOLDER_NAME.match(role.id) else f"commissioner-{index}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
