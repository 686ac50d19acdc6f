"""Players that get ready before the game starts (local.md section 3.2, step 5)."""

from __future__ import annotations

import asyncio

from ..contract.errors import CoworldError
from ..contract.manifest import Startup
from .backend import Part
from .probes import Probes
from .together import end


async def until_ready(part: Part, startup: Startup, slot: int) -> bool:
    """Wait until the started player answers 200 at its startup path; False when it ends instead.

    Raises CoworldError (``player_error``) when its own time limit passes first.
    """
    probes = Probes(*await part.address())
    answering = asyncio.create_task(probes.healthy(startup.path))
    ending = asyncio.create_task(part.wait())
    try:
        done, _ = await asyncio.wait(
            {answering, ending}, timeout=startup.timeout_seconds, return_when=asyncio.FIRST_COMPLETED
        )
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
