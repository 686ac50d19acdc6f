"""What the parts of the replay screen share: the replay in view, and how to move in it and speak of it."""

from __future__ import annotations

from ..replay.lenses.model import FrameView
from ..widgets.tree_view import TreeView
from .console import ConsoleScreen
from .viewing import Viewing


class ReplayBase(ConsoleScreen):
    """A screen with a replay in view."""

    viewing: Viewing | None = None

    def frame_view(self) -> FrameView | None:
        """The frame in view."""
        return self.viewing.view(self.viewing.playback.index) if self.viewing is not None else None

    def go(self, index: int) -> None:
        """Go to a frame."""
        raise NotImplementedError

    def say(self, note: str) -> None:
        """Say something above the timeline until the next move."""
        raise NotImplementedError

    def moved(self) -> None:
        """Forget what was said, and draw the frame in view, at the latest a moment later."""
        raise NotImplementedError

    def draw_timeline(self) -> None:
        """Draw the timeline alone."""
        raise NotImplementedError

    def focused_tree(self) -> TreeView | None:
        """The tree that has focus, else one that is shown."""
        raise NotImplementedError
