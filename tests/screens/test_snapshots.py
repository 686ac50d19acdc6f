"""Pictures of the screens at the two sizes they are made for. Look at them before accepting new ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from coworld_tui.app import CoworldApp
from coworld_tui.runner.phases import Phase
from coworld_tui.screens.live import LiveScreen
from tests.contract import builders

from .staged import crash, ended, frame, staged

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
