"""The replay screen by its keys, on replays as they lie on a disk."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Label

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.request import plan_episode
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runs.paths import runs_dir
from coworld_tui.screens.dialogs import Prompt
from coworld_tui.screens.file_screen import FileScreen
from coworld_tui.screens.inspector import Inspector
from coworld_tui.screens.library_pane import LibraryPane
from coworld_tui.screens.replay import ReplayScreen
from coworld_tui.screens.viewing import Viewing
from coworld_tui.widgets.lens_pane import LensPane
from coworld_tui.widgets.line_view import LineView

from .conftest import OpenConsole, until
from .replays import FRAMES, workspace


def screen(pilot: Pilot[str]) -> ReplayScreen:
    found = pilot.app.screen_stack[0]
    assert isinstance(found, ReplayScreen)
    return found


def viewing(pilot: Pilot[str]) -> Viewing:
    found = screen(pilot).viewing
    assert found is not None
    return found


def index(pilot: Pilot[str]) -> int:
    return viewing(pilot).playback.index


async def ready(pilot: Pilot[str]) -> Viewing:
    """Wait until the replay is open, and everything is found out about it."""
    await until(pilot, lambda: screen(pilot).viewing is not None, "it opens")
    await until(pilot, lambda: viewing(pilot).finished, "it is read")
    await pilot.pause(0.3)
    return viewing(pilot)


def shown(pilot: Pilot[str], selector: str) -> str:
    views = pilot.app.screen.query(selector).results(LineView)
    return "\n".join(text_of(view.lines_in_view()) for view in views if view.region)


async def see(pilot: Pilot[str], selector: str, words: str) -> None:
    await until(pilot, lambda: words in shown(pilot, selector), f"{selector} says {words}")


async def answer(pilot: Pilot[str], text: str) -> None:
    """Type into the prompt that is open."""
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await pilot.pause()


async def test_the_board_the_players_and_the_place_are_shown(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await see(pilot, "#who", "Ann")
        await see(pilot, "#board", "◆0")
        await see(pilot, "#timeline", f"1/{FRAMES}")
        assert str(screen(pilot).query_one("#ruler").border_title).startswith("tick 1")


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        (["right", "full_stop", "right_square_bracket"], 3),
        (["end"], 59),
        (["end", "left", "comma", "left_square_bracket"], 56),
        (["5"], 30),
        (["9", "home"], 0),
        (["shift+right", "shift+right", "shift+left"], 6),
        (["left"], 0),
        (["end", "right"], 59),
    ],
)
async def test_moving(console: OpenConsole, tmp_path: Path, keys: list[str], where: int) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: index(pilot) == where, "it goes there")
        await see(pilot, "#timeline", f"{where + 1}/{FRAMES}")


async def test_it_plays_and_pauses_and_loops(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        assert viewing(pilot).playback.rate == 10, "as the config says"
        await pilot.press("equals_sign", "equals_sign", "space")
        await until(pilot, lambda: index(pilot) > 3, "it moves")
        await pilot.press("space")
        await until(pilot, lambda: not viewing(pilot).playback.playing, "it is paused")
        at = index(pilot)
        await pilot.pause(0.2)
        assert index(pilot) == at, "it stands"
        await pilot.press("r", "end", "space")
        await until(pilot, lambda: 0 < index(pilot) < 50, "it begins anew")
        await see(pilot, "#timeline", "4x↻")


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ("41", 40),
        ("#41", 40),
        ("50%", 30),
        ("1000", 40),
        ("abc", 40),
        ("nan", 40),
        ("inf%", 40),
        ("#1e400", 40),
        ("9" * 400, 40),
        ("#-3", 0),
        ("900%", 59),
    ],
)
async def test_going_to_a_tick(console: OpenConsole, tmp_path: Path, asked: str, where: int) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("g")
        await answer(pilot, "41")
        await until(pilot, lambda: index(pilot) == 40, "it goes there")
        await pilot.press("g")
        await answer(pilot, asked)
        await pilot.app.workers.wait_for_complete()
        await until(pilot, lambda: index(pilot) == where, f"{asked} leads to frame {where}")


async def test_events_are_marked_and_jumped_to(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        found = (await ready(pilot)).events
        assert any(event.kind == "lead" for event in found)
        await see(pilot, "#timeline", "▴")
        await pilot.press("end", "p")
        assert index(pilot) == max(event.index for event in found if event.index < FRAMES - 1)
        await pilot.press("home", "n")
        assert index(pilot) == min(event.index for event in found if event.index > 0)


async def test_an_event_is_picked_from_the_list(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        found = (await ready(pilot)).events
        screen(pilot).query_one(Inspector).choose("events")
        screen(pilot).query_one(Inspector).focus_tab()
        await see(pilot, "#inspected-events", "lead")
        await pilot.press("G", "enter")
        await until(pilot, lambda: index(pilot) == found[-1].index, "it goes to the last event")


async def test_finding_a_value_forward_and_back(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await answer(pilot, "scores.0 > 10")
        await until(pilot, lambda: index(pilot) == 32, "the first tick of eleven tiles")
        await pilot.press("f")
        await until(pilot, lambda: index(pilot) == 33, "the next one matches as well")
        await pilot.press("F", "F")
        await pilot.app.workers.wait_for_complete()
        assert index(pilot) == 32
        await until(
            pilot, lambda: "not before" in str(screen(pilot).query_one("#ruler").border_title), "it says so"
        )


async def test_finding_text_and_nonsense(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await answer(pilot, '"tick": 17,')
        await until(pilot, lambda: index(pilot) == 16, "the frame with that text")
        await pilot.press("slash")
        await answer(pilot, "no such thing [/b] \x1b[31m")
        await until(
            pilot, lambda: "not after" in str(screen(pilot).query_one("#ruler").border_title), "it says so"
        )
        assert index(pilot) == 16


async def test_markers_are_set_visited_and_remembered(console: OpenConsole, tmp_path: Path) -> None:
    place = workspace(tmp_path)
    async with console(replay=place) as pilot:
        await ready(pilot)
        await pilot.press("5", "m", "8", "m", "home", "apostrophe")
        assert index(pilot) == 30
        await pilot.press("apostrophe")
        assert index(pilot) == 47
        await see(pilot, "#timeline", "◆")
    async with console(replay=place) as pilot:
        await ready(pilot)
        assert index(pilot) == 47, "the position is remembered"
        assert viewing(pilot).markers == {30, 47}


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


async def test_the_last_search_goes_on_after_opening_anew(console: OpenConsole, tmp_path: Path) -> None:
    one, other = workspace(tmp_path, "one"), workspace(tmp_path, "other", offset=9)
    async with console(replay=one) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await answer(pilot, "scores.0 == 5")
        await until(pilot, lambda: index(pilot) == 14, "tick 15")
    async with console(replay=one) as pilot:
        await ready(pilot)
        await pilot.press("home", "f")
        await until(pilot, lambda: index(pilot) == 14, "what was asked last time")
        before = viewing(pilot)
        screen(pilot).open(other)
        await until(pilot, lambda: viewing(pilot) is not before, "another one opens")
        await ready(pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt), "of this one nothing was asked yet")


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


async def test_values_and_frames_are_copied(console: OpenConsole, tmp_path: Path, home: Path) -> None:
    copied = home / "state" / "copied.txt"
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("Y")
        assert json.loads(copied.read_text())["tick"] == 1
        screen(pilot).query_one(Inspector).choose("tree")
        screen(pilot).query_one(Inspector).focus_tab()
        tree = screen(pilot).query_one(Inspector).tree_view
        await until(pilot, lambda: tree.room.height > 0, "the tree is laid out")
        while tree.cursor_path != ("player_names",):
            await pilot.press("down")
        await pilot.press("y")
        assert json.loads(copied.read_text()) == ["Ann", "Bob"]
        assert json.loads(pilot.app.clipboard) == ["Ann", "Bob"]


async def test_a_frame_is_saved_once(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("5", "s")
        await answer(pilot, str(tmp_path / "frame.json"))
        assert json.loads((tmp_path / "frame.json").read_text())["tick"] == 31
        await pilot.press("home", "s")
        await answer(pilot, str(tmp_path / "frame.json"))
        assert json.loads((tmp_path / "frame.json").read_text())["tick"] == 31, "nothing is overwritten"


async def test_first_and_last_frame_are_a_key_away_in_every_lens(
    console: OpenConsole, tmp_path: Path
) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        pane = screen(pilot).query_one("#lens", LensPane)
        for _ in range(6):
            await pilot.press("v", "end")
            await until(pilot, lambda: index(pilot) == FRAMES - 1, f"the last frame, by {pane.wanted}")
            await pilot.press("home")
            await until(pilot, lambda: index(pilot) == 0, f"the first frame, by {pane.wanted}")
            await pilot.press("g")
            assert pilot.app.screen is not screen(pilot), "go to asks"
            await pilot.press("escape")


async def test_what_was_said_goes_with_the_next_move(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        ruler = screen(pilot).query_one("#ruler")
        await pilot.press("apostrophe")
        assert "no markers" in str(ruler.border_title)
        await pilot.press("shift+right")
        assert "tick 7" in str(ruler.border_title)


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


async def test_series_are_exported_and_never_over_a_file(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("E")
        form = pilot.app.screen
        await pilot.press("right", "right", "right")
        form.query_one("#file", Input).value = str(tmp_path / "scores.csv")
        form.query_one("#from", Input).value = "11"
        form.query_one("#to", Input).value = "20"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is not form, "it is written")
        lines = (tmp_path / "scores.csv").read_text().splitlines()
        assert lines[0] == "frame,tick,scores.0,scores.1"
        assert [line.split(",")[1] for line in lines[1:]] == [str(tick) for tick in range(11, 21)]
        await pilot.press("E", "right", "right", "right")
        form = pilot.app.screen
        form.query_one("#file", Input).value = str(tmp_path / "scores.csv")
        await pilot.press("enter")
        problem = form.query_one("#problem", Label)
        await until(pilot, lambda: "already" in str(problem.render()), "it says why not")


@pytest.mark.parametrize("place", ["/nonexistent/dir/x.svg", "x.json"])
async def test_a_picture_goes_where_it_can(console: OpenConsole, tmp_path: Path, place: str) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("E", "left")
        form = pilot.app.screen
        form.query_one("#file", Input).value = place
        problem = form.query_one("#problem", Label)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen is not form or "cannot" in str(problem.render()), "it ends"
        )
        assert Path(place).is_file() == (place == "x.json")


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


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (30, 8), (200, 60)])
async def test_every_size_will_do(console: OpenConsole, tmp_path: Path, size: tuple[int, int]) -> None:
    async with console(replay=workspace(tmp_path), size=size) as pilot:
        await ready(pilot)
        await pilot.press("5", "v", "V", "t", "z", "z", "b", "n", "equals_sign")
        assert index(pilot) >= 30


def toasts(pilot: Pilot[str]) -> list[str]:
    return [str(toast.message) for toast in pilot.app._notifications]


async def test_a_saved_frame_and_a_picture_are_named_after_their_tick(
    console: OpenConsole, tmp_path: Path
) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("5", "s")
        assert pilot.app.screen.query_one(Input).value == "episode-tick-31.json"
        await pilot.press("enter")
        await pilot.pause()
        place = tmp_path / "episode-tick-31.json"
        assert json.loads(place.read_text())["tick"] == 31
        assert f"saved {place}" in toasts(pilot)
        await pilot.press("E", "left")
        assert pilot.app.screen.query_one("#file", Input).value == "episode-tick-31.svg"


async def test_frames_without_ticks_are_numbered_from_one(console: OpenConsole, tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({"frames": [{"scores": [n, 1]} for n in range(8)]}))
    async with console(replay=path) as pilot:
        await ready(pilot)
        await pilot.press("end", "s")
        assert pilot.app.screen.query_one(Input).value == "plain-frame-8.json"


@pytest.mark.parametrize(
    ("asked", "reason"), [("there.json", "already"), ("~nobody-at-all/x", "home"), ("no/x", "No such")]
)
async def test_what_is_not_saved_is_named_and_asked_again(
    console: OpenConsole, tmp_path: Path, asked: str, reason: str
) -> None:
    (tmp_path / "there.json").write_text("mine")
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("s")
        await answer(pilot, asked)
        assert any(toast.startswith(f"not saved: {asked}: ") and reason in toast for toast in toasts(pilot))
        assert pilot.app.screen.query_one(Input).value == asked
        assert (tmp_path / "there.json").read_text() == "mine"
        await answer(pilot, "other.json")
        assert json.loads((tmp_path / "other.json").read_text())["tick"] == 1


async def test_an_export_without_frames_says_why_and_writes_nothing(
    console: OpenConsole, tmp_path: Path
) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("E")
        form = pilot.app.screen
        form.query_one("#from", Input).value = "30"
        form.query_one("#to", Input).value = "5"
        problem = form.query_one("#problem", Label)
        await pilot.press("enter")
        await until(pilot, lambda: "30 to 5 is backwards" in str(problem.render()), "it says why not")
        form.query_one("#file", Input).value = "~nobody-at-all/x.jsonl"
        await pilot.press("enter")
        await until(pilot, lambda: "home" in str(problem.render()), "there is no such place")
        assert not list(tmp_path.glob("*.jsonl"))


async def test_what_was_copied_is_told_in_a_few_words(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("y")
        assert any("clipboard: tick 1" in toast for toast in toasts(pilot))
        await pilot.press("Y")
        shown = toasts(pilot)[-1].partition("clipboard: ")[2].partition(";")[0]
        assert shown.startswith('{ "type": "state"')
        assert shown.endswith("…")
        assert len(shown) == 30


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
