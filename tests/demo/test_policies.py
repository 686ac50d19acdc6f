"""The policies, playing by the rules alone: legal, repeatable, and of different strength."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from coworld_tui.demo.policies import POLICIES, Observation, Plan, decide
from coworld_tui.demo.rules import MOVES, NOBODY, STAY, State, new_game, scores, snapshot, sole_leader, step


def observation(state: State, slot: int, seed: int) -> Observation:
    return Observation(type="observation", slot=slot, seed=seed, **snapshot(state))


@cache
def game(names: tuple[str, ...], seed: int, ticks: int = 200) -> State:
    """The last state of a game between policies, as the server and the players would play it."""
    state = new_game(24, 14, len(names), seed)
    plans = [Plan()] * len(names)
    for _ in range(ticks):
        moves = []
        for slot, name in enumerate(names):
            move, plans[slot] = decide(POLICIES[name], observation(state, slot, seed), plans[slot])
            assert move in MOVES or move == STAY
            moves.append(move)
        state, _ = step(state, moves)
    return state


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("hunter", "rover"),
        ("hunter", "hedger"),
        ("hunter", "wanderer"),
        ("rover", "hedger"),
        ("rover", "wanderer"),
        ("hedger", "wanderer"),
    ],
)
def test_the_stronger_policy_wins_from_either_side(stronger: str, weaker: str) -> None:
    won: Counter[str] = Counter()
    for seed in range(5):
        for names in ((stronger, weaker), (weaker, stronger)):
            winner = sole_leader(game(names, seed))
            won[names[winner] if winner != NOBODY else "nobody"] += 1
    assert won[stronger] >= 7, won


def test_the_same_seed_gives_the_same_game_and_another_seed_another() -> None:
    names = ("hunter", "rover", "hedger", "wanderer")
    first = game(names, 3, 100)
    game.cache_clear()
    assert game(names, 3, 100) == first
    assert game(names, 4, 100) != first


def test_nobody_goes_round_in_circles() -> None:
    state = game(("hunter", "hunter"), 2)
    assert sum(scores(state)) > state.width * state.height // 3


def test_a_player_sent_home_waits_and_forgets_its_plan() -> None:
    state = new_game(24, 14, 2, 1)
    frame = {**snapshot(state), "resting": [3, 0]}
    seen = Observation(type="observation", slot=0, seed=1, **frame)
    for policy in POLICIES.values():
        assert decide(policy, seen, Plan(state.homes[0], ("up",))) == (STAY, Plan())


def test_a_plan_is_void_from_another_cell() -> None:
    state = new_game(24, 14, 2, 1)
    plan = Plan(state.homes[0] + 1, ("up",) * 50)
    _, rest = decide(POLICIES["wanderer"], observation(state, 0, 1), plan)
    assert len(rest.moves) < 10
