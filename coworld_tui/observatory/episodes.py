"""Finding episodes by round, division, policy or owner, where the API lists them by one root at a time.

The server lists the episodes of a round or of a policy version, and filters nothing (hosted.md 3.7, 4.2).
A division is walked round by round, my episodes policy version by policy version. A page of such a walk
ends where a page of the server ends, so that its cursor can say where to go on: ``ROOT@CURSOR``, with
an empty cursor at the beginning of that root.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from ..contract.errors import EXIT_USAGE, CoworldError
from .client import Reader
from .models.episodes import EpisodeRow
from .reading import (
    Listing,
    checked_id,
    episodes_of_policy,
    episodes_of_round,
    my_policy_version_ids,
    policy_version_id,
    rounds_of_division,
)

_MOST_REQUESTS = 20
_SEPARATOR = "@"


@dataclass(frozen=True)
class EpisodeFilter:
    """Which episodes: one of round, division, policy and mine is needed, all that are given must fit."""

    round_id: str | None = None
    division_id: str | None = None
    policy: str | None = None
    mine: bool = False
    with_replay: bool = False


@dataclass(frozen=True)
class _Root:
    """Something that has a list of episodes. Those of the versions ``before`` it were listed already."""

    id: str
    is_round: bool
    before: frozenset[str] = frozenset()


async def episodes(
    reader: Reader, wanted: EpisodeFilter, *, limit: int, cursor: str | None = None
) -> Listing[EpisodeRow]:
    """A page of at most ``limit`` episodes, the roots in the server's order.

    It is empty only at the end, or after twenty requests that found nothing; ``next_cursor`` tells which.
    ``invalid_request`` when no root is given, or for a cursor of another list.
    """
    policy = await policy_version_id(reader, wanted.policy) if wanted.policy is not None else None
    mine = await my_policy_version_ids(reader, division_id=wanted.division_id) if wanted.mine else None
    several = wanted.round_id is None and (wanted.division_id is not None or policy is None)
    roots = _roots(reader, wanted, policy, mine)
    root, at = await _start(roots, cursor) if several else (await anext(roots), cursor)
    found: list[EpisodeRow] = []
    for _ in range(_MOST_REQUESTS):
        if root is None:
            break
        page = await _list(reader, root, limit - len(found), at)
        found += (row for row in page.entries if _fits(row, wanted, policy, mine, root))
        at = page.next_cursor
        if at is None:
            root = await anext(roots, None)
        # Asking for the few that are left would take many requests when most are filtered out.
        if found and (not several or len(found) * 2 > limit):
            break
    if root is None or not several:
        return Listing(found, at)
    return Listing(found, f"{root.id}{_SEPARATOR}{at or ''}")


async def _roots(
    reader: Reader, wanted: EpisodeFilter, policy: str | None, mine: list[str] | None
) -> AsyncIterator[_Root]:
    if wanted.round_id is not None:
        yield _Root(checked_id("round", wanted.round_id), is_round=True)
    elif wanted.division_id is not None:
        async for entry in rounds_of_division(reader, wanted.division_id):
            yield _Root(entry.id, is_round=True)
    elif policy is not None:
        yield _Root(policy, is_round=False)
    elif mine is not None:
        for at, version in enumerate(mine):
            yield _Root(version, is_round=False, before=frozenset(mine[:at]))
    else:
        raise CoworldError(
            "invalid_request",
            "the API lists episodes by round, division, policy or owner only",
            next_step="give --round, --division, --policy or --mine",
            exit_code=EXIT_USAGE,
        )


async def _start(roots: AsyncIterator[_Root], cursor: str | None) -> tuple[_Root | None, str | None]:
    """The root to begin with, and where in its list."""
    if cursor is None:
        return await anext(roots, None), None
    name, _, at = cursor.partition(_SEPARATOR)
    async for root in roots:
        if root.id == name:
            return root, at or None
    raise CoworldError(
        "invalid_request",
        "the cursor is of another list",
        next_step="give the cursor that the same command printed, or none",
        exit_code=EXIT_USAGE,
    )


async def _list(reader: Reader, root: _Root, limit: int, cursor: str | None) -> Listing[EpisodeRow]:
    read = episodes_of_round if root.is_round else episodes_of_policy
    return await read(reader, root.id, limit=limit, cursor=cursor)


def _fits(
    row: EpisodeRow, wanted: EpisodeFilter, policy: str | None, mine: list[str] | None, root: _Root
) -> bool:
    versions = set(row.policy_version_ids)
    return (
        (policy is None or policy in versions or not root.is_round)
        and (mine is None or not versions.isdisjoint(mine))
        and versions.isdisjoint(root.before)
        and (row.replay_url is not None or not wanted.with_replay)
    )
