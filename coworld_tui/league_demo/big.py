"""A league of a size that hurts: 50 divisions and 100 000 episodes, for tests and benchmarks.

Episodes are made when they are asked for, the same each time, and not kept: the whole of them as objects
would take a quarter of a gigabyte. ``state.episodes[id] = {...}`` replaces one for good.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import overload

from .building import add_division, add_league, add_membership, standings
from .people import SOMEONE, add_me, add_player, add_policy
from .state import Json, State, written
from .uploads import add_coworld, painting_manifest

DIVISIONS = 50
ENTRANTS = 20
ROUND_SIZES = (1000, 600, 300, 100)
"""Episodes of each round of a division, oldest first. The last round is under way."""
EPISODES = DIVISIONS * sum(ROUND_SIZES)
PACER = "pacer:v1"
"""The policy with a seat in every episode."""
FAILS_EACH = 25
DONE_OF_LAST = 60
RUNNING_OF_LAST = 8

_EPISODE_ID = re.compile(r"ereq_[0-9a-f]{8}-5555-4222-8333-[0-9a-f]{12}")


def big(origin: str = State.origin) -> State:
    """One league of ``DIVISIONS`` divisions. One of my players has a seat in each."""
    state = _BigState(origin=origin)
    juniper, wren = add_me(state)
    (pacer,) = add_policy(state, "pacer", 1, add_player(state, "house", SOMEONE)["id"])
    coworld = add_coworld(state, painting_manifest("paintarena", "0.3.1"), canonical=True)
    league = add_league(state, "Paint Arena Grand League", "paintarena")
    rivals = [add_player(state, f"rival-{number:03}", SOMEONE) for number in range(ENTRANTS * 8)]
    divisions = []
    for number in range(DIVISIONS):
        division = add_division(state, league, f"Division {number + 1}", number, "competition")
        players = [juniper, wren] if number % 5 == 0 else [juniper]
        players += (rivals[(number * 7 + place) % len(rivals)] for place in range(ENTRANTS - len(players)))
        divisions.append((division, [_seat(state, division, player, number) for player in players]))
    for size in ROUND_SIZES:
        for division, seats in divisions:
            _add_round(state, division, seats, size, pacer, coworld)
    for division, _ in divisions:
        standings(state, division)
    return state


def _seat(state: State, division: Json, player: Json, number: int) -> Json:
    *_, version = add_policy(state, f"{player['name']}-{number + 1}", 1 + number % 3, player["id"])
    seat = add_membership(state, division, version)
    seat["is_champion"] = True
    return seat


def _add_round(
    state: _BigState, division: Json, seats: list[Json], size: int, pacer: Json, coworld: Json
) -> None:
    round_ = state.add_round(division, seats)
    state.start_round(round_)
    under_way = size == ROUND_SIZES[-1]
    state.made.add(
        _Block(
            state,
            round_,
            coworld,
            pacer,
            [seat["policy_version"] for seat in seats],
            len(state.made),
            size,
            DONE_OF_LAST if under_way else size,
            state.now,
        )
    )
    state.now += timedelta(seconds=size)
    if not under_way:
        scores = {seat["player"]["id"]: 1500.0 - 12.5 * place for place, seat in enumerate(seats)}
        state.finish_round(round_, scores)


@dataclass(frozen=True)
class _Block:
    """The episodes of one round: ``size`` of them from number ``first`` on, a second apart."""

    state: State
    round: Json
    coworld: Json
    pacer: Json
    versions: list[Json]
    first: int
    size: int
    done: int
    began: datetime

    def seats(self, place: int) -> list[Json]:
        count = len(self.versions)
        one = place % count
        other = (one + 1 + place // count % (count - 1)) % count
        return [self.pacer, self.versions[one], self.versions[other]]

    def numbers_of(self, version_id: str) -> list[int]:
        """The episodes in which this policy version has a seat."""
        if all(version["id"] != version_id for version in self.versions):
            return []
        return [
            self.first + place
            for place in range(self.size)
            if any(seat["id"] == version_id for seat in self.seats(place)[1:])
        ]

    def episode(self, place: int) -> Json:
        number = self.first + place
        seats = self.seats(place)
        row = self.state.episode_row(
            _episode_id(number),
            seats,
            self.coworld,
            seed=number,
            round_id=self.round["id"],
            job_id=_uuid(number, "6666"),
            created_at=written(self.began + timedelta(seconds=place)),
        )
        if place >= self.done + RUNNING_OF_LAST:
            return row
        if place >= self.done:
            row.update(status="running", live_url=f"{self.state.origin}/live/{row['id']}")
        elif number % FAILS_EACH == 0:
            row.update(
                status="failed",
                error_type="player_error",
                error="Player of seat 1 exited with code 1",
                failed_policy_index=1,
            )
        else:
            episode_id = _uuid(number, "7777")
            row.update(
                status="completed",
                episode_id=episode_id,
                replay_url=f"{self.state.origin}/files/{episode_id}/replay.json.z",
                scores=[
                    {"policy_version_id": seat["id"], "score": (number * 7 + slot * 13) % 100 / 100}
                    for slot, seat in enumerate(seats)
                ],
                completed_at=written(self.began + timedelta(seconds=place + 40)),
            )
        return row


class _Made(Mapping[str, Json]):
    """All made-up episodes by id, oldest first."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []

    def add(self, block: _Block) -> None:
        self.blocks.append(block)

    def __len__(self) -> int:
        return self.blocks[-1].first + self.blocks[-1].size if self.blocks else 0

    def __iter__(self) -> Iterator[str]:
        return map(_episode_id, range(len(self)))

    def __getitem__(self, episode_request_id: str) -> Json:
        number = int(episode_request_id[5:13], 16) if _EPISODE_ID.fullmatch(episode_request_id) else -1
        if not 0 <= number < len(self) or episode_request_id != _episode_id(number):
            raise KeyError(episode_request_id)
        block = self.blocks[bisect_right(self.blocks, number, key=lambda block: block.first) - 1]
        return block.episode(number - block.first)


@dataclass
class _BigState(State):
    """``episodes`` are those that were added or replaced, before those that are made."""

    made: _Made = field(default_factory=_Made)
    own: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.episodes = ChainMap(self.own, self.made)  # type: ignore[arg-type]  # it writes to the first

    def round_episodes(self, round_id: str) -> Sequence[Json]:
        added = [row for row in self._added() if row["round_id"] == round_id]
        (numbers,) = [
            range(block.first, block.first + block.size)
            for block in self.made.blocks
            if block.round["id"] == round_id
        ] or [range(0)]
        return _Rows(self.episodes, added, numbers[::-1])

    def policy_episodes(self, version_id: str) -> Sequence[Json]:
        added = [row for row in self._added() if version_id in row["policy_version_ids"]]
        numbers: Sequence[int] = range(len(self.made))
        if self.policy_versions[version_id]["label"] != PACER:
            numbers = [number for block in self.made.blocks for number in block.numbers_of(version_id)]
        return _Rows(self.episodes, added, numbers[::-1])

    def _added(self) -> list[Json]:
        return [row for key, row in reversed(self.own.items()) if key not in self.made]


@dataclass(frozen=True)
class _Rows(Sequence[Json]):
    """Some that are there, then those of these numbers, each made when it is looked at."""

    episodes: Mapping[str, Json]
    added: list[Json]
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.added) + len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> list[Json]: ...
    def __getitem__(self, index: int | slice) -> Json | list[Json]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place < len(self.added):
            return self.added[place]
        return self.episodes[_episode_id(self.numbers[place - len(self.added)])]


def _episode_id(number: int) -> str:
    return f"ereq_{_uuid(number, '5555')}"


def _uuid(number: int, kind: str) -> str:
    return f"{number:08x}-{kind}-4222-8333-{number:012x}"
