"""One game from the first connection to the last frame: who sits where, who watches, tick by tick."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from .rules import Orchard

ANSWER_SECONDS = 2.0  # who needs longer stands still in this tick


class Seat:
    """One slot: its connection, and what it wants to do in this tick."""

    def __init__(self) -> None:
        self.connection: ServerConnection | None = None
        self.was_here = False
        self.is_awake = True
        self.move = "stay"
        self.answered = asyncio.Event()


class Match:
    """One game: who sits where, who watches, and the loop over the ticks."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.orchard = Orchard(config.get("width", 16), config.get("height", 9), config.get("seed", 0))
        self.max_ticks = config.get("max_ticks", 150)
        self.names = [player["name"] for player in config.get("players", [])] or ["Picker 1", "Picker 2"]
        self.seats = [Seat() for _ in config["tokens"]]
        self.viewers: set[ServerConnection] = set()
        self.frames: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.started = False
        self._full = asyncio.Event()

    def frame(self, kind: str = "state") -> dict[str, Any]:
        """What everybody may see."""
        orchard = self.orchard
        return {
            "type": kind,
            "tick": orchard.tick,
            "max_ticks": self.max_ticks,
            "width": orchard.width,
            "height": orchard.height,
            "board": orchard.board(),
            "positions": orchard.positions,
            "barns": orchard.barns,
            "carrying": orchard.carrying,
            "scores": orchard.scores,
            "player_names": self.names,
            "started": self.started,
            "done": orchard.tick >= self.max_ticks,
        }

    async def play(self) -> None:
        """Wait for the players, play all ticks, send the last frames."""
        with suppress(TimeoutError):  # whoever is missing then stands still
            async with asyncio.timeout(self.config.get("player_connect_timeout_seconds", 30)):
                await self._full.wait()
        self.started = True
        self._show()
        while self.orchard.tick < self.max_ticks:
            self.events += self.orchard.step(await self._ask())
            self._show()
        self._tell_players("final")

    def _show(self) -> None:
        # Through JSON, so that the recorded frame does not change when the game goes on.
        message = json.dumps(self.frame())
        self.frames.append(json.loads(message))
        broadcast(self.viewers, message)

    def _tell_players(self, kind: str) -> None:
        frame = self.frame(kind)
        for slot, seat in enumerate(self.seats):
            if seat.connection is not None:
                broadcast([seat.connection], json.dumps({**frame, "slot": slot}))

    async def _ask(self) -> list[str]:
        """Send every player what it sees, and wait for the answers and for the tick to be due."""
        for seat in self.seats:
            seat.move = "stay"
            seat.answered.clear()
        due = asyncio.create_task(asyncio.sleep(1 / self.config.get("tick_rate", 10)))
        self._tell_players("observation")
        awaited = [seat for seat in self.seats if seat.connection is not None and seat.is_awake]
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                for seat in awaited:
                    await seat.answered.wait()
        for seat in awaited:
            seat.is_awake = seat.answered.is_set()  # who sleeps is not waited for until it answers again
        await due
        return [seat.move for seat in self.seats]

    async def sit(self, connection: ServerConnection, slot: int) -> None:
        """Serve a player. A second connection takes the seat over, which lets a person replace a policy."""
        seat = self.seats[slot]
        former, seat.connection = seat.connection, connection
        seat.was_here = seat.is_awake = True
        seat.answered.set()  # who comes in the middle of a tick is asked in the next one
        log(f"slot {slot} is there: {self.names[slot]}")
        if all(each.connection for each in self.seats):
            self._full.set()
        if former is not None:
            await former.close(4001, "somebody else took this seat")
        try:
            async for message in connection:
                if seat.connection is connection:
                    self._hear(seat, message)
        except ConnectionClosed:
            log(f"slot {slot}: the connection broke")
        finally:
            if seat.connection is connection:
                seat.connection = None
                seat.answered.set()

    def _hear(self, seat: Seat, message: str | bytes) -> None:
        """Take a move. It may say for which tick; one for another tick came too late."""
        answer: Any = None
        with suppress(ValueError, RecursionError):
            answer = json.loads(message)
        if not isinstance(answer, dict):
            answer = {}
        seat.is_awake = True
        if answer.get("tick", self.orchard.tick) == self.orchard.tick:
            seat.move = str(answer.get("move"))
            seat.answered.set()

    async def watch(self, connection: ServerConnection) -> None:
        """Serve a viewer: the current frame at once, then every new one. What it says is ignored."""
        await connection.send(json.dumps(self.frame()))
        self.viewers.add(connection)
        try:
            async for _ in connection:
                pass
        finally:
            self.viewers.discard(connection)

    def artifacts(self) -> dict[str, Any]:
        """What is to be saved, by the variable that says where. It holds no tokens: anybody may read it."""
        orchard = self.orchard
        results = {
            "scores": orchard.scores,
            "picked": orchard.picked,
            "deliveries": orchard.deliveries,
            "ticks": orchard.tick,
        }
        config = {key: value for key, value in self.config.items() if key != "tokens"}
        replay = {"config": config, "player_names": self.names, "frames": self.frames, "results": results}
        found: dict[str, Any] = {
            "COGAME_SAVE_REPLAY_URI": replay,
            "COGAME_EVENTS_URI": self.events,
            "COGAME_RESULTS_URI": results,
        }
        for slot, seat in enumerate(self.seats):
            if not seat.was_here:
                message = f"slot {slot} never connected"
                failure = {"message": message, "failed_policy_index": slot, "kind": "player_error"}
                found["COGAME_PLAYER_FAILURE_URI"] = failure
        return found


def log(line: str) -> None:
    """Write one line into the game's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
