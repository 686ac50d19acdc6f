"""Opening the console, and what is left to do when it closes."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..contract.errors import EXIT_INTERRUPTED, EXIT_USAGE, CoworldError
from .output import say, tell, tell_json

if TYPE_CHECKING:
    from ..app import CoworldApp
    from ..contract.package import Package
    from ..contract.request import EpisodePlan
    from ..roles.certification import Certification
    from ..runner.launch import LaunchOptions
    from ..runner.outcome import Outcome


def console(options: Namespace) -> int:
    """Open the console, on a package or a replay when one is given."""
    from .terminal import why_not_full

    if options.source and is_replay(Path(options.source)):
        options.path, options.max_inflated = options.source, None
        return replay(options)
    opened = (_place(options.source),) if options.source else ()
    reason = why_not_full()
    if reason:
        say(f"the console needs a terminal: {reason}; without one: coworld-tui demo --display plain")
        return EXIT_USAGE
    return asyncio.run(_open(_console_class()(opened), as_json=False))


def replay(options: Namespace) -> int:
    """Open the console on a replay, or on the list of those in a folder."""
    from .terminal import why_not_full

    reason = why_not_full()
    if reason:
        say(f"the console needs a terminal: {reason}; without one: coworld-tui inspect, frame, query, export")
        return EXIT_USAGE
    limit = options.max_inflated
    if options.path is None:
        return asyncio.run(_open(_console_class()(replays=True, max_inflated=limit), as_json=False))
    from ..replay.folders import kind_of_folder, names_in
    from .inspect import find_replay

    path = find_replay(options.path)
    if path.is_dir() and not kind_of_folder(names_in(path)):
        return asyncio.run(
            _open(_console_class()(replays=True, folders=(path,), max_inflated=limit), as_json=False)
        )
    return asyncio.run(_open(_console_class()(replay=path, max_inflated=limit), as_json=False))


def leagues(options: Namespace) -> int:
    """Open the console on the leagues of a server."""
    from ..observatory.servers import chosen_server
    from .terminal import why_not_full

    reason = why_not_full()
    if reason:
        say(f"the console needs a terminal: {reason}; without one: coworld-tui league leagues")
        return EXIT_USAGE
    return asyncio.run(_open(_console_class()(league=chosen_server(options.server)), as_json=False))


def watch(
    package: Package, plans: Sequence[EpisodePlan], launch: LaunchOptions, jobs: int, *, as_json: bool
) -> int:
    """Run a launch in the console."""
    console_class = _console_class()
    from ..screens.launch import Launch

    is_file = package.directory is not None and not package.builtin
    app = console_class((package.source,) if is_file else (), Launch(tuple(plans), launch, jobs))
    return asyncio.run(_open(app, as_json=as_json))


def watch_certification(certification: Certification) -> None:
    """Certify in the console; it has ended, somehow, when this returns."""
    package = certification.package
    is_file = package.directory is not None and not package.builtin
    app = _console_class()((package.source,) if is_file else (), certification=certification)
    asyncio.run(_open(app, as_json=False))


def _console_class() -> type[CoworldApp]:
    # Textual reads this when it is imported. A key needs two or three of its frames to show, and
    # nothing is painted that did not change, so shorter frames cost nothing at rest.
    os.environ.setdefault("TEXTUAL_FPS", "120")
    from ..app import CoworldApp

    return CoworldApp


def is_replay(path: Path) -> bool:
    """Whether a path is a replay rather than a package."""
    from ..contract.package import read_package
    from ..replay.folders import kind_of_folder, names_in
    from ..replay.parts import looks_like_a_replay

    if path.is_dir():
        return bool(kind_of_folder(names_in(path)))
    if not path.is_file() or not looks_like_a_replay(path.name):
        return False
    try:
        read_package(path)
    except CoworldError:
        return True
    return False


def _place(source: str) -> str:
    """The file or folder to open on. CoworldError for what is neither that nor a downloaded package."""
    if Path(source).exists():
        return source
    from .loading import load

    package = load(source)
    if package.directory is None:
        raise CoworldError(
            "manifest_missing",
            "the console opens files and folders",
            cause=f"{package.source} is an address",
            next_step=f"coworld-tui run {package.source}",
            exit_code=EXIT_USAGE,
        )
    return package.source


async def _open(app: CoworldApp, *, as_json: bool) -> int:
    from ..app import LET_FINISH
    from ..runner.signals import stop_on_signals
    from .terminal import assume_size

    assume_size()
    # The console takes the signals over once it is painted; until then this restores the terminal.
    stop_on_signals(lambda: app.exit(return_code=EXIT_INTERRUPTED))
    if await app.run_async() == LET_FINISH:
        outcomes = await _finish_plainly(app)
    else:
        for session in app.sessions:
            session.batch.cancel()
        await app.stop_works()
        outcomes = await _outcomes(app)
    _tell(outcomes, as_json=as_json)
    if app.fault is not None:
        raise app.fault
    from ..runner.outcome import joint_exit_code

    return app.return_code or joint_exit_code(outcomes)


async def _finish_plainly(app: CoworldApp) -> list[Outcome]:
    from ..runner.signals import stop_on_signals
    from .displays import PlainDisplay

    def stop() -> None:
        for session in app.sessions:
            session.batch.cancel()

    stop_on_signals(stop)
    running = [
        episode for session in app.sessions for episode in session.batch.episodes if episode.outcome is None
    ]
    say(f"still running: {len(running)}; ctrl+c stops")
    watching = asyncio.create_task(PlainDisplay(as_json=True).watch(running))
    outcomes = await _outcomes(app)
    watching.cancel()
    return outcomes


async def _outcomes(app: CoworldApp) -> list[Outcome]:
    return [outcome for session in app.sessions for outcome in await session.task]


def _tell(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """What the alternate screen took with it: how each episode ended, and where it lies."""
    from .displays import PlainDisplay, as_document

    display = PlainDisplay(as_json=as_json)
    for outcome in outcomes:
        display.tell_outcome(outcome)
        if outcome.run_dir and not as_json:
            tell(f"run     {outcome.run_dir}")
    if as_json:
        tell_json(as_document(outcomes))
