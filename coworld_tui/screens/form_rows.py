"""Rows of a form: a name and its field."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Label

from ..widgets.choice import Choice


def form_row(name: str, field: Choice | Input) -> ComposeResult:
    """A field behind its name."""
    with Horizontal(classes="row"):
        yield Label(name, classes="name", markup=False)
        yield field
