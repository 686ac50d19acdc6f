"""Why one episode ended as it did: each seat beside what its policy usually scores, and the telling log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from . import reading
from .artifacts import seat_files
from .evidence import AT_ONCE, Evidence, OnProgress
from .failures import blamed, meaning
from .models.episodes import Episode, HumanParticipant, Participant
from .reasons import SeatOutcome, Why
from .transfer import Transfers

_COMPARED = 20
_PAGE = 100
_MOST_POLICIES = 8
_SHOWN = 120
_REASON_LIMIT = 1_000
_NEVER_CONNECTED = ("players_missing", "player_never_started")


@dataclass(frozen=True)
class LogLine:
    """What the log of ``the game`` or of ``seat N`` ends with; without ``text`` there is a ``problem``."""

    log_of: str
    text: str = ""
    problem: str = ""


async def why_episode(evidence: Evidence, episode_id: str, progress: OnProgress | None) -> Why:
    """See ``why.why``."""
    episode = await evidence.episode(episode_id)
    missing: list[str] = []
    logs = await _logs_there(evidence, episode_id, missing)
    usual = await _usual_scores(evidence, episode, progress, missing)
    (line,) = await log_lines(evidence, [episode]) if episode.status == "failed" else (LogLine(""),)
    if line.problem:
        missing.append(f"the log of {line.log_of}: {line.problem}")
    kind = safe_line(episode.error_type or "", _SHOWN)
    status = safe_line(episode.status or "?", _SHOWN)
    seat = blamed(episode)
    title = "The episode failed" if status == "failed" else f"The episode is {status}"
    if kind:
        title += f": {kind}" + (f", seat {seat.position}" if seat is not None else "")
    return Why(
        id=episode_id,
        kind="episode",
        title=title,
        status=safe_line(episode.status or "", _SHOWN),
        reason=safe_line(episode.error or "", _REASON_LIMIT),
        meaning=meaning(episode.error_type) if episode.error_type else None,
        seats=tuple(_seat(episode, one, usual, logs) for one in episode.participants),
        log_of=line.log_of,
        log_line=line.text,
        missing=tuple(missing),
    )


async def log_lines(evidence: Evidence, episodes: Sequence[Episode]) -> list[LogLine]:
    """What tells most of each: the log of the seat to blame where it may be read, else the game's."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(transfers: Transfers, episode: Episode) -> LogLine:
        async with room:
            seat = blamed(episode)
            if seat is not None and seat.policy_version_id and seat.position is not None:
                index = episode.failed_agent_index
                agent = (seat.policy_version_id, seat.position if index is None else index)
                own = await _line(evidence, transfers, episode.id, agent, f"seat {seat.position}")
                if own.text:
                    return own
            return await _line(evidence, transfers, episode.id, None, "the game")

    async with evidence.transfers() as transfers, asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(transfers, episode)) for episode in episodes]
    return [task.result() for task in tasks]


async def _line(
    evidence: Evidence, transfers: Transfers, episode_id: str, agent: tuple[str, int] | None, log_of: str
) -> LogLine:
    try:
        text = await evidence.log_line(transfers, episode_id, agent)
    except CoworldError as error:
        return LogLine(log_of, problem=safe_line(str(error), _SHOWN))
    return LogLine(log_of, text) if text else LogLine(log_of, problem="it is empty")


async def _logs_there(evidence: Evidence, episode_id: str, missing: list[str]) -> set[int] | None:
    """Seats whose log can be read; None when that cannot be asked."""
    try:
        found = await seat_files(evidence.reader, episode_id)
    except CoworldError as error:
        missing.append(f"which seats have logs: {safe_line(str(error), _SHOWN)}")
        return None
    return {seat.position for seat in found if seat.has_log and seat.position is not None}


async def _usual_scores(
    evidence: Evidence, episode: Episode, progress: OnProgress | None, missing: list[str]
) -> dict[str, list[float]]:
    """Scores of other episodes by policy version: of the same round, else of each policy's newest ones."""
    wanted = {seat.policy_version_id for seat in _policies(episode) if seat.policy_version_id}
    try:
        ids = await _comparable(evidence, episode, sorted(wanted))
    except CoworldError as error:
        missing.append(f"what to expect: {safe_line(str(error), _SHOWN)}")
        return {}
    details = await evidence.episodes(ids, progress)
    scores: dict[str, list[float]] = {}
    for other in details.found.values():
        for row in other.scores:
            if row.policy_version_id in wanted and row.score is not None:
                scores.setdefault(str(row.policy_version_id), []).append(row.score)
    return scores


async def _comparable(evidence: Evidence, episode: Episode, policies: Sequence[str]) -> list[str]:
    """Ids of at most twenty completed episodes with these policies."""
    if episode.round_id:
        lists = [await reading.episodes_of_round(evidence.reader, episode.round_id, limit=_PAGE)]
    else:
        lists = [
            await reading.episodes_of_policy(evidence.reader, policy, limit=_PAGE)
            for policy in policies[:_MOST_POLICIES]
        ]
    share = max(1, _COMPARED // max(1, len(lists)))
    found: dict[str, None] = {}
    for page in lists:
        fitting = [
            row.id
            for row in page.entries
            if row.status == "completed"
            and row.id != episode.id
            and not set(policies).isdisjoint(row.policy_version_ids)
        ]
        found.update(dict.fromkeys(fitting[:share]))
    return list(found)


def _policies(episode: Episode) -> list[Participant]:
    return [seat for seat in episode.participants if isinstance(seat, Participant) and not seat.is_filler]


def _seat(
    episode: Episode,
    seat: Participant | HumanParticipant,
    usual: dict[str, list[float]],
    logs: set[int] | None,
) -> SeatOutcome:
    score = episode.score_of(seat)
    failed = episode.failed_policy_index is not None and episode.failed_policy_index == seat.position
    player, kind, others = "", "human", list[float]()
    if isinstance(seat, Participant):
        player, kind = seat.player_name or seat.player_id or "", "filler" if seat.is_filler else "policy"
        others = [] if seat.is_filler else usual.get(seat.policy_version_id or "", [])
    connected = True if score is not None else None
    if failed and episode.error_type in _NEVER_CONNECTED:
        connected = False
    return SeatOutcome(
        position=seat.position,
        label=safe_line(seat.label, _SHOWN),
        player=safe_line(player, _SHOWN),
        kind=kind,
        score=score,
        rank=_rank(episode, score),
        expected=fmean(others) if others else None,
        expected_of=len(others),
        failed=failed,
        connected=connected,
        has_log=None if logs is None or seat.position is None else seat.position in logs,
    )


def _rank(episode: Episode, score: float | None) -> int | None:
    if score is None:
        return None
    scores = (episode.score_of(seat) for seat in episode.participants)
    return 1 + sum(other is not None and other > score for other in scores)
