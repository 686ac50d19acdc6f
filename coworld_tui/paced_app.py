"""An app that never waits for its terminal, and never prints a traceback over it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.control import Control
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer

from .contract.errors import EXIT_FAILED

R = TypeVar("R")

# Textual queues 30 writes, three a frame, and then blocks the event loop until the terminal reads.
_WRITES_AHEAD = 15
_RETRY_SECONDS = 0.1


class ChangesUpdate(ChopsUpdate):
    """Writes the columns that are to be painted anew, and not all of their widget to the left of them."""

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences."""
        written: list[str] = []
        for y, start, stop in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                first, last = max(x, start), min(end, stop)
                if strip is not None and first < last:
                    written += (
                        Control.move_to(first, y).segment.text,
                        strip.crop(first - x, last - x).render(console),
                    )
        return "".join(written)


class PacedApp(App[R]):
    """Skips frames while the terminal does not take them or is lent, and paints a whole one afterwards.

    A terminal stalls when somebody presses ctrl+s or a connection dies. Whatever else runs in
    this process must go on then. ``fault`` is the error that ended it, for whoever ran it to report.
    """

    fault: Exception | None = None
    _owed: Timer | None = None
    _is_away = False

    async def hand_over(self, command: Sequence[str]) -> None:
        """Give the terminal to a program until it ends; everything else goes on meanwhile.

        OSError when it cannot be started, SuspendNotSupported where there is no terminal to give.
        """
        with self.suspend():
            self._is_away = True
            try:
                await asyncio.to_thread(subprocess.run, command, check=False)
            finally:
                self._is_away = False
        self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self._is_away:
            return
        if self._terminal_is_behind():
            if self._owed is None:
                self._owed = self.set_interval(_RETRY_SECONDS, self._catch_up)
            return
        if isinstance(renderable, ChopsUpdate):
            renderable = ChangesUpdate(renderable.chops, renderable.spans, renderable.chop_ends)
        super()._display(screen, renderable)

    def _terminal_is_behind(self) -> bool:
        writer = getattr(self._driver, "_writer_thread", None)
        return writer is not None and writer._queue.qsize() > _WRITES_AHEAD

    def _catch_up(self) -> None:
        if self._owed is not None and not self._terminal_is_behind():
            self._owed.stop()
            self._owed = None
            self.screen.refresh()

    def _handle_exception(self, error: Exception) -> None:
        if self._exit:  # widgets that are being taken down miss each other
            return
        if self.is_headless:
            super()._handle_exception(error)
            return
        self.fault = error
        self.exit(return_code=EXIT_FAILED)
