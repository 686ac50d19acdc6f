"""The league screen by its keys, on a real server: what it shows, what it asks, and what it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from coworld_tui.app import CoworldApp
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.dialogs import Question
from coworld_tui.screens.league.screen import LeagueScreen
from coworld_tui.screens.manifest import ManifestScreen
from coworld_tui.widgets.bars import TopBar

from ..observatory.conftest import login, observatory
from ..observatory.faults import Kind
from ..observatory.server import Observatory
from .conftest import until
from .league import about, in_competition, league_screen, left, on_leagues, rows, shows, told, top

__all__ = ["login", "observatory"]

Open = Callable[[], AbstractAsyncContextManager[Pilot[str]]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for again is asked for at once."""
    monkeypatch.setattr("coworld_tui.observatory.client._BACKOFF_SECONDS", 0.0)
    monkeypatch.setattr("coworld_tui.observatory.client._JITTER_SECONDS", 0.0)


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
        entries = league_screen(pilot).entries.rows
        assert entries is not None
        before = [entries.id_of(row) for row in range(entries.row_count)]
        await pilot.press("S", "S")
        await until(pilot, lambda: "state ▲" in rows(pilot), "sorted by state")
        states = [entries.entry(row).status for row in range(entries.row_count)]
        assert states == sorted(states)
        await pilot.press("S", "S", "S")
        await until(
            pilot,
            lambda: [entries.id_of(row) for row in range(len(before))] == before,
            "as the server has them",
        )


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
        await shows(pilot, "completed", "░")  # how far a round is comes after what is kept of the list
        seen = rows(pilot)
    observatory.fault("*", "drop", float("inf"))
    async with league() as pilot:
        await in_competition(pilot, 1)
        await until(pilot, lambda: rows(pilot) == seen, "as it was seen")
        subtitle = league_screen(pilot).entries
        await until(pilot, lambda: "offline" in str(subtitle.border_subtitle), "that it is old")


async def test_a_running_round_says_how_far_it_is(observatory: Observatory, league: Open) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        running = next(row for row in observatory.state.rounds.values() if row["status"] == "running")
        episodes = [row for row in observatory.state.episodes.values() if row["round_id"] == running["id"]]
        over = sum(row["status"] in ("completed", "failed") for row in episodes)
        await shows(pilot, f" {over}/{len(episodes)}")


async def test_what_the_server_refuses_is_said_with_what_to_do(
    observatory: Observatory, league: Open
) -> None:
    async with league() as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        observatory.fault("/v2/rounds", "401", math.inf)
        await pilot.press("f5")
        await until(pilot, lambda: "softmax login" in told(pilot), "what to do")
        assert "completed" in rows(pilot), "what was seen stays"
        await until(pilot, lambda: "login_needed" in str(subtitle(pilot)), "that it is old")


async def test_after_a_login_elsewhere_one_acts_as_who_that_is(
    observatory: Observatory, login: Path, league: Open
) -> None:
    saved = login.read_text()
    login.unlink()
    app = CoworldApp(league=observatory.url)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "not logged in@127.0.0.1" in top(pilot), "nobody acts")
        assert "softmax login" in told(pilot)
        login.write_text(saved)
        await pilot.press("f5")
        await until(pilot, lambda: "Sam@127.0.0.1" in top(pilot), "Sam acts")
        await until(pilot, lambda: "Paint Arena League ●" in left(pilot), "what is mine is known")


@pytest.mark.parametrize("kind", ["html", "cut_json", "500", "drop"])
async def test_a_server_out_of_its_mind_is_said_in_a_sentence(
    kind: Kind, observatory: Observatory, login: Path
) -> None:
    del login
    observatory.fault("*", kind, math.inf)
    app = CoworldApp(league=observatory.url)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "server" in left(pilot).lower(), "why there are no leagues")
        assert "Traceback" not in left(pilot)
        await pilot.press("f5", "down", "enter", "t", "w", "d", "l", "s")
        await pilot.pause()
        assert app._exception is None


def subtitle(pilot: Pilot[str]) -> object:
    """How much was read, when, and what is amiss."""
    return league_screen(pilot).entries.border_subtitle
