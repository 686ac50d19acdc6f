"""Boards written as text: rows of characters, and chess positions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...contract.text import safe_line
from .cells import Cells, side_number, symbol_number
from .spans import cell_width

_MAX_CHARACTERS = 250_000
_MAX_COLUMNS = 500
_MANY_CHARACTERS = 20
_MAX_SPACING = 4
_COLOUR = re.compile(r"\x1b\[([0-9;]*)m")
_REMARK = re.compile(r"\s*\([\w ]*\)\s*\Z")
_FEN = re.compile(r"([pnbrqkPNBRQK1-8]+(?:/[pnbrqkPNBRQK1-8]+){7})(?: |\Z)")


class TextBoard(NamedTuple):
    """A board of characters. ``lit`` are the tiles (x, y) that stand on a coloured ground."""

    width: int
    height: int
    cells: Cells
    lit: tuple[tuple[int, int], ...]


def read_text_board(text: str, expected: bool) -> TextBoard | None:
    """Return the board that ``text`` draws, or ``None``.

    It is the longest run of lines of equal width, at least half of them all. Where a board is not
    ``expected``, three lines with few different characters are needed: prose and tables have many.
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    position = _FEN.match(text)
    if position:
        return _chess(position[1])
    if "\n" not in text.strip("\n"):
        return None
    lines = [line for line in text.splitlines() if not _REMARK.match(line)]
    rows = _unspaced(_longest_run([_characters(line) for line in lines]))
    width, height = len(rows[0]) if rows else 0, len(rows)
    if min(width, height) < (2 if expected else 3) or width > _MAX_COLUMNS:
        return None
    plain = [character for row in rows for character, _ in row]
    if not expected and len(set(plain)) > _MANY_CHARACTERS:
        return None
    lit = tuple((x, y) for y, row in enumerate(rows) for x, (_, is_lit) in enumerate(row) if is_lit)
    return TextBoard(width, height, _drawn(plain), lit)


def _drawn(characters: Sequence[str]) -> Cells:
    """Characters as they are drawn: only blanks and dots are empty."""
    symbols: dict[int, str] = {}
    numbers: dict[str, int] = {}
    for character in set(characters):
        if character in " .·":
            numbers[character] = -1
        elif character.isascii() and character.isdigit():
            numbers[character] = int(character)
        else:
            numbers[character] = symbol_number(character)
            symbols[numbers[character]] = character
    return Cells([numbers[character] for character in characters], symbols, {})


def _characters(line: str) -> list[tuple[str, bool]]:
    """The characters of a line, one per tile, each with whether its ground is coloured."""
    found: list[tuple[str, bool]] = []
    lit = False
    for index, part in enumerate(_COLOUR.split(line)):
        if index % 2:
            lit = _ground(part, lit)
        else:
            found += [(character, lit) for character in _tiles(safe_line(part))]
    return found


def _tiles(text: str) -> Iterator[str]:
    for character in text:
        if cell_width(character):
            yield character


def _ground(codes: str, lit: bool) -> bool:
    """Whether the ground is coloured, or swapped with the ink, after a colour sequence."""
    for code in codes.split(";"):
        if code in ("", "0", "27", "49"):
            lit = False
        elif code == "7" or re.fullmatch("4[0-8]|10[0-7]", code):
            lit = True
    return lit


def _longest_run(lines: Sequence[list[tuple[str, bool]]]) -> list[list[tuple[str, bool]]]:
    """The longest run of lines of one width, if it is at least half of those that are not blank."""
    best: list[list[tuple[str, bool]]] = []
    run: list[list[tuple[str, bool]]] = []
    for line in lines:
        if not line or (run and len(line) != len(run[0])):
            run = []
        if line:
            run.append(line)
        if len(run) > len(best):
            best = run
    return best if 2 * len(best) >= sum(map(bool, lines)) else []


def _unspaced(rows: list[list[tuple[str, bool]]]) -> list[list[tuple[str, bool]]]:
    """Leave out the blanks that keep the columns of every row apart."""
    width = len(rows[0]) if rows else 0
    for step in range(_MAX_SPACING, 1, -1):
        between = [x for x in range(width) if x % step]
        if width > step and width % step <= 1 and all(row[x][0] == " " for row in rows for x in between):
            return [row[::step] for row in rows]
    return rows


def _chess(ranks: str) -> TextBoard | None:
    """A position as FEN writes it: capitals are White's, digits count empty squares."""
    rows = [re.sub("[1-8]", lambda digit: "." * int(digit[0]), rank) for rank in ranks.split("/")]
    if any(len(row) != 8 for row in rows):
        return None
    numbers = {piece: side_number(piece, piece.islower()) for piece in "pnbrqkPNBRQK"} | {".": -1}
    symbols = {number: piece for piece, number in numbers.items() if number >= 0}
    return TextBoard(8, 8, Cells([numbers[piece] for row in rows for piece in row], symbols, {}), ())
