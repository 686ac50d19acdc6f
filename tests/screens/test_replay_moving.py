"""Moving in a replay by keys: stepping, playing, ticks, events, searches, markers."""

from __future__ import annotations

from pathlib import Path

import pytest

from coworld_tui.screens.dialogs import Prompt
from coworld_tui.screens.inspector import Inspector
from coworld_tui.widgets.lens_pane import LensPane

from .conftest import OpenConsole, until
from .reel import answer, index, ready, screen, see, viewing
from .replays import FRAMES, workspace


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
        await see(pilot, "#timeline", "‖")
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
