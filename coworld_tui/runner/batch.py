"""Several episodes of one plan, some at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..contract.request import EpisodePlan
from .episode import Episode
from .launch import LaunchOptions
from .outcome import Outcome


class Batch:
    """Runs ``episodes`` with at most ``jobs`` at once. ``on_end`` hears of each as it ends."""

    def __init__(
        self, episodes: Sequence[Episode], jobs: int, on_end: Callable[[Episode, Outcome], None] | None = None
    ) -> None:
        self.episodes = tuple(episodes)
        self._slots = asyncio.Semaphore(max(1, jobs))
        self._on_end = on_end

    def cancel(self) -> None:
        """Stop those that run and start no more."""
        for episode in self.episodes:
            episode.cancel()

    async def run(self) -> list[Outcome]:
        """The outcomes, in order. Episodes that never started end ``cancelled`` without a directory."""
        return list(await asyncio.gather(*(self._one(episode) for episode in self.episodes)))

    async def _one(self, episode: Episode) -> Outcome:
        async with self._slots:
            outcome = await episode.run()
        if self._on_end is not None:
            self._on_end(episode, outcome)
        return outcome


def episodes_of(plans: Sequence[EpisodePlan], options: LaunchOptions) -> list[Episode]:
    """An episode a plan; with more than one, an output folder gets a numbered folder for each."""
    if options.output_dir is None or len(plans) == 1:
        return [Episode(plan, options) for plan in plans]
    return [
        Episode(plan, replace(options, output_dir=options.output_dir / f"episode-{number:04}"))
        for number, plan in enumerate(plans, 1)
    ]
