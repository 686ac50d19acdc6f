"""The config editor by its keys: fields are filled in, checked, launched and saved."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from coworld_tui.contract.package import read_package
from coworld_tui.contract.request import OWN_CONFIG, parse_request, plan_from_request
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.config_editor import ConfigEditor
from coworld_tui.screens.dialogs import Prompt
from coworld_tui.screens.launch import LaunchScreen
from coworld_tui.widgets.choice import Choice
from coworld_tui.widgets.table import TableView
from tests.contract import builders

from .conftest import OpenConsole, until
from .packages import manifest_screen, put, see_items, see_text
from .reel import toasts


async def open_editor(pilot: Pilot[str]) -> ConfigEditor:
    await pilot.press("m")
    editor = pilot.app.screen
    assert isinstance(editor, ConfigEditor)
    return editor


async def type_value(pilot: Pilot[str], editor: ConfigEditor, path: str, value: str) -> None:
    """Go to a field, type a value and leave the line with enter."""
    row = next(at for at, field in enumerate(editor.form.fields) if field.path == path)
    table = editor.query_one("#config-fields", TableView)
    table.focus()
    table.go_to(row)
    await pilot.press("enter")
    line = editor.query_one("#config-value", Input)
    line.value = ""
    await pilot.press(*value)
    await until(pilot, lambda: editor.form.fields[row].value_text == value, "it is taken as it is typed")
    await pilot.press("enter")


def has_variant(manifest: Path, name: str) -> bool:
    return any(each["id"] == name for each in json.loads(manifest.read_bytes())["variants"])


def about(pilot: Pilot[str]) -> str:
    return text_of(pilot.app.screen.query_one("#config-about").lines_in_view())  # type: ignore[attr-defined]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return put(tmp_path, builders.old_manifest())


async def save(pilot: Pilot[str], key: str, name: str) -> None:
    """Save the configuration that is edited, under a name."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "it asks for the name")
    pilot.app.screen.query_one(Input).value = name
    await pilot.press("enter")


async def test_a_value_goes_into_the_episode(console: OpenConsole, manifest: Path) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        await type_value(pilot, editor, "width", "31")
        await until(pilot, lambda: editor._is_checked, "it is checked")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, LaunchScreen), "the launch form opens")
        form = pilot.app.screen
        assert isinstance(form, LaunchScreen)
        assert form.query_one("#variant", Choice).value == OWN_CONFIG
        await until(pilot, lambda: len(form.query("#slots Input")) == 2, "the slots are there")
        launch = await form.read()
        assert launch.plans[0].game_config["width"] == 31
        assert launch.plans[0].variant_id == OWN_CONFIG
        assert "--request" in launch.options.command


@pytest.mark.parametrize(("typed", "said"), [("x", "whole number"), ("0", "1"), ("1e400", "number")])
async def test_a_wrong_value_is_said_at_once_and_not_launched(
    console: OpenConsole, manifest: Path, typed: str, said: str
) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        await type_value(pilot, editor, "width", typed)
        await until(pilot, lambda: said in editor._problems.get("width", ""), "it is said")
        await pilot.press("r")
        assert pilot.app.screen is editor
        await pilot.press("s", "w")
        assert pilot.app.screen is editor


async def test_escape_gives_the_old_value_back(console: OpenConsole, manifest: Path) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        before = editor.form.config()
        await type_value(pilot, editor, "width", "12")
        row = next(at for at, field in enumerate(editor.form.fields) if field.path == "width")
        editor.query_one("#config-fields", TableView).go_to(row)
        await pilot.press("enter", "9", "escape")
        assert editor.form.config() == {**before, "width": 12}
        await pilot.press("delete")
        assert "width" not in editor.form.config()
        await pilot.press("escape")
        manifest_screen(pilot)


async def test_the_line_belongs_to_the_field_it_was_opened_for(console: OpenConsole, tmp_path: Path) -> None:
    raw = builders.old_manifest()
    raw["game"]["config_schema"]["properties"]["title"] = {"type": "string"}
    raw["certification"]["game_config"]["title"] = "before"
    put(tmp_path, raw)
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        table = editor.query_one("#config-fields", TableView)
        rows = {field.path: at for at, field in enumerate(editor.form.fields)}
        table.go_to(rows["width"])
        await pilot.press("enter", "3", "1")
        table.go_to(rows["title"])
        table.focus()
        await until(pilot, lambda: not editor.query_one("#config-value", Input).display, "the line closes")
        assert editor.form.config()["width"] == 31
        assert editor.form.config()["title"] == "before"
        await pilot.press("escape")
        manifest_screen(pilot)


async def test_it_can_be_saved_twice_and_takes_no_file_of_others(
    console: OpenConsole, manifest: Path, tmp_path: Path
) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        for name in ("first", "second"):
            await until(pilot, lambda: editor._is_checked, "it is checked")
            await save(pilot, "s", name)
            await until(pilot, partial(has_variant, manifest, name), f"{name} is in the file")
            await until(pilot, lambda: pilot.app.screen is editor, "back")
        before = manifest.read_bytes()
        await save(pilot, "w", str(manifest))
        await until(pilot, lambda: any("already exists" in toast for toast in toasts(pilot)), "it is refused")
        assert manifest.read_bytes() == before


@pytest.mark.parametrize("key", ["s", "w"])
async def test_no_name_to_save_under_ends_the_console(console: OpenConsole, manifest: Path, key: str) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        await until(pilot, lambda: editor._is_checked, "it is checked")
        before = manifest.read_bytes()
        await save(pilot, key, "a\0b\ud800")
        await until(pilot, lambda: toasts(pilot), "it is refused")
        assert pilot.app.screen is editor
        assert manifest.read_bytes() == before


async def test_choices_turn_with_left_and_right(console: OpenConsole, tmp_path: Path) -> None:
    raw = builders.old_manifest()
    raw["game"]["config_schema"]["properties"]["mode"] = {"enum": ["calm", "wild", 3]}
    put(tmp_path, raw)
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        row = next(at for at, field in enumerate(editor.form.fields) if field.path == "mode")
        editor.query_one("#config-fields", TableView).go_to(row)
        seen = []
        for key in ("right", "right", "right", "right", "left"):
            await pilot.press(key)
            seen.append(editor.form.config()["mode"])
        assert seen == ["calm", "wild", 3, "calm", 3]


async def test_it_is_saved_as_a_variant_and_the_screen_follows(console: OpenConsole, manifest: Path) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        await type_value(pilot, editor, "width", "17")
        await until(pilot, lambda: editor._is_checked and not editor._problems, "it is right")
        await save(pilot, "s", "narrow")
        await until(pilot, partial(has_variant, manifest, "narrow"), "it is in the file")
        await pilot.press("escape", "v")
        await see_items(pilot, "narrow")
    chosen = next(each for each in read_package(manifest).manifest.variants if each.id == "narrow")
    assert chosen.game_config["width"] == 17


async def test_it_is_saved_as_a_request_that_runs(
    console: OpenConsole, manifest: Path, tmp_path: Path
) -> None:
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        await type_value(pilot, editor, "width", "18")
        await until(pilot, lambda: editor._is_checked and not editor._problems, "it is right")
        await save(pilot, "w", str(tmp_path / "episode_request.json"))
        await until(pilot, (tmp_path / "episode_request.json").is_file, "it is written")
    package = read_package(manifest)
    request = parse_request((tmp_path / "episode_request.json").read_bytes(), package)
    assert plan_from_request(request, package).game_config["width"] == 18


async def test_a_hostile_schema_stays_text(console: OpenConsole, tmp_path: Path) -> None:
    raw = builders.old_manifest()
    name = "[@click=app.quit]x[/]\x1b]0;owned\x07"
    raw["game"]["config_schema"]["properties"][name] = {"type": "string", "description": "[b]\x1b[31m\u202e"}
    put(tmp_path, raw)
    async with console() as pilot:
        await see_text(pilot, "slots")
        editor = await open_editor(pilot)
        table = editor.query_one("#config-fields", TableView)
        await until(pilot, lambda: "[@click" in text_of(table.lines_in_view()), "it is listed")
        await pilot.press("end")
        shown = text_of(table.lines_in_view()) + about(pilot)
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)
