"""A replay as it is looked at, without a screen: what is found out, remembered, and lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from coworld_tui.replay.opening import open_replay
from coworld_tui.replay.paths import MISSING
from coworld_tui.replay.source import Event, Replay
from coworld_tui.screens.viewing import LARGEST_DECODED, Viewing
from tests.replay.sources import ListSource

from .replays import FRAMES, frame, workspace


def viewing_of(frames: list[Any], **facts: Any) -> Viewing:
    return Viewing(Replay(Path("somewhere"), "file", ListSource(frames), **facts))


def work(viewing: Viewing) -> None:
    while viewing.work():
        pass
    viewing.take_news()


def test_frames_come_with_the_one_before() -> None:
    viewing = viewing_of([frame(1), frame(2)])
    first, second = viewing.view(0), viewing.view(1)
    assert first is not None
    assert first.before is MISSING
    assert second is not None
    assert second.before == first.decoded
    assert viewing.view(2) is None


def test_a_huge_frame_is_not_decoded_but_there() -> None:
    view = viewing_of([b'{"board": "' + b"x" * LARGEST_DECODED + b'"}']).view(0)
    assert view is not None
    assert view.decoded is MISSING
    assert len(view.payload) > LARGEST_DECODED


def test_scores_are_followed_without_asking() -> None:
    viewing = viewing_of([frame(tick) for tick in range(1, 40)], players=("Ann", "Bob"))
    work(viewing)
    assert viewing.finished
    assert viewing.followed == [("scores", 0), ("scores", 1)]
    viewing.playback.seek(38)
    assert viewing.scores_here() == [13, 15]
    assert viewing.timeline().name == "scores.0"
    viewing.chart_next()
    assert viewing.timeline().name == "scores.1"


def test_following_and_dropping_a_series() -> None:
    viewing = viewing_of([frame(tick) for tick in range(1, 40)])
    work(viewing)
    viewing.follow(("positions", 0, 0))
    assert not viewing.finished
    assert len(viewing.values(("positions", 0, 0))) == 0, "not read yet"
    work(viewing)
    assert list(viewing.values(("positions", 0, 0)))[:3] == [1, 2, 3]
    viewing.follow(("positions", 0, 0))
    work(viewing)
    assert ("positions", 0, 0) not in viewing.followed


def test_the_first_difference_is_an_event_while_comparing() -> None:
    viewing = viewing_of([frame(tick) for tick in range(1, 40)])
    work(viewing)
    before = list(viewing.events)
    viewing.mark_difference(7)
    assert Event(7, 8, "difference", "first difference") in viewing.events
    assert [event.index for event in viewing.events] == sorted(event.index for event in viewing.events)
    viewing.mark_difference(None)
    assert viewing.events == before


def test_events_wait_for_their_frames() -> None:
    """Declared events are placed when all frames are counted."""
    declared = (Event(-1, 20, "claim", "claims", 0),)
    source = ListSource([frame(tick) for tick in range(1, 40)], shown=5)
    viewing = Viewing(Replay(Path("somewhere"), "file", source, declared=declared))
    assert all(event.index >= 0 for event in viewing.events)
    work(viewing)
    assert any(event.kind == "claim" and event.index == 19 for event in viewing.events)


def test_one_thread_reads_and_ends_only_when_all_is_known() -> None:
    viewing = viewing_of([frame(1), frame(2)])
    assert viewing.begin_reading()
    assert not viewing.begin_reading(), "somebody reads already"
    assert not viewing.end_reading(), "nothing is known yet"
    work(viewing)
    assert viewing.end_reading()
    viewing.follow(("tick",))
    assert viewing.begin_reading()


def test_what_is_remembered_is_there_the_next_time(tmp_path: Path) -> None:
    place = workspace(tmp_path)
    viewing = Viewing(open_replay(place))
    viewing.recall()
    work(viewing)
    viewing.playback.seek(41)
    viewing.mark()
    viewing.asked, viewing.lens, viewing.split = "scores.0 > 10", "tree", "hex"
    viewing.follow(("tick",))
    viewing.remember()
    viewing.close()
    again = Viewing(open_replay(place))
    again.recall()
    work(again)
    assert (again.playback.index, again.markers) == (41, {41})
    assert (again.asked, again.lens, again.split) == ("scores.0 > 10", "tree", "hex")
    assert ("tick",) in again.followed
    again.close()


def test_frames_that_are_gone_say_so_and_raise_nothing(tmp_path: Path) -> None:
    path = tmp_path / "replay.json"
    path.write_bytes((workspace(tmp_path) / "replay.json").read_bytes())
    viewing = Viewing(open_replay(path))
    path.write_bytes(b"")
    view = viewing.view(FRAMES - 1)
    assert view is not None
    assert isinstance(view.decoded, str)
    assert "cannot be read any more" in view.decoded
    work(viewing)
    assert viewing.finished
    assert viewing.trouble
    viewing.playback.seek(FRAMES - 1)
    assert "frame 60" in viewing.place()
    viewing.close()


def test_the_speed_is_that_of_the_config_if_it_is_one() -> None:
    rates = [5, 0, -1, 1e9, "10", True, None]
    assert [viewing_of([1], config={"tick_rate": rate}).playback.rate for rate in rates] == [5] + [10] * 6


def test_files_are_named_after_the_replay_and_nothing_else() -> None:
    viewing = viewing_of([1])
    viewing.replay.path = Path("/x/a b\x1b[31m/../evil\n.json")
    assert viewing.file_stem == "evil-"
