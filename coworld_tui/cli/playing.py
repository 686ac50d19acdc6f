"""Playing a batch of episodes with a display beside it."""

from __future__ import annotations

import asyncio

from ..contract.package import Package
from ..runner.batch import Batch
from ..runner.outcome import Outcome
from .displays import Display


async def play_batch(batch: Batch, package: Package, display: Display) -> list[Outcome]:
    """Run the batch, whose ``on_end`` is the display's, to its end; the outcomes, in order."""
    display.begin(package, batch.episodes)
    watching = asyncio.create_task(display.watch(batch.episodes))
    try:
        outcomes = await batch.run()
    finally:
        watching.cancel()
        await asyncio.wait({watching})
    display.finish(outcomes)
    return outcomes
