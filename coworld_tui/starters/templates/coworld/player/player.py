"""A player of Orchard: picks the nearest apple until its basket is full enough, then carries it home.

``python player/player.py --load 3`` goes home with three apples. The runner sets COWORLD_PLAYER_WS_URL.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI


class Policy:
    """Remembers what it did, to notice when somebody is in the way."""

    def __init__(self, load: int) -> None:
        self.load = load
        self.last: tuple[list[int], str] | None = None
        self.dice = random.Random(load)

    def move(self, seen: dict[str, Any]) -> str:
        """The answer to one observation: up, down, left, right or stay."""
        here = seen["positions"][seen["slot"]]
        move = choose(seen, self.load)
        if move != "stay" and self.last == (here, move):
            move = self.dice.choice(["up", "down", "left", "right"])  # it led nowhere: we bumped
        self.last = here, move
        return move


def choose(seen: dict[str, Any], load: int) -> str:
    """The nearest apple that the rival does not reach first, or with enough of them the barn."""
    me = seen["slot"]
    here, rival, barn = seen["positions"][me], seen["positions"][1 - me], seen["barns"][me]
    apples = [[x, y] for y, row in enumerate(seen["board"]) for x, mark in enumerate(row) if mark == "o"]
    time_left = seen["max_ticks"] - seen["tick"]
    is_late = time_left <= distance(here, barn) + 2
    if seen["carrying"][me] and (seen["carrying"][me] >= load or is_late or not apples):
        return towards(here, barn)
    if not apples:
        return "stay"

    def cost(apple: list[int]) -> tuple[bool, int]:
        return distance(rival, apple) < distance(here, apple), distance(here, apple)

    return towards(here, min(apples, key=cost))


def distance(one: list[int], other: list[int]) -> int:
    """Steps from one place to another."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def towards(here: list[int], goal: list[int]) -> str:
    """A step that brings us nearer, along the longer side first."""
    dx, dy = goal[0] - here[0], goal[1] - here[1]
    if abs(dx) > abs(dy):
        return "right" if dx > 0 else "left"
    return "down" if dy > 0 else "up" if dy < 0 else "stay"


async def play(url: str, load: int) -> int:
    """Answer every observation until the game says that it is over, or closes the connection."""
    policy = Policy(load)
    try:
        async with connect(url, ping_interval=None, max_size=None) as game:
            try:
                async for message in game:
                    seen = json.loads(message)
                    if seen["type"] == "final":
                        sys.stdout.write(f"over: {seen['scores']}, I was slot {seen['slot']}\n")
                        break
                    await game.send(json.dumps({"move": policy.move(seen), "tick": seen["tick"]}))
            except ConnectionClosed:
                sys.stdout.write("the game is gone\n")
    except (OSError, TimeoutError, InvalidURI, InvalidHandshake) as error:
        sys.stderr.write(f"cannot join the game: {type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Play Orchard.")
    parser.add_argument("--load", type=int, default=5, help="apples to carry home at once (1 to 5)")
    apples_at_once = parser.parse_args().load
    address = os.environ.get("COWORLD_PLAYER_WS_URL")
    if not address:
        sys.exit("COWORLD_PLAYER_WS_URL is not set: a runner sets it, see README.md")
    sys.exit(asyncio.run(play(address, apples_at_once)))
