"""Experience requests: asking for episodes of one's own, and what became of them (hosted.md 3.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .actions import account_credits, done
from .client import Observatory, Reader
from .models.experience import BatchEpisodes, ExperienceRequest, ExperienceRow
from .reading import Listing, as_model, checked_id, page_of

View = Literal["progress", "results"]
"""How much of an episode is told: ``results`` adds scores, participants, the replay and the error."""

VIEWS: tuple[View, ...] = get_args(View)

IDS_LIMIT = 50
"""Most experience requests, or episodes, that one question may name."""

_ROOT = "/v2/experience-requests"
_SHOWN = 80
_PLAYERS_SHOWN = 8


@dataclass(frozen=True)
class CreateExperience:
    """Ask for episodes. ``body`` is sent as it is; ``balance``: the credits left, None when not known."""

    body: Mapping[str, Any]
    balance: float | None = None

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        body = self.body
        target = body.get("target") if isinstance(body.get("target"), dict) else body
        count = _shown(body.get("num_episodes", "the usual number of"))
        lines = [f"run        {count} episodes on the server"]
        lines += [
            f"{label:<10} {_shown(target[key])}"
            for label, key in _TARGETS
            if isinstance(target, dict) and target.get(key) is not None
        ]
        lines.append(f"roster     {', '.join(_players(body.get('roster'))) or 'nobody'}")
        lines += [f"{key:<10} {_shown(body[key])}" for key in ("title", "description") if body.get(key)]
        if self.balance is not None:
            lines.append(f"credits    {self.balance:g} are left")
        return lines

    async def run(self, client: Observatory) -> ExperienceRequest:
        """Ask for them."""
        look = "coworld-tui league experience list --mine"
        return await done(client, ExperienceRequest, _ROOT, dict(self.body), look=look)


@dataclass(frozen=True)
class CancelExperience:
    """Stop an experience request."""

    request: ExperienceRow

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        row = self.request
        return [
            f"cancel     {_shown(row.id)}",
            f"title      {_shown(row.title)}",
            f"episodes   {row.completed_count + row.failed_count} of {row.episode_count} are over",
        ]

    async def run(self, client: Observatory) -> ExperienceRow:
        """Stop it. ``conflict`` when it is over already."""
        path = f"{_ROOT}/{checked_id('xreq', self.request.id)}/cancel"
        look = f"coworld-tui league experience get {self.request.id}"
        return await done(client, ExperienceRow, path, look=look)


async def prepare_experience(
    reader: Reader, body: Any, *, title: str | None = None, description: str | None = None
) -> CreateExperience:
    """``title`` and ``description`` replace those of the body. ``invalid_request`` when that is no object."""
    if not isinstance(body, dict):
        raise CoworldError(
            "invalid_request",
            "That is no experience request",
            cause="its body is JSON, but not an object",
            next_step="give an object with a roster and num_episodes",
            exit_code=EXIT_USAGE,
        )
    said = {"title": title, "description": description}
    whole = {**body, **{key: value for key, value in said.items() if value is not None}}
    try:
        balance = (await account_credits(reader)).status.balance_credits
    except CoworldError:
        balance = None  # nice to know, and no reason not to ask
    return CreateExperience(whole, balance)


async def prepare_cancelling(reader: Reader, experience_request_id: str) -> CancelExperience:
    """Look up what is to be stopped."""
    return CancelExperience(await experience_request(reader, experience_request_id))


async def experience_requests(
    reader: Reader, *, mine: bool = False, limit: int | None = None, cursor: str | None = None
) -> Listing[ExperienceRow]:
    """Those that may be seen, or mine alone; the newest first."""
    return await page_of(reader, ExperienceRow, _ROOT, {"mine": mine}, limit, cursor)


async def experience_request(reader: Reader, experience_request_id: str) -> ExperienceRequest:
    """One with its episodes in full."""
    path = f"{_ROOT}/{checked_id('xreq', experience_request_id)}"
    return as_model(ExperienceRequest, (await reader.get(path)).data, path)


async def batch_episodes(
    reader: Reader,
    ids: Sequence[str],
    *,
    view: View = "progress",
    status: Sequence[str] | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> BatchEpisodes:
    """A page of the episodes of experience requests, or of these episodes; see ``selection``."""
    path = "/v2/episode-requests"
    params = {
        "ids": selection(ids),
        "view": view,
        "status": list(status) if status else None,
        "limit": limit,
        "cursor": cursor,
    }
    return as_model(BatchEpisodes, (await reader.get(path, params)).data, path)


def selection(ids: Sequence[str], *, batches_only: bool = False) -> list[str]:
    """Ids of experience requests, or all of episodes, each once and in order, as the API takes them.

    ``invalid_request`` for none, more than ``IDS_LIMIT``, or both kinds at once.
    """
    chosen = sorted(set(ids))
    prefix = "xreq" if batches_only or any(text.startswith("xreq_") for text in chosen) else "ereq"
    for text in chosen:
        checked_id(prefix, text)
    if not 1 <= len(chosen) <= IDS_LIMIT:
        raise CoworldError(
            "invalid_request",
            f"{len(chosen)} ids cannot be asked for at once",
            next_step=f"give 1 to {IDS_LIMIT}",
            exit_code=EXIT_USAGE,
        )
    return chosen


def _players(roster: Any) -> Iterator[str]:
    """Who is to play, seat by seat as far as it can be shown: ``sweeper:v4``, ``top_n 3``, ``random``."""
    rows = roster if isinstance(roster, list) else []
    for row in rows[:_PLAYERS_SHOWN]:
        player = row.get("player") if isinstance(row, dict) else row
        if isinstance(player, dict) and player:
            kind, value = next(iter(player.items()))
            yield _shown(value if kind == "policy_ref" else f"{kind} {value}")
        else:
            yield _shown(player)
    if len(rows) > _PLAYERS_SHOWN:
        yield f"and {len(rows) - _PLAYERS_SHOWN} more"


def _shown(value: Any) -> str:
    return safe_line(str(value) if value is not None else "-", _SHOWN)


_TARGETS = (
    ("coworld", "coworld_id"),
    ("variant", "variant_id"),
    ("league", "league_id"),
    ("league", "league_name"),
    ("division", "division_id"),
    ("division", "division_name"),
)
