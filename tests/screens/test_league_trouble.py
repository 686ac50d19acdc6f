"""The league screen when things go wrong: no server at first, no login, lists that get shorter."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from coworld_tui.app import CoworldApp
from coworld_tui.screens.league.looking import Wanted
from coworld_tui.screens.league.watcher import Watcher

from ..observatory.conftest import login, observatory
from ..observatory.server import Observatory
from .conftest import until
from .league import about, in_competition, league_screen, left, on_leagues, rows, shows, told, top

__all__ = ["login", "observatory"]


@pytest.mark.parametrize("comes", ["f5", "by itself"])
async def test_a_server_that_is_not_there_at_first(
    comes: str, observatory: Observatory, login: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del login
    if comes == "by itself":
        monkeypatch.setattr(Watcher, "least_seconds", 0.05)
    observatory.fault("*", "500", math.inf)
    app = CoworldApp(league=observatory.url)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "next" in about(pilot), "what is wrong, and what to do")
        observatory.faults.clear()
        if comes == "f5":
            await pilot.press("f5")
        await until(pilot, lambda: "Paint Arena League ●" in left(pilot), "my league")
        await until(pilot, lambda: "Sam@127.0.0.1" in top(pilot), "who acts")
        await shows(pilot, "Competition")


async def test_a_login_that_cannot_be_read_is_told_and_can_be_mended(
    observatory: Observatory, login: Path
) -> None:
    saved = login.read_text()
    login.write_text("tokens: [")
    app = CoworldApp(league=observatory.url)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "it is not YAML" in about(pilot), "what is wrong")
        await pilot.press("u", "s", "w", "o", "escape", "p", "p")
        assert len(app.screen_stack) == 1, "nothing can be done"
        login.write_text(saved)
        await pilot.press("f5")
        await until(pilot, lambda: "Sam@127.0.0.1" in top(pilot), "who acts")
        await shows(pilot, "Competition")


async def test_divisions_that_come_late_leave_the_episodes_of_a_round(
    observatory: Observatory, login: Path
) -> None:
    del login
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        await pilot.press("down", "down", "down", "down", "enter")
        await shows(pilot, "glider:v1")
        screen = league_screen(pilot)
        screen.leagues.fill(screen.desk)
        await pilot.press("w")
        await pilot.pause()
        assert screen.entries.scope is not None
        assert screen.entries.scope.round is not None


async def test_rows_that_are_gone_are_not_asked_for(observatory: Observatory, login: Path) -> None:
    del login
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot, 3)
        await shows(pilot, "splatter:v7")
        found = league_screen(pilot).entries.rows
        assert found is not None
        found.arrange(await found.find(Wanted(sort=0)))
        count = found.row_count
        del observatory.state.memberships[found.entry(0).id]
        await found.entries.refresh()
        # The table still goes by what it counted before.
        assert len(found.cells(0, count)) == found.row_count == count - 1
        assert found.id_of(count - 1) is None


async def test_a_list_that_was_never_seen_says_what_is_wrong_with_it(
    observatory: Observatory, login: Path
) -> None:
    del login
    async with on_leagues(observatory.url) as pilot:
        observatory.fault("/v2/rounds", "403", math.inf)
        await in_competition(pilot, 1)
        await until(pilot, lambda: "next" in about(pilot), "what to do")
        assert told(pilot)
        assert rows(pilot).strip()


async def test_while_it_is_paused_it_says_so(observatory: Observatory, login: Path) -> None:
    del login
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot)
        await shows(pilot, "juniper")
        await pilot.press("p")
        assert "paused" in str(league_screen(pilot).entries.border_subtitle)
        await pilot.press("p")
        assert "paused" not in str(league_screen(pilot).entries.border_subtitle)
        await pilot.press("escape", "escape", "escape")
        assert league_screen(pilot).leagues.has_focus_within
        assert pilot.app.is_running


async def test_divisions_that_cannot_be_had_are_asked_for_once_then_by_f5(
    observatory: Observatory, login: Path
) -> None:
    del login
    observatory.fault("/v2/divisions", "403", math.inf)
    app = CoworldApp(league=observatory.url)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Paint Arena League ●" in left(pilot), "my league")
        await shows(pilot, "Qualifiers")
        await pilot.press("down", "up", "down", "up")
        asked = len(observatory.asked("/v2/divisions"))
        await pilot.press("down", "up", "down", "up")
        assert len(observatory.asked("/v2/divisions")) == asked
        observatory.faults.clear()
        await pilot.press("f5")
        await until(pilot, lambda: "Competition" in left(pilot), "the divisions")
