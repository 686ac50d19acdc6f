"""What screens ask of the app that shows them, so that they need not know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from ..contract.package import Package
    from ..widgets.bars import TopBar
    from .launch import Launch


class Console(Protocol):
    """The app, as far as its screens use it."""

    def show_top(self, bar: TopBar, place: str) -> None:
        """Fill a screen's top bar."""
        ...

    def launch(self, launch: Launch) -> None:
        """Start a launch and show it."""
        ...

    def launch_again(self, package: Package) -> None:
        """Launch what was last launched of a package."""
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
