"""The library: what tells its rows apart at each width, its filter, and its keys in the help."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from coworld_tui.replay.lenses.spans import cell_width, text_of
from coworld_tui.screens.dialogs import Table
from coworld_tui.screens.library_pane import LibraryPane
from coworld_tui.widgets.line_view import LineView
from coworld_tui.widgets.table import TableView

from .conftest import OpenConsole, until
from .replays import workspace


def lines(pilot: Pilot[str]) -> list[str]:
    return text_of(pilot.app.screen_stack[0].query_one("#replays", TableView).lines_in_view()).splitlines()


async def see(pilot: Pilot[str], *words: str) -> str:
    """Wait for a line of the list with these words."""

    def found() -> list[str]:
        return [line for line in lines(pilot) if all(word in line for word in words)]

    await until(pilot, found, f"the list says {words}")
    return found()[0]


def game(folder: Path, name: str, scores: list[Any]) -> Path:
    """A replay file of a game called chess."""
    path = folder / name
    frames = [{"tick": tick, "scores": scores} for tick in range(3)]
    path.write_text(json.dumps({"game": "chess", "frames": frames, "results": {"scores": scores}}))
    return path


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_files_of_one_game_are_told_apart_by_name(
    console: OpenConsole, tmp_path: Path, width: int
) -> None:
    for name in ("morning.json", "evening.json"):
        game(tmp_path, name, [1, 0])
    async with console(replays=True, folders=(tmp_path,), size=(width, 24)) as pilot:
        for name in ("morning.json", "evening.json"):
            await see(pilot, "chess", name)
        assert lines(pilot)[0].split()[:3] == ["game", "name", "score"]


async def test_as_a_sidebar_the_list_shows_names_first(console: OpenConsole, tmp_path: Path) -> None:
    paths = [game(tmp_path, name, [4005, 4004, 4003]) for name in ("morning.json", "evening.json")]
    async with console(replay=paths[0], folders=(tmp_path,)) as pilot:
        pane = pilot.app.screen.query_one(LibraryPane)
        await pilot.press("b")
        for width in (120, 80):
            await pilot.resize_terminal(width, 40)
            await until(pilot, lambda: 0 < pane.size.width < 40, "it is a sidebar")
            for path in paths:
                await see(pilot, path.name)
            assert "4005" not in lines(pilot)[1]
        await pilot.resize_terminal(120, 40)
        await see(pilot, "age")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_wrong_with_a_file_is_readable(
    console: OpenConsole, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04nonsense")
    async with console(replays=True, folders=(tmp_path,), size=size) as pilot:
        line = await see(pilot, "✗ bad.zip  is a broken zip archive: ")
        assert "now" in line, "what is known stays"


async def test_many_points_are_shown_whole(console: OpenConsole, tmp_path: Path) -> None:
    game(tmp_path, "three.json", [4005, 4004, 4003])
    game(tmp_path, "many.json", list(range(1001, 1013)))
    async with console(replays=True, folders=(tmp_path,), size=(80, 24)) as pilot:
        await see(pilot, "4005:4004:4003 ")
        line = await see(pilot, "1001:1002:1003:…")
        assert "1004" not in line
        assert cell_width(line) <= 76


async def test_a_filter_that_matches_nothing_says_so_and_leads_back(
    console: OpenConsole, tmp_path: Path
) -> None:
    workspace(tmp_path, "alpha")
    async with console(replays=True, folders=(tmp_path,)) as pilot:
        await see(pilot, "alpha")
        await pilot.press("slash", *"zzz")
        await see(pilot, "nothing matches 'zzz' · escape shows all")
        await pilot.press("down")
        assert isinstance(pilot.app.focused, TableView)
        assert pilot.app.screen.query_one(Input).value == "zzz", "the list stays filtered"
        await pilot.press("escape")
        await see(pilot, "alpha")
        await pilot.press("slash", "down")
        assert isinstance(pilot.app.focused, TableView)
        assert not pilot.app.screen.query_one(Input).display


async def told(pilot: Pilot[str]) -> list[str]:
    """The lines of the help."""
    await pilot.press("question_mark")
    assert isinstance(pilot.app.screen, Table)
    view = pilot.app.screen.query_one(LineView)
    await until(pilot, lambda: view.lines_in_view(), "the help is laid out")
    model: Any = view
    rows = text_of(model._model.lines(0, 200)).splitlines()
    await pilot.press("escape")
    return rows


async def test_the_help_begins_with_the_keys_of_the_library(console: OpenConsole, tmp_path: Path) -> None:
    place = workspace(tmp_path, "alpha")
    shutil.copy(place / "replay.json", tmp_path / "one.json")
    async with console(replays=True, folders=(tmp_path,), size=(120, 60)) as pilot:
        await see(pilot, "alpha")
        rows = await told(pilot)
        assert rows[0] == "library"
        assert any("look for replays again" in row for row in rows)
        assert not any("play or pause" in row for row in rows), "without a replay that does nothing"
        assert any(row.split() == ["enter", "open", "what", "is", "under", "the", "cursor"] for row in rows)
        await pilot.press("enter")
        screen: Any = pilot.app.screen
        await until(pilot, lambda: screen.viewing is not None, "it opens")
        rows = await told(pilot)
        assert rows[0] == "replay"
        assert [row for row in rows if "move a large board" in row] == ["  h j k l      move a large board"]
        await pilot.press("b")
        rows = await told(pilot)
        assert rows.index("library") == 0 < rows.index("replay") < rows.index("lists")
        assert sum(row.split()[:1] == ["/"] for row in rows) == 1, "a key does what it does nearest"
