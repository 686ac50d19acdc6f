"""The log: follows the end of a stream of lines until the reader scrolls up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from textual.binding import Binding, BindingType
from textual.content import Content

from ..contract.text import safe_line
from ..replay.lenses.spans import Line
from ..replay.log_line import log_line
from .line_view import LineView, row_bindings


class LogSource(Protocol):
    """Lines by index, of which the oldest may be gone. ``coworld_tui.runner.logs.LogRing`` is one."""

    @property
    def first(self) -> int:
        """Index of the oldest line still kept."""
        ...

    @property
    def total(self) -> int:
        """How many lines there ever were: one more than the index of the newest."""
        ...

    def line(self, index: int) -> str:
        """Return one line; empty when it is no longer, or not yet, there."""
        ...


class LogView(LineView, can_focus=True):
    """Shows the lines of a source that are in view, and asks for no others.

    The owner calls ``refresh_source`` at its own pace. Scrolling up leaves follow mode: from then on
    the lines stand still and the subtitle counts those which arrived; ``f`` or End goes back.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *row_bindings("log"),
        Binding("home,g", "move_home", "Top", show=False, id="log.top"),
        Binding("f,end,G", "follow", "Follow", show=False, id="log.follow"),
    ]

    _source: LogSource | None = None
    _first = 0
    _total = 0
    _seen = 0
    _following = True
    _keeping_place = False
    _status = ""
    _subtitle = ""

    @property
    def is_following(self) -> bool:
        """Whether the view sticks to the end."""
        return self._following

    @property
    def unseen(self) -> int:
        """How many lines arrived since follow mode was left."""
        return 0 if self._following else self._total - self._seen

    def set_source(self, source: LogSource | None) -> None:
        """Show another source, from its end."""
        self._source = source
        self._following = True
        self._first = self._total = 0
        self.set_row_count(0)
        self.refresh_source()
        self.update_lines()
        self._update_subtitle()

    def set_status(self, status: str) -> None:
        """Say something in the subtitle; the hint about new lines is put after it."""
        self._status = status
        self._update_subtitle()

    def refresh_source(self) -> None:
        """Take note of lines which arrived or went. Cheap when there are none."""
        first, total = (self._source.first, self._source.total) if self._source else (0, 0)
        if (first, total) == (self._first, self._total):
            return
        gone = first - self._first
        self._first, self._total = first, total
        self.set_row_count(total - first)
        if self._following:
            self._scroll(self.max_scroll_y)
        elif gone > 0:
            self._scroll(self.scroll_offset.y - gone)
        self.update_lines()
        self._update_subtitle()

    def lines_in_view(self) -> Sequence[Line]:
        if self._source is None or not self.room:
            return ()
        start = self._first + self.scroll_offset.y
        return [
            log_line(safe_line(self._source.line(index)))
            for index in range(start, min(start + self.room.height, self._total))
        ]

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # A view that became higher also moves up, but then it is still at the end.
        if self._following and not self._keeping_place and round(new_value) < self.max_scroll_y:
            self._following = False
            self._seen = self._total
            self._update_subtitle()

    def on_resize(self) -> None:
        """Stay at the end when following."""
        if self._following:
            self._scroll(self.max_scroll_y)
        super().on_resize()

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self._following = True
        self._scroll(self.max_scroll_y)
        self._update_subtitle()

    def _scroll(self, y: int) -> None:
        """Scroll without that counting as the reader's wish."""
        self._keeping_place = True
        self.scroll_to(y=y, animate=False)
        self._keeping_place = False

    def _update_subtitle(self) -> None:
        hint = f"{_about(self.unseen)} new  f follow" if self.unseen else ""
        text = " · ".join(part for part in (safe_line(self._status), hint) if part)
        # Content, since a string would be read as markup; and only when it differs, since setting
        # it repaints the whole widget.
        if text != self._subtitle:
            self._subtitle = text
            self.border_subtitle = Content(text) if text else None


def _about(count: int) -> str:
    """Write the leading digit of a count, so that a busy log does not repaint at every line."""
    step = 10 ** (len(str(count)) - 1)
    return f"{count // step * step}{'+' if count % step else ''}"
