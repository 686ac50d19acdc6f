"""``run --watch``: the same episodes again whenever the files of the players under development change."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from ..contract.errors import EXIT_DONE, EXIT_INTERRUPTED, EXIT_USAGE, CoworldError
from ..contract.package import MANIFEST_FILENAME, Package
from ..contract.request import EpisodePlan
from ..runner.batch import Batch, episodes_of
from ..runner.launch import LaunchOptions
from ..runner.outcome import Outcome
from ..runner.reaper import reap
from ..runner.signals import stop_on_signals
from .displays import choose_display
from .launch_arguments import plan_all
from .loading import load
from .output import explain, say, tell_json
from .playing import play_batch
from .watched_files import WatchedFiles

_NAMES_SHOWN = 3


def watch_and_run(
    options: Namespace, package: Package, plans: Sequence[EpisodePlan], launch: LaunchOptions
) -> int:
    """Run until interrupted: 130 when that cut an episode short, 0 when it came between two.

    Watched are the files that ``cmd=`` slots and ``--game-cmd`` name with their folders' sources,
    the manifest and the request. A change cancels what still runs. CoworldError (exit 2) when
    nothing can be watched, or where each run would need a screen or a folder of its own.
    """
    if options.display == "full":
        raise _refused("--watch has no full screen", "use --display plain, and replay to look closer")
    if launch.output_dir is not None:
        raise _refused("--watch has no --output-dir", "leave it out: every run has a directory of its own")
    files = _watched(options, package, plans, launch)
    if files.is_empty:
        raise _refused(
            "there is nothing to watch", "name your player's file: --slot 0=cmd='python my_player.py'"
        )
    return asyncio.run(_Again(options, launch, files).run(package, plans))


class _Again:
    """One run after the other."""

    def __init__(self, options: Namespace, launch: LaunchOptions, files: WatchedFiles) -> None:
        self._options = options
        self._launch = launch
        self._files = files
        self._stopped = asyncio.Event()
        self._cancel: Callable[[], None] = _nothing

    async def run(self, package: Package, plans: Sequence[EpisodePlan]) -> int:
        stop_on_signals(self._stop)
        cleaning = asyncio.create_task(reap(engine=self._launch.backend == "docker"))
        try:
            while True:
                before = await asyncio.to_thread(self._files.state)
                change = asyncio.create_task(self._files.changed(before))
                try:
                    loaded = await self._load(package, plans)
                    if loaded is not None and not self._stopped.is_set():
                        outcomes = await self._play(*loaded, change)
                        if self._stopped.is_set():
                            return _ended(outcomes)
                    if not change.done():
                        say(
                            f"◌ watching {len(before)} {'file' if len(before) == 1 else 'files'}; ctrl-c ends"
                        )
                        await self._first(change)
                    if self._stopped.is_set():
                        return EXIT_DONE
                finally:
                    change.cancel()
                self._say_changed(change.result())
                plans = ()
        finally:
            cleaning.cancel()

    async def _load(
        self, package: Package, plans: Sequence[EpisodePlan]
    ) -> tuple[Package, Sequence[EpisodePlan]] | None:
        """What to run: as it was loaded at first, else anew. None when it cannot be: the reason is said."""
        if plans:
            return package, plans
        try:
            package = await asyncio.to_thread(load, self._options.manifest)
            return package, await asyncio.to_thread(plan_all, self._options, package)
        except CoworldError as error:
            if self._options.json or self._options.display == "json":
                tell_json({"kind": "outcome", "status": "failed", "ok": False, "error": error.as_dict()})
            explain(error)
            return None

    async def _play(
        self, package: Package, plans: Sequence[EpisodePlan], change: asyncio.Task[list[str]]
    ) -> list[Outcome]:
        """One run; a change cancels it."""
        people = any(seat.kind == "human" for seat in plans[0].seats)
        wanted = self._options.display or (None if self._options.json else "plain")
        display = choose_display(wanted, as_json=self._options.json, people=people)
        batch = Batch(episodes_of(plans, self._launch), self._options.jobs, on_end=display.ended)
        self._cancel = batch.cancel
        playing = asyncio.create_task(play_batch(batch, package, display))
        await asyncio.wait({playing, change}, return_when=asyncio.FIRST_COMPLETED)
        if not playing.done():
            batch.cancel()
        outcomes = await playing
        self._cancel = _nothing
        return outcomes

    async def _first(self, change: asyncio.Task[list[str]]) -> None:
        stopping = asyncio.create_task(self._stopped.wait())
        await asyncio.wait({change, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    def _stop(self) -> None:
        self._stopped.set()
        self._cancel()

    def _say_changed(self, paths: Sequence[str]) -> None:
        names = ", ".join(Path(path).name for path in paths[:_NAMES_SHOWN])
        more = f" and {len(paths) - _NAMES_SHOWN} more" if len(paths) > _NAMES_SHOWN else ""
        say(f"↻ {names}{more} changed")


def _watched(
    options: Namespace, package: Package, plans: Sequence[EpisodePlan], launch: LaunchOptions
) -> WatchedFiles:
    commands = [seat.command for seat in plans[0].seats if seat.kind == "cmd"]
    more = [Path(options.request)] if options.request is not None else []
    if package.directory is not None and not package.builtin:
        manifest = Path(package.source)
        more.append(manifest / MANIFEST_FILENAME if manifest.is_dir() else manifest)
    return WatchedFiles.of([*commands, launch.game_command], more)


def _ended(outcomes: Sequence[Outcome]) -> int:
    """The exit code after an interruption: it matters only to a run that it cut short."""
    is_cut = any(outcome.status == "cancelled" for outcome in outcomes)
    return EXIT_INTERRUPTED if is_cut else EXIT_DONE


def _nothing() -> None:
    """Nothing runs that could be cancelled."""


def _refused(title: str, next_step: str) -> CoworldError:
    return CoworldError("config_error", title, next_step=next_step, exit_code=EXIT_USAGE)
