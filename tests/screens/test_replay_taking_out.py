"""What leaves a replay: copies, saved frames, exports."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from textual.widgets import Input, Label

from coworld_tui.screens.inspector import Inspector

from .conftest import OpenConsole, until
from .reel import answer, ready, screen, toasts
from .replays import workspace


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


async def test_an_episode_is_bundled_for_others(console: OpenConsole, tmp_path: Path) -> None:
    async with console(replay=workspace(tmp_path)) as pilot:
        await ready(pilot)
        await pilot.press("E", "left", "left")
        form = pilot.app.screen
        assert form.query_one("#file", Input).value == "episode-episode.zip"
        form.query_one("#file", Input).value = str(tmp_path / "out.zip")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is not form, "it is written")
    with zipfile.ZipFile(tmp_path / "out.zip") as bundle:
        assert json.loads(bundle.read("manifest.json"))["files"]["replay"] in bundle.namelist()


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
