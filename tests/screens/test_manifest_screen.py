"""The manifest screen by its keys: tabs, following the file, editor, documents, starters, certification."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from textual.widgets import Input, Label

from coworld_tui.app import CoworldApp
from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.building import BuildScreen
from coworld_tui.screens.dialogs import Table
from coworld_tui.screens.launch import LaunchScreen
from coworld_tui.screens.package_tabs.building import TABS
from coworld_tui.screens.starting import StartScreen
from coworld_tui.widgets.bars import TabBar
from coworld_tui.widgets.choice import Choice
from coworld_tui.widgets.lines import LinesView
from tests.contract import builders

from .conftest import OpenConsole, until
from .packages import go_to, manifest_screen, put, see_items, see_text

FOLLOWED_SECONDS = 0.2


async def test_the_tabs_by_key_and_round_the_end(console: OpenConsole) -> None:
    async with console() as pilot:
        pane = manifest_screen(pilot).pane
        seen = []
        for _ in TABS:
            await pilot.press("t")
            seen.append(pane.tab)
        assert seen == [*TABS[1:], TABS[0]]
        await pilot.press("T")
        assert pane.tab == TABS[-1]
        await pilot.press("v")
        await see_items(pilot, "certification")
        await pilot.press("v")
        assert pane.tab == "overview", "the same key once more goes back"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)])
async def test_every_tab_has_its_name_on_the_bar(console: OpenConsole, size: tuple[int, int]) -> None:
    async with console(size=size) as pilot:
        bar = pilot.app.screen.query_one(TabBar)
        text = text_of(bar.lines_in_view())
        assert len(text.split()) == len(TABS), text


async def test_a_variant_is_launched_from_its_row(console: OpenConsole) -> None:
    async with console() as pilot:
        pane = await go_to(pilot, "variants", 2)
        row_id = pane.built.rows.id_of(2)  # type: ignore[union-attr]
        await pilot.press("r")
        form = pilot.app.screen
        assert isinstance(form, LaunchScreen)
        assert form.query_one("#variant", Choice).value == row_id
        await pilot.press("escape", "enter")
        assert isinstance(pilot.app.screen, LaunchScreen), "enter on the row does the same"


async def test_the_schemas_are_an_outline_and_raw_one_key_away(console: OpenConsole) -> None:
    async with console() as pilot:
        await go_to(pilot, "schemas", 0)
        await see_text(pilot, "integer")
        await pilot.press("enter")
        await see_text(pilot, '"type": "object"')
        await pilot.press("enter")
        await until(pilot, lambda: '"type"' not in text_of(_text(pilot).lines_in_view()), "an outline again")


async def test_the_screen_follows_the_file(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.old_manifest()
    put(tmp_path, manifest)
    async with console() as pilot:
        await see_text(pilot, manifest["game"]["description"])
        manifest["game"]["description"] = "saved once more"
        put(tmp_path, manifest)
        await see_text(pilot, "saved once more")
        (tmp_path / "coworld_manifest.json").write_text("{")
        await see_text(pilot, "next")
        await pilot.press("f")
        await see_items(pilot, "✗")
        (tmp_path / "coworld_manifest.json").unlink()
        await pilot.press("i")
        await see_text(pilot, "there is no")
        put(tmp_path, manifest)
        await see_text(pilot, "saved once more")


async def test_it_follows_within_a_fifth_of_a_second(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.old_manifest()
    put(tmp_path, manifest)
    async with console() as pilot:
        await see_text(pilot, manifest["game"]["description"])
        took: list[float] = []
        for turn in range(20):
            manifest["game"]["description"] = f"turn {turn}"
            put(tmp_path, manifest)
            began = time.perf_counter()
            await see_text(pilot, f"turn {turn}")
            took.append(time.perf_counter() - began)
            if took[-1] <= FOLLOWED_SECONDS:
                return
    pytest.fail(f"never within {FOLLOWED_SECONDS:g} s: {took}")


async def test_nothing_is_followed_once_the_console_has_ended(console: OpenConsole) -> None:
    async with console():
        followers = [thread for thread in threading.enumerate() if thread.name == "follower"]
        assert followers
    for follower in followers:
        await asyncio.to_thread(follower.join, 5.0)
    assert not [follower for follower in followers if follower.is_alive()]


async def test_a_build_begins_in_the_folder_of_the_project(console: OpenConsole, tmp_path: Path) -> None:
    built = tmp_path / "project" / "dist"
    built.mkdir(parents=True)
    put(built, builders.old_manifest())
    (built.parent / "compose.yaml").write_text("services: {}")
    async with console((str(built),)) as pilot:
        await see_text(pilot, "slots")
        await pilot.press("b")
        assert pilot.app.screen.query_one("#project", Input).value == str(built.parent)


async def test_following_keeps_tab_row_and_place(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.old_manifest()
    fixture = manifest["certification"]["game_config"]
    manifest["variants"] = [
        {"id": f"v{at}", "name": f"V{at}", "description": "", "game_config": dict(fixture)} for at in range(9)
    ]
    put(tmp_path, manifest)
    async with console() as pilot:
        pane = await go_to(pilot, "variants", 5)
        manifest["variants"][4]["name"] = "renamed"
        put(tmp_path, manifest)
        await see_items(pilot, "renamed")
        assert pane.row == 5
        del manifest["variants"][0]
        put(tmp_path, manifest)
        await until(pilot, lambda: pane.row == 4, "the cursor stays on its variant")


async def test_the_bundled_game_is_not_edited(console: OpenConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "false")
    async with console() as pilot:
        await pilot.press("e")
        assert any("not yours to edit" in str(toast.message) for toast in pilot.app._notifications)


async def test_a_document_on_this_machine_is_not_fetched(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.new_manifest()
    link = {"type": "uri", "value": "http://127.0.0.1:9/secret.md?token=hush"}
    manifest["game"]["docs"] = {"readme": link}
    put(tmp_path, manifest)
    async with console() as pilot:
        pane = await go_to(pilot, "docs", 0)
        await see_text(pilot, "enter fetches it")
        await pilot.press("enter")
        await see_text(pilot, "enter tries again")
        assert "hush" not in await pane.text()
        assert isinstance(next(iter(pane._fetched.values())), CoworldError)


async def test_a_starter_is_written_from_the_screen(console: OpenConsole, tmp_path: Path) -> None:
    async with console() as pilot:
        await pilot.press("N")
        form = pilot.app.screen
        assert isinstance(form, StartScreen)
        await pilot.press("enter")
        assert "name a folder" in str(form.query_one("#problem", Label).content)
        form.query_one("#folder", Input).value = str(tmp_path / "mine")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Table), "what was written is told")
        assert (tmp_path / "mine" / "player.py").is_file()
        await pilot.press("escape", "N")
        pilot.app.screen.query_one("#folder", Input).value = str(tmp_path / "mine")
        await pilot.press("enter")
        problem = pilot.app.screen.query_one("#problem", Label)
        await until(pilot, lambda: str(problem.content), "a folder with files is refused")
        assert isinstance(pilot.app.screen, StartScreen)


async def test_a_build_that_cannot_be_says_why(console: OpenConsole, tmp_path: Path) -> None:
    async with console() as pilot:
        await pilot.press("b")
        screen = pilot.app.screen
        assert isinstance(screen, BuildScreen)
        await pilot.press("enter")
        assert "needs a version" in str(screen.query_one("#problem", Label).content)
        screen.query_one("#project", Input).value = str(tmp_path)
        screen.query_one("#version", Input).value = "1.0.0"
        await pilot.press("enter")
        said = screen.query_one("#said", LinesView)
        await until(pilot, lambda: "next" in text_of(said.lines_in_view()), "the error is told")
        await pilot.press("escape")
        manifest_screen(pilot)


class Broken:
    """A work that raises, against its promise."""

    async def run(self) -> None:
        raise OSError("the disk is\x1b[31m gone")

    def cancel(self) -> None: ...


async def test_a_work_that_breaks_is_told_and_noted(console: OpenConsole, home: Path) -> None:
    async with console() as pilot:
        app = pilot.app
        assert isinstance(app, CoworldApp)
        broken = Broken()
        app.begin(broken)
        assert app.is_working(broken)
        await until(pilot, lambda: not app.is_working(broken), "it ends")
        told = [str(toast.message) for toast in app._notifications]
        assert any("the disk is" in message for message in told)
        assert "\x1b" not in "".join(told)
        assert "Broken in the console" in (home / "coworld-tui.log").read_text()


@pytest.mark.parametrize("asked", ["~nobody-at-all/x", "x" * 400, "a\0b", "/proc/1/root/nowhere"])
async def test_no_path_that_is_asked_for_ends_the_console(console: OpenConsole, asked: str) -> None:
    async with console() as pilot:
        screen = manifest_screen(pilot)
        screen.open(asked)
        await until(pilot, lambda: len(screen.packages._found) == 2, "it is a row of its own")
        await see_text(pilot, "next")


async def test_a_package_saved_while_another_is_shown_is_read_anew(
    console: OpenConsole, tmp_path: Path
) -> None:
    folders = [tmp_path / "coworld" / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir(parents=True)
        put(
            folder,
            {**builders.old_manifest(), "game": {**builders.old_manifest()["game"], "name": folder.name}},
        )
    async with console() as pilot:
        await until(pilot, lambda: manifest_screen(pilot).pane.found is not None, "the first is shown")
        changed = builders.old_manifest()
        changed["game"].update(name="two", description="saved behind its back")
        put(folders[1], changed)
        await pilot.press("down")
        await see_text(pilot, "saved behind its back")


async def test_what_is_looked_at_stays_while_it_is_broken(console: OpenConsole, tmp_path: Path) -> None:
    manifest = builders.old_manifest()
    put(tmp_path, manifest)
    async with console() as pilot:
        await pilot.press("slash", *manifest["game"]["name"], "enter")
        (tmp_path / "coworld_manifest.json").write_text("{")
        await see_text(pilot, "next")
        put(tmp_path, {**manifest, "game": {**manifest["game"], "description": "whole again"}})
        await see_text(pilot, "whole again")


async def test_an_image_for_every_role_is_asked_for_a_few_at_a_time(
    console: OpenConsole, tmp_path: Path
) -> None:
    manifest = builders.old_manifest()
    manifest["player"] += [builders.player(f"p{at}") for at in range(3_000)]
    put(tmp_path, manifest)
    async with console() as pilot:
        await go_to(pilot, "roles", 2_000)
        await see_text(pilot, "python p")


def _text(pilot: object) -> LinesView:
    return pilot.app.screen.query_one("#text", LinesView)  # type: ignore[attr-defined,no-any-return]
