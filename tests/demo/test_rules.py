"""The rules: what always holds, and each thing that can happen on a board small enough to read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.demo import rules
from coworld_tui.demo.rules import NOBODY, REST_TICKS, Event, State, new_game, scores, snapshot, step

KEYS = {"u": "up", "r": "right", "d": "down", "l": "left", ".": "stay"}


def board(*rows: str) -> State:
    """A state from a drawing: ``A`` and ``B`` are homes with their owner on them, ``a`` and ``b`` land."""
    text = "".join(rows)
    slots = range(2)
    homes = tuple(text.index("AB"[slot]) for slot in slots)
    return State(
        width=len(rows[0]),
        height=len(rows),
        homes=homes,
        owners=tuple("ab".find(mark.lower()) for mark in text),
        positions=homes,
        trails=((), ()),
        resting=(0, 0),
    )


def drawn(state: State) -> list[str]:
    """The land, as :func:`board` draws it."""
    text = "".join(".ab"[owner + 1] for owner in state.owners)
    for slot, home in enumerate(state.homes):
        text = text[:home] + "AB"[slot] + text[home + 1 :]
    return [text[at : at + state.width] for at in range(0, len(text), state.width)]


def play(state: State, first: str, second: str = "") -> tuple[State, list[Event]]:
    """Play two rows of moves, one letter a tick; the shorter one ends standing still."""
    events: list[Event] = []
    for at in range(max(len(first), len(second))):
        moves = [KEYS[row[at]] if at < len(row) else "stay" for row in (first, second)]
        state, happened = step(state, moves)
        events += [event for event in happened if event.kind != "lead"]
    return state, events


FIELD = board(
    "........",
    ".A....B.",
    "........",
    "........",
)


def test_coming_home_claims_the_trail_and_what_it_encloses() -> None:
    out, events = play(FIELD, "ddrruul")
    assert not events
    assert scores(out) == [1, 1]
    state, events = play(out, "l")
    assert drawn(state) == [
        "........",
        ".Aaa..B.",
        ".aaa....",
        ".aaa....",
    ]
    assert events == [Event(8, "claim", 0, 1, 1, tiles=8)]


def test_the_edge_of_the_board_is_no_fence() -> None:
    state, _ = play(board("A....B", "......", "a.....", "......"), "rddl")
    assert drawn(state) == ["Aa...B", ".a....", "aa....", "......"]


def test_walking_back_gives_the_trail_up() -> None:
    state, events = play(FIELD, "rrrlll")
    assert [event.tiles for event in events] == [1]
    assert drawn(state)[1] == ".Aa...B."


def test_claims_take_the_land_of_others_but_not_their_home() -> None:
    state, events = play(board("A.......", "aabbb...", "aabBb...", "aabbb...", "a......."), "rrrrrddddlllll")
    assert events[-1].kind == "claim"
    assert drawn(state)[1:4] == ["aaaaaa..", "aaaBaa..", "aaaaaa.."]
    assert scores(state)[1] == 1


def test_crossing_a_trail_cuts_it() -> None:
    state, events = play(FIELD, "rdd.", "llll")
    assert [(event.kind, event.agent, event.victim, event.tiles) for event in events] == [("cut", 1, 0, 3)]
    assert state.positions[0] == state.homes[0]
    assert state.trails[0] == ()
    assert state.resting[0] == REST_TICKS
    resting, _ = play(state, "r" * REST_TICKS)
    assert resting.positions[0] == resting.homes[0]
    moving, _ = play(resting, "u")
    assert moving.positions[0] != moving.homes[0]


def test_two_can_cut_each_other() -> None:
    state, events = play(board("A......B", "........"), "drrrr", "dllll")
    assert {(event.kind, event.agent) for event in events} == {("cut", 0), ("cut", 1)}
    assert state.positions == state.homes


def test_meeting_on_common_land_sends_both_home() -> None:
    state, events = play(board("A.....B", "......."), "rrr", "lll")
    assert [event.kind for event in events] == ["clash", "clash"]
    assert state.positions == state.homes


def test_on_own_land_a_player_turns_others_away() -> None:
    state, events = play(board("Aaa.B", "....."), "rr", "ll")
    assert [(event.kind, event.agent, event.victim) for event in events] == [("repelled", 0, 1)]
    assert state.positions[0] == 2
    assert state.positions[1] == state.homes[1]


def test_who_trails_on_land_somebody_claims_is_caught() -> None:
    start = board("........", ".A......", "......B.", "........", "........")
    inside = replace(start, positions=(start.homes[0], 19), trails=((), (19,)))
    state, events = play(inside, "ddd" + "rrr" + "uuu" + "lll")
    assert [(event.kind, event.agent, event.victim) for event in events] == [
        ("claim", 0, None),
        ("caught", 0, 1),
    ]
    assert state.positions[1] == state.homes[1]


def test_ground_two_claim_in_one_tick_stays_with_whom_it_was() -> None:
    start = board("A......", ".......", ".......", "......B")
    ring = (1, 2, 9, 16, 15, 14, 7)
    other = (26, 25, 18, 11, 12, 13, 20)
    both = replace(start, positions=(7, 20), trails=(ring, (*other[:3], 17, 10, *other[3:])))
    state, _ = step(both, ["up", "down"])
    assert state.owners[8] == 0
    assert state.owners[19] == 1
    assert not set(ring) & {cell for cell, owner in enumerate(state.owners) if owner == 1}


def test_homes_of_others_are_closed() -> None:
    state, _ = play(board("AB..", "....", "...."), "rr")
    assert state.positions[0] == state.homes[0]


def test_the_lead_is_told_once_it_is_sole_and_new() -> None:
    state, events = step(FIELD, ["right", "stay"])
    state, events = step(state, ["left", "stay"])
    assert [event.kind for event in events] == ["claim", "lead"]
    assert state.leader == 0
    outcome = rules.results(state, events)
    assert outcome["winner"] == 0
    assert outcome["lead_changes"] == 0


def test_events_read_as_sentences() -> None:
    names = ["Hunter", "Wanderer"]
    cut = Event(57, "cut", 0, 1, 1, victim=1, tiles=8)
    assert rules.describe(cut, names) == "Hunter cuts Wanderer's trail of 8"
    for kind in ("claim", "cut", "caught", "repelled", "clash", "lead"):
        assert rules.describe(Event(1, kind, 0, 1, 1, victim=1, tiles=2), names).startswith("Hunter ")


games = st.builds(
    new_game,
    width=st.integers(12, 20),
    height=st.integers(8, 14),
    slots=st.integers(2, 4),
    seed=st.integers(0, 2**31 - 1),
)
walks = st.lists(
    st.lists(st.sampled_from([*rules.MOVES, "stay", "nonsense"]), min_size=4, max_size=4), max_size=80
)


@given(games, walks)
@settings(max_examples=150, deadline=None)
def test_what_holds_after_every_tick(state: State, walk: list[list[str]]) -> None:
    slots = range(len(state.homes))
    ways = rules.neighbours(state.width, state.height)
    assert scores(state) == [9] * len(slots)
    for moves in walk:
        before = state
        state, events = step(state, moves[: len(slots)])
        frame = snapshot(state)
        assert state.tick == before.tick + 1 == frame["tick"]
        assert frame["scores"] == [list(frame["tile_owners"]).count(slot) for slot in slots]
        assert all(NOBODY <= owner < len(slots) for owner in state.owners)
        cells = [cell for trail in state.trails for cell in trail]
        assert len(cells) == len(set(cells)), "trails overlap"
        for slot in slots:
            here, trail = state.positions[slot], state.trails[slot]
            assert state.owners[state.homes[slot]] == slot
            assert state.owners[here] == slot if not trail else here == trail[-1]
            assert all(state.owners[cell] != slot and cell not in state.homes for cell in trail)
            assert all(follow in ways[cell].values() for cell, follow in pairwise(trail))
            assert not state.resting[slot] or here == state.homes[slot]
        claimed = sum(event.tiles or 0 for event in events if event.kind == "claim")
        assert claimed == sum(old != new for old, new in zip(before.owners, state.owners, strict=True))
        assert all(event.tick == state.tick for event in events)


@given(games, walks)
@settings(max_examples=30, deadline=None)
def test_the_same_moves_give_the_same_game(state: State, walk: list[list[str]]) -> None:
    first = second = state
    for moves in walk:
        first, told = step(first, moves[: len(state.homes)])
        second, retold = step(second, moves[: len(state.homes)])
        assert told == retold
    assert first == second


@given(st.integers(12, 64), st.integers(8, 40), st.integers(2, 4), st.integers(0, 2**31 - 1))
def test_every_player_starts_on_a_whole_field(width: int, height: int, slots: int, seed: int) -> None:
    state = new_game(width, height, slots, seed)
    assert scores(state) == [9] * slots
    assert state == new_game(width, height, slots, seed)
