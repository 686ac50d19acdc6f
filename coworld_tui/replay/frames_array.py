"""Which array of a JSON document holds the frames: told by shape, with names as hints.

Rules. Only elements that are containers count; they are the frames. The top level of a document
counts as an array too (concatenated JSON). An array inside an element of an array of two or more
is part of a frame. Names like ``frames`` win over any other; such an array may even lie inside the
elements of an unnamed one, when it is longer than that. Otherwise the longest array wins, where
names like ``events`` and rows of scalars under a key weigh less.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .naming import FRAME_KEYS
from .structure import OPEN_ARRAY, Brackets, Offsets, Read, key_before

MOST_LEVELS = 8
"""Deepest level of an array of frames."""

LESSER = frozenset(
    {
        "events",
        "log",
        "logs",
        "messages",
        "players",
        "config",
        "agents",
        "names",
        "teams",
        "policies",
        "slots",
    }
)
LESSER_WEIGHT = 1 / 8
ROWS_WEIGHT = 1 / 100
LEAST_WEIGHT = 1.0
"""What an array without a hint has to weigh: few rows under a key are a board, few players are players."""

_MOST_NAMES = 4096
_ROOT = 0


@dataclass(frozen=True)
class Enclosing:
    """A container around the frames: offset and level of its opening bracket, and how it is reached."""

    offset: int
    level: int
    is_object: bool
    key: str


@dataclass(frozen=True)
class FramesArray:
    """The array of frames: offset (-1 at the top level), level, what encloses it, outermost first.

    ``key`` is its name in the innermost container. ``of_strings`` says that the frames are texts.
    """

    offset: int
    level: int
    enclosing: tuple[Enclosing, ...] = ()
    key: str = ""
    of_strings: bool = False

    @property
    def path(self) -> str:
        """As ``match.frames``; empty at the top level."""
        return ".".join(part for part in (*(outer.key for outer in self.enclosing), self.key) if part)


@dataclass(frozen=True)
class Candidate:
    """An array that may hold the frames: named like them with two elements or more, and not yet ended?"""

    array: FramesArray
    is_named: bool
    is_open: bool


class Tree:
    """The containers as arrays of numbers, node 0 being the top level as an array of what lies in it."""

    def __init__(self, brackets: Brackets, read: Read) -> None:
        self._read = read
        self._names: dict[int, str] = {}
        opens = np.flatnonzero(brackets.opens)
        count = len(opens) + 1
        self.offset: Offsets = np.concatenate(([-1], brackets.offset[opens]))
        self.level: Offsets = np.concatenate(([0], brackets.level[opens]))
        self.is_array: NDArray[np.bool_] = np.concatenate(([True], brackets.character[opens] == OPEN_ARRAY))
        self.parent = np.zeros(count, np.int64)
        self.stop: Offsets = np.full(count, -1, np.int64)
        self.nodes = [np.flatnonzero(self.level == level) for level in range(int(self.level.max()) + 1)]
        closes = np.flatnonzero(~brackets.opens)
        close_level = brackets.level[closes]
        for level, nodes in enumerate(self.nodes[1:], 1):
            # On one level containers open and close in turn: only the last one may still be open.
            ends = brackets.offset[closes[close_level == level]]
            self.stop[nodes[: len(ends)]] = ends + 1
            outer = self.nodes[level - 1]
            self.parent[nodes] = outer[np.searchsorted(outer, nodes) - 1]
        inner = self.parent[1:]
        self.arrays = np.bincount(inner[self.is_array[1:]], minlength=count)
        self.objects = np.bincount(inner[~self.is_array[1:]], minlength=count)
        self.total = self.arrays + self.objects
        self.grandchildren = np.bincount(inner, weights=self.total[1:], minlength=count)
        self.longest_outer = self._longest_outer()

    def _longest_outer(self) -> Offsets:
        """Per node the most elements of any array of two or more around it, 0 without."""
        longest = np.zeros(len(self.parent), np.int64)
        shared = np.where(self.is_array & (self.total >= 2), self.total, 0)
        for nodes in self.nodes[1:]:
            outer = self.parent[nodes]
            longest[nodes] = np.maximum(longest[outer], shared[outer])
        return longest

    def eligible(self) -> Iterator[tuple[int, bool]]:
        """The arrays that may hold frames, in order, and whether their names say so."""
        may = self.is_array & (self.level <= MOST_LEVELS) & (self.total > self.longest_outer)
        for node in self._most(np.flatnonzero(may), self.total):
            if not self.is_hinted(node):
                if self.total[node] >= 2 and not self.longest_outer[node]:
                    yield node, False
            elif not any(self.total[outer] >= 2 and self.is_hinted(outer) for outer in self._above(node)):
                yield node, True

    def weight(self, node: int) -> float:
        """The number of elements of one kind, less for rows of scalars under a key and for lesser names."""
        weight = float(max(self.objects[node], self.arrays[node]))
        name = self.name(node)
        if name and not self.objects[node] and not self.grandchildren[node]:
            weight *= ROWS_WEIGHT
        return weight * LESSER_WEIGHT if name in LESSER else weight

    def hinted_scalars(self) -> Iterator[int]:
        """Arrays without containers, not in an element of anything, that are named like frames."""
        may = self.is_array & (self.level <= MOST_LEVELS) & (self.total == 0) & (self.longest_outer == 0)
        may[_ROOT] = False
        length = np.where(self.stop < 0, np.iinfo(np.int64).max, self.stop - self.offset)
        return (node for node in self._most(np.flatnonzero(may), length) if self.is_hinted(node))

    def _most(self, nodes: NDArray[np.intp], size: Offsets) -> list[int]:
        """The nodes in order; of very many only the largest, as every name has to be read."""
        if len(nodes) > _MOST_NAMES:
            nodes = np.sort(nodes[np.argsort(-size[nodes], kind="stable")[:_MOST_NAMES]])
        return [int(node) for node in nodes]

    def _above(self, node: int) -> Iterator[int]:
        while node != _ROOT:
            node = int(self.parent[node])
            yield node

    def is_hinted(self, node: int) -> bool:
        """Whether it is an array that is named like frames."""
        return bool(self.is_array[node]) and self.name(node) in FRAME_KEYS

    def name(self, node: int) -> str:
        """The key of a member, in small letters; empty for what has none."""
        return self._key(node).lower()

    def _key(self, node: int) -> str:
        if node == _ROOT or self.is_array[self.parent[node]]:
            return ""
        if node not in self._names:
            self._names[node] = key_before(self._read, int(self.offset[node])) or ""
        return self._names[node]

    def array(self, node: int, *, of_strings: bool = False) -> FramesArray:
        above = [outer for outer in self._above(node) if outer != _ROOT]
        return FramesArray(
            offset=int(self.offset[node]),
            level=int(self.level[node]),
            enclosing=tuple(
                Enclosing(
                    int(self.offset[outer]),
                    int(self.level[outer]),
                    not self.is_array[outer],
                    self._step(outer),
                )
                for outer in reversed(above)
            ),
            key=self._step(node),
            of_strings=of_strings,
        )

    def _step(self, node: int) -> str:
        """How a node is reached from its parent: its key, or its position among the containers there."""
        parent = int(self.parent[node])
        if node == _ROOT or not self.is_array[parent]:
            return self._key(node)
        if parent == _ROOT and self.total[_ROOT] == 1:
            return ""
        return str(int(np.count_nonzero(self.parent[1:node] == parent)))


def best_array(tree: Tree, seen: int, size: float) -> Candidate | None:
    """The likeliest array of frames in the first ``seen`` of about ``size`` bytes.

    Arrays that are still open there are taken to go on as they began.
    """
    best: tuple[tuple[int, float], int] | None = None
    for node, hinted in tree.eligible():
        count = tree.weight(node)
        if not hinted and count < LEAST_WEIGHT:
            continue
        if tree.stop[node] < 0 and tree.offset[node] < seen < size:
            start = max(0, int(tree.offset[node]))
            count *= (size - start) / (seen - start)
        rank = (0 if not hinted else 1 if tree.total[node] < 2 else 2, count)
        if best is None or rank > best[0]:
            best = rank, node
    if best is None:
        return None
    (kind, _), node = best
    return Candidate(tree.array(node), is_named=kind == 2, is_open=bool(tree.stop[node] < 0))


def hinted_scalar_arrays(tree: Tree) -> Iterator[tuple[FramesArray, int]]:
    """Arrays without containers in them that are named like frames, and their ends (-1: still open)."""
    for node in tree.hinted_scalars():
        yield tree.array(node, of_strings=True), int(tree.stop[node])


def without_closed(tree: Tree, brackets: Brackets, keep_longer: int) -> Brackets:
    """What is needed of brackets in which no array of frames was found, when more follow.

    That is: containers still open, what lies directly in open arrays, and longer members of open objects.
    """
    parent_open = tree.stop[tree.parent] < 0
    in_array = tree.is_array[tree.parent]
    kept = (tree.stop < 0) | (parent_open & (in_array | (tree.stop - tree.offset > keep_longer)))
    kept = kept[1:]
    offsets = np.concatenate((tree.offset[1:][kept], tree.stop[1:][kept] - 1))
    return brackets.where(np.isin(brackets.offset, offsets))
