"""What is on the screen of a pseudo-terminal, from all that a program wrote to it."""

from __future__ import annotations

import codecs
import re

from coworld_tui.replay.lenses.spans import cell_width

from .pseudo import Terminal

# A sequence with its numbers and its kind, another sequence, or a character. One that is cut short waits.
_TOKENS = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_].*?(?:\x1b\\|\x07)|\x1b[ -/]*[0-OQ-WYZ\\`-~]|([^\x1b])",
    re.DOTALL,
)


class Picture:
    """The characters on a screen of fixed size, without colours, as far as Textual's output needs it."""

    def __init__(self, terminal: Terminal, columns: int, lines: int) -> None:
        self._terminal = terminal
        self._columns = columns
        self._cells = [[" "] * columns for _ in range(lines)]
        self._x = self._y = self._taken = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def rows(self) -> list[str]:
        """The lines as they are now, top first."""
        self._take()
        return ["".join(row) for row in self._cells]

    def _take(self) -> None:
        """Draw what was written since the last call."""
        text = self._rest + self._decoder.decode(bytes(self._terminal.written[self._taken :]))
        self._taken = len(self._terminal.written)
        end = 0
        for token in _TOKENS.finditer(text):
            if token.start() != end:
                break
            end = token.end()
            numbers, kind, character = token.groups()
            if kind == "H":
                line, _, column = numbers.partition(";")
                self._x, self._y = int(column or 1) - 1, int(line or 1) - 1
            elif kind == "J":
                self._cells = [[" "] * self._columns for _ in self._cells]
            elif character is not None:
                self._put(character)
        self._rest = text[end:]

    def _put(self, character: str) -> None:
        width = cell_width(character)
        if character == "\r":
            self._x = 0
        elif character == "\n":
            self._y += 1
        elif self._y < len(self._cells) and self._x + width <= self._columns:
            self._cells[self._y][self._x : self._x + width] = [character, *[""] * (width - 1)]
            self._x += width
