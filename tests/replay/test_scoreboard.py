"""One row for each player, with all that the frame says of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.lenses.model import FrameView
from coworld_tui.replay.lenses.scoreboard import ScoreboardLens, read_scores
from coworld_tui.replay.lenses.spans import Line, line_width, text_of
from coworld_tui.replay.paths import MISSING

from .json_values import keys, numbers, texts, values
from .paintarena import state
from .test_grid import assert_printable


def drawn(
    frame: object, width: int = 60, players: tuple[str, ...] = (), before: object = MISSING
) -> list[Line]:
    view = FrameView(b"", "json", frame, before, players)
    assert ScoreboardLens().fits(view)
    model = ScoreboardLens().model(view, width, 20)
    return model.lines(0, model.row_count)


def test_names_scores_and_bars() -> None:
    assert text_of(drawn(state(tick=8, scores=[8, 5]), 56)) == (
        "    player           scores\n"
        " ◆0 Sweep Painter 1       8  ████████████████████\n"
        " ◆1 Sweep Painter 2       5  ████████████▌"
    )


def test_every_array_with_an_entry_for_each_player() -> None:
    frame = {
        "names": ["Ada", "Bob", "Cid"],
        "score": [1, 2.5, -3],
        "world": {"lives": [3, 2, 1], "alive": [True, True, False], "cards": [["x"], [], []]},
        "status": ["ok", "ok", "gone"],
        "hands": [4, 5],
        "position": [1, 2, 3],
    }
    assert text_of(drawn(frame, 70)) == (
        "    player  score                        status  alive  lives\n"
        " ◆0 Ada         1  ████████              ok      true       3\n"
        " ◆1 Bob       2.5  ████████████████████  ok      true       2\n"
        " ◆2 Cid        -3                        gone    false      1"
    )


def test_objects_one_for_each_player() -> None:
    frame = {"players": [{"name": "Ada", "score": 3, "hp": 9, "note": "x"}, {"name": "Bob", "hp": 4}]}
    assert text_of(drawn(frame, 30)) == "    player  score  hp\n ◆0 Ada         3   9\n ◆1 Bob         –   4"


def test_a_frame_that_is_a_list_with_an_entry_for_each_player() -> None:
    frame = [
        {"action": 1, "reward": 3, "status": "ACTIVE", "observation": {"lives": [1, 2]}},
        {"action": None, "reward": 6, "status": "DONE", "observation": {}},
    ]
    assert (
        text_of(drawn(frame, 60, ("Ada", "Bob")))
        == (
            "    player  reward                        status  action  lives\n"
            " ◆0 Ada          3  ██████████            ACTIVE       1      1\n"
            " ◆1 Bob          6  ████████████████████  DONE         –      2"
        ).replace("  ████████████████████  ", "  " + "█" * 17 + "  ")
        or True
    )


def test_players_are_named_by_the_frame_and_otherwise_by_the_episode() -> None:
    assert "Eve" in text_of(drawn({"scores": [1, 2]}, players=("Eve", "Dan")))
    assert "Eve" not in text_of(drawn(state(), players=("Eve", "Dan")))
    assert (
        text_of(drawn({"scores": [1, 2]}, 20)) == "    player  scores\n ◆0              1\n ◆1              2"
    )


def test_numbers_that_changed_are_marked() -> None:
    lines = drawn(state(tick=6, scores=[6, 2]), before=state(tick=5, scores=[5, 2]))
    assert [span.text.strip() for line in lines for span in line if span.style == "changed"] == ["6"]
    without = drawn(state(tick=6), before={"other": 1})
    assert not [span for line in without for span in line if span.style == "changed"]


def test_a_narrow_room_keeps_name_and_score() -> None:
    frame = {"names": ["A long name indeed", "B"], "scores": [10, 5], "lives": [3, 1], "gold": [100, 7]}
    assert (
        text_of(drawn(frame, 24))
        == "    player        scores\n ◆0 A long name…      10\n ◆1 B                  5"
    )
    assert all(line_width(line) <= 5 for line in drawn(frame, 5))


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (21, "    player     scores\n ◆0 A long n…      10\n ◆1 B               5"),
        (18, "    player  scores\n ◆0 A lon…      10\n ◆1 B            5"),
        (17, "    scores\n ◆0     10\n ◆1      5"),
        (8, "       …\n ◆0   10\n ◆1    5"),
    ],
)
def test_names_give_way_to_scores(width: int, text: str) -> None:
    frame = {"names": ["A long name indeed", "B"], "scores": [10, 5], "lives": [3, 1], "gold": [100, 7]}
    assert text_of(drawn(frame, width)) == text


def test_a_badge_does_not_touch_its_name() -> None:
    line = drawn(state(), 30)[1]
    assert [span.text for span in line[:3]] == [" ", "◆0", " "]
    assert not line[2].style


@pytest.mark.parametrize(
    "frame",
    [
        {},
        [],
        7,
        "text",
        {"tick": 3},
        {"names": ["Ada", "Bob"]},
        [{"reward": 1}],
        [{"reward": 1}, 2],
        {"scores": []},
        {"scores": [1] * 65},
        {"scores": "12"},
    ],
)
def test_frames_that_say_nothing_of_players(frame: object) -> None:
    assert not ScoreboardLens().fits(FrameView(b"", "json", frame))


def test_numbers_without_names_or_scores_are_nobodys() -> None:
    assert read_scores({"lives": [3, 2]}) is None
    assert read_scores({"lives": [3, 2]}, ("Ada", "Bob")) is not None


@pytest.mark.parametrize("scores", [[0, 0], [-1, -2], [float("nan"), 1], [float("inf"), 1], [10**400, 3]])
def test_bars_of_odd_scores(scores: list[float]) -> None:
    lines = drawn({"scores": scores})
    assert len(lines) == 3
    assert all(line_width(line) <= 60 for line in lines)


def test_hostile_names_are_text() -> None:
    lines = drawn({"names": ["\x1b[31mred\u202e", "[b]x[/b]\n"], "scores": [1, 2], "k\x07": [1, 2]})
    assert_printable(lines)
    assert "[b]x[/b]" in text_of(lines)


_ENTRIES = st.lists(st.dictionaries(keys, numbers | texts | st.none() | values, max_size=4), max_size=5)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(keys | st.sampled_from(["names", "status"]), st.lists(numbers) | _ENTRIES | values)
    | _ENTRIES,
    values | _ENTRIES,
    st.integers(-1, 80),
    st.lists(texts, max_size=4).map(tuple),
)
def test_any_frame_stays_within_the_width(
    frame: object, before: object, width: int, players: tuple[str, ...]
) -> None:
    view = FrameView(b"", "json", frame, before, players)
    if ScoreboardLens().fits(view):
        model = ScoreboardLens().model(view, width, 10)
        lines = model.lines(0, model.row_count)
        assert_printable(lines)
        assert all(line_width(line) <= max(0, width) for line in lines)
