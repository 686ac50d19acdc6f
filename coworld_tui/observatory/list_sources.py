"""Which lists of the API a ``LiveList`` can be of, each asked for page by page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Generic, Protocol
from urllib.parse import quote

from .client import Param, Reader
from .models.coworlds import CoworldRow, Image
from .models.entries import Event, Membership, Submission
from .models.episodes import EpisodeRow
from .models.policies import PolicyVersionRow
from .models.rounds import Round
from .paging import Page, Style, pages
from .reading import Model, checked_id

_PAGE = 100
_ROUNDS_PAGE = 25  # a round names all who are seated
_MEMBERSHIPS_PAGE = 1000  # their order is not known: new ones may come last
_SEPARATOR = "@"
_NO_PAGE = Page([], None)


class Source(Protocol[Model]):
    """A list: ``name`` tells it from all others of a server, for the cache."""

    name: str
    model: type[Model]

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        """The page at ``cursor``, the first one for None. It may be empty with more to come."""


class PathList(Generic[Model]):
    """A list that the API has under one path, page by page or, without a ``page_size``, all at once."""

    def __init__(
        self, model: type[Model], path: str, params: Mapping[str, Param], page_size: int | None
    ) -> None:
        self.name = json.dumps([path, {key: value for key, value in params.items() if value is not None}])
        self.model = model
        self._path = path
        self._params = params
        self._page_size = page_size

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        """As ``Source.page``."""
        style: Style = "whole" if self._page_size is None else "paged"
        asked = pages(reader, self._path, self._params, style, limit=self._page_size, cursor=cursor)
        return await anext(asked, _NO_PAGE)


class EpisodesOfRounds:
    """The episodes of all rounds of a list, round after round: the API has no such list (hosted.md 4.2).

    A page is of one round; its cursor is ``ROUND@CURSOR``, with an empty cursor at the round's beginning.
    """

    model = EpisodeRow

    def __init__(self, rounds: PathList[Round]) -> None:
        self.name = f"episodes of {rounds.name}"
        self._rounds = rounds
        self._known: list[str] = []
        self._next: str | None = None
        self._cursors: set[str | None] = set()

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        """As ``Source.page``."""
        if cursor is None:
            await self._more_rounds(reader, None)
            if not self._known:
                return _NO_PAGE
            cursor = self._known[0] + _SEPARATOR
        round_id, _, at = cursor.partition(_SEPARATOR)
        page = await episodes_of_round(round_id).page(reader, at or None)
        if page.next_cursor is not None:
            return Page(page.entries, f"{round_id}{_SEPARATOR}{page.next_cursor}")
        following = await self._round_after(reader, round_id)
        return Page(page.entries, None if following is None else f"{following}{_SEPARATOR}")

    async def _round_after(self, reader: Reader, round_id: str) -> str | None:
        if not self._known:
            await self._more_rounds(reader, None)
        while True:
            place = self._known.index(round_id) + 1 if round_id in self._known else len(self._known)
            if place < len(self._known):
                return self._known[place]
            if self._next is None:
                return None
            await self._more_rounds(reader, self._next)

    async def _more_rounds(self, reader: Reader, cursor: str | None) -> None:
        """Read the rounds at ``cursor``, for None all over again. Each counts once."""
        if cursor is None:
            self._known, self._next, self._cursors = [], None, set()
        page = await self._rounds.page(reader, cursor)
        for entry in page.entries:
            round_id = entry.get("id") if isinstance(entry, dict) else None
            if isinstance(round_id, str) and round_id not in self._known:
                self._known.append(round_id)
        self._cursors.add(cursor)
        self._next = None if page.next_cursor in self._cursors else page.next_cursor


def rounds(
    *, league_id: str | None = None, division_id: str | None = None, status: str | None = None
) -> PathList[Round]:
    """Rounds, the newest first."""
    params = {"league_id": _id("league", league_id), "division_id": _id("div", division_id), "status": status}
    return PathList(Round, "/v2/rounds", params, _ROUNDS_PAGE)


def episodes_of_round(round_id: str) -> PathList[EpisodeRow]:
    """The episodes of a round, the newest first."""
    path = f"/v2/rounds/{checked_id('round', round_id)}/episode-requests"
    return PathList(EpisodeRow, path, {}, _PAGE)


def episodes_of_policy(policy_version_id: str) -> PathList[EpisodeRow]:
    """The episodes a policy version plays in, the newest first."""
    path = f"/v2/policy-versions/{quote(policy_version_id, safe='')}/episode-requests"
    return PathList(EpisodeRow, path, {}, _PAGE)


def episodes_of_division(division_id: str) -> EpisodesOfRounds:
    """The episodes of a division, those of the newest round first."""
    return EpisodesOfRounds(rounds(division_id=division_id))


def episodes_of_league(league_id: str) -> EpisodesOfRounds:
    """The episodes of a league, those of the newest round first."""
    return EpisodesOfRounds(rounds(league_id=league_id))


def memberships(
    *,
    league_id: str | None = None,
    division_id: str | None = None,
    mine: bool = False,
    active_only: bool = False,
    champions_only: bool = False,
) -> PathList[Membership]:
    """Policy versions seated in divisions."""
    params = {
        "active_only": active_only,
        "champions_only": champions_only,
        "mine": mine,
        "league_id": _id("league", league_id),
        "division_id": _id("div", division_id),
    }
    return PathList(Membership, "/v2/league-policy-memberships", params, _MEMBERSHIPS_PAGE)


def submissions(*, league_id: str | None = None, mine: bool = False) -> PathList[Submission]:
    """Policy versions handed in."""
    params = {"mine": mine, "league_id": _id("league", league_id)}
    return PathList(Submission, "/v2/league-submissions", params, _PAGE)


def events(
    *,
    league_id: str | None = None,
    division_id: str | None = None,
    round_id: str | None = None,
    event_type: str | None = None,
) -> PathList[Event]:
    """What happened in leagues."""
    params = {
        "league_id": _id("league", league_id),
        "division_id": _id("div", division_id),
        "round_id": _id("round", round_id),
        "event_type": event_type,
    }
    return PathList(Event, "/v2/competition-events", params, _PAGE)


def coworlds() -> PathList[CoworldRow]:
    """Uploaded Coworlds, a row a version."""
    return PathList(CoworldRow, "/v2/coworlds/summaries", {}, _PAGE)


def images() -> PathList[Image]:
    """Uploaded container images."""
    return PathList(Image, "/v2/container_images", {}, _PAGE)


def policies() -> PathList[PolicyVersionRow]:
    """My policy versions, the newest first."""
    return PathList(PolicyVersionRow, "/stats/policy-versions", {"mine": True}, _PAGE)


def _id(prefix: str, text: str | None) -> str | None:
    return None if text is None else checked_id(prefix, text)
