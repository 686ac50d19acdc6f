"""The league screen by its keys, on a real server: what it shows, what it asks, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.dialogs import Question
from coworld_tui.screens.league.screen import LeagueScreen
from coworld_tui.screens.manifest import ManifestScreen
from coworld_tui.widgets.bars import TopBar

from ..observatory.conftest import login, observatory
from ..observatory.server import Observatory
from .conftest import until
from .league import about, in_competition, league_screen, left, on_leagues, rows, shows

__all__ = ["login", "observatory"]

Open = Callable[[], AbstractAsyncContextManager[Pilot[str]]]


@pytest.fixture
def league(observatory: Observatory, login: Path) -> Open:
    """Opens the console on the leagues of the stand-in, as somebody who plays there."""
    del login
    return lambda: on_leagues(observatory.url)


async def test_mine_come_first_and_the_header_says_who_acts(league: Open) -> None:
    async with league() as pilot:
        lines = left(pilot).splitlines()
        assert lines[0].split()[1:] == ["▾", "Paint", "Arena", "League", "●"]
        assert [line.strip() for line in lines[1:3]] == ["Competition", "Qualifiers"]
        bar = league_screen(pilot).query_one(TopBar)
        await until(pilot, lambda: "Sam@127.0.0.1" in text_of(bar.lines_in_view()), "who acts")


async def test_every_list_of_a_division(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot)
        await shows(pilot, "juniper", "★ sweeper:v3", "1500.0")
        for words in (
            ("completed", "failed", "reticulat"),
            ("glider:v1", "player_error", "● replay", "not yet"),
            ("competing", "splatter:v7"),
            ("processing", "rejected"),
            ("placed",),
            ("glider:v1", "Paint Arena League › Competition", "nowhere"),
        ):
            await pilot.press("t")
            await shows(pilot, *words)


async def test_only_what_is_looked_at_is_asked_for(observatory: Observatory, league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot)
        await shows(pilot, "juniper")
        paths = {request.path.split("_")[0] for request in observatory.requests}
        assert not {path for path in paths if "rounds" in path or "episode" in path or "events" in path}
        # One league of three is opened out.
        assert len(observatory.asked("/v2/divisions")) == 1


async def test_enter_on_a_round_shows_its_episodes_and_escape_goes_back(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        await pilot.press("down", "down", "down", "down", "enter")
        await shows(pilot, "glider:v1")
        assert league_screen(pilot).entries.border_title == "Paint Arena League › Competition › round 30"
        await pilot.press("escape")
        await shows(pilot, "reticulat")
        await pilot.press("escape")
        assert league_screen(pilot).leagues.has_focus_within


async def test_results_of_a_round_come_when_the_cursor_rests(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        await pilot.press("down", "down", "down", "down")
        await until(pilot, lambda: "results" in about(pilot), "the results of round 30")
        assert "juniper" in about(pilot)


async def test_why_a_division_failed_and_back_to_the_row(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot)
        await shows(pilot, "juniper")
        await pilot.press("w")
        await until(pilot, lambda: "episodes failed" in about(pilot), "the failures of the division")
        assert "× player_error" in about(pilot)
        await pilot.press("w")
        assert about(pilot).startswith("player")


async def test_looking_for_words_and_for_mine(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 3)
        await shows(pilot, "splatter:v7")
        await pilot.press("slash", *"kestrel", "enter")
        await until(pilot, lambda: "sweeper" not in rows(pilot), "only kestrel's")
        assert "splatter:v7" in rows(pilot)
        await pilot.press("escape")
        await shows(pilot, "sweeper:v3", "splatter:v7")
        await pilot.press("m")
        await until(pilot, lambda: "splatter:v7" not in rows(pilot), "only mine")
        assert "glider:v1" in rows(pilot)


async def test_sorting_goes_through_the_columns_and_ends_as_it_began(league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        before = rows(pilot)
        await pilot.press("S", "S")
        await until(pilot, lambda: "state ▲" in rows(pilot), "sorted by state")
        entries = league_screen(pilot).entries.rows
        assert entries is not None
        states = [entries.entry(row).status for row in range(entries.row_count)]
        assert states == sorted(states)
        await pilot.press("S", "S", "S")
        await until(pilot, lambda: rows(pilot) == before, "as the server has them")


async def test_submitting_asks_first_and_shows_the_submission(observatory: Observatory, league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 4)
        await shows(pilot, "processing")
        before = len(observatory.state.submissions)
        await pilot.press("s", *"glider", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question), "it asks")
        assert len(observatory.state.submissions) == before
        await pilot.press("y")
        await until(pilot, lambda: len(observatory.state.submissions) == before + 1, "it is handed in")
        await until(pilot, lambda: rows(pilot).count("glider:v1") == 2, "and shown")


async def test_an_answer_that_is_not_yes_does_nothing(observatory: Observatory, league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 3)
        await shows(pilot, "sweeper:v3")
        await pilot.press("X")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question), "it asks")
        await pilot.press("escape")
        assert not [request for request in observatory.requests if request.method != "GET"]


async def test_the_three_modes(league: Open) -> None:
    async with league() as pilot:
        await pilot.press("1")
        assert isinstance(pilot.app.screen, ManifestScreen)
        await pilot.press("2")
        assert isinstance(pilot.app.screen, LeagueScreen)


async def test_on_a_train_the_last_state_is_still_there(observatory: Observatory, league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        seen = rows(pilot)
    observatory.fault("*", "drop", float("inf"))
    async with league() as pilot:
        await in_competition(pilot, 1)
        await until(pilot, lambda: rows(pilot) == seen, "as it was seen")
        subtitle = league_screen(pilot).entries
        await until(pilot, lambda: "offline" in str(subtitle.border_subtitle), "that it is old")
