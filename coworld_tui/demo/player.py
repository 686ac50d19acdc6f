"""The player: ``python -m coworld_tui.demo.player --policy hunter``, told where to play by the environment.

Reads ``COWORLD_PLAYER_WS_URL`` (or the older ``COGAMES_ENGINE_WS_URL``). Exit codes: 0 the game
ended, 1 it could not be reached or refused the seat, 2 usage, 130 or 143 interrupted or terminated.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from coworld_tui.demo.policies import POLICIES, Observation, Plan, decide
from coworld_tui.demo.process import log, run

CONNECT_SECONDS = 30.0
RETRY_SECONDS = 0.1

_observations = msgspec.json.Decoder(Observation)


async def play(url: str, policy: str) -> int:
    """Play one game at a player websocket and return the exit code."""
    try:
        connection = await _reach(url)
    except (InvalidHandshake, InvalidURI):
        return _fail("the game refused the seat, or the address is not one of a player")
    except TimeoutError:
        return _fail(f"nobody answered within {CONNECT_SECONDS:g} seconds")
    plan, tick = Plan(), 0
    try:
        async for message in connection:
            seen = _observations.decode(message)
            if seen.type == "final":
                log(f"game over at tick {seen.tick} with {seen.scores[seen.slot]} of {seen.scores}")
                return 0
            if seen.tick == 0:
                log(f"{policy} plays slot {seen.slot}")
            tick = seen.tick
            move, plan = decide(POLICIES[policy], seen, plan)
            await connection.send(msgspec.json.encode({"move": move, "tick": tick}).decode())
    except ConnectionClosed:
        pass
    except msgspec.MsgspecError:
        return _fail("what was sent is no frame of Enclosure")
    finally:
        await connection.close()
    log(f"the game closed the connection after tick {tick}")
    return 0


async def _reach(url: str) -> ClientConnection:
    """Connect, trying again while nobody listens: a runner may start players before the game."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while True:
            with suppress(OSError):
                return await connect(
                    url, proxy=None, compression=None, ping_interval=None, max_size=None, close_timeout=1
                )
            await asyncio.sleep(RETRY_SECONDS)


def _fail(why: str) -> int:
    sys.stderr.write(f"player: {why}\n")
    return 1


def main(arguments: list[str] | None = None, env: Mapping[str, str] = os.environ) -> int:
    """Play the game the environment names with the policy the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m coworld_tui.demo.player", description="Play Enclosure.")
    parser.add_argument("--policy", choices=sorted(POLICIES), default="hunter")
    policy = parser.parse_args(arguments).policy
    url = env.get("COWORLD_PLAYER_WS_URL") or env.get("COGAMES_ENGINE_WS_URL")
    if not url:
        sys.stderr.write("player: COWORLD_PLAYER_WS_URL is not set\n")
        return 2
    return run(play(url, policy))


if __name__ == "__main__":
    sys.exit(main())
