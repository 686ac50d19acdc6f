"""The rules of Enclosure, without I/O: a state, the moves of one tick, the next state and what happened.

The board is common land. Every player starts in the middle of a 3x3 field of its own. Off its
own land a player leaves a *trail*; back on its own land it owns the trail and everything that its
land now fences in. Crossing somebody's trail *cuts* it: the trail is gone, its owner goes home and
rests. Stepping on one's own trail takes it back to that point. Home tiles never change hands and
nobody but the owner may enter them, so no player is ever out of the game.

Cells are numbered row by row, ``y * width + x``.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import msgspec

NOBODY = -1
REST_TICKS = 6
MOVES = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}
STAY = "stay"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something worth telling, at cell ``x, y``.

    ``kind`` is ``claim`` (``agent`` gained ``tiles``), ``cut`` (``agent`` crossed ``victim``'s trail of
    ``tiles``), ``caught`` (``agent`` claimed the ground under ``victim``), ``repelled`` (``victim`` walked
    into ``agent`` on ``agent``'s land), ``clash`` (``agent`` met somebody on land of neither) or ``lead``
    (``agent`` alone has the most tiles, and was not the last who had).
    """

    tick: int
    kind: str
    agent: int
    x: int
    y: int
    victim: int | None = None
    tiles: int | None = None


def describe(event: Event, names: Sequence[str]) -> str:
    """The event as a sentence, such as ``Hunter cuts Wanderer's trail of 8``."""
    agent = names[event.agent]
    victim = "" if event.victim is None else names[event.victim]
    return {
        "claim": f"{agent} claims {event.tiles}",
        "cut": f"{agent} cuts {victim}'s trail of {event.tiles}",
        "caught": f"{agent} fences {victim} in",
        "repelled": f"{agent} turns {victim} away",
        "clash": f"{agent} runs into somebody",
        "lead": f"{agent} takes the lead with {event.tiles}",
    }[event.kind]


@dataclass(frozen=True, slots=True)
class State:
    """The whole game at one tick. ``trails`` are in walking order; ``resting`` counts ticks left."""

    width: int
    height: int
    homes: tuple[int, ...]
    owners: tuple[int, ...]
    positions: tuple[int, ...]
    trails: tuple[tuple[int, ...], ...]
    resting: tuple[int, ...]
    leader: int = NOBODY
    tick: int = 0


@cache
def neighbours(width: int, height: int) -> tuple[dict[str, int], ...]:
    """For every cell, the cell each possible move leads to; moves off the board are left out."""
    return tuple(
        {
            move: (y + dy) * width + x + dx
            for move, (dx, dy) in MOVES.items()
            if 0 <= x + dx < width and 0 <= y + dy < height
        }
        for y in range(height)
        for x in range(width)
    )


@cache
def _border(width: int, height: int) -> tuple[int, ...]:
    return tuple(cell for cell, ways in enumerate(neighbours(width, height)) if len(ways) < len(MOVES))


def new_game(width: int, height: int, slots: int, seed: int) -> State:
    """The state at tick 0: homes mirrored into different quarters of the board, dealt out by ``seed``."""
    dice = random.Random(seed)
    x, y = dice.randint(3, width // 3), dice.randint(2, (height - 1) // 3)
    far_x, far_y = width - 1 - x, height - 1 - y
    diagonals = [[(x, y), (far_x, far_y)], [(far_x, y), (x, far_y)]]
    dice.shuffle(diagonals)
    places = [place for diagonal in diagonals for place in diagonal][:slots]
    dice.shuffle(places)
    owners = [NOBODY] * (width * height)
    for slot, (home_x, home_y) in enumerate(places):
        for near_y in range(home_y - 1, home_y + 2):
            for near_x in range(home_x - 1, home_x + 2):
                owners[near_y * width + near_x] = slot
    homes = tuple(home_y * width + home_x for home_x, home_y in places)
    return State(
        width=width,
        height=height,
        homes=homes,
        owners=tuple(owners),
        positions=homes,
        trails=((),) * slots,
        resting=(0,) * slots,
    )


def scores(state: State) -> list[int]:
    """Tiles owned, by slot."""
    return [state.owners.count(slot) for slot in range(len(state.homes))]


def fenced(state: State, slot: int, trail: Collection[int]) -> set[int]:
    """The cells ``slot`` gains when it comes home over ``trail``: the trail and all it closes off.

    A cell is closed off when no path over cells that are neither ``slot``'s nor trail leads from it
    to the edge of the board. The edge itself is no fence. Home tiles of others are never gained.
    """
    gained = set(trail)
    inside = [owner != slot for owner in state.owners]
    for cell in gained:
        inside[cell] = False
    ways = neighbours(state.width, state.height)
    reached = [cell for cell in _border(state.width, state.height) if inside[cell]]
    for cell in reached:
        inside[cell] = False
    while reached:
        for cell in ways[reached.pop()].values():
            if inside[cell]:
                inside[cell] = False
                reached.append(cell)
    gained.update(cell for cell, closed in enumerate(inside) if closed)
    return gained.difference(state.homes)


def step(state: State, moves: Sequence[str]) -> tuple[State, list[Event]]:
    """Play one tick in which slot ``n`` makes ``moves[n]``; what is no direction is standing still.

    All move at once. Then, in this order: players on one cell meet, trails are cut, those who came
    home uncut claim their land, and those standing or trailing on land just claimed are caught.
    """
    slots = range(len(state.homes))
    events: list[Event] = []
    tick = state.tick + 1

    def tell(kind: str, agent: int, cell: int, **details: int) -> None:
        events.append(Event(tick, kind, agent, cell % state.width, cell // state.width, **details))

    positions, trails, closing = _moved(state, moves)
    sent_home: set[int] = set()
    for cell in sorted(set(positions)):
        here = [slot for slot in slots if positions[slot] == cell]
        host = state.owners[cell]
        for slot in here if len(here) > 1 else ():
            if host not in here:
                tell("clash", slot, cell)
                sent_home.add(slot)
            elif slot != host:
                tell("repelled", host, cell, victim=slot)
                sent_home.add(slot)
    for slot in slots:
        for other in slots:
            if other != slot and positions[other] != positions[slot] and positions[slot] in trails[other]:
                tell("cut", slot, positions[slot], victim=other, tiles=len(trails[other]))
                sent_home.add(other)

    claims = {slot: fenced(state, slot, closing[slot]) for slot in closing if slot not in sent_home}
    owners = list(state.owners)
    for slot, cells in claims.items():
        # Two may close around the same ground in one tick; it stays with whom it was.
        cells.difference_update(*(rival for other, rival in claims.items() if other != slot))
        for cell in cells:
            owners[cell] = slot
        if cells:
            tell("claim", slot, positions[slot], tiles=len(cells))
        for other in slots:
            if other != slot and not cells.isdisjoint((positions[other], *trails[other])):
                tell("caught", slot, positions[other], victim=other)
                sent_home.add(other)

    resting = [max(0, left - 1) for left in state.resting]
    for slot in sent_home:
        positions[slot], trails[slot], resting[slot] = state.homes[slot], (), REST_TICKS
    after = replace(
        state,
        owners=tuple(owners),
        positions=tuple(positions),
        trails=tuple(trails),
        resting=tuple(resting),
        tick=tick,
    )
    leader = sole_leader(after)
    if leader not in (NOBODY, state.leader):
        tell("lead", leader, positions[leader], tiles=scores(after)[leader])
        after = replace(after, leader=leader)
    return after, events


def _moved(
    state: State, moves: Sequence[str]
) -> tuple[list[int], list[tuple[int, ...]], dict[int, tuple[int, ...]]]:
    """Positions and trails once everybody has moved, and the trails of those who came home with one."""
    positions, trails = list(state.positions), list(state.trails)
    closing: dict[int, tuple[int, ...]] = {}
    ways = neighbours(state.width, state.height)
    for slot, move in enumerate(moves):
        cell = ways[positions[slot]].get(move)
        if cell is None or state.resting[slot] or (cell in state.homes and cell != state.homes[slot]):
            continue
        positions[slot] = cell
        trail = trails[slot]
        if cell in trail:
            trails[slot] = trail[: trail.index(cell) + 1]
        elif state.owners[cell] != slot:
            trails[slot] = (*trail, cell)
        elif trail:
            closing[slot] = trail
            trails[slot] = ()
    return positions, trails, closing


def sole_leader(state: State) -> int:
    """The slot that alone has the most tiles, or ``NOBODY`` while the top is shared."""
    tiles = scores(state)
    best = max(tiles)
    return tiles.index(best) if tiles.count(best) == 1 else NOBODY


def snapshot(state: State) -> dict[str, Any]:
    """What a frame shows of the state: flat boards (-1 is empty), ``[x, y]`` pairs, one entry per slot."""
    trails = [NOBODY] * len(state.owners)
    for slot, trail in enumerate(state.trails):
        for cell in trail:
            trails[cell] = slot
    return {
        "width": state.width,
        "height": state.height,
        "tile_owners": state.owners,
        "trails": trails,
        "positions": [(cell % state.width, cell // state.width) for cell in state.positions],
        "homes": [(cell % state.width, cell // state.width) for cell in state.homes],
        "resting": state.resting,
        "scores": scores(state),
        "tick": state.tick,
    }


def results(state: State, events: Sequence[Event]) -> dict[str, Any]:
    """The outcome, as ``results_schema`` in the manifest describes it. ``events`` are all of the game's."""
    slots = range(len(state.homes))
    winner = sole_leader(state)
    claimed: dict[int, list[int]] = {slot: [] for slot in slots}
    for event in events:
        if event.kind == "claim":
            claimed[event.agent].append(event.tiles or 0)
    sent_home = {(event.tick, event.agent if event.kind == "clash" else event.victim) for event in events}
    return {
        "scores": scores(state),
        "ticks": state.tick,
        "winner": None if winner == NOBODY else winner,
        "claims": [len(claimed[slot]) for slot in slots],
        "largest_claim": [max(claimed[slot], default=0) for slot in slots],
        "cuts": [sum(event.kind == "cut" and event.agent == slot for event in events) for slot in slots],
        "sent_home": [sum(sent == slot for _, sent in sent_home) for slot in slots],
        "lead_changes": max(0, sum(event.kind == "lead" for event in events) - 1),
    }
