"""A document in the making: paragraphs, lists, quotations and tables as wrapped lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from ..contract.text import safe_line
from .lenses.spans import Line, Span, cell_width
from .log_times import masked_line, masked_text
from .tables import MAX_COLUMNS, broken, small_table

_MAX_MARGINS = 8
_HEADING_LIMIT = 120


def merged(spans: Iterable[Span]) -> Line:
    """Spans, neighbours of one style made one."""
    parts = groupby(spans, key=lambda span: span.style)
    return tuple(Span("".join(span.text for span in part), style) for style, part in parts)


@dataclass(frozen=True)
class Heading:
    """A heading of a document: ``level`` from 1, ``text`` safe to show, ``line`` the first it stands on."""

    level: int
    text: str
    line: int


class Page:
    """A document in the making: blocks with blank lines between them, wrapped at a width.

    It may be told nonsense (items outside lists, cells outside rows): documents are written by anybody.
    """

    def __init__(self, width: int) -> None:
        self._width = max(width, 20)
        self._lines: list[Line] = []
        self._spans: list[Span] = []
        self._margins: list[str] = []
        self._deeper = 0
        self._mark = ""
        self._lists: list[_List] = []
        self._rows: list[list[str]] = []
        self._level = 0
        self._headings: list[Heading] = []
        self._has_gap = False

    def lines(self) -> list[Line]:
        """What was made so far."""
        self.close()
        return self._lines

    def headings(self) -> list[Heading]:
        """The headings of what was made so far, for a table of contents."""
        self.close()
        return self._headings

    def text(self, text: str, style: str) -> None:
        """Go on with the paragraph."""
        if text:
            text = re.sub(r"\s+", " ", text)
            self._spans.append(Span(safe_line(text, 4 * len(text)), style))

    def target(self, link: str) -> None:
        """Say where the text before leads."""
        if link.startswith(("https://", "http://")) and not (self._spans and self._spans[-1].text == link):
            self.text(f" ({link})", "muted")

    def heading(self, level: int) -> None:
        """Make a heading of the paragraph to come."""
        self.close()
        self._level = level

    def close(self, has_gap: bool = True) -> None:
        """End the paragraph, with a blank line before the next if ``has_gap``. In a table it goes on."""
        if self._rows:
            self.text(" ", "")
            return
        spans, self._spans = _without_credentials(self._spans), []
        title = _title(spans) if self._level else ""
        if self._level:
            spans = [Span(span.text, "heading") for span in spans]
        lines = _wrapped(spans, self._width - len(self._margin))
        start = len(self._lines) + bool(self._has_gap and self._lines)
        for line in lines:
            self._add(line)
        if lines:
            if self._level:
                self._headings.append(Heading(self._level, title, start))
            self._has_gap = has_gap or self._level > 0
            self._level = 0
        elif has_gap and self._lines:
            self._has_gap = True

    def preformatted(self, text: str) -> None:
        """Add lines as they are."""
        self.close()
        for line in text.strip("\r\n").split("\n"):
            self._add((Span(masked_line(line.rstrip()), "accent"),))
        self._has_gap = True

    def rule(self) -> None:
        """Add a line across."""
        self.close()
        self._add((Span("─" * (self._width - len(self._margin)), "line"),))
        self._has_gap = True

    def indent(self, margin: str, mark: str = "") -> None:
        """Begin a part that stands after ``margin``, in its first line after ``mark``."""
        if len(self._margins) < _MAX_MARGINS:
            self._margins.append(margin)
            self._mark = mark
        else:
            self._deeper += 1

    def dedent(self) -> None:
        """End the part begun last."""
        self._mark = ""
        if self._deeper:
            self._deeper -= 1
        elif self._margins:
            self._margins.pop()

    def open_list(self, number: int | None) -> None:
        """Begin a list, numbered from ``number`` or with bullets."""
        self._lists.append(_List(number))

    def close_list(self) -> None:
        """End the list begun last, if any."""
        if self._lists:
            self.close_item()
            self._lists.pop()
            self._has_gap = not self._lists

    def open_item(self) -> None:
        """Begin an item; the one before ends, if it did not yet."""
        if not self._lists:
            self.open_list(None)
        self.close_item()
        current = self._lists[-1]
        current.is_open = True
        mark = "• " if current.number is None else f"{current.number}. "
        self.indent(" " * len(mark), mark)
        if current.number is not None:
            current.number += 1

    def close_item(self) -> None:
        """End the item, if there is one."""
        self.close(has_gap=False)
        if self._lists and self._lists[-1].is_open:
            self._lists[-1].is_open = False
            self.dedent()

    def row(self) -> None:
        """Begin a row of a table."""
        if self._rows:
            self.end_cell()
        else:
            self.close()
        self._rows.append([])

    def cell(self) -> None:
        """Make a cell of the text since the last one."""
        if self._rows:
            text = "".join(span.text for span in _without_credentials(self._spans))
            if len(self._rows[-1]) < MAX_COLUMNS:
                self._rows[-1].append(" ".join(text.split()))
            self._spans = []

    def end_cell(self) -> None:
        """End a cell that was left open."""
        if any(span.text.strip() for span in self._spans):
            self.cell()
        elif self._rows:
            self._spans = []

    def table(self) -> None:
        """Draw the table, if there is one."""
        self.end_cell()
        rows, self._rows = self._rows, []
        self.close()
        for line in small_table([row for row in rows if row], self._width - len(self._margin)):
            self._add(line)
        self._has_gap = True

    @property
    def _margin(self) -> str:
        return "".join(self._margins)

    def _add(self, line: Line) -> None:
        if self._has_gap and self._lines:
            self._lines.append(())
        margin = self._margin
        if self._mark:
            margin = margin[: -len(self._mark)] + self._mark
        self._lines.append((Span(margin, "muted"), *line) if margin else line)
        self._has_gap, self._mark = False, ""


@dataclass
class _List:
    number: int | None
    is_open: bool = False


def _title(spans: list[Span]) -> str:
    """What a heading says, without where its links lead."""
    words = "".join(span.text for span in spans if span.style != "muted").split()
    return safe_line(" ".join(words), _HEADING_LIMIT)


def _without_credentials(spans: list[Span]) -> list[Span]:
    text = "".join(span.text for span in spans)
    masked = masked_text(text)
    return spans if masked == text else [Span(masked)]


def _wrapped(spans: list[Span], width: int) -> list[Line]:
    """Spans in lines of at most ``width`` cells, broken between words where there are any."""
    lines: list[Line] = []
    line: list[Span] = []
    room = width
    for word in _words(spans):
        size = sum(cell_width(span.text) for span in word)
        gap = 1 if line else 0
        if gap and size + gap > room:
            lines.append(merged(line))
            line, room, gap = [], width, 0
        if gap:
            line.append(Span(" ", word[0].style if line[-1].style == word[0].style else ""))
        for text, style in word:
            *whole, text = broken(text, room - gap, width)
            for piece in whole:
                lines.append(merged((*line, Span(piece, style))))
                line, room = [], width
            line.append(Span(text, style))
            room -= cell_width(text)
        room -= gap
    return [*lines, merged(line)] if line else lines


def _words(spans: list[Span]) -> Iterator[list[Span]]:
    word: list[Span] = []
    for span in spans:
        for part in re.findall(r"\s+|\S+", span.text):
            if not part.isspace():
                word.append(Span(part, span.style))
            elif word:
                yield word
                word = []
    if word:
        yield word
