"""What forms have in common: rows of a name and its field, and the keys that move between them."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Label

from ..contract.text import safe_line
from ..widgets.choice import Choice


def form_bindings(action: str) -> list[BindingType]:
    """Escape leaves, enter does ``action``, the arrows go through the fields."""
    return [
        Binding("escape", "leave", "back", show=False),
        Binding("enter", action, action, show=False),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "previous field", show=False),
    ]


def typed(value: str) -> str:
    """A value to go into a field, which shows it raw; empty for one that is not plain text."""
    return value if safe_line(value) == value else ""


def path_of(text: str) -> Path:
    """A path as people type it; with a home that nobody has, as it stands."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def form_row(name: str, field: Choice | Input) -> ComposeResult:
    """A field behind its name."""
    with Horizontal(classes="row"):
        yield Label(name, classes="name", markup=False)
        yield field
