"""A supporting role run on a replay by key."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.roles.role_run import RoleOutcome
from coworld_tui.screens.dialogs import Prompt, Question
from coworld_tui.screens.role_screen import RoleScreen
from coworld_tui.widgets.lines import LinesView
from tests.contract import builders
from tests.replay.episodes import recorded_episode

from .conftest import OpenConsole, until
from .packages import put
from .reel import ready
from .replays import workspace


@pytest.fixture
def engine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of this machine, which consoles of tests do not find otherwise."""
    monkeypatch.delenv("DOCKER_HOST")


async def ended(pilot: Pilot[str]) -> tuple[RoleScreen, RoleOutcome]:
    """Wait for the role that was asked for, until it has ended."""
    await until(pilot, lambda: isinstance(pilot.app.screen, RoleScreen), "the role is shown")
    screen = pilot.app.screen
    assert isinstance(screen, RoleScreen)
    await until(pilot, lambda: screen.role_run.outcome is not None, "it ends")
    assert screen.role_run.outcome is not None
    return screen, screen.role_run.outcome


async def test_a_role_that_cannot_run_says_why_beneath_its_log(console: OpenConsole, tmp_path: Path) -> None:
    put(tmp_path, builders.old_manifest())
    async with console(replay=workspace(tmp_path), size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "its game is none we know")
        await pilot.press("enter")
        screen, outcome = await ended(pilot)
        assert outcome.error is not None
        shown = screen.query_one("#role-shown", LinesView)
        next_step = outcome.error.next_step
        await until(
            pilot, lambda: next_step in " ".join(text_of(shown.lines_in_view()).split()), "all is told"
        )
        assert outcome.error.title in text_of(shown.lines_in_view())
        assert screen.query_one("#role-log").display


@pytest.mark.docker
async def test_the_real_grader_scores_a_bundle_by_key(
    console: OpenConsole, peer_manifest: Callable[[str], Path], tmp_path: Path, engine_here: None
) -> None:
    shutil.copy(peer_manifest("0.1.64"), tmp_path / "coworld_manifest.json")
    bundle = recorded_episode("0.1.64") / "bundle.zip"
    async with console(replay=bundle) as pilot:
        await pilot.press("G")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "a bundle does not name its game")
        assert pilot.app.screen.query_one(Input).value == str(tmp_path / "coworld_manifest.json")
        await pilot.press("enter")
        screen, outcome = await ended(pilot)
        assert outcome.status == "passed"
        shown = screen.query_one("#role-shown", LinesView)
        await until(pilot, lambda: "score" in text_of(shown.lines_in_view()), "the score is shown")
        await pilot.press("escape", "P")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "it is asked again")
        await pilot.press("enter")
        await until(pilot, lambda: bool(pilot.app._notifications), "no reporter of it runs here")


@pytest.mark.docker
async def test_of_several_reporters_one_is_chosen(
    console: OpenConsole, peer_manifest: Callable[[str], Path], tmp_path: Path, engine_here: None
) -> None:
    shutil.copy(peer_manifest("0.1.11"), tmp_path / "coworld_manifest.json")
    async with console(replay=recorded_episode("0.1.11") / "bundle.zip") as pilot:
        await pilot.press("P")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "a bundle does not name its game")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Question), "there are two reporters")
        await pilot.press("1")
        screen, outcome = await ended(pilot)
        assert outcome.status == "passed"
        shown = screen.query_one("#role-shown", LinesView)
        await until(pilot, lambda: len(text_of(shown.lines_in_view()).split()) > 5, "the report is shown")
