"""The lists of the API that come whole, as sources of a ``LiveList``."""

from __future__ import annotations

import json
from typing import Generic

from .client import Reader
from .models.leagues import Division, LadderEntry, League
from .models.standings import LeaderboardEntry
from .paging import Page, pages
from .reading import Model, checked_id


class WholeList(Generic[Model]):
    """A list that the API gives at once; null is an empty one."""

    def __init__(self, model: type[Model], path: str, **params: str) -> None:
        self.name = json.dumps([path, params])
        self.model = model
        self._path = path
        self._params = params

    async def page(self, reader: Reader, cursor: str | None) -> Page:
        """As ``list_sources.Source.page``."""
        del cursor
        return await anext(pages(reader, self._path, self._params, "whole"))


def leagues() -> WholeList[League]:
    """All leagues that may be seen; works without a login."""
    return WholeList(League, "/v2/leagues")


def divisions(league_id: str) -> WholeList[Division]:
    """The divisions of a league."""
    return WholeList(Division, "/v2/divisions", league_id=checked_id("league", league_id))


def ladder(league_id: str) -> WholeList[LadderEntry]:
    """The divisions of a league by level, with how many play there."""
    return WholeList(LadderEntry, f"/v2/leagues/{checked_id('league', league_id)}/division-ladder")


def standings(division_id: str) -> WholeList[LeaderboardEntry]:
    """The leaderboard of a division; empty while none is published."""
    return WholeList(LeaderboardEntry, f"/v2/divisions/{checked_id('div', division_id)}/leaderboard")
