"""What screens ask of the app that shows them, so that they need not know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from ..contract.package import Package
    from ..replay.lenses.spans import Span
    from ..widgets.bars import TopBar
    from .launch import Launch


class Work(Protocol):
    """Something that takes its time beside the episodes: a certification, a role, a build."""

    async def run(self) -> object:
        """Do it to its end. Errors are part of what it returns."""
        ...

    def cancel(self) -> None:
        """End it soon, with everything cleaned up."""
        ...


class Console(Protocol):
    """The app, as far as its screens use it."""

    def show_top(self, bar: TopBar, place: str) -> None:
        """Fill a screen's top bar."""
        ...

    def launch(self, launch: Launch) -> None:
        """Start a launch and show it."""
        ...

    def launch_again(self, package: Package) -> object:
        """Launch what was last launched of a package."""
        ...

    def begin(self, work: Work) -> None:
        """Start something that goes on when its screen is left, and ends with the console."""
        ...

    def is_working(self, work: Work) -> bool:
        """Whether something that was begun has not ended."""
        ...

    def certify(self, package: Package) -> None:
        """Certify a package and show how that goes."""
        ...

    def show_live(self) -> None:
        """Go to the episodes of this session."""
        ...

    def leave(self) -> None:
        """Go back to the screen beneath."""
        ...

    def show_replays(self, path: Path | None = None) -> None:
        """Open a replay, or the list of what there is."""
        ...

    def show_league(self) -> None:
        """Go to the leagues."""
        ...

    def show_packages(self) -> None:
        """Go to the packages."""
        ...

    def act_as(self, account: Span) -> None:
        """Say in the top bar who acts on the server."""
        ...

    async def hand_over(self, command: Sequence[str]) -> None:
        """Give the terminal to a program until it ends. OSError when it cannot be started."""
        ...

    def copy(self, text: str) -> None:
        """Send text to the terminal's clipboard and keep it in a file."""
        ...


class ConsoleScreen(Screen[None]):
    """A screen of the console. ``place`` is what its top bar says, ``SCOPE`` its keys in the registry."""

    SCOPE = ""
    place = ""

    @property
    def console(self) -> Console:
        """The app behind the screen."""
        return cast(Console, self.app)
