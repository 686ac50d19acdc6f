"""What the game and the policies of an episode said (hosted.md 3.8)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from ..contract.errors import CoworldError
from .artifacts import game_log_file, seat_files, seat_log_file
from .client import Observatory
from .storage import ApiFile
from .transfer import Transfers, all_of

LOG_TAIL = 256 * 1024
"""Bytes from the end of a log that usually tell why it ended."""


async def episode_log(
    client: Observatory,
    episode_request_id: str,
    *,
    agent: tuple[str, int] | None = None,
    tail: int = LOG_TAIL,
    transfers: Transfers | None = None,
) -> bytes:
    """The last ``tail`` bytes of the game's log, or of the seat's that ``agent`` names.

    ``agent`` is a policy version's id and its position. The text is outside text, and begins in mid-line
    where it was cut. ``transfers`` saves connections when several logs are read. Raises ``not_found``
    (also for logs of others), ``not_allowed``, ``login_needed`` and what else ``Transfers.read`` raises.
    """
    source = game_log_file(episode_request_id) if agent is None else seat_log_file(episode_request_id, *agent)
    async with AsyncExitStack() as stack:
        if transfers is None:
            transfers = await stack.enter_async_context(Transfers(client))
        return (await transfers.read(source, limit=tail, tail=True)).data


async def save_logs(transfers: Transfers, episode_request_id: str, folder: Path) -> list[Path]:
    """Put the logs you may read beside the episode's replay in ``folder``, where its viewer finds them.

    Those that are there stay; what the server does not have is left out. Errors as for ``Transfers.save``.
    """
    wanted: list[tuple[ApiFile, str]] = [(game_log_file(episode_request_id), "game.log")]
    for seat in await seat_files(transfers.client, episode_request_id):
        if seat.has_log and seat.position is not None and seat.policy_version_id is not None:
            source = seat_log_file(episode_request_id, seat.policy_version_id, seat.position)
            wanted.append((source, f"policy_agent_{seat.position}.log"))

    async def one(source: ApiFile, name: str) -> Path | None:
        target = folder / f"{episode_request_id}-{name}"
        try:
            return (await transfers.save(source, target)).path
        except CoworldError as error:
            if error.type not in ("not_found", "not_allowed"):
                raise
            return None

    paths = await all_of(one(*each) for each in wanted)
    return [path for path in paths if path is not None]
