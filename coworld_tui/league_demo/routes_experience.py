"""Routes of experience requests: ask for episodes, look at them, stop them; and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from .state import OVER, Json, State, written
from .wire import Asked, Refused, Reply, Route, body_page, page

_MOST_EPISODES = 100
_EPISODE_CREDITS = 0.5
_STATES = ("pending", "submitted", "running", "completed", "failed")


@dataclass
class Requests:
    """What was said of experience requests when they were made, by id."""

    said: dict[str, Json] = field(default_factory=dict)


@dataclass
class Account:
    """The credits of everyone here, and what experience requests took of them."""

    balance: float = 81.5
    most: float = 100.0
    costs: list[Json] = field(default_factory=list)

    def charge(self, batch: str, row: Json, moment: str) -> None:
        """Take what the episodes of a request cost."""
        cost = min(self.balance, _EPISODE_CREDITS * row["episode_count"])
        self.balance -= cost
        self.costs.append(
            {
                "experience_request_id": batch,
                "coworld": row["coworld_name"],
                "episodes": row["episode_count"],
                "compute_cost_credits": cost,
                "last_activity_at": moment,
            }
        )


def create(asked: Asked) -> Reply:
    """Episodes of the policies that the roster names."""
    body = asked.json
    if not isinstance(body, dict) or not isinstance(body.get("roster"), list) or not body["roster"]:
        raise invalid("roster", "Field required")
    count = body.get("num_episodes", 1)
    if not isinstance(count, int) or not 1 <= count <= _MOST_EPISODES:
        raise invalid("num_episodes", f"Input should be from 1 to {_MOST_EPISODES}")
    state = asked.state
    seats = [_version(state, entry) for entry in body["roster"]]
    batch = state.new_id("xreq")
    state.owners[batch] = asked.caller.user_id
    state.part(Requests).said[batch] = {
        key: body.get(key) for key in ("title", "description", "variant_id")
    } | {"created_at": state.stamp()}
    for _ in range(count):
        state.add_episode(seats, batch=batch)
    state.part(Account).charge(batch, _row(state, batch), state.stamp())
    return Reply(_detail(state, batch))


def requests(asked: Asked) -> Reply:
    """The caller's own, the newest first; nobody sees those of others."""
    asked.flag("mine")
    rows = [_row(asked.state, batch) for batch in asked.state.batches if _is_theirs(asked, batch)]
    return body_page(asked, rows[::-1], 50, 1000)


def request(asked: Asked) -> Reply:
    return Reply(_detail(asked.state, _one(asked)))


def episodes(asked: Asked) -> Reply:
    return Reply(_detail(asked.state, _one(asked))["episodes"])


def cancel(asked: Asked) -> Reply:
    """What is not over ends; a request that is over cannot."""
    state, batch = asked.state, _one(asked)
    open_ones = [row for row in _episodes(state, batch) if row["status"] not in OVER]
    if not open_ones:
        raise Refused(409, "Experience request already completed")
    for row in open_ones:
        state.cancel_episode(row)
    return Reply(_row(state, batch))


def bulk(asked: Asked) -> Reply:
    """Episodes by their own ids or those of their requests; what cannot be seen is named."""
    state, ids = asked.state, asked.query.getlist("ids")
    if not 1 <= len(ids) <= 50 or len({text.partition("_")[0] for text in ids}) != 1:
        raise invalid("ids", "Select 1 to 50 ids of one kind")
    theirs = [batch for batch in state.batches if _is_theirs(asked, batch)]
    batch_of = {episode: batch for batch in theirs for episode in state.batches[batch]}
    missing = [text for text in ids if text not in theirs and text not in batch_of]
    wanted = [episode for episode, batch in batch_of.items() if episode in ids or batch in ids]
    states = asked.query.getlist("status")
    view = asked.choice("view", ("progress", "results")) or "progress"
    rows = [
        bulk_entry(state.episodes[episode], batch_of[episode], view)
        for episode in wanted
        if not states or state.episodes[episode]["status"] in states
    ]
    taken, cursor = page(asked, rows, 200, 200)
    return Reply(
        {
            "entries": taken,
            "next_cursor": cursor,
            "unavailable_ids": missing,
            "observed_at": written(state.now),
        }
    )


def bulk_entry(episode: Json, batch: str, view: str) -> Json:
    """An episode as bulk reads tell it."""
    has_results = view == "results"
    return {
        "id": episode["id"],
        "experience_request_id": batch,
        "created_at": episode["created_at"],
        "status": episode["status"],
        "error_type": episode["error_type"],
        "evidence_state": "sealed" if episode["status"] in OVER else "pending",
        **{
            key: episode[key] if has_results else None
            for key in ("scores", "participants", "replay_url", "error")
        },
    }


def credits_left(asked: Asked) -> Reply:
    """What is left of today's credits."""
    account = asked.state.part(Account)
    midnight = asked.state.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Reply(
        {
            "status": {
                "balance_credits": account.balance,
                "max_balance_credits": account.most,
                "refill_credits": account.most,
                "refill_cadence": "day",
                "next_refill_at": written(midnight),
                "credits_per_usd": 10.0,
                "spent_this_period_credits": account.most - account.balance,
                "enforced": True,
            },
            "recent_requests": account.costs[::-1],
        }
    )


def invalid(name: str, message: str) -> Refused:
    """A member of the body that cannot be."""
    return Refused(422, [{"loc": ["body", name], "msg": message, "type": "value_error"}])


def _one(asked: Asked) -> str:
    batch = asked.id_in_path("xreq")
    if batch not in asked.state.batches or not _is_theirs(asked, batch):
        raise Refused(404, "Experience request not found")
    return batch


def _is_theirs(asked: Asked, batch: str) -> bool:
    return asked.state.owners.get(batch) == asked.caller.user_id


def _detail(state: State, batch: str) -> Json:
    return {**_row(state, batch), "episodes": list(_episodes(state, batch))}


def _row(state: State, batch: str) -> Json:
    said = state.part(Requests).said.get(batch, {})
    rows = _episodes(state, batch)
    states = [row["status"] for row in rows]
    is_over = all(status in OVER for status in states)
    has_begun = any(status not in ("pending", "submitted") for status in states)
    coworld = state.coworlds[rows[0]["coworld_id"]]
    return {
        "id": batch,
        "requester_user_id": state.owners[batch],
        "requester": "Sam",
        "coworld_id": coworld["id"],
        "coworld_name": coworld["name"],
        "coworld_version": coworld["version"],
        "variant_id": said.get("variant_id") or "default",
        "title": said.get("title"),
        "description": said.get("description"),
        "status": _status(states, is_over, has_begun),
        "episode_count": len(states),
        **{f"{status}_count": states.count(status) for status in _STATES},
        "error": None,
        "created_at": said.get("created_at") or rows[0]["created_at"],
        "started_at": rows[0]["created_at"] if has_begun else None,
        "completed_at": rows[-1]["completed_at"] if is_over else None,
    }


def _status(states: Sequence[str], is_over: bool, has_begun: bool) -> str:
    if not is_over:
        return "running" if has_begun else "pending"
    return "cancelled" if "cancelled" in states else "completed"


def _episodes(state: State, batch: str) -> list[Json]:
    return [state.episodes[episode] for episode in state.batches[batch]]


def _version(state: State, entry: Json) -> Json:
    """The policy version a roster entry stands for; for one at random, the first there is."""
    wanted = (entry.get("player") or {}).get("policy_ref") if isinstance(entry, dict) else None
    if wanted is None:
        return next(iter(state.policy_versions.values()))
    for row in reversed(state.policy_versions.values()):
        if wanted in (row["id"], row["label"], row["policy"]["name"]):
            return row
    raise invalid("roster", f"Unknown policy {wanted}")


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v2/experience-requests", create),
    Route("GET", "/v2/experience-requests", requests),
    Route("GET", "/v2/experience-requests/{experience_request_id}", request),
    Route("GET", "/v2/experience-requests/{experience_request_id}/episodes", episodes),
    Route("POST", "/v2/experience-requests/{experience_request_id}/cancel", cancel),
    Route("GET", "/v2/episode-requests", bulk),
    Route("GET", "/usage/me/credits", credits_left),
)
