"""A player of Enclosure, the game that comes with coworld-tui. Run it, then make it yours.

The runner sets COWORLD_PLAYER_WS_URL. The game sends one JSON object a tick and waits for the answer.
`python player.py` ends with 0 when the game is over, with 1 when it could not be joined.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

Seen = dict[str, Any]  # one observation, as the game sends it

MOVES = {"up": (0, -1), "right": (1, 0), "down": (0, 1), "left": (-1, 0)}
SIDEWAYS = {"up": "right", "right": "down", "down": "left", "left": "up"}
OUT, ACROSS = 2, 4  # the loops it walks: so far off its land, then so far to the side


class Policy:
    """Walks loops: off its land, to the side, and back before anybody can cut its trail."""

    def __init__(self) -> None:
        self.plan: list[str] = []

    def move(self, seen: Seen) -> str:
        """The answer to one observation: up, down, left, right or stay."""
        me = seen["slot"]
        here = tuple(seen["positions"][me])
        if seen["resting"][me]:
            self.plan = []
            return "stay"
        if seen["tile_owners"][cell(seen, here)] == me:
            if not self.plan:
                # The nearest land that is not mine, and from there on in the same direction.
                way = path(seen, lambda at: seen["tile_owners"][at] != me)
                self.plan = way + way[-1:] * OUT + [SIDEWAYS[way[-1]]] * ACROSS if way else []
        else:
            home = path(seen, lambda at: seen["tile_owners"][at] == me)
            if not self.plan or in_danger(seen, len(home)) or not is_free(seen, here, self.plan[0]):
                self.plan = home
        return self.plan.pop(0) if self.plan else "stay"


def cell(seen: Seen, at: tuple[int, ...]) -> int:
    """The index of x, y in the flat boards of an observation."""
    return int(at[1] * seen["width"] + at[0])


def is_free(seen: Seen, at: tuple[int, ...], move: str) -> bool:
    """Whether the move stays on the board, off my own trail and out of the homes of others."""
    me = seen["slot"]
    x, y = at[0] + MOVES[move][0], at[1] + MOVES[move][1]
    if not (0 <= x < seen["width"] and 0 <= y < seen["height"]):
        return False
    homes = [home for slot, home in enumerate(seen["homes"]) if slot != me]
    return seen["trails"][cell(seen, (x, y))] != me and [x, y] not in homes


def path(seen: Seen, is_goal: Callable[[int], bool]) -> list[str]:
    """The moves of a shortest way to the nearest cell that is a goal; none when there is no way."""
    start = tuple(seen["positions"][seen["slot"]])
    ways: dict[tuple[int, ...], list[str]] = {start: []}
    queue = [start]
    for at in queue:
        if is_goal(cell(seen, at)):
            return ways[at]
        for move, (dx, dy) in MOVES.items():
            following = (at[0] + dx, at[1] + dy)
            if following not in ways and is_free(seen, at, move):
                ways[following] = [*ways[at], move]
                queue.append(following)
    return []


def in_danger(seen: Seen, steps_home: int) -> bool:
    """Whether somebody could reach me or my trail before I am home."""
    me, width = seen["slot"], seen["width"]
    mine = [(at % width, at // width) for at, slot in enumerate(seen["trails"]) if slot == me]
    mine.append(tuple(seen["positions"][me]))
    foes = [at for slot, at in enumerate(seen["positions"]) if slot != me]
    nearest = min(abs(x - foe[0]) + abs(y - foe[1]) for foe in foes for x, y in mine)
    return bool(nearest <= steps_home + 2)


async def play(url: str) -> int:
    """Answer every observation until the game says that it is over, or closes the connection."""
    policy = Policy()
    try:
        # Games may be slow to answer pings and frames may be large: no keepalive, no size limit.
        async with connect(url, ping_interval=None, max_size=None) as game:
            try:
                async for message in game:
                    seen = json.loads(message)
                    if seen["type"] == "final":
                        say(f"over: {seen['scores']}, I was slot {seen['slot']}")
                        break
                    await game.send(json.dumps({"move": policy.move(seen), "tick": seen["tick"]}))
            except ConnectionClosed:
                say("the game is gone")  # games may leave without a goodbye
    except (OSError, TimeoutError, InvalidURI, InvalidHandshake) as error:
        say(f"cannot join the game: {type(error).__name__}")  # not the error itself: the URL holds a token
        return 1
    return 0


def say(line: str) -> None:
    """Write a line into the player's log."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    address = os.environ.get("COWORLD_PLAYER_WS_URL")
    if not address:
        sys.exit("COWORLD_PLAYER_WS_URL is not set: a runner sets it, see README.md")
    sys.exit(asyncio.run(play(address)))
