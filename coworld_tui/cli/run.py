"""``run``, ``demo`` and ``play``: run episodes and report how they ended."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Sequence

from ..contract.errors import EXIT_INTERRUPTED
from ..contract.package import Package
from ..contract.request import EpisodePlan
from ..runner.batch import Batch, episodes_of
from ..runner.launch import LaunchOptions
from ..runner.outcome import joint_exit_code
from ..runner.reaper import reap
from ..runner.signals import stop_on_signals
from .displays import Display, choose_display
from .launch_arguments import launch_options, plan_all
from .loading import load
from .playing import play_batch


def run(options: Namespace) -> int:
    """Run episodes and report how they ended."""
    package = load(options.manifest)
    launch = launch_options(options, package)
    plans = plan_all(options, package)
    if options.watch:
        from .watching import watch_and_run

        return watch_and_run(options, package, plans, launch)
    people = launch.kind == "play" or any(seat.kind == "human" for seat in plans[0].seats)
    display = choose_display(options.display, as_json=options.json, people=people)
    if display.name == "full":
        from .console import watch

        return watch(package, plans, launch, options.jobs, as_json=options.json)
    return asyncio.run(_run(package, plans, launch, options.jobs, display))


def demo(options: Namespace) -> int:
    """Run the bundled game."""
    return run(options)


def play(options: Namespace) -> int:
    """Start game and players for people to join."""
    options.kind = "play"
    return run(options)


async def _run(
    package: Package, plans: Sequence[EpisodePlan], launch: LaunchOptions, jobs: int, display: Display
) -> int:
    batch = Batch(episodes_of(plans, launch), jobs, on_end=display.ended)
    stop_on_signals(batch.cancel)
    cleaning = asyncio.create_task(reap(engine=launch.backend == "docker"))
    outcomes = await play_batch(batch, package, display)
    code = joint_exit_code(outcomes)
    if code == EXIT_INTERRUPTED:
        cleaning.cancel()  # an engine that does not answer keeps nobody
    await asyncio.wait({cleaning})
    return code
