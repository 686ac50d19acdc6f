"""One-line bars: the top bar, tabs, phases. Each shows a line of spans and repaints what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.message import Message
from textual.widgets import Label

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, cell_width, fit
from .line_view import LineView

_NOBODY = Span("")
_HELP = "help"
"""The id of the key that somebody who knows no key needs."""


class LineBar(LineView):
    """A fixed line."""

    DEFAULT_CSS = """
    LineBar { height: 1; scrollbar-size: 0 0; scrollbar-gutter: auto; }
    """

    _line: Line = ()

    def show(self, line: Line) -> None:
        """Show another line."""
        if line != self._line:
            self._line = line
            self.update_lines()

    def lines_in_view(self) -> Sequence[Line]:
        return (self._line,)


MODES = ("packages", "league", "replays")
"""The three grounds of the console, as their screens call themselves; the keys 1 to 3 lead there."""


class TopBar(LineBar):
    """Name and place on the left; who acts on the server, the engine and running episodes on the right.

    On one of the three grounds the place is told among the other two, where there is room.
    """

    _state: tuple[str, Span, int, Span] | None = None

    def show_state(self, place: str, engine: Span, running: int, account: Span = _NOBODY) -> None:
        """``place`` is the screen's name; ``engine`` and ``account`` are words in their colour."""
        self._state = place, engine, running, account
        name = Span(" coworld ", "brand")
        busy = Span(f"   ◐ {running} running ", "accent") if running else Span("   ○ idle ", "muted")
        who = (Span(f"{safe_line(account.text, 40)}   ", account.style),) if account.text else ()
        around = sum(cell_width(span.text) for span in (name, *who, engine, busy))
        # The place gives way: it is told elsewhere as well, the engine is not.
        room = max(0, self.size.width - around)
        left = _modes(place)
        width = sum(cell_width(span.text) for span in left)
        if place not in MODES or width >= room:
            where = f"  {safe_line(place, 60)}"
            where = fit(where, room) if cell_width(where) < room else f"{fit(where, room - 1)} "
            left = (Span(where, "strong"),)
        else:
            left = (*left, Span(" " * (room - width)))
        self.show((name, *left, *who, engine, busy))

    def on_resize(self) -> None:
        """The right end stays at the edge."""
        if self._state is not None:
            self.show_state(*self._state)
        super().on_resize()


def _modes(place: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for number, mode in enumerate(MODES, 1):
        is_here = mode == place
        spans += [
            Span(f"  {number} ", "accent" if is_here else "muted"),
            Span(f"{mode} ", "strong" if is_here else "muted"),
        ]
    return tuple(spans)


class TabBar(LineBar):
    """Tabs by id; a click chooses one. The owner shows what was chosen."""

    @dataclass
    class Chosen(Message):
        """A tab was clicked."""

        bar: TabBar
        tab: str

    _tabs: tuple[tuple[str, str], ...] = ()
    _first = 0
    _gap = 1
    active = ""

    def show_tabs(self, tabs: Sequence[tuple[str, str]], active: str) -> None:
        """``tabs`` are ids with labels.

        Where room is short they move together, then the first ones go until the active one fits.
        """
        self._tabs, self.active = tuple(tabs), active
        self._gap = 1
        if sum(self._widths()) > self.size.width:
            self._gap = 0
        self._first = self._first_shown()
        spans: list[Span] = [Span("‹ ", "muted")] if self._first else []
        for tab, label in self._tabs[self._first :]:
            style = "brand" if tab == active else "muted"
            spans += [Span(f" {safe_line(label, 30)} ", style), Span(" " * self._gap)]
        self.show(tuple(spans))

    def on_resize(self) -> None:
        """Other tabs may fit now."""
        self.show_tabs(self._tabs, self.active)
        super().on_resize()

    def _widths(self) -> list[int]:
        return [cell_width(safe_line(label, 30)) + 2 + self._gap for _, label in self._tabs]

    def _first_shown(self) -> int:
        widths = self._widths()
        at = next((at for at, (tab, _) in enumerate(self._tabs) if tab == self.active), 0)
        first = 0
        while first < at and sum(widths[first : at + 1]) + 2 * (first > 0) > max(1, self.size.width):
            first += 1
        return first

    def neighbour(self, step: int) -> str:
        """The id ``step`` tabs after the active one, round the end."""
        ids = [tab for tab, _ in self._tabs]
        return ids[(ids.index(self.active) + step) % len(ids)] if self.active in ids else self.active

    def on_click(self, event: Click) -> None:
        """Find the tab beneath the pointer."""
        at = 2 if self._first else 0
        for (tab, _), width in list(zip(self._tabs, self._widths(), strict=True))[self._first :]:
            at += width
            if event.x < at:
                self.post_message(self.Chosen(self, tab))
                return


class KeyBar(LineBar):
    """The keys that work on a screen, as many as fit, and at the right end always help; a click presses one.

    Stands in for Textual's footer, which mounts a widget a key anew whenever a dialog comes or goes.
    """

    _keys: tuple[tuple[range, str], ...] = ()

    def on_mount(self) -> None:
        """Show the keys once they are bound, and others when other ones work."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self.update_keys()

    def _bindings_updated(self, screen: object) -> None:
        del screen
        self.update_keys()

    def on_resize(self) -> None:
        """Other keys may fit now."""
        self.update_keys()
        super().on_resize()

    def update_keys(self) -> None:
        """Read the screen's bindings, which settings may have remapped."""
        shown: dict[str, tuple[str, str, str]] = {}
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if binding.show and binding.id is not None and binding.id not in shown:
                shown[binding.id] = (key, self.app.get_key_display(binding), binding.description)
        help_key = shown.pop(_HELP, None)
        end = self.size.width - (_key_width(*help_key[1:]) if help_key is not None else 0)
        spans: list[Span] = []
        keys: list[tuple[range, str]] = []
        at = 0
        for key, label, title in shown.values():
            width = _key_width(label, title)
            if at + width > end:
                break
            keys.append((range(at, at + width), key))
            spans += _key_spans(label, title)
            at += width
        if help_key is not None and end >= 0:
            keys.append((range(end, self.size.width), help_key[0]))
            spans += [Span(" " * (end - at)), *_key_spans(*help_key[1:])]
        self._keys = tuple(keys)
        self.show(tuple(spans))

    def on_click(self, event: Click) -> None:
        """Press the key beneath the pointer."""
        key = next((key for place, key in self._keys if event.x in place), None)
        if key is not None:
            self.app.simulate_key(key)


def _key_spans(label: str, title: str) -> tuple[Span, Span]:
    return Span(f" {label}", "heading"), Span(f" {title} ", "muted")


def _key_width(label: str, title: str) -> int:
    return cell_width(label) + cell_width(title) + 3


class TooSmall(Label):
    """Stands in for a screen whose window is too small; shown by the stylesheet."""

    def __init__(self) -> None:
        super().__init__("this window is too small: 60x16 or larger is needed", markup=False)
