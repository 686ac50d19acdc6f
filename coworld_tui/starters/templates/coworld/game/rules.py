"""The rules, and nothing else: no sockets, no files, no clock. What happens depends on seed and moves alone.

Two pickers share an orchard. Walking onto an apple picks it, at most five at a time. Back at their barn they
deliver: n apples at once are worth 1 + 2 + ... + n points. Nobody enters the other's barn. Two who step onto
the same cell bump into each other: both stay where they were and lose an apple.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

GRASS, APPLE = ".", "o"
MOVES = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0), "stay": (0, 0)}
BASKET = 5
GROW_EVERY = 4  # ticks between two pairs of new apples
FIRST_PAIRS = 6

Event = dict[str, Any]


class Orchard:
    """The state of one game. Slots 0 and 1 have their barns in the middle of the left and the right edge."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.width, self.height = width, height
        self.tick = 0
        self.apples: set[tuple[int, int]] = set()
        self.barns = [(0, height // 2), (width - 1, height // 2)]
        self.positions = list(self.barns)
        self.carrying = [0, 0]
        self.scores = [0, 0]
        self.deliveries = [0, 0]
        self.picked = [0, 0]
        self._dice = random.Random(seed)
        for _ in range(FIRST_PAIRS):
            self._grow()

    def step(self, moves: Sequence[str]) -> list[Event]:
        """Play one tick: both move at once, what is no move is ``stay``. Returns what happened."""
        self.tick += 1
        events: list[Event] = []

        def tell(kind: str, slot: int, apples: int) -> None:
            x, y = self.positions[slot]
            events.append({"tick": self.tick, "kind": kind, "agent": slot, "x": x, "y": y, "apples": apples})

        wanted = [self._target(slot, move) for slot, move in enumerate(moves)]
        if wanted[0] == wanted[1]:
            for slot in (0, 1):
                tell("bump", slot, min(1, self.carrying[slot]))
                self.carrying[slot] = max(0, self.carrying[slot] - 1)
        else:
            self.positions = wanted
        for slot, here in enumerate(self.positions):
            if here in self.apples and self.carrying[slot] < BASKET:
                self.apples.remove(here)
                self.carrying[slot] += 1
                self.picked[slot] += 1
            if here == self.barns[slot] and self.carrying[slot]:
                tell("deliver", slot, self.carrying[slot])
                self.scores[slot] += sum(range(self.carrying[slot] + 1))
                self.deliveries[slot] += 1
                self.carrying[slot] = 0
        if self.tick % GROW_EVERY == 0:
            self._grow()
        return events

    def board(self) -> list[str]:
        """The orchard from above, a string a row: ``.`` grass, ``o`` an apple, ``0`` and ``1`` the barns."""
        rows = [[GRASS] * self.width for _ in range(self.height)]
        for x, y in self.apples:
            rows[y][x] = APPLE
        for slot, (x, y) in enumerate(self.barns):
            rows[y][x] = str(slot)
        return ["".join(row) for row in rows]

    def _target(self, slot: int, move: str) -> tuple[int, int]:
        """Where a move leads; the edge of the orchard and the other's barn stop it."""
        (x, y), (dx, dy) = self.positions[slot], MOVES.get(move, MOVES["stay"])
        place = min(max(x + dx, 0), self.width - 1), min(max(y + dy, 0), self.height - 1)
        return (x, y) if place == self.barns[1 - slot] else place

    def _grow(self) -> None:
        """A new apple, and one at its mirror image, so that both sides have the same to pick."""
        x, y = self._dice.randrange(self.width), self._dice.randrange(self.height)
        self.apples |= {(x, y), (self.width - 1 - x, y)}.difference(self.barns, self.positions)
