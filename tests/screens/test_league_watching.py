"""The league screen keeps up with the server: changes are shown and told, and nobody is asked in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from coworld_tui.runs.paths import config_file
from coworld_tui.screens.league.watcher import Watcher, wanted_news

from ..observatory.conftest import login, observatory
from ..observatory.server import Observatory
from .conftest import until
from .league import in_competition, league_screen, on_leagues, rows, shows, told

__all__ = ["login", "observatory"]


@pytest.fixture(autouse=True)
def often(login: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look twenty times a second, and mark what changed for less than the two seconds that people need."""
    del login
    monkeypatch.setattr("coworld_tui.screens.league.entries_pane._FLASH_SECONDS", 0.3)
    monkeypatch.setattr(Watcher, "least_seconds", 0.05)


def _knows(watcher: Watcher, what: str) -> bool:
    """Whether it has found out how things are; what changes from then on is news."""
    return watcher._following is not None and what in watcher._following.watch.known


async def test_a_new_submission_appears_and_is_told(observatory: Observatory) -> None:
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot, 4)
        await shows(pilot, "processing")
        watcher = league_screen(pilot).watcher
        assert watcher is not None
        await until(pilot, lambda: _knows(watcher, "submissions"), "it knows the submissions")
        row = next(row for row in observatory.state.submissions.values() if row["status"] == "processing")
        row.update(status="rejected", notes="It never answered.")
        await until(pilot, lambda: rows(pilot).count("rejected") == 2, "the list follows")
        await until(
            pilot, lambda: "does not take sweeper:v4: It never answered." in told(pilot), "it is told"
        )


async def test_what_changed_is_marked_for_a_moment(observatory: Observatory) -> None:
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "running")
        row = next(row for row in observatory.state.rounds.values() if row["status"] == "running")
        row["status"] = "cancelled"
        await until(pilot, lambda: "cancelled" in rows(pilot), "the list follows")
        known = league_screen(pilot).desk.known
        await until(pilot, lambda: known.changed == {row["id"]}, "it is marked")
        await until(pilot, lambda: not known.changed, "the mark goes")


async def test_nobody_is_asked_while_it_is_paused_or_out_of_sight(observatory: Observatory) -> None:
    async with on_leagues(observatory.url) as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "running")
        await until(pilot, lambda: league_screen(pilot).watcher is not None, "it watches")
        watcher = league_screen(pilot).watcher
        assert watcher is not None
        for hide, back in (("p", "p"), ("1", "2")):
            await until(pilot, lambda: not watcher.is_resting, "it watches")
            await pilot.press(hide)
            await until(pilot, lambda: watcher.is_resting, "it rests")
            await pilot.press(back)
        pilot.app.app_focus = False
        await until(pilot, lambda: watcher.is_resting, "it rests without focus")


def test_the_settings_say_which_news_are_told() -> None:
    assert "rank" in wanted_news()
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text("[league]\nnotify = ['round_done', 'nonsense', 7]")
    assert wanted_news() == ("round_done",)
    config_file().write_text("[league]\nnotify = []")
    assert wanted_news() == ()
