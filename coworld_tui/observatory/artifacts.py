"""The files that the API hands out of an episode, and what it says of them (hosted.md 3.8)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.jsontext import MIB, SIZE_LIMIT
from ..contract.text import safe_line
from .client import Reader
from .models.artifacts import EpisodeStats, SeatFiles
from .reading import as_model, checked_id
from .refusals import bad_answer
from .storage import ApiFile
from .transfer import Transfers

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def episode_path(episode_request_id: str) -> str:
    """The API's path of an episode. ``invalid_request`` for what cannot be its id."""
    return f"/v2/episode-requests/{checked_id('ereq', episode_request_id)}"


def results_file(episode_request_id: str) -> ApiFile:
    """``results.json`` as the game wrote it."""
    return ApiFile(f"{episode_path(episode_request_id)}/artifacts/results")


def error_file(episode_request_id: str) -> ApiFile:
    """``error_info.json`` of a failed episode."""
    return ApiFile(f"{episode_path(episode_request_id)}/artifacts/error-info")


def replay_file(episode_request_id: str) -> ApiFile:
    """The replay, for the rows whose address says ``conductor:``."""
    return ApiFile(f"{episode_path(episode_request_id)}/artifacts/replay")


def game_log_file(episode_request_id: str) -> ApiFile:
    """What the game said."""
    return ApiFile(f"{episode_path(episode_request_id)}/artifacts/logs")


def seat_log_file(episode_request_id: str, policy_version_id: str, position: int) -> ApiFile:
    """What the policy in a seat said."""
    version = _version(policy_version_id)
    return ApiFile(f"{episode_path(episode_request_id)}/{version}/policy-logs/{position}")


def seat_artifact_file(episode_request_id: str, policy_version_id: str, position: int) -> ApiFile:
    """The zip that the policy in a seat left."""
    version = _version(policy_version_id)
    return ApiFile(f"{episode_path(episode_request_id)}/{version}/policy-artifact/{position}")


def bundle_file(episode_request_id: str, include: Sequence[str] | None) -> ApiFile:
    """Everything as one zip (hosted.md 4.7); ``include`` None: all there is."""
    params = {} if include is None else {"include": ",".join(include)}
    return ApiFile(f"{episode_path(episode_request_id)}/bundle", params)


async def stats(reader: Reader, episode_request_id: str) -> EpisodeStats:
    """The statistics of an episode."""
    path = f"{episode_path(episode_request_id)}/episode-stats"
    return as_model(EpisodeStats, (await reader.get(path)).data, path)


async def seat_files(reader: Reader, episode_request_id: str) -> list[SeatFiles]:
    """Which seats have logs and zips, by seat; only those you may read."""
    path = f"{episode_path(episode_request_id)}/policy-artifacts"
    rows = (await reader.get(path)).data
    if not isinstance(rows, list):
        raise bad_answer(path, "it is no list of seats")
    found = [SeatFiles.model_validate(row) for row in rows if isinstance(row, dict)]
    return sorted(found, key=lambda seat: -1 if seat.position is None else seat.position)


async def results(transfers: Transfers, episode_request_id: str) -> bytes:
    """The results document, at most 64 MiB as the contract has it."""
    excerpt = await transfers.read(results_file(episode_request_id), limit=SIZE_LIMIT)
    if excerpt.is_cut:
        raise bad_answer(results_file(episode_request_id).path, f"it is larger than {SIZE_LIMIT // MIB} MiB")
    return excerpt.data


def _version(text: str) -> str:
    if not _UUID.match(text):
        raise CoworldError(
            "invalid_request",
            f"{safe_line(text, 80)} is no policy version",
            next_step="give the UUID of a version",
            exit_code=EXIT_USAGE,
        )
    return text
