"""``roles``: the supporting roles of a package, and running one of them on an episode."""

from __future__ import annotations

import asyncio
import shutil
from argparse import Namespace
from pathlib import Path

from ..contract.errors import EXIT_DONE
from ..contract.package import Package
from ..contract.text import safe_line
from ..replay.lenses.spans import text_of
from ..roles.listing import RoleEntry, list_roles
from ..roles.role_run import RoleOptions, RoleOutcome, RoleRun
from ..roles.role_views import view_output
from ..runner.signals import stop_on_signals
from .inspect import find_replay
from .launch_arguments import as_typed
from .loading import load
from .output import explain, say, tell, tell_json

_MOST_LINES = 200
_USUAL_WIDTH = 80


def roles(options: Namespace) -> int:
    """List the roles, or run one."""
    package = load(options.manifest)
    return _list(package, options) if options.action == "list" else _run(package, options)


def _list(package: Package, options: Namespace) -> int:
    entries = list_roles(package)
    if options.json:
        tell_json({"package": package.label, "roles": [_as_dict(entry) for entry in entries]})
        return EXIT_DONE
    for entry in entries:
        mark = "!" if entry.problems else "▸" if entry.can_run else " "
        what = safe_line(entry.image or entry.kind, 60)
        tell(f"{mark} {entry.section:<12} {safe_line(entry.id, 40):<34} {what}")
        for problem in entry.problems:
            tell(f"    {problem}")
    if any(entry.can_run for entry in entries):
        say("▸ can be run here: coworld-tui roles run ROLE MANIFEST SOURCE")
    return EXIT_DONE


def _run(package: Package, options: Namespace) -> int:
    run = RoleRun(
        package,
        find_replay(options.source),
        RoleOptions(
            role=options.role,
            id=options.id,
            target=options.target,
            backend=options.backend or "docker",
            timeout_seconds=options.timeout_seconds,
            output_dir=Path(options.output_dir) if options.output_dir else None,
            command=as_typed(),
        ),
    )
    outcome = asyncio.run(_until_end(run))
    if options.json:
        tell_json(outcome.as_dict())
    else:
        _show(outcome)
    if outcome.error is not None:
        explain(outcome.error)
    return outcome.exit_code


async def _until_end(run: RoleRun) -> RoleOutcome:
    stop_on_signals(run.cancel)
    return await run.run()


def _show(outcome: RoleOutcome) -> None:
    mark = {"passed": "✓", "failed": "✗"}.get(outcome.status, "○")
    say(f"{mark} {outcome.role} {outcome.id}  {outcome.status}  {outcome.seconds:.1f} s")
    if outcome.folder is not None:
        say(f"  {outcome.folder}")
    width = min(shutil.get_terminal_size((_USUAL_WIDTH, 24)).columns, 160)
    for output in outcome.outputs:
        view = view_output(output, width)
        tell(view.title + (f"  ({view.note})" if view.note else ""))
        for line in text_of(view.lines.lines(0, _MOST_LINES)).splitlines():
            tell(f"  {line}")
        if (left := view.lines.row_count - _MOST_LINES) > 0:
            tell(f"  and {left} more lines in {output.path}")


def _as_dict(entry: RoleEntry) -> dict[str, object]:
    return {
        "section": entry.section,
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "image": entry.image,
        "run": list(entry.argv),
        "env": dict(entry.env),
        "source_url": entry.source_url,
        "can_run": entry.can_run,
        "problems": list(entry.problems),
    }
