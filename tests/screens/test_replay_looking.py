"""What the replay screen shows: lenses, inspector, series, comparison, sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from coworld_tui.screens.file_screen import FileScreen
from coworld_tui.screens.inspector import Inspector
from coworld_tui.widgets.lens_pane import LensPane

from .conftest import OpenConsole, until
from .reel import answer, index, ready, screen, see, shown, viewing
from .replays import FRAMES, workspace


async def test_the_board_the_players_and_the_place_are_shown(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await see(pilot, "#who", "Ann")
        await see(pilot, "#board", "◆0")
        await see(pilot, "#timeline", f"1/{FRAMES}")
        assert str(screen(pilot).query_one("#ruler").border_title).startswith("tick 1")


async def test_lenses_one_after_the_other_and_side_by_side(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        pane = screen(pilot).query_one("#lens", LensPane)
        assert pane.lens is not None
        assert pane.lens.name == "grid"
        seen = {pane.lens.name}
        while True:
            await pilot.press("v")
            if pane.lens.name == "grid":
                break
            seen.add(pane.lens.name)
        assert {"grid", "scoreboard", "tree", "hex"} <= seen
        await pilot.press("V")
        beside = screen(pilot).query_one("#beside", LensPane)
        assert beside.display
        assert beside.lens is not None
        assert beside.lens.name != "grid"
        await pilot.press("5")
        await until(pilot, lambda: beside.view == pane.view, "both show the same frame")
        await pilot.press("escape")
        assert not beside.display


async def test_the_tabs_of_the_inspector(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("5")
        await see(pilot, "#inspected", "tick")
        await see(pilot, "#inspected", "30 → 31")
        await pilot.press("t")
        await see(pilot, "#inspected-tree", "tile_owners")
        await pilot.press("t")
        await see(pilot, "#inspected", "scores.0")
        await pilot.press("t")
        await see(pilot, "#inspected", "Bob")
        await see(pilot, "#inspected", "tokens")
        assert "quiet-token" not in shown(pilot, "#inspected")
        await pilot.press("t", "t")
        await see(pilot, "#inspected-log", "▸ tick 31: somebody moves")
        await pilot.press("t")
        await see(pilot, "#inspected-files", "results.json")


async def test_a_file_is_opened_without_its_tokens(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        replay = (await ready(pilot)).replay
        inspector = screen(pilot).query_one(Inspector)
        inspector.choose("files")
        inspector.focus_tab()
        await see(pilot, "#inspected-files", "config.json")
        at = [file.name for file in replay.files].index("config.json")
        await pilot.press(*["down"] * at, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, FileScreen), "the file opens")
        await see(pilot, "#file-lines", "tick_rate")
        assert "quiet-token" not in shown(pilot, "#file-lines")
        await pilot.press("escape")
        assert pilot.app.screen is screen(pilot)


async def test_a_number_is_followed_as_a_series(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        inspector = screen(pilot).query_one(Inspector)
        inspector.choose("tree")
        inspector.focus_tab()
        tree = inspector.tree_view
        await until(pilot, lambda: tree.room.height > 0, "the tree is laid out")
        await pilot.press("G")
        while tree.cursor_path != ("tick",):
            await pilot.press("up")
        await pilot.press("a")
        assert ("tick",) in viewing(pilot).followed
        assert "following tick" in str(screen(pilot).query_one("#ruler").border_title)
        assert inspector.tab == "tree", "the next number is near"
        inspector.choose("series")
        await see(pilot, "#inspected", "■ tick")
        inspector.choose("tree")
        inspector.focus_tab()
        await pilot.press("a")
        assert ("tick",) not in viewing(pilot).followed


async def test_both_sides_of_a_comparison_change_their_lens(console: OpenConsole, tmp_path: Path) -> None:
    one, other = workspace(tmp_path, "one"), workspace(tmp_path, "other", offset=9)
    async with console(replay=one) as pilot:
        await ready(pilot)
        screen(pilot).open(other, beside=True)
        await until(pilot, lambda: screen(pilot).beside is not None, "the other one opens")
        left, right = screen(pilot).query_one("#lens", LensPane), screen(pilot).query_one("#beside", LensPane)
        await until(pilot, lambda: right.lens is not None, "it is paired")
        for _ in range(3):
            await pilot.press("v")
            assert left.lens is not None
            assert right.lens is not None
            assert left.lens.name == right.lens.name


async def test_names_are_cut_only_where_they_must(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path), size=(120, 40)) as pilot:
        replay = (await ready(pilot)).replay
        replay.players = ("Sweep Painter the First", "Bob")
        await pilot.press("end")
        await see(pilot, "#who", "Sweep Painter the First 20")
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: "…" in shown(pilot, "#who"), "less room")
        assert "20" in shown(pilot, "#who")
        assert "15" in shown(pilot, "#who")


async def test_the_timeline_shows_one_series_after_the_other(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await see(pilot, "#timeline", "scores.0")
        await pilot.press("A")
        await see(pilot, "#timeline", "scores.1")
        await pilot.press("A")
        await see(pilot, "#timeline", "scores.0")


async def test_two_replays_are_compared_tick_by_tick(console: OpenConsole, tmp_path: Path) -> None:
    one, other = workspace(tmp_path, "one"), workspace(tmp_path, "other", offset=9)
    async with console(replay=one) as pilot:
        await ready(pilot)
        await pilot.press("c")
        await answer(pilot, str(other))
        await until(pilot, lambda: screen(pilot).beside is not None, "the other one opens")
        await see(pilot, "#inspected", "the same")
        await pilot.press("5")
        await see(pilot, "#inspected", "scores.0")
        await see(pilot, "#inspected", "10 → 7")
        await see(pilot, "#inspected", "58 of 60 frames differ, first #3")
        await pilot.press("home", "n", "n")
        assert index(pilot) == 2
        assert "first difference" in viewing(pilot).place()
        await pilot.press("escape")
        assert screen(pilot).beside is None


async def test_another_replay_opens_as_it_was_left(console: OpenConsole, tmp_path: Path) -> None:
    one, other = workspace(tmp_path, "one"), workspace(tmp_path, "other", offset=9)
    async with console(replay=one) as pilot:
        await ready(pilot)
        beside = screen(pilot).query_one("#beside", LensPane)
        await pilot.press("V", "5")
        for place, is_split in ((other, False), (one, True), (other, False)):
            before = viewing(pilot)
            screen(pilot).open(place)
            await until(pilot, lambda before=before: viewing(pilot) is not before, "it opens")  # type: ignore[misc]
            await ready(pilot)
            assert beside.display is is_split
            assert index(pilot) == (30 if is_split else 0)


async def test_the_pane_that_has_focus_is_zoomed(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        inspector, reel = screen(pilot).query_one("#inspector"), screen(pilot).query_one("#reel")
        await pilot.press("z")
        await until(pilot, lambda: not inspector.region, "the frame alone")
        assert screen(pilot).query_one("#timeline").region
        await pilot.press("escape", "tab", "z")
        await until(pilot, lambda: not reel.region, "the inspector alone")
        await pilot.press("z")
        await until(pilot, lambda: bool(reel.region and inspector.region), "both again")


async def test_tab_goes_to_what_can_be_used_and_the_key_bar_follows(
    console: OpenConsole, tmp_path: Path
) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        seen = []
        for _ in range(2):
            seen.append(pilot.app.focused.id if pilot.app.focused is not None else "")
            await pilot.press("tab")
        assert seen == ["board", "inspected"]
        await see(pilot, "#keys", "go to")
        await pilot.press("b")
        await see(pilot, "#keys", "sort")
        await pilot.press("escape")
        await see(pilot, "#keys", "go to")


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (30, 8), (200, 60)])
async def test_every_size_will_do(console: OpenConsole, tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(replay=workspace(tmp_path), size=size) as pilot:
        await ready(pilot)
        await pilot.press("5", "v", "V", "t", "z", "z", "b", "n", "equals_sign")
        assert index(pilot) >= 30
