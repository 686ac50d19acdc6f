"""The timeline beneath a replay; a click goes to a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.geometry import Region
from textual.message import Message

from ..replay.lenses.spans import Line
from ..replay.timeline import TimelineState, index_at, room_of, timeline_lines
from .line_view import LineView


class Timeline(LineView):
    """Bar, series and marks in as many rows as there are."""

    DEFAULT_CSS = """
    Timeline { height: 3; scrollbar-size: 0 0; scrollbar-gutter: auto; }
    """

    @dataclass
    class Sought(Message):
        """A place on the bar was clicked."""

        index: int

    _state: TimelineState | None = None

    def show(self, state: TimelineState) -> None:
        """Show another position, or more events."""
        self._state = state
        self.update_lines()

    def lines_in_view(self) -> Sequence[Line]:
        if self._state is None or not self.room:
            return ()
        return timeline_lines(self._state, self.room.width, self.room.height)

    def on_click(self, event: Click) -> None:
        """Go to the frame beneath the pointer."""
        if self._state is None:
            return
        start, room = room_of(self._state, self.room.width)
        if start <= event.x < start + room:
            self.post_message(self.Sought(index_at(event.x - start, self._state.playback.length, room)))


class Ruler(Vertical):
    """The pane around the timeline, titled with the place in view."""

    def compose(self) -> ComposeResult:
        yield Timeline(id="timeline")

    def retitle(self, text: str) -> None:
        """Say another place. Assigning ``border_title`` would repaint the pane: only its top line changes."""
        title = Content(text)
        if title != self._border_title:
            self._border_title = title
            self.refresh(Region(-1, -1, self.outer_size.width, 1))
