"""One function a read of the hosted API, its parameters named as the real client's options (hosted.md 8).

Lists come as a ``Listing``: one page as the server cut it, and the cursor of the next. Every function
raises what the reader raises, ``invalid_request`` for an id that cannot be one, and ``bad_answer`` for
an answer that is no such list or object at all.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from ..contract.errors import EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .client import Param, Reader
from .models.base import ApiModel
from .models.coworlds import Coworld, CoworldRow, Image
from .models.entries import Event, Membership, Submission
from .models.episodes import Episode, EpisodeRow
from .models.leagues import Division, LadderEntry, League
from .models.policies import PolicyVersionRow
from .models.rounds import Round, RoundDetail
from .models.standings import LeaderboardEntry, Leaderboards
from .paging import pages

Model = TypeVar("Model", bound=ApiModel)

_SHOWN = 80
_MEMBERSHIPS_PAGE = 1000
_ROUNDS_PAGE = 200
_VERSIONS_PAGE = 100
_EPISODES_PAGE = 100
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_ID = re.compile(r"(?P<prefix>[a-z]+)_[A-Za-z0-9-]{1,80}\Z")


@dataclass(frozen=True)
class Listing(Generic[Model]):
    """One page of a list. It may be short, even empty, with more to come: ``next_cursor`` says."""

    entries: list[Model]
    next_cursor: str | None = None

    def as_document(self) -> dict[str, Any]:
        """``{entries, next_cursor}``, as the real client prints it."""
        return {"entries": [entry.as_document() for entry in self.entries], "next_cursor": self.next_cursor}


async def leagues(reader: Reader) -> list[League]:
    """All leagues that may be seen; works without a login."""
    return await _whole(reader, League, "/v2/leagues")


async def league(reader: Reader, league_id: str) -> League:
    """One league."""
    return await _object(reader, League, f"/v2/leagues/{checked_id('league', league_id)}")


async def ladder(reader: Reader, league_id: str) -> list[LadderEntry]:
    """The divisions of a league by level, with how many play there."""
    return await _whole(reader, LadderEntry, f"/v2/leagues/{checked_id('league', league_id)}/division-ladder")


async def divisions(reader: Reader, *, league_id: str | None = None) -> list[Division]:
    """All divisions, or those of a league."""
    return await _whole(reader, Division, "/v2/divisions", {"league_id": _filter("league", league_id)})


async def division(reader: Reader, division_id: str) -> Division:
    """One division."""
    return await _object(reader, Division, f"/v2/divisions/{checked_id('div', division_id)}")


async def standings(reader: Reader, division_id: str) -> list[LeaderboardEntry]:
    """The leaderboard of a division; empty while none is published."""
    return await _whole(
        reader, LeaderboardEntry, f"/v2/divisions/{checked_id('div', division_id)}/leaderboard"
    )


async def leaderboards(reader: Reader, division_id: str) -> Leaderboards:
    """All tables of a division, each with columns of its own; none while none are published."""
    path = f"/v2/divisions/{checked_id('div', division_id)}/leaderboards"
    return as_model(Leaderboards, (await reader.get(path)).data or {}, path)


async def rounds(
    reader: Reader,
    *,
    league_id: str | None = None,
    division_id: str | None = None,
    status: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Listing[Round]:
    """Rounds, in the server's order: the newest first."""
    params = {
        "league_id": _filter("league", league_id),
        "division_id": _filter("div", division_id),
        "status": status,
    }
    return await page_of(reader, Round, "/v2/rounds", params, limit, cursor)


def rounds_of_division(reader: Reader, division_id: str) -> AsyncIterator[Round]:
    """Every round of a division, asked for page by page as they are taken."""
    params = {"division_id": checked_id("div", division_id)}
    return _all(reader, Round, "/v2/rounds", params, page_size=_ROUNDS_PAGE)


async def round_detail(reader: Reader, round_id: str) -> RoundDetail:
    """One round with its results."""
    return await _object(reader, RoundDetail, f"/v2/rounds/{checked_id('round', round_id)}")


async def memberships(
    reader: Reader,
    *,
    league_id: str | None = None,
    division_id: str | None = None,
    policy_version_id: str | None = None,
    player_id: str | None = None,
    mine: bool = False,
    active_only: bool = False,
    champions_only: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
) -> Listing[Membership]:
    """Policy versions seated in divisions; without ``limit`` as many as the server likes to send."""
    params = {
        "active_only": active_only,
        "champions_only": champions_only,
        "mine": mine,
        "league_id": _filter("league", league_id),
        "division_id": _filter("div", division_id),
        "policy_version_id": policy_version_id,
        "player_id": _filter("ply", player_id),
    }
    return await page_of(reader, Membership, "/v2/league-policy-memberships", params, limit, cursor)


async def my_policy_version_ids(reader: Reader, *, division_id: str | None = None) -> list[str]:
    """The policy versions of all memberships of mine, ended ones too (hosted.md 4.1)."""
    params = {
        "active_only": False,
        "champions_only": False,
        "mine": True,
        "division_id": _filter("div", division_id),
    }
    path = "/v2/league-policy-memberships"
    found: dict[str, None] = {}
    async for entry in _all(reader, Membership, path, params, page_size=_MEMBERSHIPS_PAGE):
        if entry.policy_version.id:
            found[entry.policy_version.id] = None
    return list(found)


async def submissions(
    reader: Reader,
    *,
    league_id: str | None = None,
    policy_version_id: str | None = None,
    player_id: str | None = None,
    mine: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
) -> Listing[Submission]:
    """Policy versions handed in; without ``limit`` as many as the server likes to send."""
    params = {
        "mine": mine,
        "league_id": _filter("league", league_id),
        "player_id": _filter("ply", player_id),
        "policy_version_id": policy_version_id,
    }
    return await page_of(reader, Submission, "/v2/league-submissions", params, limit, cursor)


async def events(
    reader: Reader,
    *,
    league_id: str | None = None,
    division_id: str | None = None,
    round_id: str | None = None,
    event_type: str | None = None,
    audience: str | None = None,
    policy_version_id: str | None = None,
    player_id: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Listing[Event]:
    """What happened in leagues."""
    params = {
        "league_id": _filter("league", league_id),
        "division_id": _filter("div", division_id),
        "round_id": _filter("round", round_id),
        "event_type": event_type,
        "audience": audience,
        "player_id": _filter("ply", player_id),
        "policy_version_id": policy_version_id,
    }
    return await page_of(reader, Event, "/v2/competition-events", params, limit, cursor)


async def episodes_of_round(
    reader: Reader, round_id: str, *, limit: int | None = None, cursor: str | None = None
) -> Listing[EpisodeRow]:
    """The episodes of a round."""
    path = f"/v2/rounds/{checked_id('round', round_id)}/episode-requests"
    return await page_of(reader, EpisodeRow, path, {}, limit, cursor)


def all_of_round(reader: Reader, round_id: str, *, most: int) -> AsyncIterator[EpisodeRow]:
    """The episodes of a round, at most so many, asked for page by page as they are taken."""
    path = f"/v2/rounds/{checked_id('round', round_id)}/episode-requests"
    return _all(reader, EpisodeRow, path, {}, page_size=_EPISODES_PAGE, limit=most)


async def episodes_of_policy(
    reader: Reader, policy_version_id: str, *, limit: int | None = None, cursor: str | None = None
) -> Listing[EpisodeRow]:
    """The episodes a policy version plays in."""
    path = f"/v2/policy-versions/{quote(policy_version_id, safe='')}/episode-requests"
    return await page_of(reader, EpisodeRow, path, {}, limit, cursor)


async def episode(reader: Reader, episode_request_id: str) -> Episode:
    """One episode in full."""
    return await _object(reader, Episode, f"/v2/episode-requests/{checked_id('ereq', episode_request_id)}")


async def coworlds(
    reader: Reader, *, limit: int | None = None, cursor: str | None = None
) -> Listing[CoworldRow]:
    """Uploaded Coworlds, a row a version."""
    return await page_of(reader, CoworldRow, "/v2/coworlds/summaries", {}, limit, cursor)


async def coworld(reader: Reader, coworld_id: str) -> Coworld:
    """One version of a Coworld with its manifest."""
    return await _object(reader, Coworld, f"/v2/coworlds/{checked_id('cow', coworld_id)}")


async def images(reader: Reader, *, limit: int | None = None, cursor: str | None = None) -> Listing[Image]:
    """Uploaded container images."""
    return await page_of(reader, Image, "/v2/container_images", {}, limit, cursor)


async def image(reader: Reader, image_id: str) -> Image:
    """One container image."""
    return await _object(reader, Image, f"/v2/container_images/{checked_id('img', image_id)}")


async def policies(
    reader: Reader,
    *,
    name: str | None = None,
    version: int | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Listing[PolicyVersionRow]:
    """My policy versions, the newest first; of one policy, or one version of it."""
    params: dict[str, Param] = {"mine": True, "name_exact": name, "version": version}
    return await page_of(reader, PolicyVersionRow, "/stats/policy-versions", params, limit, cursor)


async def policy_version_id(reader: Reader, policy: str) -> str:
    """The id of the version meant by a UUID, ``NAME``, ``NAME:3`` or ``NAME:v3``; as ``policy_version``."""
    return policy.lower() if _UUID.match(policy) else (await policy_version(reader, policy)).id


async def policy_version(reader: Reader, policy: str) -> PolicyVersionRow:
    """The version meant by a UUID, ``NAME``, ``NAME:3`` or ``NAME:v3``; of a bare name the newest.

    Only my own policies are found by name, and a UUID that is not among my newest has no name. ``not_found``
    when there is none, ``invalid_request`` for what cannot be a version.
    """
    if _UUID.match(policy):
        newest = (await policies(reader, limit=_VERSIONS_PAGE)).entries
        wanted = policy.lower()
        return next((row for row in newest if row.id == wanted), PolicyVersionRow(id=wanted))
    name, colon, digits = policy.rpartition(":")
    number = digits.removeprefix("v")
    if not colon:
        name = policy
    elif not name or not re.fullmatch("[0-9]{1,9}", number) or not int(number):
        raise _invalid(f"{safe_line(policy, _SHOWN)} names no policy version", "write NAME, NAME:3 or a UUID")
    found = await policies(reader, name=name, version=int(number) if colon else None, limit=_VERSIONS_PAGE)
    if not found.entries:
        raise CoworldError(
            "not_found",
            f"you have no policy {safe_line(policy, _SHOWN)}",
            cause="only your own policies are found by name",
            next_step="coworld-tui league policies, or give the UUID of the version",
            exit_code=EXIT_FAILED,
        )
    return found.entries[0]


def checked_id(prefix: str, text: str) -> str:
    """An id that is of this kind at least by its looks. ``invalid_request`` (exit code 2) when it is not."""
    match = _ID.match(text)
    if match is None or match["prefix"] != prefix:
        raise _invalid(f"{safe_line(text, _SHOWN)} is no id of this kind", f"such ids begin with {prefix}_")
    return text


def _filter(prefix: str, text: str | None) -> str | None:
    return None if text is None else checked_id(prefix, text)


def _invalid(title: str, next_step: str) -> CoworldError:
    return CoworldError("invalid_request", title, next_step=next_step, exit_code=EXIT_USAGE)


async def _object(reader: Reader, model: type[Model], path: str) -> Model:
    return as_model(model, (await reader.get(path)).data, path)


async def _whole(
    reader: Reader, model: type[Model], path: str, params: Mapping[str, Param] | None = None
) -> list[Model]:
    found: list[Model] = []
    async for page in pages(reader, path, params or {}, "whole"):
        found += (as_model(model, entry, path) for entry in page.entries)
    return found


async def page_of(
    reader: Reader,
    model: type[Model],
    path: str,
    params: Mapping[str, Param],
    limit: int | None,
    cursor: str | None = None,
) -> Listing[Model]:
    """One page of the list at ``path``."""
    page = await anext(pages(reader, path, params, "paged", limit=limit, cursor=cursor), None)
    if page is None:
        return Listing([])
    return Listing([as_model(model, entry, path) for entry in page.entries], page.next_cursor)


async def _all(
    reader: Reader,
    model: type[Model],
    path: str,
    params: Mapping[str, Param],
    *,
    page_size: int,
    limit: int | None = None,
) -> AsyncIterator[Model]:
    async for page in pages(reader, path, params, "paged", limit=limit, page_size=page_size):
        for entry in page.entries:
            yield as_model(model, entry, path)


def as_model(model: type[Model], data: Any, path: str) -> Model:
    """What was answered at ``path``. ``bad_answer`` when it is no object."""
    try:
        return model.model_validate(data)
    except ValidationError:
        raise CoworldError(
            "bad_answer",
            "The server answered with something else than was asked for",
            cause=f"an object was expected at {safe_line(path, _SHOWN)}",
            owner="the server",
            next_step="check --server",
            exit_code=EXIT_MISSING,
        ) from None
