"""What happens in the demonstration league: rounds of real games, ratings, and new versions that come in."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from itertools import combinations
from random import Random

from .building import add_submission, standings
from .clock import Clock
from .games import Game
from .newcomers import Newcomers
from .people import add_policy_version
from .state import OVER, Json, State

AT_ONCE = 3
"""Episodes that are played at a time."""
FIRST_RATING = 1500.0
RATING_STEP = 24.0
FAILS = 0.1
"""How often a pairing that has a failed game on record plays that one."""
ROUND_FAILS = 0.04
SUBMITS = 0.2
"""How often somebody has a new version when a round is over."""

_PENDING, _CLAIMED, _CLOSING, _PAUSE, _LOOK = 4.0, 3.0, 3.0, 40.0, 1.0
_SHORTEST, _LONGEST = 4.0, 10.0


class Season:
    """Rounds of one division, one after the other; every pair of its players meets once in each."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        competition: Json,
        qualifiers: Json,
        games: Sequence[Game],
        seed: int,
    ) -> None:
        self._state = state
        self._clock = clock
        self._division = competition
        self._games = games
        self._random = Random(seed)
        self._newcomers = Newcomers(state, clock, competition, qualifiers, self._random)
        self._ratings: dict[str, float] = {}
        self._tally: dict[str, list[float]] = {}
        self._waiting: deque[tuple[Json, Game]] = deque()
        self._asked_for: set[str] = set()
        self._playing = 0
        self._round: Json | None = None
        self._open = 0

    def begin(self) -> None:
        """Announce the first round, and keep an eye on what people ask for."""
        self._announce()
        self._look()

    def _announce(self) -> None:
        self._round = self._state.add_round(self._division, self._seats())
        self._say("Under way")
        self._clock.after(_PENDING, self._claim)

    def _claim(self) -> None:
        self._current["status"] = "claimed"
        self._clock.after(_CLAIMED, self._start)

    def _start(self) -> None:
        self._state.start_round(self._current)
        seats = self._seats()
        if len(seats) < 2 or self._random.random() < ROUND_FAILS:
            self._clock.after(_CLOSING, self._break)
            return
        self._tally = {}
        pairs = list(combinations(seats, 2))
        self._random.shuffle(pairs)
        for pair in pairs:
            game = self._draw({seat["player"]["name"] for seat in pair})
            by_name = {seat["player"]["name"]: seat["policy_version"] for seat in pair}
            episode = self._state.add_episode([by_name[name] for name in game.players], self._current)
            self._queue(episode, game)
        self._open = len(pairs)
        self._dispatch()

    def _queue(self, episode: Json, game: Game) -> None:
        episode.update(game_config=dict(game.config), seed=game.config["seed"], variant_name="duel")
        self._waiting.append((episode, game))

    def _dispatch(self) -> None:
        while self._waiting and self._playing < AT_ONCE:
            episode, game = self._waiting.popleft()
            if episode["status"] in OVER:
                continue
            self._playing += 1
            episode["status"] = "submitted"
            self._clock.after(1 + self._random.random(), partial(self._play, episode, game))

    def _play(self, episode: Json, game: Game) -> None:
        if episode["status"] not in OVER:
            self._state.start_episode(episode)
        seconds = self._random.uniform(_SHORTEST, _LONGEST)
        self._clock.after(seconds, partial(self._end, episode, game))

    def _end(self, episode: Json, game: Game) -> None:
        self._playing -= 1
        if episode["status"] not in OVER:
            self._state.artifacts[episode["id"]] = game.artifacts
            if game.error is None:
                self._finish(episode, game)
            else:
                self._fail(episode, game)
        if episode["round_id"] == self._current["id"]:
            self._open -= 1
            if not self._open:
                self._clock.after(_CLOSING, self._close)
        self._dispatch()

    def _finish(self, episode: Json, game: Game) -> None:
        seats = [seat for seat in episode["participants"] if seat["kind"] == "policy"]
        scores = {
            seat["policy_version_id"]: game.scores[place % len(game.scores)]
            for place, seat in enumerate(seats)
        }
        self._state.finish_episode(episode, *(scores[version] for version in episode["policy_version_ids"]))
        if episode["round_id"] is not None:
            first, second = (seat["player_id"] for seat in seats)
            self._rate(first, second, *game.scores)

    def _fail(self, episode: Json, game: Game) -> None:
        slot = game.error["slot"] if game.error else None
        self._state.fail_episode(episode, game.error_type, game.message, slot)
        if slot is None or episode["round_id"] is None:
            return
        seat = episode["participants"][slot]
        self._state.add_event(
            "policy_error",
            f"{seat['policy_name']}:v{seat['version']} crashed",
            game.message,
            division=self._division,
            audience="player",
            player=self._state.player(seat["player_id"]),
            policy_version=self._state.policy_versions[seat["policy_version_id"]],
            round_id=episode["round_id"],
            payload={"error_code": game.error_type, "message": game.message},
        )

    def _rate(self, first: str, second: str, points: float, others: float) -> None:
        """Elo: what was won more than expected moves from one to the other."""
        mine, theirs = self._rating(first), self._rating(second)
        expected = 1 / (1 + 10 ** ((theirs - mine) / 400))
        won = (points > others) + 0.5 * (points == others)
        self._ratings[first] = mine + RATING_STEP * (won - expected)
        self._ratings[second] = theirs - RATING_STEP * (won - expected)
        for player, share in ((first, won), (second, 1 - won)):
            tally = self._tally.setdefault(player, [0, 0])
            tally[0] += 1
            tally[1] += share

    def _rating(self, player_id: str) -> float:
        return self._ratings.get(player_id, FIRST_RATING)

    def _close(self) -> None:
        players = [seat["player"]["id"] for seat in self._seats()]
        if not players:
            self._break()
            return
        self._state.finish_round(self._current, {player: self._rating(player) for player in players})
        for result in self._current["results"]:
            episodes, wins = self._tally.get(result["player"]["id"], (0, 0))
            result["result_metadata"] = {"episodes": episodes, "wins": wins}
        standings(self._state, self._division)
        if self._random.random() < SUBMITS:
            self._new_version()
        self._pause()

    def _break(self) -> None:
        self._current.update(
            status="failed",
            error="The commissioner did not answer within 30 seconds.",
            completed_at=self._state.stamp(),
        )
        self._pause()

    def _pause(self) -> None:
        self._say("In less than a minute")
        self._clock.after(_PAUSE, self._announce)

    def _new_version(self) -> None:
        seat = self._random.choice(self._seats())
        policy, player = seat["policy_version"]["policy"], seat["player"]["id"]
        versions = [row["version"] for row in self._state.policy_versions.values() if row["policy"] is policy]
        version = add_policy_version(self._state, policy, 1 + max(versions), player)
        add_submission(self._state, self._division["league"], version, "pending")

    def _look(self) -> None:
        """Take up what was handed in and asked for since, by players here or by who looks at this league."""
        self._newcomers.take_up()
        for batch in self._state.batches.values():
            for episode in map(self._state.episodes.__getitem__, batch):
                if episode["id"] not in self._asked_for:
                    self._asked_for.add(episode["id"])
                    names = {seat.get("player_name") for seat in episode["participants"]}
                    self._queue(episode, self._draw(names))
        self._dispatch()
        self._clock.after(_LOOK, self._look)

    def _draw(self, names: set[str | None]) -> Game:
        """One of the games of these players; of anybody's where they never met."""
        met = [game for game in self._games if set(game.players) == names]
        failed = [game for game in met if game.error is not None]
        if failed and self._random.random() < FAILS:
            return self._random.choice(failed)
        return self._random.choice([game for game in met or self._games if game.error is None])

    def _seats(self) -> list[Json]:
        """Who plays in the division now: one seat for each player, the champion's where there are more."""
        seats: dict[str, Json] = {}
        for row in self._state.memberships.values():
            playing = row["division"] is self._division and row["end_time"] is None
            if playing and (row["is_champion"] or row["player"]["id"] not in seats):
                seats[row["player"]["id"]] = row
        return list(seats.values())

    @property
    def _current(self) -> Json:
        assert self._round is not None, "the season has begun"
        return self._round

    def _say(self, next_round: str) -> None:
        self._division["commissioner_description"]["next_round"] = next_round
