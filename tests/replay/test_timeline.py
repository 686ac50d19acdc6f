"""The timeline: what stands where, and the way back from a column to a frame."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.spans import cell_width, text_of
from coworld_tui.replay.playback import Playback
from coworld_tui.replay.source import Event
from coworld_tui.replay.timeline import TimelineState, column_of, index_at, neighbour, timeline_lines


def at(index: int, length: int) -> Playback:
    playback = Playback()
    playback.length, playback.complete = length, True
    playback.seek(index)
    return playback


def events(*indexes: int) -> list[Event]:
    return [Event(index, index, "lead", f"at {index}") for index in indexes]


def test_the_position_is_told_in_frames_and_per_cent() -> None:
    (bar,) = timeline_lines(TimelineState(at(40, 101)), 60, 1)
    assert text_of([bar]).endswith("41/101  40%")


def test_a_replay_still_being_read_says_so() -> None:
    (bar,) = timeline_lines(TimelineState(at(0, 10), progress=0.5), 60, 1)
    assert "1/10+" in text_of([bar])


def test_marks_stand_beneath_their_frames() -> None:
    state = TimelineState(at(50, 101), events=events(0, 50, 100), markers=[25], values=[1.0, 2.0, 3.0])
    bar, series, marks = (text_of([line]) for line in timeline_lines(state, 80, 3))
    start, end = bar.index("━"), bar.rindex("─")
    assert marks.index("▴") == start
    assert marks.rindex("▴") == end
    assert marks.index("▲") == bar.index("●")
    assert start < marks.index("◆") < bar.index("●")
    assert len(series) == end + 1, "the series is as long as the bar"


def test_the_neighbours_of_a_frame() -> None:
    marks = events(3, 3, 7)
    assert neighbour(marks, 0, 1) == marks[0]
    assert neighbour(marks, 3, 1) == marks[2]
    assert neighbour(marks, 7, -1) == marks[1]
    assert neighbour(marks, 7, 1) is None
    assert neighbour(marks, 3, -1) is None


@given(st.integers(0, 10**6), st.integers(1, 300))
def test_a_click_on_the_cursor_stays_within_a_column(length: int, room: int) -> None:
    for index in {0, length // 2, max(0, length - 1)}:
        column = column_of(index, length, room)
        assert 0 <= column < room
        assert column_of(index_at(column, length, room), length, room) == column or length < room


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 200), st.integers(1, 4))
def test_it_fits_at_any_size(index: int, length: int, width: int, rows: int) -> None:
    state = TimelineState(at(index, length), events(0, 3, 9), [2], [1.0, float("nan")])
    lines = timeline_lines(state, width, rows)
    assert len(lines) <= rows
    if width >= 40:
        assert all(sum(cell_width(span.text) for span in line) <= width for line in lines)
