"""The grid lens: a board with one colour and one glyph per owner, pieces on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import NamedTuple

from .cells import SHADES, glyph_of
from .planes import Plane, stacked
from .spans import Line, Span, cell_width, fit, slot_glyph

Number = int | float


@dataclass(frozen=True)
class Grid:
    """A board as read from one frame.

    ``owners`` and ``trails`` are row-major (``y * width + x``) slot numbers, negative for nobody.
    ``pieces`` are ``(slot, x, y)``. ``symbols`` gives the glyph of owners which are letters in the
    frame rather than players, ``labels`` the words for owners which are no players. ``planes`` are the
    layers, where there are several: ``owners`` shows all of them from above, or the one chosen.
    """

    width: int
    height: int
    owners: Sequence[int]
    pieces: tuple[tuple[int, int, int], ...] = ()
    trails: Sequence[int] | None = None
    names: tuple[str, ...] = ()
    scores: tuple[Number, ...] = ()
    symbols: dict[int, str] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    planes: tuple[Plane, ...] = ()

    @property
    def slots(self) -> int:
        """How many players are known by name, score or piece."""
        return max(len(self.names), len(self.scores), *(slot + 1 for slot, _, _ in self.pieces), 0)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers; none where there is only one."""
        return tuple(plane.name for plane in self.planes)

    def of_layer(self, layer: int | None) -> Grid:
        """The same board with one layer alone, or with ``None`` all of them. IndexError outside them."""
        cells = stacked(self.planes) if layer is None else self.planes[layer].cells
        return replace(self, owners=cells.owners, symbols=cells.symbols, labels=cells.labels)


class Cell(NamedTuple):
    """How many columns and rows of the terminal one tile takes."""

    columns: int
    rows: int


_LEGEND_ROWS = 24
CELLS = (Cell(4, 2), Cell(2, 1), Cell(1, 1))


def cell_for(grid: Grid, width: int, height: int) -> Cell:
    """Return the largest cell with which board and axes fit; the smallest when none does."""
    for cell in CELLS:
        columns, rows = board_size(grid, cell)
        if columns <= width and rows <= height:
            return cell
    return CELLS[-1]


def axis_width(grid: Grid) -> int:
    """Return the columns taken by the row labels, including the gap before the board."""
    return len(str(grid.height - 1)) + 1


def board_size(grid: Grid, cell: Cell) -> tuple[int, int]:
    """Return columns and rows of the whole board with its axes."""
    return axis_width(grid) + grid.width * cell.columns, 1 + grid.height * cell.rows


def grid_lines(
    grid: Grid,
    cell: tuple[int, int] = (2, 1),
    rows: range | None = None,
    columns: range | None = None,
    axes: bool = True,
) -> list[Line]:
    """Draw the tiles of ``rows`` and ``columns`` (all without them), one span per tile.

    With ``axes`` the first line holds the column numbers and every row starts with its own.
    """
    cell = Cell(*cell)
    rows = range(grid.height) if rows is None else rows
    columns = range(grid.width) if columns is None else columns
    margin = axis_width(grid) if axes else 0
    pieces = {(x, y): slot for slot, x, y in grid.pieces}
    tiles = _TileSpans(grid, cell)
    owned = {owner: tiles.owned(owner) for owner in set(grid.owners) if owner >= 0}
    empty = tiles.empty(0), tiles.empty(1)
    lines: list[Line] = []
    if axes:
        lines.append(_column_labels(columns, cell, margin))
    for y in rows:
        start = y * grid.width
        drawn = []
        for x in columns:
            if (x, y) in pieces:
                drawn.append(tiles.piece(pieces[x, y]))
                continue
            owner = grid.owners[start + x]
            if owner >= 0:
                drawn.append(owned[owner])
            elif grid.trails is not None and grid.trails[start + x] >= 0:
                drawn.append(tiles.trail(grid.trails[start + x]))
            else:
                drawn.append(empty[(x + y) % 2])
        for part in range(cell.rows):
            label = (Span(f"{y if part == 0 else '':>{margin - 1}} ", "axis"),) if axes else ()
            lines.append(label + tuple(pair[part > 0] for pair in drawn))
    return lines


def _column_labels(columns: range, cell: Cell, margin: int) -> Line:
    """Number every column where there is room, otherwise every fifth or tenth."""
    step = {4: 1, 2: 5}.get(cell.columns, 10)
    if columns and len(str(columns[-1])) >= cell.columns * step:
        step *= 10
    indent = _glyph_column(cell)
    line = [" "] * (margin + len(columns) * cell.columns)
    for position, x in enumerate(columns):
        if x % step == 0:
            place = margin + position * cell.columns + indent
            label = str(x)
            if place + len(label) <= len(line):
                line[place : place + len(label)] = label
    return (Span("".join(line), "axis"),)


def _glyph_column(cell: Cell) -> int:
    return 1 if cell.columns > 1 else 0


class _TileSpans:
    """Spans of one cell size, each made once: (first line, further lines) per kind of tile."""

    def __init__(self, grid: Grid, cell: Cell) -> None:
        self._symbols = grid.symbols
        self._slots = grid.slots
        self._cell = cell
        self._made: dict[str, tuple[Span, Span]] = {}

    def piece(self, slot: int) -> tuple[Span, Span]:
        glyph = slot_glyph(slot)
        return self._pair(f"piece.{slot}", f"◆{glyph}" if self._cell.columns > 1 else glyph, 2)

    def owned(self, owner: int) -> tuple[Span, Span]:
        made = self._made.get(style := f"tile.{owner}")
        if made is not None:
            return made
        glyph = glyph_of(owner, self._symbols, self._slots, self._cell.columns)
        if glyph in SHADES:
            span = Span(glyph * self._cell.columns, style)
            return self._made.setdefault(style, (span, span))
        return self._pair(style, glyph, cell_width(glyph))

    def trail(self, slot: int) -> tuple[Span, Span]:
        return self._pair(f"trail.{slot}", f"•{slot_glyph(slot)}" if self._cell.columns > 1 else "•", 2)

    def empty(self, shade: int) -> tuple[Span, Span]:
        return self._pair(f"empty.{shade}", "·")

    def _pair(self, style: str, glyph: str, size: int = 1) -> tuple[Span, Span]:
        pair = self._made.get(style)
        if pair is None:
            columns = self._cell.columns
            # A wide glyph starts where single ones stand, as far as it fits from there.
            indent = max(0, min(columns - size, _glyph_column(self._cell)))
            first = Span(fit(" " * indent + glyph, columns), style)
            pair = self._made[style] = (first, Span(" " * columns, style))
        return pair


def legend(grid: Grid) -> list[Line]:
    """Say who is who: glyph, name and score per slot, then what the other tiles are."""
    slots = grid.slots if grid.names or grid.scores else 0
    names = [name for name, _ in zip_longest(grid.names, range(slots), fillvalue="")]
    room = min(24, max(map(cell_width, names), default=0))
    lines: list[Line] = []
    for slot, name in enumerate(names):
        score = score_text(grid.scores[slot]) if slot < len(grid.scores) else "–"
        lines.append(
            (
                Span(f" ◆{slot_glyph(slot)} ", f"piece.{slot}"),
                Span(f" {fit(name, room)} "),
                Span(f"{score:>6}", f"slot.{slot}"),
            )
        )
    return lines + _tile_legend(grid)


def _tile_legend(grid: Grid) -> list[Line]:
    """What is on the board and no player's: with words a line each, without them all in one."""
    known = grid.slots if grid.names or grid.scores else 0
    others = sorted(owner for owner in set(grid.owners) if owner >= known)
    glyphs = {owner: f" {glyph_of(owner, grid.symbols, known)} " for owner in others}
    worded = [owner for owner in others if owner in grid.labels][:_LEGEND_ROWS]
    room = max((cell_width(glyphs[owner]) for owner in worded), default=0)
    lines: list[Line] = [
        (Span(fit(glyphs[owner], room), f"tile.{owner}"), Span(f" {grid.labels[owner]}")) for owner in worded
    ]
    wordless = [owner for owner in others if owner not in grid.labels][:_LEGEND_ROWS]
    return [*lines, tuple(Span(glyphs[owner], f"tile.{owner}") for owner in wordless)] if wordless else lines


def score_text(score: Number | None) -> str:
    """Write a score in at most about ten characters; an en dash when there is none."""
    if score is None:
        return "–"
    if isinstance(score, float) or abs(score) >= 10**9:
        try:
            return f"{float(score):.6g}"
        except OverflowError:
            return "huge"
    return str(score)
