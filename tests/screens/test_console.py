"""The console by its keys: launch, watch, look back, stop, leave. The episodes are real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from coworld_tui.app import LET_FINISH, CoworldApp
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.runner.phases import Phase
from coworld_tui.screens.dialogs import Question, Table
from coworld_tui.screens.launch import LaunchScreen
from coworld_tui.screens.live import LiveScreen
from coworld_tui.screens.manifest import ManifestScreen
from coworld_tui.widgets.bars import TabBar
from coworld_tui.widgets.board import BoardView
from coworld_tui.widgets.choice import Choice
from coworld_tui.widgets.lens_pane import LensPane
from coworld_tui.widgets.lines import LinesView
from coworld_tui.widgets.log_view import LogView
from tests.contract import builders

from .conftest import OpenConsole, until
from .packages import items_now, see_items


def app_of(pilot: Pilot[str]) -> CoworldApp:
    assert isinstance(pilot.app, CoworldApp)
    return pilot.app


def live(pilot: Pilot[str]) -> LiveScreen:
    screen = pilot.app.screen
    assert isinstance(screen, LiveScreen)
    return screen


async def until_shown(pilot: Pilot[str], kind: type[Screen[Any]], what: str) -> None:
    """Wait for a screen that the console opens by itself, and for the widgets on it."""

    def shown() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, kind) and screen.is_mounted

    await until(pilot, shown, what)


def text_now(pilot: Pilot[str], selector: str, kind: type[LinesView] | type[LogView] = LinesView) -> str:
    """What a pane shows; empty while it is not there or not laid out."""
    return "\n".join(text_of(view.lines_in_view()) for view in pilot.app.screen.query(selector).results(kind))


async def see(pilot: Pilot[str], selector: str, words: str) -> None:
    """Wait until a pane says ``words``."""
    await until(pilot, lambda: words in text_now(pilot, selector), f"{selector} says {words}")


async def text(pilot: Pilot[str], selector: str, kind: type[LinesView] | type[LogView] = LinesView) -> str:
    """What a pane shows once it is laid out."""
    await until(pilot, lambda: text_now(pilot, selector, kind), f"{selector} is laid out")
    return text_now(pilot, selector, kind)


async def launch_quick(pilot: Pilot[str]) -> None:
    """Fill in the form for the shortest variant and launch it."""
    await launch(pilot, "quick")


async def launch(pilot: Pilot[str], variant: str, *, episodes: int = 1, jobs: int = 1) -> None:
    """Fill in the form and launch. ``quick`` takes two seconds, ``wide`` half a minute."""
    await pilot.press("r")
    form = pilot.app.screen
    assert isinstance(form, LaunchScreen)
    while form.query_one("#variant", Choice).value != variant:
        await pilot.press("left")
    form.query_one("#episodes", Input).value = str(episodes)
    form.query_one("#jobs", Input).value = str(jobs)
    await pilot.press("enter")
    await until_shown(pilot, LiveScreen, "the live screen opens")


async def test_a_run_by_keys_from_the_first_screen_to_the_result(console: OpenConsole) -> None:
    async with console() as pilot:
        await see(pilot, "#text", "no runs yet")
        await launch_quick(pilot)
        episode = live(pilot).episode
        assert episode.plan.variant_id == "quick"
        await until(pilot, lambda: live(pilot).feed.grid is not None, "a board is drawn")
        await until(pilot, lambda: episode.outcome is not None, "the episode ends")
        assert episode.outcome is not None
        assert episode.outcome.status == "passed"
        await until(
            pilot, lambda: pilot.app.screen.query_one(TabBar).active == "result", "the result is shown"
        )
        result = await text(pilot, "#result")
        assert episode.outcome.run_dir in result
        assert "frames.parquet" in result
        assert Path(episode.outcome.run_dir, "run_manifest.json").is_file()
        await pilot.press("q")
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await see(pilot, "#text", "passed")


async def test_looking_back_while_it_runs_and_back_to_live(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch(pilot, "wide")
        screen, episode = live(pilot), live(pilot).episode
        await until(
            pilot, lambda: episode.recorder is not None and episode.recorder.count > 12, "frames come"
        )
        await pilot.press("left")
        assert screen.feed.at is not None
        await pilot.press("home")
        assert screen.feed.shown is not None
        assert screen.feed.shown.seq == 0
        await pilot.press("right", "full_stop", "right_square_bracket")
        assert screen.feed.shown.seq == 3
        seen = screen.feed.shown.seq
        recorded = episode.recorder.count if episode.recorder is not None else 0
        await until(pilot, lambda: episode.recorder.count > recorded, "recording goes on")  # type: ignore[union-attr]
        assert screen.feed.shown.seq == seen, "the view stands still"
        await pilot.press("f")
        assert screen.feed.following
        assert screen.feed.shown.seq > seen


async def test_pause_stops_the_view_not_the_recording(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch_quick(pilot)
        screen, episode = live(pilot), live(pilot).episode
        await until(pilot, lambda: screen.feed.shown is not None, "a frame is drawn")
        await pilot.press("space")
        shown = screen.feed.shown
        await until(pilot, lambda: episode.outcome is not None, "the episode ends")
        assert screen.feed.shown is shown
        await pilot.press("space")
        assert screen.feed.shown is not None
        assert screen.feed.shown.seq == episode.outcome.recorded - 1  # type: ignore[union-attr]


async def test_stop_asks_once_and_keeps_what_was_recorded(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch(pilot, "wide")
        episode = live(pilot).episode
        await until(pilot, lambda: episode.phase is Phase.PLAYING, "it plays")
        await pilot.press("x")
        assert isinstance(pilot.app.screen, Question)
        await pilot.press("escape")
        assert not episode.phase.is_final
        await pilot.press("x", "x")
        await until(pilot, lambda: episode.outcome is not None, "it stops")
        assert episode.outcome is not None
        assert episode.outcome.status == "cancelled"
        assert episode.outcome.recorded > 0
        assert Path(episode.outcome.recording or "").is_file()


async def test_several_episodes_at_once(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch(pilot, "wide", episodes=3, jobs=3)
        screen = live(pilot)
        episodes = app_of(pilot).sessions[0].batch.episodes
        seeds = [episode.plan.game_config["seed"] for episode in episodes]
        assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
        await until(pilot, lambda: all(e.phase is Phase.PLAYING for e in episodes), "all three play")
        assert app_of(pilot).running == 3
        await pilot.press("n")
        assert screen.episode is episodes[1]
        await pilot.press("N", "N")
        assert screen.episode is episodes[2]
        await pilot.press("x", "a")
        await until(pilot, lambda: app_of(pilot).running == 0, "all stop")


async def test_leaving_the_live_screen_and_coming_back(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch_quick(pilot)
        screen = live(pilot)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, ManifestScreen)
        await pilot.press("l")
        assert live(pilot) is screen
        await pilot.press("escape", "R")
        await until(pilot, lambda: len(app_of(pilot).sessions) == 2, "the run is repeated")
        again = app_of(pilot).sessions[1].batch.episodes[0]
        assert again.plan.variant_id == "quick"
        assert again.run_id != screen.episode.run_id


@pytest.mark.parametrize(("key", "answer"), [("s", "stop"), ("f", LET_FINISH)])
async def test_quitting_asks_what_to_do_with_running_episodes(
    console: OpenConsole, key: str, answer: str
) -> None:
    async with console() as pilot:
        await launch(pilot, "wide")
        await pilot.press("ctrl+q")
        assert isinstance(pilot.app.screen, Question)
        await pilot.press("escape")
        assert pilot.app.is_running
        await pilot.press("ctrl+q", key)
        await until(pilot, lambda: pilot.app.return_value is not None, "the console closes")
        assert pilot.app.return_value == answer


async def test_quitting_with_nothing_running_asks_nothing(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.return_value is not None, "the console closes")


async def test_play_shows_the_links_when_the_game_is_up_and_when_asked(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("p")
        await pilot.press("left", "left", "enter")
        await until_shown(pilot, Table, "the links are shown")
        assert app_of(pilot).sessions[0].launch.options.kind == "play"
        await see(pilot, "#lines", "/client/global")
        shown = await text(pilot, "#lines")
        assert "/client/player?slot=0&token=" in shown
        assert "/client/admin" in shown
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, LiveScreen)
        await pilot.press("l")
        assert isinstance(pilot.app.screen, Table)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("slot-0", "nobody", "slot"),
        ("slot-0", "manifest:ghost", "ghost"),
        ("slot-1", "cmd='unclosed", "slot 1"),
        ("env", "NOVALUE", "env"),
        ("run", "python x.py", "image"),
        ("timeout", "soon", "timeout"),
        ("episodes", "0", "episodes"),
        ("secret", "hush", "secret env"),
    ],
)
async def test_a_wrong_form_says_what_is_wrong(
    console: OpenConsole, field: str, value: str, complaint: str
) -> None:
    async with console() as pilot:
        await pilot.press("r")
        form = pilot.app.screen
        form.query_one(f"#{field}", Input).value = value
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is form, "the form stays open"
        assert complaint in str(form.query_one("#problem").render())
        assert not app_of(pilot).sessions


async def test_the_form_runs_a_command_in_a_slot_and_hides_its_secret(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("r", "left", "left")
        form = pilot.app.screen
        script = "import os, sys; print('secret is', os.environ['HUSH'], flush=True); sys.exit(3)"
        form.query_one("#slot-0", Input).value = f'cmd=python3 -c "{script}"'
        form.query_one("#secret", Input).value = "HUSH=very-quiet-value"
        await pilot.press("enter")
        await until_shown(pilot, LiveScreen, "the live screen opens")
        episode = live(pilot).episode
        await until(pilot, lambda: episode.outcome is not None, "it fails")
        error = episode.outcome.error  # type: ignore[union-attr]
        assert error is not None
        assert (error.type, error.slot) == ("player_error", 0)
        assert "very-quiet-value" not in str(error)
        await until(
            pilot, lambda: pilot.app.screen.query_one(TabBar).active == "result", "the result is shown"
        )
        await see(pilot, "#result", "slot 0")
        assert "very-quiet-value" not in await text(pilot, "#result")
        await pilot.press("T", "T", "T", "T")
        log = await text(pilot, "#log", LogView)
        assert "secret is [redacted]" in log


async def test_hostile_packages_are_shown_as_they_are(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.old_manifest()
    manifest["game"]["name"] = "[/]\x1b]0;owned\x07[@click=app.quit]x[/]"
    manifest["game"]["description"] = "[b]not bold[/b] \x1b[31mnot red\u202e"
    manifest["variants"][0]["name"] = "[type=x, v={'a[0]'}]\x1b[31m"
    manifest["player"][0]["env"] = {"[b]\x1b]0;owned\x07": "[/]\x1b[31m"}
    (tmp_path / "coworld_manifest.json").write_text(json.dumps(manifest))
    async with console() as pilot:
        shown = await text(pilot, "#text")
        assert "[b]not bold[/b]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        await pilot.press("v")
        await see_items(pilot, "[type=x, v={'a[0]'}]")
        for key, words in (("w", "commissioner"), ("d", "document"), ("s", "config"), ("f", "where")):
            await pilot.press(key)
            await see_items(pilot, words)
            assert not {"\x1b", "\x07", "\u202e"} & set(items_now(pilot) + text_now(pilot, "#text"))
        await pilot.press("r", "escape", "question_mark", "escape")


async def test_filtering_packages(console: OpenConsole, tmp_path: Path) -> None:
    (tmp_path / "coworld_manifest.json").write_text(json.dumps(builders.old_manifest()))
    async with console() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, ManifestScreen)
        await pilot.press("slash", *"encl", "enter")
        assert screen.packages.current is not None
        assert screen.packages.current.name == "enclosure"
        await pilot.press("escape")
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: screen.packages.current is None, "no package has that name")
        await pilot.press("enter", "r", "e", "c", "m", "v", "t")
        assert pilot.app.screen is screen, "there is nothing to do anything with"


async def test_an_unreadable_manifest_is_a_row_with_a_reason(console: OpenConsole, tmp_path: Path) -> None:
    (tmp_path / "coworld_manifest.json").write_text("{")
    async with console() as pilot:
        await see(pilot, "#text", "next")
        await pilot.press("r")
        assert isinstance(pilot.app.screen, ManifestScreen), "there is nothing to run"


async def test_lenses_and_zoom(console: OpenConsole) -> None:
    async with console() as pilot:
        await launch_quick(pilot)
        screen = live(pilot)
        await until(pilot, lambda: screen.feed.grid is not None, "a board is drawn")
        await pilot.press("v")
        assert screen.query_one(LensPane).shown.id == "lines", "the scoreboard"
        await pilot.press("v")
        assert screen.query_one(LensPane).shown.id == "tree"
        await pilot.press("v")
        assert screen.query_one(LensPane).shown.id == "lines", "the bytes"
        await pilot.press("v", "z")
        assert screen.query_one(BoardView).has_focus
        assert not screen.query_one("#lower").display
        await pilot.press("q")
        assert screen.query_one("#lower").display
        assert pilot.app.screen is screen


async def test_keys_can_be_changed_in_the_settings(console: OpenConsole, home: Path) -> None:
    (home / "config.toml").write_text('[keys]\nrun = "f2"\n')
    async with console() as pilot:
        await pilot.press("f2")
        assert isinstance(pilot.app.screen, LaunchScreen)


@pytest.mark.parametrize("settings", ["theme = []", "theme = 3", "keys = 3", '[keys]\nrun = ["a"]\n', "= ="])
async def test_odd_settings_do_not_keep_the_console_from_opening(
    console: OpenConsole, home: Path, settings: str
) -> None:
    (home / "config.toml").write_text(settings)
    async with console() as pilot:
        await see(pilot, "#text", "no runs yet")


async def test_opening_a_path_that_is_not_there_says_so(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("o", *"nowhere", "enter")
        await pilot.app.workers.wait_for_complete()
        await see(pilot, "#text", "✗")
        await see(pilot, "#text", "nowhere")


async def test_the_run_notes_a_command_that_repeats_the_form(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("r", "left", "left")
        form = pilot.app.screen
        form.query_one("#slot-1", Input).value = "manifest:wanderer"
        form.query_one("#env", Input).value = "MOOD='very bold'"
        form.query_one("#secret", Input).value = "HUSH=very-quiet-value"
        await pilot.press("enter")
        await until_shown(pilot, LiveScreen, "the live screen opens")
        assert live(pilot).episode.options.command == (
            "coworld-tui run demo --variant quick --slot 0=manifest:hunter --slot 1=manifest:wanderer"
            " --env 'MOOD=very bold' --secret-env HUSH --backend process"
        )
