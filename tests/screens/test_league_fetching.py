"""What the league screen fetches: replays that open, logs, bundles, and episodes to play again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from coworld_tui.league_demo.demonstration import demonstration
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.runs.paths import downloads_dir
from coworld_tui.screens.launch import LaunchScreen
from coworld_tui.screens.league.logs_screen import LogsScreen
from coworld_tui.screens.replay import ReplayScreen
from coworld_tui.widgets.lines import LinesView

from ..observatory.logins import write_login
from ..observatory.server import Observatory, serving
from .conftest import until
from .league import in_competition, league_screen, on_leagues, rows, shows, told


@pytest.fixture(scope="module")
def demo() -> Iterator[Observatory]:
    """The demonstration league, standing still."""
    with serving(lambda origin: demonstration(origin, now=datetime.now(UTC))[0]) as running:
        yield running


@pytest.fixture(autouse=True)
def demo_login(demo: Observatory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logged in there."""
    path = write_login(tmp_path / "softmax", demo)
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(path.parent))


async def at_a_replay(pilot: Pilot[str]) -> None:
    """Put the cursor on an episode that has a replay, of those that are listed."""
    await in_competition(pilot, 2)
    await shows(pilot, "● replay")
    lines = rows(pilot).splitlines()[1:]
    for _ in range(next(at for at, line in enumerate(lines) if "● replay" in line)):
        await pilot.press("down")


async def test_enter_fetches_the_replay_and_opens_it(demo: Observatory) -> None:
    async with on_leagues(demo.url) as pilot:
        await at_a_replay(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen), "the replay opens")
        screen = pilot.app.screen
        assert isinstance(screen, ReplayScreen)
        await until(pilot, lambda: screen.viewing is not None, "it is read")
        assert len(list(downloads_dir().glob("*.replay"))) == 1
        await pilot.press("q")
        assert pilot.app.screen is league_screen(pilot)


async def test_all_that_the_list_shows_go_into_a_folder(demo: Observatory, tmp_path: Path) -> None:
    place = tmp_path / "season"
    async with on_leagues(demo.url) as pilot:
        await in_competition(pilot, 1)
        await shows(pilot, "completed")
        row = next(at for at, line in enumerate(rows(pilot).splitlines()[1:]) if "completed" in line)
        await pilot.press(*["down"] * row, "enter")
        await shows(pilot, "● replay")
        expected = rows(pilot).count("● replay")
        await pilot.press("D")
        await until(pilot, lambda: pilot.app.screen.query(Input), "it asks where to")
        pilot.app.screen.query_one(Input).value = str(place)
        await pilot.press("enter")
        await until(pilot, lambda: f"{expected} replays came" in told(pilot), "they came")
    listed = json.loads((place / "index.json").read_bytes())
    assert sorted(Path(entry["local_path"]).name for entry in listed) == sorted(
        path.name for path in place.glob("*.replay")
    )
    assert len(listed) == expected


async def test_the_logs_of_a_failed_episode(demo: Observatory) -> None:
    async with on_leagues(demo.url) as pilot:
        await in_competition(pilot, 2)
        await shows(pilot, "● replay")
        await pilot.press("m", "slash", *"player_error", "enter")
        await until(pilot, lambda: "player_error" in rows(pilot).partition("\n")[2], "a failed one of mine")
        await pilot.press("l")
        screen = pilot.app.screen
        assert isinstance(screen, LogsScreen)
        lines = screen.query_one(LinesView)
        await until(pilot, lambda: "game starts" in text_of(lines.lines_in_view()), "the game's log")


async def save(pilot: Pilot[str], place: Path) -> None:
    """Save the bundle of the episode beneath the cursor."""
    await pilot.press("b")
    await until(pilot, lambda: pilot.app.screen.query(Input), "it asks for a file")
    pilot.app.screen.query_one(Input).value = str(place)
    await pilot.press("enter")


async def test_a_bundle_is_a_file_that_is_not_overwritten(demo: Observatory, tmp_path: Path) -> None:
    place = tmp_path / "episode.zip"
    async with on_leagues(demo.url) as pilot:
        await at_a_replay(pilot)
        await save(pilot, place)
        await until(pilot, lambda: "bundle, " in told(pilot), "it is saved")
        await save(pilot, place)
        await until(pilot, lambda: "is there already" in told(pilot), "it is not overwritten")
    assert "replay" in json.loads(zipfile.ZipFile(place).read("manifest.json"))["files"]


async def test_an_episode_is_played_again_with_its_own_configuration(demo: Observatory) -> None:
    async with on_leagues(demo.url) as pilot:
        await at_a_replay(pilot)
        await pilot.press("R")
        await until(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen), "the launch form opens")
        screen = pilot.app.screen
        assert isinstance(screen, LaunchScreen)
        entry = league_screen(pilot).entries.entry
        assert entry is not None
        hosted = demo.state.episodes[entry.id]  # type: ignore[attr-defined]
        assert screen._config == hosted["game_config"]
        assert screen._package.name == "enclosure"
