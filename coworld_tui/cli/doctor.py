"""``doctor``: check this machine, and clear away what killed runs left."""

from __future__ import annotations

import asyncio
import platform
from argparse import Namespace

from .. import __version__
from ..contract.errors import EXIT_DONE, EXIT_MISSING
from ..contract.package import Package
from ..runner.doctor import Check, examine
from ..runner.reaper import Reaped, reap
from .loading import load
from .output import tell, tell_json

_MARKS = {"ok": "✓", "warning": "!", "missing": "✗"}


def doctor(options: Namespace) -> int:
    """Exit 3 when something a run needs is missing."""
    package = load(options.manifest) if options.manifest else None
    checks, reaped = asyncio.run(_examine(package, reap_leftovers=options.reap))
    ok = all(check.status != "missing" for check in checks)
    if options.json:
        document = {"ok": ok, "version": __version__, "checks": [check.as_dict() for check in checks]}
        if reaped is not None:
            document["reaped"] = {"containers": reaped.containers, "processes": reaped.processes}
        tell_json(document)
    else:
        tell(f"coworld-tui {__version__}, Python {platform.python_version()}, {platform.system()}")
        for check in checks:
            tell(f"{_MARKS[check.status]} {check.id:<10} {check.detail}")
            if check.next_step:
                tell(f"  next       {check.next_step}")
        if reaped is not None:
            tell(f"removed leftovers: {reaped}")
    return EXIT_DONE if ok else EXIT_MISSING


async def _examine(package: Package | None, *, reap_leftovers: bool) -> tuple[list[Check], Reaped | None]:
    reaped = await reap() if reap_leftovers else None
    return await examine(package), reaped
