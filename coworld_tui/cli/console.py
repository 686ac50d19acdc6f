"""Opening the console, and what is left to do when it closes."""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..contract.errors import EXIT_DONE, EXIT_USAGE
from .output import say

if TYPE_CHECKING:
    from ..app import CoworldApp
    from ..contract.package import Package
    from ..contract.request import EpisodePlan
    from ..runner.launch import LaunchOptions
    from ..runner.outcome import Outcome


def console(options: Namespace) -> int:
    """Open the console, on a package when one is given."""
    from .terminal import why_not_full

    reason = why_not_full()
    if reason:
        say(f"the console needs a terminal: {reason}")
        say("  next   coworld-tui demo --display plain, or coworld-tui --help")
        return EXIT_USAGE
    from ..app import CoworldApp

    opened = (options.source,) if options.source else ()
    return asyncio.run(_open(CoworldApp(opened)))


def watch(package: Package, plans: Sequence[EpisodePlan], launch: LaunchOptions, jobs: int) -> int:
    """Run a launch in the console."""
    from ..app import CoworldApp
    from ..screens.launch import Launch

    return asyncio.run(_open(CoworldApp((package.source,), Launch(tuple(plans), launch, jobs))))


async def _open(app: CoworldApp) -> int:
    from ..app import LET_FINISH

    answer = await app.run_async()
    if answer != LET_FINISH:
        for session in app.sessions:
            session.batch.cancel()
    elif app.running:
        _finish_plainly(app)
    outcomes: list[Outcome] = []
    for session in app.sessions:
        outcomes += await session.task
    if app.return_code:
        return app.return_code
    _tell(outcomes)
    if not outcomes:
        return EXIT_DONE
    from .run import exit_code

    return exit_code(outcomes)


def _finish_plainly(app: CoworldApp) -> None:
    from .run import stop_on_signals

    def stop() -> None:
        for session in app.sessions:
            session.batch.cancel()

    stop_on_signals(stop)
    say(f"{app.running} episodes go on; ctrl+c stops them")


def _tell(outcomes: Sequence[Outcome]) -> None:
    from .displays import PlainDisplay

    if outcomes and sys.stdout.isatty():
        display = PlainDisplay(as_json=False)
        for outcome in outcomes:
            display.tell_outcome(outcome)
