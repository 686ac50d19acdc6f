"""``build``: make a project's images and the manifest that names them."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from ..contract.errors import EXIT_DONE, EXIT_INTERRUPTED
from ..runner.package_build import Build, BuildOutcome
from ..runner.signals import stop_on_signals
from .output import say, tell, tell_json


def build(options: Namespace) -> int:
    """Exit 1 when an image cannot be built, 2 for wrong files of the project, 3 without an engine."""
    making = Build(
        Path(options.project),
        options.game_version,
        compose=options.compose,
        template=options.template,
        output=options.output,
    )
    outcome = asyncio.run(_run(making))
    if outcome is None:
        return EXIT_INTERRUPTED
    if options.json:
        tell_json(outcome.as_dict())
    else:
        say(f"✓ {len(outcome.images)} images   {outcome.seconds:.1f} s")
        tell(str(outcome.path))
    return EXIT_DONE


async def _run(making: Build) -> BuildOutcome | None:
    """The outcome, or nothing when it was interrupted."""
    task = asyncio.ensure_future(making.run(say))

    def stop() -> None:
        task.cancel()

    stop_on_signals(stop)
    try:
        return await task
    except asyncio.CancelledError:
        return None
