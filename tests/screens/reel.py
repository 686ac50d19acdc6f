"""Reading and waiting for the replay screen in tests."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.replay import ReplayScreen
from coworld_tui.screens.viewing import Viewing
from coworld_tui.widgets.line_view import LineView

from .conftest import until


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
    """Wait until the replay is open, and everything that is found out about it is taken over."""
    await until(pilot, lambda: screen(pilot).viewing is not None, "it opens")
    await until(pilot, lambda: viewing(pilot).finished and not viewing(pilot).has_news, "it is read")
    await pilot.pause()
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


def toasts(pilot: Pilot[str]) -> list[str]:
    return [str(toast.message) for toast in pilot.app._notifications]
