"""One game from the first connection to the artifacts: seats, the tick loop, what everybody is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from coworld_tui.demo import rules, web
from coworld_tui.demo.config import Config, Settings, write
from coworld_tui.demo.process import log
from coworld_tui.demo.streams import Latest

# How long a tick waits for a connected player. Generous, because a move that misses it makes the
# game depend on the machine; a player that missed it is not waited for again until it answers.
MOVE_DEADLINE_SECONDS = 2.0
FAREWELL_SECONDS = 2.0
REPLACED = 4001
SLOWEST, FASTEST = 0.1, 240.0


class Seat:
    """One slot: who is connected to it and what it wants to do this tick."""

    def __init__(self, slot: int, name: str) -> None:
        self.slot = slot
        self.name = name
        self.connection: ServerConnection | None = None
        self.observations = Latest()
        self.move = rules.STAY
        self.answered = asyncio.Event()
        self.prompt = True
        self.seen = False

    def ask(self, observation: str) -> None:
        """Send what the player sees; until it answers it stands still."""
        self.move = rules.STAY
        self.answered.clear()
        self.observations.publish(observation)

    def hear(self, message: str | bytes, tick: int) -> None:
        """Take a player's message. A move for another tick is too late and only shows that it is awake."""
        answer = web.parse(message)
        self.prompt = True
        if answer.get("tick") in (None, tick):
            move = answer.get("move")
            self.move = move if isinstance(move, str) and move in rules.MOVES else rules.STAY
            self.answered.set()


class Match:
    """The running game. Viewers read ``spectators``, players their seat's ``observations``."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.names = config.names
        self.state = rules.new_game(config.width, config.height, len(config.tokens), config.seed)
        self.seats = [Seat(slot, name) for slot, name in enumerate(self.names)]
        self.spectators = Latest()
        self.tick_rate = config.tick_rate
        self.started = False
        self.events: list[rules.Event] = []
        self._frames: list[msgspec.Raw] = []
        self._latest_events: list[rules.Event] = []
        self._complete = asyncio.Event()
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._next_tick = 0.0
        self._sending: set[asyncio.Task[None]] = set()
        self._publish()

    @property
    def over(self) -> bool:
        """Whether the last tick has been played."""
        return self.state.tick >= self.config.max_ticks

    def frame(self) -> dict[str, Any]:
        """The state as viewers get it."""
        return {
            "type": "state",
            **rules.snapshot(self.state),
            "player_names": self.names,
            "connected": [seat.connection is not None for seat in self.seats],
            "events": self._latest_events,
            "max_ticks": self.config.max_ticks,
            "started": self.started,
            "paused": not self._resumed.is_set(),
            "tick_rate": self.tick_rate,
            "done": self.over,
        }

    async def play(self) -> None:
        """Wait for the players, play all ticks and send the last frames."""
        await self._gather()
        self._record()
        self._next_tick = asyncio.get_running_loop().time()
        while not self.over:
            await self._resumed.wait()
            self._step(await self._moves())
            self._record()
        frame = self.frame()
        for seat in self.seats:
            seat.observations.publish(self._seen_from(seat.slot, frame, "final"), last=True)
        tally = zip(self.names, rules.scores(self.state), strict=True)
        log(f"game over at tick {self.state.tick}: " + ", ".join(f"{name} {score}" for name, score in tally))

    async def farewell(self) -> None:
        """Give spectators and players time to take their last frame."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=FAREWELL_SECONDS)

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(self.config.player_connect_timeout_seconds):
                await self._complete.wait()
        except TimeoutError:
            missing = [str(seat.slot) for seat in self.seats if seat.connection is None]
            log(f"starting without slot {', '.join(missing)}")
        self.started = True
        log(f"game starts: {self.config.max_ticks} ticks, {self.tick_rate:g} a second")

    async def _moves(self) -> list[str]:
        """Ask every player, wait for the connected ones and for the time the tick is due."""
        frame = self.frame()
        for seat in self.seats:
            seat.ask(self._seen_from(seat.slot, frame, "observation"))
        awaited = [seat for seat in self.seats if seat.connection and seat.prompt]
        try:
            async with asyncio.timeout(MOVE_DEADLINE_SECONDS):
                for seat in awaited:
                    await seat.answered.wait()
        except TimeoutError:
            for seat in awaited:
                if not seat.answered.is_set():
                    seat.prompt = False
                    log(f"tick {self.state.tick}: slot {seat.slot} does not answer and stands still")
        now = asyncio.get_running_loop().time()
        self._next_tick = max(now, self._next_tick + 1 / self.tick_rate)
        await asyncio.sleep(self._next_tick - now)
        return [seat.move for seat in self.seats]

    def _step(self, moves: list[str]) -> None:
        self.state, self._latest_events = rules.step(self.state, moves)
        self.events += self._latest_events
        for event in self._latest_events:
            log(f"tick {event.tick}: {rules.describe(event, self.names)}")

    def _record(self) -> None:
        self._frames.append(msgspec.Raw(self._publish().encode()))

    def _publish(self) -> str:
        frame = web.encode(self.frame())
        self.spectators.publish(frame, last=self.over)
        return frame

    def _seen_from(self, slot: int, frame: dict[str, Any], kind: str) -> str:
        return web.encode({**frame, "type": kind, "slot": slot, "seed": self.config.seed})

    async def sit(self, connection: ServerConnection, slot: int) -> None:
        """Serve a player's connection until it ends. A later connection to the slot takes the seat over."""
        seat = self.seats[slot]
        former, seat.connection = seat.connection, connection
        seat.prompt = seat.seen = True
        count = sum(seat.connection is not None for seat in self.seats)
        log(f"slot {slot} connected ({count}/{len(self.seats)}): {seat.name}")
        if count == len(self.seats):
            self._complete.set()
        if not self.started:
            self._publish()
        sending = self._send(seat.observations, connection)
        try:
            if former is not None:
                await former.close(REPLACED, "another connection took this seat")
            async for message in connection:
                if seat.connection is not connection:
                    break
                seat.hear(message, self.state.tick)
        except ConnectionClosed:
            log(f"slot {slot}: connection lost")
        finally:
            sending.cancel()
            if seat.connection is connection:
                seat.connection = None
                seat.answered.set()
                if not self.over:
                    log(f"slot {slot} disconnected at tick {self.state.tick}")
                if not self.started:
                    self._publish()

    async def watch(self, connection: ServerConnection) -> None:
        """Serve a spectator. What it says is nothing to the game."""
        sending = self._send(self.spectators, connection)
        try:
            async for _ in connection:
                pass
        except ConnectionClosed:
            return
        finally:
            sending.cancel()

    def _send(self, frames: Latest, connection: ServerConnection) -> asyncio.Task[None]:
        task = asyncio.create_task(frames.send_to(connection))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return task

    async def administer(self, connection: ServerConnection) -> None:
        """Serve an admin connection: a snapshot at once and one after every command."""
        try:
            await connection.send(web.encode(self.frame()))
            async for message in connection:
                problem = self._obey(web.parse(message))
                await connection.send(web.error(problem) if problem else web.encode(self.frame()))
        except ConnectionClosed:
            return

    def _obey(self, command: dict[str, Any]) -> str:
        """Do what an admin asks; the answer is what was wrong with it, if anything."""
        match command.get("command"):
            case "pause":
                self._resumed.clear()
            case "resume":
                self._resumed.set()
            case "tick_rate":
                rate = command.get("tick_rate")
                if not isinstance(rate, int | float) or not SLOWEST <= rate <= FASTEST:
                    return f"tick_rate must be a number from {SLOWEST:g} to {FASTEST:g}"
                self.tick_rate = float(rate)
            case _:
                return "commands are pause, resume and tick_rate"
        self._publish()
        return ""

    def save(self, settings: Settings) -> None:
        """Write results, replay and events where the runner wants them."""
        results = rules.results(self.state, self.events)
        replay = {
            "config": self.config.public(),
            "player_names": self.names,
            "frames": self._frames,
            "results": results,
        }
        artifacts: list[tuple[str, Any]] = [
            (settings.save_replay_uri, replay),
            (settings.events_uri, self.events),
            (settings.results_uri, results),
        ]
        for seat in self.seats:
            if not seat.seen:
                message = f"slot {seat.slot} never connected"
                failure = {"message": message, "failed_policy_index": seat.slot, "kind": "player_error"}
                artifacts.insert(0, (settings.player_failure_uri, failure))
        for uri, content in artifacts:
            if uri:
                write(uri, msgspec.json.encode(content))
