"""The bundled policies: pure functions from what a player sees, and the moves it still had in mind, to moves.

Chance comes from the seed in the observation, the slot and the tick, so the same game always gets
the same moves.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import msgspec

from coworld_tui.demo.rules import MOVES, NOBODY, STAY, neighbours

Moves = tuple[str, ...]
Ways = dict[int, tuple[int, str]]
"""For every cell that can be reached, in order of distance: the cell before it and the move from there."""

BACK = {"up": "down", "down": "up", "left": "right", "right": "left"}
FAR = 1_000


class Observation(msgspec.Struct, frozen=True):
    """The fields of a player frame the policies read; all others are ignored."""

    type: str

    slot: int
    seed: int
    tick: int
    width: int
    height: int
    tile_owners: list[int]
    trails: list[int]
    positions: list[tuple[int, int]]
    homes: list[tuple[int, int]]
    resting: list[int]
    scores: list[int]


@dataclass(frozen=True)
class View:
    """An observation and the questions policies ask of it. Cells are numbered ``y * width + x``."""

    seen: Observation

    @cached_property
    def dice(self) -> random.Random:
        """Chance, the same for the same seed, slot and tick."""
        return random.Random(f"{self.seen.seed}/{self.seen.slot}/{self.seen.tick}")

    @cached_property
    def ways(self) -> tuple[dict[str, int], ...]:
        """For every cell, where each move leads."""
        return neighbours(self.seen.width, self.seen.height)

    @cached_property
    def here(self) -> int:
        """The cell the player is on."""
        return self.cell(self.seen.positions[self.seen.slot])

    @cached_property
    def closed(self) -> frozenset[int]:
        """The homes of others, which only they may enter."""
        return frozenset(self.cell(at) for slot, at in enumerate(self.seen.homes) if slot != self.seen.slot)

    @cached_property
    def foes(self) -> dict[int, int]:
        """Slot and cell of every other player that is not resting."""
        seen = self.seen
        return {
            slot: self.cell(at)
            for slot, at in enumerate(seen.positions)
            if slot != seen.slot and not seen.resting[slot]
        }

    @cached_property
    def way_home(self) -> Moves:
        """The shortest way back to own land; empty when on it."""
        return () if self.mine(self.here) else self.nearest(self.reach(), self.mine)

    def cell(self, at: tuple[int, int]) -> int:
        """The number of the cell at ``x, y``."""
        return at[1] * self.seen.width + at[0]

    def mine(self, cell: int) -> bool:
        """Whether the cell is own land."""
        return self.seen.tile_owners[cell] == self.seen.slot

    def trail(self, slot: int) -> list[int]:
        """The cells of a player's trail, row by row."""
        return [cell for cell, owner in enumerate(self.seen.trails) if owner == slot]

    def distance(self, cell: int, other: int) -> int:
        """Steps between two cells of an empty board."""
        width = self.seen.width
        return abs(cell % width - other % width) + abs(cell // width - other // width)

    def foe_steps(self, cells: Iterable[int]) -> int:
        """Steps the nearest foe needs to one of the cells; ``FAR`` without foes or cells."""
        return min((self.distance(foe, cell) for cell in cells for foe in self.foes.values()), default=FAR)

    def reach(self, *, on_land: bool = False) -> Ways:
        """All cells that can be walked to from here, nearest first; ``on_land`` without leaving own land."""
        owners, slot, closed = self.seen.tile_owners, self.seen.slot, self.closed
        came: Ways = {self.here: (NOBODY, STAY)}
        queue = [self.here]
        for cell in queue:
            for move, following in self.ways[cell].items():
                if following in came or following in closed or (on_land and owners[following] != slot):
                    continue
                came[following] = (cell, move)
                queue.append(following)
        return came

    def route(self, came: Ways, cell: int) -> Moves:
        """The moves from here to a cell that was reached."""
        moves: list[str] = []
        while cell != self.here:
            cell, move = came[cell]
            moves.append(move)
        return tuple(reversed(moves))

    def nearest(self, came: Ways, wanted: Callable[[int], bool]) -> Moves:
        """The moves to the nearest wanted cell; empty when there is none."""
        return next((self.route(came, cell) for cell in came if wanted(cell)), ())


Policy = Callable[[View, Moves], Moves]


class Plan(NamedTuple):
    """Moves a player has in mind and the cell they start from; from any other cell they are void."""

    start: int = NOBODY
    moves: Moves = ()


def decide(policy: Policy, seen: Observation, plan: Plan) -> tuple[str, Plan]:
    """The move to make now and what is left of the plan."""
    if seen.resting[seen.slot]:
        return STAY, Plan()
    view = View(seen)
    moves = policy(view, plan.moves if plan.start == view.here else ())
    move = moves[0] if moves else STAY
    return move, Plan(view.ways[view.here].get(move, view.here), moves[1:])


def wanderer(view: View, plan: Moves) -> Moves:
    """Strolls in straight lines wherever chance leads and turns home once the trail gets long."""
    if plan:
        return plan
    if len(view.trail(view.seen.slot)) > view.dice.randint(4, 9):
        return view.way_home
    ways = [move for move, cell in view.ways[view.here].items() if cell not in view.closed]
    return (view.dice.choice(ways),) * view.dice.randint(2, 5)


def hedger(view: View, plan: Moves) -> Moves:
    """Fences in small pieces, never farther from home than the nearest foe is from the trail."""
    if threatened(view):
        return view.way_home
    return plan or loop(view, longest=4, caution=1.0) or stroll(view)


def rover(view: View, plan: Moves) -> Moves:
    """Goes for the biggest loops there are and never looks round."""
    return plan or loop(view, longest=9, caution=0.0) or stroll(view)


def hunter(view: View, plan: Moves) -> Moves:
    """Cuts every trail it can reach in time, takes measured loops in between, and runs when hunted."""
    prey = chase(view)
    if not prey and threatened(view, within=2):
        return view.way_home
    return prey or plan or loop(view, longest=9, caution=0.4) or stroll(view)


POLICIES: dict[str, Policy] = {"wanderer": wanderer, "hedger": hedger, "rover": rover, "hunter": hunter}


def threatened(view: View, within: int = FAR) -> bool:
    """Whether a foe could cut the trail before the player is home, counting those ``within`` some steps."""
    steps = len(view.way_home)
    return steps > 0 and view.foe_steps(view.trail(view.seen.slot)) <= min(steps, within)


def chase(view: View) -> Moves:
    """The way to a foe's trail that can be reached before its owner is home; empty when there is none."""
    seen = view.seen
    best: Moves = ()
    came: Ways | None = None
    for slot, at in view.foes.items():
        trail = view.trail(slot)
        if not trail:
            continue
        land = (cell for cell, owner in enumerate(seen.tile_owners) if owner == slot)
        escape = min(view.distance(at, cell) for cell in land)
        if min(view.distance(view.here, cell) for cell in trail) > escape:
            continue
        came = came or view.reach()
        way = view.nearest(came, set(trail).__contains__)
        if 0 < len(way) <= escape and (not best or len(way) < len(best)):
            best = way
    return best


def stroll(view: View) -> Moves:
    """The way off own land where it is nearest, or back to it from outside."""
    return view.way_home or view.nearest(view.reach(), lambda cell: not view.mine(cell))


def loop(view: View, *, longest: int, caution: float, tries: int = 160) -> Moves:
    """The best of many rectangular loops tried at random: over own land, out, along, and back home.

    ``longest`` bounds the sides. A loop is worth its tiles for every step, others' land counting
    double. It is left out when a foe needs fewer steps to it than ``caution`` times its length.
    """
    if not view.mine(view.here):
        return ()
    came = view.reach(on_land=True)
    starts = [cell for cell in came if any(not view.mine(near) for near in view.ways[cell].values())][:24]
    best: Moves = ()
    best_worth = 0.0
    for _ in range(tries if starts else 0):
        start = view.dice.choice(starts)
        out, along = view.dice.choice(tuple(MOVES)), view.dice.choice(tuple(MOVES))
        if along in (out, BACK[out]):
            continue
        depth, span = view.dice.randint(1, longest), view.dice.randint(1, longest)
        moves, outside = walk(view, start, (out,) * depth + (along,) * span + (BACK[out],) * (depth + 3))
        if not moves:
            continue
        way = view.route(came, start)
        steps = len(way) + len(moves)
        worth = gain(view, (start, *outside)) / (steps + 6)
        if worth > best_worth and view.foe_steps(outside) >= caution * steps:
            best, best_worth = (*way, *moves), worth
    return best


def walk(view: View, start: int, moves: Moves) -> tuple[Moves, list[int]]:
    """The moves up to the first return to own land and the cells outside it; no moves if it never returns."""
    cell, outside = start, list[int]()
    for count, move in enumerate(moves, 1):
        following = view.ways[cell].get(move)
        if following is None or following in view.closed:
            break
        cell = following
        if not view.mine(cell):
            outside.append(cell)
        elif outside:
            return moves[:count], outside
        else:
            break
    return (), outside


def gain(view: View, cells: Iterable[int]) -> int:
    """What the smallest rectangle around the cells would bring: free tiles once, others' tiles twice."""
    width = view.seen.width
    columns, rows = {cell % width for cell in cells}, {cell // width for cell in cells}
    left, right = min(columns), max(columns) + 1
    tiles = 0
    for row in range(min(rows), max(rows) + 1):
        owners = view.seen.tile_owners[row * width + left : row * width + right]
        tiles += 2 * (right - left - owners.count(view.seen.slot)) - owners.count(NOBODY)
    return tiles
