"""Opening replays on the screen: from the list, as they play, broken ones, and by the palette."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.request import plan_episode
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runs.paths import runs_dir
from coworld_tui.screens.library_pane import LibraryPane

from .conftest import OpenConsole, until
from .reel import index, ready, screen, see, shown, viewing
from .replays import workspace


async def test_the_library_lists_filters_sorts_and_opens(console: OpenConsole, tmp_path: Path) -> None:
    workspace(tmp_path, "alpha")
    workspace(tmp_path, "beta")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04nonsense")
    async with console(replays=True, folders=(tmp_path,)) as pilot:
        await see(pilot, "#replays", "alpha")
        await see(pilot, "#replays", "20:15")
        await see(pilot, "#replays", "✗")
        pane = screen(pilot).query_one(LibraryPane)
        await pilot.press("slash", *"beta", "enter")
        await until(pilot, lambda: "alpha" not in shown(pilot, "#replays"), "the filter holds")
        assert pane.current is not None
        await pilot.press("enter")
        await ready(pilot)
        assert viewing(pilot).replay.path.name == "beta"
        assert not pane.display
        await pilot.press("b")
        assert pane.display
        await pilot.press("escape")
        assert pane.display, "the filter is forgotten first"
        await see(pilot, "#replays", "alpha")
        await pilot.press("escape")
        assert not pane.display
        await pilot.press("q")
        assert screen(pilot).viewing is None, "back to the list it was chosen from"
        await see(pilot, "#replays", "alpha")
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running, "then it leaves")


async def test_a_run_that_goes_on_is_followed_and_its_replay_shown_when_it_ends(
    console: OpenConsole, tmp_path: Path
) -> None:
    plan = plan_episode(bundled_package(), variant="quick")
    episode = Episode(plan, LaunchOptions(backend="process"))
    async with console(replays=True, folders=(tmp_path,)) as pilot:
        running = asyncio.create_task(episode.run())
        await until(pilot, lambda: episode.recorder is not None and episode.recorder.count > 5, "frames come")
        screen(pilot).open(runs_dir() / episode.run_id)
        await until(pilot, lambda: screen(pilot).viewing is not None, "it opens")
        before = viewing(pilot)
        assert "recording" in before.replay.note
        await pilot.press("end")
        at = index(pilot)
        await until(pilot, lambda: viewing(pilot).playback.length > at + 5, "it grows")
        outcome = await running
        assert outcome.status == "passed"
        await until(pilot, lambda: viewing(pilot) is not before, "it is opened anew")
        await ready(pilot)
        assert list(viewing(pilot).replay.scores) == outcome.scores
        assert viewing(pilot).replay.note.startswith("replay")


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.json", b""), ("cut.zip", b"PK\x03\x04"), ("gone.json", None)],
)
async def test_what_cannot_be_opened_says_why(
    console: OpenConsole, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    async with console(replay=tmp_path / name) as pilot:
        await pilot.app.workers.wait_for_complete()
        await until(pilot, lambda: len(shown(pilot, "#board")) > 10, "there is a message")
        assert "Traceback" not in shown(pilot, "#board")
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "board"
        assert "sort" not in shown(pilot, "#keys"), "no keys of a list that is not shown"


async def test_a_file_that_vanishes_and_shrinks_is_named(console: OpenConsole, tmp_path: Path) -> None:
    path = tmp_path / "replay.json"
    path.write_bytes((workspace(tmp_path) / "replay.json").read_bytes())
    async with console(replay=path) as pilot:
        await ready(pilot)
        with path.open("r+b") as file:
            file.truncate(100)
        path.unlink()
        await pilot.press("end")
        await see(pilot, "#lens LineView", "cannot be read any more")
        await pilot.press("home", "5", "t", "t", "v")
        assert pilot.app.screen is screen(pilot)


async def test_the_palette_offers_what_works_here_and_all_of_it_does(
    console: OpenConsole, tmp_path: Path
) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        offered = list(pilot.app.get_system_commands(pilot.app.screen))
        assert len({command.title for command in offered}) == len(offered)
        for command in offered:
            if not command.title.startswith(("quit", "back", "theme", "open the frame", "pager")):
                done = command.callback()
                if inspect.isawaitable(done):
                    await done
                await pilot.pause()
                while pilot.app.screen is not screen(pilot):
                    await pilot.press("escape")
        if not screen(pilot).query_one(LibraryPane).display:
            await pilot.press("b")
        screen(pilot).query_one(LibraryPane).focus_list()
        await pilot.pause()
        assert any("sort" in command.title for command in pilot.app.get_system_commands(pilot.app.screen))
