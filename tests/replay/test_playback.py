"""Playing, seeking and what happens at the ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.playback import SPEEDS, Playback


def of_length(length: int, *, complete: bool = True) -> Playback:
    playback = Playback(rate=10)
    playback.length, playback.complete = length, complete
    return playback


def test_it_plays_at_the_rate_times_the_speed() -> None:
    playback = of_length(100)
    playback.toggle(5.0)
    assert playback.advance(6.0)
    assert playback.index == 10
    playback.change_speed(1)
    playback.advance(7.0)
    assert playback.index == 30


def test_slow_motion_shows_a_frame_for_several_steps_of_the_clock() -> None:
    playback = of_length(100)
    playback.change_speed(-2)
    playback.toggle(0.0)
    moves = [playback.advance(step / 20) for step in range(1, 21)]
    assert playback.speed == 0.25
    assert sum(moves) == playback.index == 2


def test_it_stops_at_the_end_and_begins_anew_when_played_from_there() -> None:
    playback = of_length(5)
    playback.toggle(0.0)
    playback.advance(60.0)
    assert (playback.index, playback.playing) == (4, False)
    playback.toggle(60.0)
    assert (playback.index, playback.playing) == (0, True)


def test_a_loop_goes_round() -> None:
    playback = of_length(10)
    playback.loop = True
    playback.toggle(0.0)
    playback.advance(1.25)
    assert playback.playing
    assert playback.index == 2


def test_it_waits_at_the_end_of_what_still_grows() -> None:
    playback = of_length(5, complete=False)
    playback.toggle(0.0)
    playback.advance(60.0)
    assert (playback.index, playback.playing) == (4, True)
    playback.length = 8
    playback.advance(60.2)
    assert playback.index == 6


def test_who_went_to_the_end_stays_there_while_it_grows() -> None:
    playback = of_length(5, complete=False)
    assert playback.grow(6, False)
    assert playback.index == 0, "nobody went anywhere"
    playback.seek_share(1.0)
    playback.grow(9, False)
    assert playback.index == 8
    playback.seek(7)
    playback.grow(12, False)
    assert playback.index == 7, "stepped back: the view stands"
    assert not playback.grow(12, False)


def test_a_leap_moves_at_least_one_frame() -> None:
    playback = of_length(3)
    playback.leap(0.1)
    assert playback.index == 1
    playback.leap(-0.1)
    assert playback.index == 0


@given(
    st.integers(0, 1000),
    st.lists(
        st.one_of(
            st.tuples(st.just("seek"), st.integers(-2000, 2000)),
            st.tuples(st.just("share"), st.floats(-3, 3)),
            st.tuples(st.just("leap"), st.floats(-2, 2)),
            st.tuples(st.just("speed"), st.integers(-20, 20)),
            st.tuples(st.just("toggle"), st.just(0)),
            st.tuples(st.just("advance"), st.floats(0, 1000)),
        )
    ),
)
def test_it_never_leaves_the_frames_there_are(length: int, steps: list[tuple[str, float]]) -> None:
    playback = of_length(length)
    now = 0.0
    for name, amount in steps:
        match name:
            case "seek":
                playback.seek(int(amount))
            case "share":
                playback.seek_share(amount)
            case "leap":
                playback.leap(amount)
            case "speed":
                playback.change_speed(int(amount))
            case "toggle":
                playback.toggle(now)
            case _:
                now += amount
                playback.advance(now)
        assert 0 <= playback.index <= playback.last
        assert playback.speed in SPEEDS
