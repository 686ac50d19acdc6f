"""Players that get ready before the game starts (local.md section 3.2, step 5)."""

from __future__ import annotations

import asyncio

from ..contract.errors import CoworldError
from ..contract.manifest import Startup
from .backend import Part
from .probes import Probes
from .together import ENDING_SECONDS, end


async def until_ready(part: Part, startup: Startup, slot: int) -> bool:
    """Wait until the started player answers 200 at its startup path; False when it ends instead.

    Raises CoworldError (``player_error``) when its own time limit passes first.
    """
    answering = asyncio.create_task(_answers(part, startup.path))
    ending = asyncio.create_task(part.wait())
    try:
        done, _ = await asyncio.wait(
            {answering, ending}, timeout=startup.timeout_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        if answering in done and answering.exception() is not None:
            # An engine that finds no port is the first one sees of a container's end.
            await asyncio.wait({ending}, timeout=ENDING_SECONDS)
            if not ending.done():
                answering.result()
            return False
    finally:
        await end(answering, ending)
    if not done:
        raise CoworldError(
            "player_error",
            f"the player in slot {slot} never became ready",
            cause=f"{startup.path} on port {startup.port} gave no 200 within {startup.timeout_seconds} s",
            owner=f"slot {slot}",
            next_step=f"read logs/policy_agent_{slot}.log; see `startup` in the manifest",
            slot=slot,
        )
    return answering in done


async def _answers(part: Part, path: str) -> None:
    await Probes(*await part.address()).healthy(path)
