"""What is worked out to have happened, and where it is looked for."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.demo import rules
from coworld_tui.replay import declared as declaring
from coworld_tui.replay.events import MOST_EVENTS, derive_events
from coworld_tui.replay.source import Event, ReplayFile
from coworld_tui.replay.watched import Watched, watch

from .json_values import unhurried, values
from .paintarena import state
from .sources import ListSource


def events_of(frames: list[Any], declared: list[Event] | None = None, players: int = 0) -> list[Event]:
    watched = watch(frames[len(frames) // 2], players)
    columns = watched.columns(ListSource(frames))
    while columns.advance():
        pass
    return derive_events(columns, watched, declared or [])


def of_kind(kind: str, events: list[Event]) -> list[tuple[int, str, int]]:
    return [(event.index, event.text, event.slot) for event in events if event.kind == kind]


def scored(*scores: tuple[int, int], **more: Any) -> list[dict[str, Any]]:
    return [{"tick": 100 + at, "scores": list(pair), **more} for at, pair in enumerate(scores)]


def test_the_lead_changes_when_somebody_else_is_alone_ahead() -> None:
    events = events_of(scored((0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (2, 3), (4, 3)))
    assert of_kind("lead", events) == [
        (1, "◆0 takes the lead", 0),
        (5, "◆1 takes the lead", 1),
        (6, "◆0 takes the lead", 0),
    ]
    assert events[0].tick == 101


def test_a_score_that_moves_far_more_than_usual_jumps() -> None:
    pairs = [(at, at) for at in range(20)]
    pairs += [(at + 12, at) for at in range(20, 40)]
    assert of_kind("jump", events_of(scored(*pairs))) == [(20, "◆0 +13", 0)]
    assert not of_kind("jump", events_of(scored(*[(0, 0)] * 30)))


def test_the_first_and_the_last_point_of_each() -> None:
    events = events_of(scored((0, 0), (0, 1), (0, 1), (2, 2), (2, 2)))
    assert of_kind("first", events) == [(1, "◆1 first score", 1), (3, "◆0 first score", 0)]
    assert of_kind("last", events) == [(3, "◆1 last score", 1)]


def test_a_player_whose_numbers_stay_as_they_are_goes_silent() -> None:
    frames = [{"tick": at, "scores": [at // 9, 0], "at": [[at, 0], [min(at, 30), 0]]} for at in range(100)]
    assert of_kind("silent", events_of(frames)) == [(30, "◆1 goes silent", 1)]
    still = [{"tick": at, "scores": [at, 0]} for at in range(100)]
    assert of_kind("silent", events_of(still)) == [(0, "◆1 is silent throughout", 1)]
    over = [{"tick": at, "scores": [min(at, 30), min(at, 30)]} for at in range(100)]
    assert not of_kind("silent", events_of(over)), "the game stood still, not a player"


def test_words_that_change_are_events() -> None:
    frames = [
        {
            "scores": [0, 0],
            "done": at >= 8,
            "status": "warm-up" if at < 2 else f"round {min(at, 6)}",
            "players": [{"status": "ok"}, {"status": "ok" if at < 5 else "\x1b[31mlost"}],
        }
        for at in range(10)
    ]
    assert of_kind("state", events_of(frames)) == [
        (2, "status warm-up → round 2", -1),
        (5, "◆1 status ok → lost", 1),
        (6, "status round 5 → round 6", -1),
        (8, "done false → true", -1),
    ]


def test_declared_events_stay_and_the_whole_is_bounded() -> None:
    declared = [Event(at, at, "goal", "goal", 0) for at in range(0, 300, 3)]
    events = events_of(scored(*[(at % 3, at % 5) for at in range(3000)]), declared)
    assert len(events) == MOST_EVENTS
    assert [event for event in events if event.kind == "goal"] == declared
    assert [event.index for event in events] == sorted(event.index for event in events)
    assert max(event.index for event in events) > 2900, "thinned out, not cut off"


def bundled_game(ticks: int) -> tuple[list[Any], list[Event]]:
    """Frames of the bundled game with two who walk squares, and the events it declares."""
    chance = random.Random(1)
    game = rules.new_game(16, 10, 2, 1)
    frames, told = [rules.snapshot(game)], []
    walks: list[list[str]] = [[], []]
    for _ in range(ticks):
        for walk in walks:
            if not walk:
                side, turns = chance.randrange(1, 5), chance.choice([1, -1])
                first = chance.randrange(4)
                walk += [list(rules.MOVES)[(first + turns * at) % 4] for at in range(4) for _ in range(side)]
        game, events = rules.step(game, [walk.pop(0) for walk in walks])
        frames.append(rules.snapshot(game))
        told += events
    data = msgspec.json.encode(told)
    found, problem = declaring.events_of(ReplayFile("events.json", len(data), lambda limit: data[:limit]))
    assert not problem
    return frames, list(declaring.place_events(ListSource(frames), found))


def test_what_the_bundled_game_says_of_the_lead_is_not_said_twice() -> None:
    frames, declared = bundled_game(400)
    assert {"lead", "claim"} <= {event.kind for event in declared}
    events = events_of(frames, declared, players=2)
    leads = [(event.index, event.slot) for event in events if "lead" in event.kind]
    assert len(leads) > 2
    assert len(leads) == len(set(leads))
    assert [event for event in events if event in declared] == sorted(
        declared, key=lambda event: (event.index, event.kind, event.slot)
    )
    assert {"first", "last"} <= {event.kind for event in events}


@pytest.mark.parametrize(
    ("declared", "is_said"),
    [
        (Event(1, 101, "lead", "", 0), True),
        (Event(1, 101, "LEAD_CHANGE", "", 0), True),
        (Event(1, 101, "new leader", "", 0), True),
        (Event(1, 101, "mislead", "", 0), False),
        (Event(1, 101, "claim", "", 0), False),
        (Event(1, 101, "lead", "", 1), False),
        (Event(2, 102, "lead", "", 0), False),
    ],
)
def test_only_the_same_of_the_same_player_at_the_same_frame_is_said_already(
    declared: Event, is_said: bool
) -> None:
    events = events_of(scored((0, 0), (1, 0), (1, 0)), [declared])
    assert declared in events
    assert [event.text for event in events if event.kind == "lead" and event != declared] == (
        [] if is_said else ["◆0 takes the lead"]
    )


@pytest.mark.parametrize(
    ("frame", "players", "scores"),
    [
        (state(), 2, [("scores", 0), ("scores", 1)]),
        ({"state": {"points": [1, 2]}}, 0, [("state", "points", 0), ("state", "points", 1)]),
        ({"scores": {"Ada": 1, "Bo": 2}}, 0, [("scores", "Ada"), ("scores", "Bo")]),
        ({"agents": [{"score": 1}, {"score": 2}]}, 0, [("agents", 0, "score"), ("agents", 1, "score")]),
        (
            [{"reward": 0, "status": "ACTIVE"}, {"reward": 1, "status": "DONE"}],
            2,
            [(0, "reward"), (1, "reward")],
        ),
        ({"scores": [1, 2, 3]}, 2, []),
        ({"x": 1}, 0, []),
        ("text", 0, []),
    ],
)
def test_scores_are_found_by_shape(frame: Any, players: int, scores: list[Any]) -> None:
    assert list(watch(frame, players).scores) == scores


def test_statuses_of_players_are_found_in_frames_that_are_lists() -> None:
    frame = [{"reward": 0, "status": "ACTIVE"}, {"reward": 1, "status": "DONE"}]
    assert watch(frame, 2).states == (((0, "status"), 0), ((1, "status"), 1))


def test_frames_without_scores_have_no_events() -> None:
    assert events_of([{"a": 1}, {"a": 2}]) == []
    columns = Watched().columns(ListSource([]))
    assert derive_events(columns, Watched()) == []


@settings(unhurried, max_examples=60)
@given(st.lists(values, min_size=1, max_size=12), st.integers(0, 4))
def test_any_frames_have_events_or_none(frames: list[Any], players: int) -> None:
    watched = watch(frames[0], players)
    payloads = [json.dumps(frame).encode("utf-8", "replace") for frame in frames]
    columns = watched.columns(ListSource(payloads))
    while columns.advance():
        pass
    for event in derive_events(columns, watched):
        assert 0 <= event.index < len(frames)
        assert event.text.isprintable()
