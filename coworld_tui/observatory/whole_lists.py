"""The lists of the API that come whole, as sources of a ``LiveList``."""

from __future__ import annotations

from .list_sources import PathList
from .models.leagues import Division, LadderEntry, League
from .models.standings import LeaderboardEntry
from .reading import checked_id


def leagues() -> PathList[League]:
    """All leagues that may be seen; works without a login."""
    return PathList(League, "/v2/leagues", {}, None)


def divisions(league_id: str) -> PathList[Division]:
    """The divisions of a league."""
    return PathList(Division, "/v2/divisions", {"league_id": checked_id("league", league_id)}, None)


def ladder(league_id: str) -> PathList[LadderEntry]:
    """The divisions of a league by level, with how many play there."""
    path = f"/v2/leagues/{checked_id('league', league_id)}/division-ladder"
    return PathList(LadderEntry, path, {}, None)


def standings(division_id: str) -> PathList[LeaderboardEntry]:
    """The leaderboard of a division; empty while none is published."""
    path = f"/v2/divisions/{checked_id('div', division_id)}/leaderboard"
    return PathList(LeaderboardEntry, path, {}, None)
