"""The layers of a board: each a board of its own, and all of them seen from above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .cells import Cells
from .spans import slot_glyph
from .words import speaks_of

MAX_PLANES = 128

_COLOURS = 7
_SHIFT = 48
_SLOT_WORDS = ("owner", "unit", "player", "agent", "piece", "team")
_MASK_WORDS = ("visib", "fog", "mask", "explored", "seen", "known", "legal", "walkable", "passable")


class Plane(NamedTuple):
    """One layer: its name, and its tiles as numbers, negative where one sees through to what is beneath.

    ``holds_slots`` is set where the numbers are certain to be players.
    """

    name: str
    cells: Cells
    holds_slots: bool = False


def stacked(planes: Sequence[Plane]) -> Cells:
    """All layers seen from above: in each tile the topmost that is not empty there.

    A layer without empty tiles lies beneath the others; one that says what is visible or allowed is
    no thing on the board and left out. One layer keeps its numbers, for they may be slots; in the others
    every tile has the colour of its layer and a glyph made of the layer's letter and the number.
    """
    if len(planes) == 1:
        return planes[0].cells
    home = home_of(planes)
    letters = _letters([plane.name for plane in planes])
    owners: list[int] = []
    symbols: dict[int, str] = {}
    labels: dict[int, str] = {}
    order = _from_below(planes)
    for at in reversed(order) if home == 0 and _are_nameless(planes) else order:
        cells = planes[at].cells
        if at != home:
            cells = _marked(planes[at], at, letters[at])
        symbols |= cells.symbols
        labels |= cells.labels
        owners = (
            [mine if mine >= 0 else beneath for mine, beneath in zip(cells.owners, owners, strict=True)]
            if owners
            else list(cells.owners)
        )
    return Cells(owners, symbols, labels)


def home_of(planes: Sequence[Plane]) -> int:
    """The layer whose numbers may be slots: one that is sure of it, one named so, else the first.

    The layers of one array have no names. When they say no more than yes and no, they are all alike
    and none is the home (-1); otherwise the first says what is there and the others describe it.
    """
    if _are_nameless(planes):
        return -1 if all(max(plane.cells.owners) <= 1 for plane in planes) else 0
    ranks = [(not plane.holds_slots, not speaks_of(plane.name, _SLOT_WORDS)) for plane in planes]
    return ranks.index(min(ranks))


def _are_nameless(planes: Sequence[Plane]) -> bool:
    return len(planes) > 1 and all(plane.name.isdigit() for plane in planes)


def _from_below(planes: Sequence[Plane]) -> list[int]:
    shown = [at for at, plane in enumerate(planes) if not speaks_of(plane.name, _MASK_WORDS)]
    return sorted(shown or range(len(planes)), key=lambda at: min(planes[at].cells.owners) < 0)


def _marked(plane: Plane, at: int, letter: str) -> Cells:
    """The tiles of a layer, numbered apart from those of the others."""
    numbers: dict[int, int] = {}
    symbols: dict[int, str] = {}
    labels: dict[int, str] = {}
    for owner in set(plane.cells.owners):
        if owner < 0:
            numbers[owner] = owner
            continue
        # Slots take the colours from the first, layers from the last.
        number = numbers[owner] = ((at + 1 << _SHIFT) + owner) * _COLOURS + (-1 - at) % _COLOURS
        word = plane.cells.labels.get(owner) or plane.cells.symbols.get(owner) or str(owner)
        plain = owner == 1 and word == "1"
        symbols[number] = plane.cells.symbols.get(owner) or (letter if plain else letter + slot_glyph(owner))
        name = f"layer {plane.name}" if plane.name.isdigit() else plane.name
        labels[number] = name if plain or word == name else f"{name} {word}"
    return Cells([numbers[owner] for owner in plane.cells.owners], symbols, labels)


def _letters(names: Sequence[str]) -> list[str]:
    """A letter of its own for each layer, out of its name where one is free."""
    taken: list[str] = []
    for at, name in enumerate(names):
        own = (letter.upper() for letter in name if letter.isascii() and letter.isalpha())
        free = (letter for letter in own if letter not in taken)
        taken.append(slot_glyph(at) if name.isdigit() else next(free, slot_glyph(at)))
    return taken
