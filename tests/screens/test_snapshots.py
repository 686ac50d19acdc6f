"""Pictures of the screens at the two sizes they are made for. Look at them before accepting new ones."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from coworld_tui.app import CoworldApp
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.runner.phases import Phase
from coworld_tui.screens.certify import CertifyScreen
from coworld_tui.screens.live import LiveScreen
from coworld_tui.widgets.table import TableView
from tests.contract import builders

from .conftest import until
from .packages import go_to
from .reel import ready, screen, see
from .replays import workspace
from .staged import certifying, crash, ended, frame, staged

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Snap = Callable[..., bool]


async def _settled(pilot: Pilot[Any]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@SIZES
def test_packages(snap_compare: Snap, size: tuple[int, int], tmp_path: Path) -> None:
    """The bundled game, a package of somebody, and a manifest that is none."""
    folder = tmp_path / "coworld" / "tiles"
    folder.mkdir(parents=True)
    (folder / "coworld_manifest.json").write_text(json.dumps(builders.old_manifest()))
    broken = tmp_path / "coworld" / "unreadable"
    broken.mkdir()
    (broken / "coworld_manifest.json").write_text('{"game": ')
    assert snap_compare(CoworldApp(), terminal_size=size, run_before=_settled)


@SIZES
def test_variants(snap_compare: Snap, size: tuple[int, int]) -> None:
    assert snap_compare(CoworldApp(), terminal_size=size, run_before=_settled, press=["v"])


@SIZES
@pytest.mark.parametrize("tab", ["roles", "docs", "schemas", "findings"])
def test_package_tabs(snap_compare: Snap, size: tuple[int, int], tab: str, tmp_path: Path) -> None:
    """A package of the older generation with a page and a linked document."""
    manifest = builders.old_manifest()
    page = {
        "type": "text",
        "value": "# Rules\n\nTake turns.\n\n## Scores\n\n| who | points |\n|---|---|\n| first | 2 |",
    }
    link = {"type": "uri", "value": "https://example.org/play.md"}
    manifest["game"]["docs"] = {
        "pages": [
            {"id": "rules.md", "title": "Rules", "content": page},
            {"id": "play", "title": "Play", "content": link},
        ]
    }
    (tmp_path / "coworld_manifest.json").write_text(json.dumps(manifest))

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        await go_to(pilot, tab, 1 if tab == "docs" else 0)
        await _settled(pilot)

    assert snap_compare(CoworldApp(), terminal_size=size, run_before=show)


@SIZES
def test_config_editor(snap_compare: Snap, size: tuple[int, int], tmp_path: Path) -> None:
    """A value that is being typed, and wrong."""
    (tmp_path / "coworld_manifest.json").write_text(json.dumps(builders.old_manifest()))

    async def edit(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        await pilot.press("m", "end", "enter", "x")
        await see(pilot, "#config-about", "not a whole number")
        await _settled(pilot)

    assert snap_compare(CoworldApp(), terminal_size=size, run_before=edit)


@SIZES
@pytest.mark.parametrize("state", ["playing", "failed"])
def test_certify(snap_compare: Snap, size: tuple[int, int], state: str, home: Path) -> None:
    """The smoke episode halfway, and a step that failed."""
    certification = certifying(home, has_failed=state == "failed")

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        assert isinstance(pilot.app, CoworldApp)
        if state == "playing":
            pilot.app.works[asyncio.create_task(asyncio.sleep(0))] = certification
        await pilot.app.push_screen(CertifyScreen(certification))
        await _settled(pilot)

    assert snap_compare(CoworldApp(), terminal_size=size, run_before=show)


@SIZES
def test_launch_form(snap_compare: Snap, size: tuple[int, int]) -> None:
    async def open_form(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        await pilot.press("r", "tab")
        await _settled(pilot)

    assert snap_compare(CoworldApp(), terminal_size=size, run_before=open_form)


@SIZES
@pytest.mark.parametrize("state", ["waiting", "playing", "scrubbing", "passed", "failed"])
def test_live(snap_compare: Snap, size: tuple[int, int], state: str, home: Path) -> None:
    frames = [frame(tick) for tick in range(0, 60, 3)]
    if state == "waiting":
        episode = staged(home, Phase.WAITING_HEALTH)
    elif state == "passed":
        episode = ended(staged(home, Phase.COLLECTING, frames), Phase.PASSED)
    elif state == "failed":
        episode = ended(staged(home, Phase.PLAYING, frames[:1]), Phase.FAILED, crash())
    else:
        episode = staged(home, Phase.PLAYING, frames)

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        screen = LiveScreen((episode,))
        await pilot.app.push_screen(screen)
        screen.take()
        screen.take_slow()
        if state == "scrubbing":
            await pilot.press("left", "left", "shift+left", "t", "t")
        await pilot.pause()

    assert snap_compare(CoworldApp(), terminal_size=size, run_before=show)


@SIZES
@pytest.mark.parametrize("state", ["board", "series", "split", "compared"])
def test_replay(snap_compare: Snap, size: tuple[int, int], state: str, tmp_path: Path) -> None:
    """A replay halfway: as it opens, with its series, two lenses, or another replay beside it."""
    place, other = workspace(tmp_path), workspace(tmp_path, "other", offset=9)

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        await ready(pilot)
        await pilot.press("5")
        if state == "series":
            await pilot.press("t", "t")
        elif state == "split":
            await pilot.press("V")
        elif state == "compared":
            screen(pilot).open(other, beside=True)
            await see(pilot, "#inspected", "58 of 60 frames differ")
        await pilot.pause()

    assert snap_compare(CoworldApp(replay=place), terminal_size=size, run_before=show)


@SIZES
def test_library(snap_compare: Snap, size: tuple[int, int], tmp_path: Path) -> None:
    """Two replays and a broken one."""
    for name in ("alpha", "beta"):
        workspace(tmp_path, name)
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04nonsense")
    for age, path in enumerate(sorted(tmp_path.rglob("*"), reverse=True)):
        os.utime(path, (time.time() - 3600 * (age // 10 + 1) - 60, time.time() - 3600 * (age // 10 + 1) - 60))

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        table = pilot.app.screen.query_one("#replays", TableView)
        await until(pilot, lambda: text_of(table.lines_in_view()).count("20:15") == 2, "they are described")
        await see(pilot, "#replays", "broken zip")
        await pilot.pause()

    assert snap_compare(CoworldApp(replays=True, folders=(tmp_path,)), terminal_size=size, run_before=show)


def test_a_replay_that_is_none(snap_compare: Snap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.zip").write_bytes(b"PK\x03\x04nonsense")
    app = CoworldApp(replay=Path("broken.zip"))
    assert snap_compare(app, terminal_size=(80, 24), run_before=_settled)


@pytest.mark.parametrize("theme", ["coworld-light", "coworld-contrast", "coworld-ansi"])
def test_other_themes(snap_compare: Snap, theme: str, home: Path) -> None:
    episode = staged(home, Phase.PLAYING, [frame(tick) for tick in range(0, 60, 3)])

    async def show(pilot: Pilot[Any]) -> None:
        await _settled(pilot)
        pilot.app.theme = theme
        screen = LiveScreen((episode,))
        await pilot.app.push_screen(screen)
        screen.take()
        screen.take_slow()
        await pilot.pause()

    assert snap_compare(CoworldApp(), terminal_size=(100, 30), run_before=show)


def test_help(snap_compare: Snap) -> None:
    assert snap_compare(CoworldApp(), terminal_size=(120, 40), run_before=_settled, press=["question_mark"])


def test_a_window_too_small(snap_compare: Snap) -> None:
    assert snap_compare(CoworldApp(), terminal_size=(50, 12), run_before=_settled)
