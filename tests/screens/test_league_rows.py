"""Whatever a server says in a row, there is a line for it, and the rows can be sorted and looked through."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from coworld_tui.league_demo.world import made_up
from coworld_tui.observatory.models.base import ApiModel
from coworld_tui.observatory.models.entries import Event, Membership, Submission
from coworld_tui.observatory.models.episodes import Episode, EpisodeRow
from coworld_tui.observatory.models.leagues import LadderEntry
from coworld_tui.observatory.models.policies import PolicyVersionRow
from coworld_tui.observatory.models.rounds import Round, RoundDetail
from coworld_tui.observatory.models.standings import LeaderboardEntry
from coworld_tui.screens.league.looking import Wanted, look_through
from coworld_tui.screens.league.model import Known, Tab
from coworld_tui.screens.league.tabs.episodes import EPISODES
from coworld_tui.screens.league.tabs.events import EVENTS
from coworld_tui.screens.league.tabs.ladder import LADDER
from coworld_tui.screens.league.tabs.memberships import MEMBERSHIPS
from coworld_tui.screens.league.tabs.policies import POLICIES
from coworld_tui.screens.league.tabs.rounds import ROUNDS
from coworld_tui.screens.league.tabs.standings import STANDINGS
from coworld_tui.screens.league.tabs.submissions import SUBMISSIONS

STATE = made_up()
RECENT = [{"id": "round_a", "round_number": 3, "status": "completed", "rank": 2, "score": 1.5}]
STANDING = {"rank": 1, "player_id": "ply_a", "player_name": "a", "score": 1.0, "recent_rounds": RECENT * 2}
DIVISION = {"id": "div_a", "name": "a", "level": 1, "member_count": 2}
VERSION = {"id": "a", "name": "a", "version": 2, "created_at": "2026-01-01T00:00:00Z"}

HOSTILE: tuple[Any, ...] = (
    None,
    [],
    {},
    [None],
    [[1]],
    [{"id": None}],
    {"id": []},
    True,
    10**400,
    1e308,
    float("nan"),
    "\x1b[31m[bold]../../a\ud800" * 99,
    "0001-01-01T00:00:00+14:00",
)


def _last(rows: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return list(rows.values())[-1]


def _places(value: Any, to: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a row."""
    if to:
        yield to
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield from _places(member, (*to, name))


def _changed(row: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    row = copy.deepcopy(row)
    inner: Any = row
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return row


@pytest.mark.parametrize(
    ("tab", "model", "row"),
    [
        (STANDINGS, LeaderboardEntry, STANDING),
        (LADDER, LadderEntry, DIVISION),
        (ROUNDS, Round, _last(STATE.rounds)),
        (EPISODES, EpisodeRow, _last(STATE.episodes)),
        (MEMBERSHIPS, Membership, _last(STATE.memberships)),
        (SUBMISSIONS, Submission, _last(STATE.submissions)),
        (EVENTS, Event, _last(STATE.events)),
        (POLICIES, PolicyVersionRow, VERSION),
    ],
    ids=lambda value: value.title if isinstance(value, Tab) else "",
)
def test_hostile_rows(tab: Tab[Any], model: type[ApiModel], row: dict[str, Any]) -> None:
    for value in HOSTILE:
        rows = [_changed(row, place, value) for place in _places(row)]
        for raw in rows:
            entry, known = model.model_validate(raw), Known()
            if isinstance(entry, EpisodeRow):
                known.learn_episode(Episode.model_validate(raw))
            elif isinstance(entry, Round):
                known.rounds[entry.id] = RoundDetail.model_validate(raw)
            elif isinstance(entry, Membership):
                known.learn_mine([entry])
            assert len(tab.cells(entry, 0, known)) == len(tab.columns)
            tab.lines(entry, known, 60)
        for column in tab.sorts:
            found = look_through([*rows, row], Wanted(sort=column), tab, Known())
            assert sorted(found) == list(range(len(rows) + 1))
        assert not look_through(rows, Wanted(words="no row has this"), tab, Known())
