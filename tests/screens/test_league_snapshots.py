"""Pictures of the league screen. Look at them before accepting new ones."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from coworld_tui.app import CoworldApp

from ..observatory.conftest import login, observatory
from ..observatory.server import Observatory
from .conftest import until
from .league import about, in_competition, left, shows

__all__ = ["login", "observatory"]

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
SAYS_AGES = ("rounds", "episodes", "memberships", "submissions", "events", "policies")
Snap = Callable[..., bool]


@pytest.fixture(autouse=True)
def same_ages(login: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures that stay the same from day to day."""
    del login
    for tab in SAYS_AGES:
        module = import_module(f"coworld_tui.screens.league.tabs.{tab}")
        monkeypatch.setattr(module, "age", lambda moment, now=None: "2 h" if moment else "")
    monkeypatch.setattr("coworld_tui.screens.league.why_lines.age", lambda moment: "2 h")


async def _opened(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: "Competition" in left(pilot), "my league is opened out")


@SIZES
def test_standings(snap_compare: Snap, size: tuple[int, int], observatory: Observatory) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await _opened(pilot)
        await in_competition(pilot)
        await shows(pilot, "juniper", "★ sweeper:v3")

    assert snap_compare(CoworldApp(league=observatory.url), terminal_size=size, run_before=look)


@SIZES
def test_episodes_and_why_one_failed(
    snap_compare: Snap, size: tuple[int, int], observatory: Observatory
) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await _opened(pilot)
        await in_competition(pilot, 2)
        await shows(pilot, "player_error", "0.59 : 0.41")
        await pilot.press("down", "down", "down", "down", "w")
        await until(pilot, lambda: "usually" in about(pilot), "why")

    assert snap_compare(CoworldApp(league=observatory.url), terminal_size=size, run_before=look)
