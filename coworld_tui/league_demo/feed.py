"""The change feed of experience requests: a snapshot in pages, then only what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import monotonic

from .state import OVER, Json, State
from .wire import Asked, Refused, Reply, read_cursor, write_cursor

LONGEST_WAIT = 30.0

_LOOK_SECONDS = 0.02


async def changes(asked: Asked) -> Reply:
    """Episodes whose revision is later than the cursor's; there is always a next cursor (hosted.md 3.10).

    Waits for one as long as ``wait_seconds`` allows.
    """
    state = asked.state
    batches = asked.query.getlist("ids")
    for batch in batches:
        if state.owners.get(batch) != asked.caller.user_id or batch not in state.batches:
            raise Refused(404, "Experience request not found")
    cursor = asked.query.get("cursor")
    seen: Json = {"revision": 0, "phase": "snapshot"} if cursor is None else read_cursor(cursor)
    if seen.get("ids", batches) != batches:
        raise Refused(410, "Cursor belongs to another feed")
    limit = asked.number("limit", 200, 1, 200)
    members = {episode: batch for batch in batches for episode in state.batches[batch]}
    over = monotonic() + asked.seconds("wait_seconds", LONGEST_WAIT)
    # The state may be changed by another thread, which tells nobody.
    while not (later := _later(state, members, seen["revision"])) and monotonic() < over:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
    more = len(later) > limit
    last = later[:limit][-1][0] if later else seen["revision"]
    phase = seen["phase"]
    next_phase = phase if more else "changes"
    return Reply(
        {
            "batches": [_progress(state, batch) for batch in batches],
            "phase": phase,
            "entries": [
                {
                    "id": episode,
                    "experience_request_id": members[episode],
                    "revision": revision,
                    "removed": False,
                    "episode": _entry(state.episodes[episode], members[episode]),
                }
                for revision, episode in later[:limit]
            ],
            "next_cursor": write_cursor(revision=last, phase=next_phase, ids=batches),
            "has_more": more,
            "poll_after_seconds": state.feed_poll_seconds,
            "expires_at": "2036-01-01T00:00:00Z",
        }
    )


def _later(state: State, members: Iterable[str], revision: int) -> list[tuple[int, str]]:
    return sorted(
        (state.revisions[episode], episode) for episode in members if state.revisions[episode] > revision
    )


def _progress(state: State, batch: str) -> Json:
    states = [state.episodes[episode]["status"] for episode in state.batches[batch]]
    over = all(status in OVER for status in states)
    return {"id": batch, "status": "completed" if over else "running", "episode_count": len(states)}


def _entry(episode: Json, batch: str) -> Json:
    over = episode["status"] in OVER
    return {
        "id": episode["id"],
        "experience_request_id": batch,
        "created_at": episode["created_at"],
        "status": episode["status"],
        "error_type": episode["error_type"],
        "evidence_state": "sealed" if over else "pending",
    }
