"""The certification screen by its keys: it follows what goes on, and rests when that is over."""

from __future__ import annotations

import json
from pathlib import Path

from textual.pilot import Pilot

from coworld_tui.demo import manifest_path
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.certify import CertifyScreen
from coworld_tui.screens.dialogs import Question
from coworld_tui.screens.replay import ReplayScreen
from coworld_tui.widgets.bars import LineBar
from coworld_tui.widgets.lines import LinesView
from coworld_tui.widgets.table import TableView

from .conftest import OpenConsole, until
from .packages import manifest_screen, put


async def certify(pilot: Pilot[str]) -> CertifyScreen:
    """Certify the package beneath the cursor."""
    await pilot.press("c")
    screen = pilot.app.screen
    assert isinstance(screen, CertifyScreen)
    return screen


async def test_certifying_the_bundled_game_by_keys(console: OpenConsole) -> None:
    async with console() as pilot:
        screen = await certify(pilot)
        certification = screen.certification
        steps = screen.query_one("#steps", TableView)
        await until(pilot, lambda: screen._feed is not None and screen._feed.grid is not None, "it plays")
        assert certification.steps[steps.cursor_row or 0].status == "running"
        await pilot.press("q")
        manifest_screen(pilot)
        await pilot.press("c")
        again = pilot.app.screen
        assert isinstance(again, CertifyScreen)
        assert again.certification is certification, "it went on, and is shown again"
        await until(pilot, lambda: certification.outcome is not None, "it ends")
        assert certification.outcome is not None
        assert certification.outcome.ok
        verdict = again.query_one("#verdict")
        await until(pilot, lambda: "✓ passed" in text_of(verdict.lines_in_view()), "that is said")  # type: ignore[attr-defined]
        assert text_of(again.query_one("#steps", TableView).lines_in_view()).count("✓") == 10


async def test_stopping_a_certification(console: OpenConsole) -> None:
    async with console() as pilot:
        screen = await certify(pilot)
        await until(pilot, lambda: screen.certification.episode is not None, "it plays")
        await pilot.press("ctrl+q")
        assert isinstance(pilot.app.screen, Question)
        await pilot.press("escape", "x")
        await until(pilot, lambda: screen.certification.outcome is not None, "it ends")
        assert screen.certification.outcome is not None
        assert screen.certification.outcome.cancelled


async def test_enter_on_the_checklist_opens_the_replay(console: OpenConsole) -> None:
    async with console() as pilot:
        await pilot.press("c", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, CertifyScreen), "there is no replay yet"
        await until(pilot, lambda: screen.certification.outcome is not None, "it ends")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen), "the replay opens")


async def test_the_cursor_of_the_checklist_is_the_readers(console: OpenConsole) -> None:
    async with console() as pilot:
        screen = await certify(pilot)
        steps = screen.query_one("#steps", TableView)
        await until(pilot, lambda: steps.cursor_row == 4, "it follows to the episode")
        await pilot.press("up")
        await until(pilot, lambda: screen._feed is not None and screen._feed.grid is not None, "it goes on")
        assert steps.cursor_row == 3


async def test_a_look_between_the_key_and_its_message_leaves_the_cursor(console: OpenConsole) -> None:
    async with console() as pilot:
        screen = await certify(pilot)
        steps = screen.query_one("#steps", TableView)
        await until(pilot, lambda: steps.cursor_row == 4, "it follows to the episode")
        steps.go_to(3)
        screen._look()
        assert steps.cursor_row == 3


async def test_certifying_again_takes_the_file_as_it_is_now(console: OpenConsole, tmp_path: Path) -> None:
    manifest = json.loads(manifest_path().read_bytes())
    tags = manifest.pop("tags")
    put(tmp_path, manifest)
    async with console() as pilot:
        screen = await certify(pilot)
        await until(pilot, lambda: screen.certification.outcome is not None, "it fails for want of tags")
        put(tmp_path, {**manifest, "tags": tags})
        await until(pilot, lambda: not pilot.app.works, "it is over")  # type: ignore[attr-defined]
        await pilot.press("c")
        await until(pilot, lambda: pilot.app.screen is not screen, "it begins anew")
        again = pilot.app.screen
        await until(pilot, lambda: isinstance(pilot.app.screen, CertifyScreen), "the screen is there")
        again = pilot.app.screen
        assert isinstance(again, CertifyScreen)
        first = again.certification.steps[0]
        await until(pilot, lambda: first.is_over, "the manifest is judged")
        assert first.status == "pass"


async def test_a_step_that_fails_is_what_is_shown(console: OpenConsole, tmp_path: Path) -> None:
    manifest = json.loads(manifest_path().read_bytes())
    del manifest["tags"]
    put(tmp_path, manifest)
    async with console() as pilot:
        screen = await certify(pilot)
        await until(pilot, lambda: screen.certification.outcome is not None, "it ends")
        feedback = screen.query_one("#feedback", LinesView)
        await until(pilot, lambda: "manifest_invalid" in text_of(feedback.lines_in_view()), "it says why")
        assert screen.query_one("#steps", TableView).cursor_row == 0


async def test_what_has_ended_is_looked_at_no_more_but_for_what_the_reader_does(
    console: OpenConsole, tmp_path: Path
) -> None:
    manifest = json.loads(manifest_path().read_bytes())
    del manifest["tags"]
    put(tmp_path, manifest)
    async with console() as pilot:
        screen = await certify(pilot)
        await until(pilot, lambda: screen._looks is None, "it rests")
        verdict = screen.query_one("#verdict", LineBar)
        assert "✗ failed" in text_of(verdict.lines_in_view())
        feedback = screen.query_one("#feedback", LinesView)
        await pilot.press("end")
        last = screen.certification.steps[-1]
        await until(pilot, lambda: last.title in text_of(feedback.lines_in_view()), "the step is shown")
        await pilot.resize_terminal(70, 24)
        await until(pilot, lambda: feedback.room.width < 70, "it is laid out anew")
        assert last.title in text_of(feedback.lines_in_view())
