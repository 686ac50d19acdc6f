"""The game as a replay server: does it show the replay it wrote (local.md section 3.6)?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..contract.errors import CoworldError
from . import blame
from .backend import Part, PartExit
from .logs import LogFile
from .probes import Probes
from .stage import Stage
from .together import ENDING_SECONDS, end

_MISSING_REPLAY = "missing-replay.json"


async def check_replay(
    stage: Stage,
    replay: Path,
    stdout: LogFile,
    stderr: LogFile,
    timeout_seconds: float,
    *,
    refuses_missing: bool = False,
) -> None:
    """Start the game on a copy of ``replay`` and look at its page and its socket.

    ``refuses_missing`` also demands, as 0.1.11 does, that a replay that is not there is refused.
    Raises CoworldError (``replay_unloadable``). The server is removed when ``stage`` is cleared.
    """
    part, uri = await stage.create_replay_server(replay, stdout, stderr)
    await part.start()
    checking = asyncio.create_task(_ask(part, uri, refuses_missing=refuses_missing))
    exiting = asyncio.create_task(part.wait())
    try:
        await asyncio.wait({checking, exiting}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        if not checking.done() or checking.exception() is not None:
            # A connection that breaks off is the first one sees of a server's end.
            await asyncio.wait({exiting}, timeout=ENDING_SECONDS)
            raise blame.replay_unloadable(_problem(checking, exiting))
    finally:
        await end(checking, exiting)


async def _ask(part: Part, uri: str, *, refuses_missing: bool) -> None:
    probes = Probes(*await part.address())
    await probes.check_replay(uri)
    if refuses_missing:
        await probes.missing_replay_refused(f"{uri.rpartition('/')[0]}/{_MISSING_REPLAY}")


def _problem(checking: asyncio.Future[None], exiting: asyncio.Future[PartExit]) -> str:
    """Why a replay was not shown: its server has ended, or the check has failed or takes too long."""
    if exiting.done():
        return f"the replay server exited with {exiting.result().code}"
    if not checking.done():
        return "the replay server never became healthy"
    try:
        checking.result()
    except CoworldError as error:
        return error.cause
    return ""
