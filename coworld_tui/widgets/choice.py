"""A field with a few fixed values, changed with left and right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from .line_view import LineView


class Choice(LineView, can_focus=True):
    """Shows ``‹ value ›``; posts ``Changed`` when another one is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "previous", show=False),
        Binding("right,l,space", "turn(1)", "next", show=False),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; scrollbar-size: 0 0; scrollbar-gutter: auto; }
    """

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        choice: Choice
        value: str

    def __init__(self, values: Sequence[str], value: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._values = tuple(values)
        self.value = value if value in self._values else self._values[0]

    def action_turn(self, step: int) -> None:
        """Choose the neighbour, round the end."""
        self.value = self._values[(self._values.index(self.value) + step) % len(self._values)]
        self.update_lines()
        self.post_message(self.Changed(self, self.value))

    def lines_in_view(self) -> Sequence[Line]:
        position = f"  {self._values.index(self.value) + 1} of {len(self._values)}"
        arrows = len(self._values) > 1
        return (
            (
                Span("‹ " if arrows else "  ", "accent"),
                Span(safe_line(self.value, 60), "strong"),
                Span(" ›" if arrows else "", "accent"),
                Span(position if len(self._values) > 2 else "", "muted"),
            ),
        )
