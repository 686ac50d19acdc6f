"""The league screen in tests: opened on a stand-in, and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from coworld_tui.app import CoworldApp
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.league.screen import LeagueScreen
from coworld_tui.widgets.bars import TopBar

from .conftest import until


@asynccontextmanager
async def on_leagues(url: str, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[str]]:
    """A console on the leagues of a server; the first one is opened out."""
    app = CoworldApp(league=url)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "Competition" in left(pilot), "my league is opened out")
        yield pilot
        for session in app.sessions:
            session.batch.cancel()
            await session.task


def league_screen(pilot: Pilot[str]) -> LeagueScreen:
    """The screen, whatever lies over it."""
    return next(each for each in pilot.app.screen_stack if isinstance(each, LeagueScreen))


def left(pilot: Pilot[str]) -> str:
    """The leagues."""
    return text_of(league_screen(pilot).leagues.table.lines_in_view())


def rows(pilot: Pilot[str]) -> str:
    """The list of the tab."""
    return text_of(league_screen(pilot).entries.table.lines_in_view())


def about(pilot: Pilot[str]) -> str:
    """What is said of the row beneath the cursor."""
    return league_screen(pilot).entries.text()


async def shows(pilot: Pilot[str], *words: str) -> None:
    """Wait until the list has the words."""
    await until(pilot, lambda: all(word in rows(pilot) for word in words), f"{words} in\n{rows(pilot)}")


async def in_competition(pilot: Pilot[str], tab: int = 0) -> None:
    """Go into the lists of the first division, ``tab`` tabs on."""
    await pilot.press("down", "enter", *["t"] * tab)


def told(pilot: Pilot[str]) -> str:
    """All notifications so far."""
    return "\n".join(str(each.message) for each in pilot.app._notifications)


def top(pilot: Pilot[str]) -> str:
    """The top bar."""
    return text_of(league_screen(pilot).query_one(TopBar).lines_in_view())
