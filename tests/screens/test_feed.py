"""What the live screen works out of an episode, without a screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.request import plan_episode
from coworld_tui.replay.lenses.spans import cell_width, text_of
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runner.phases import Phase
from coworld_tui.screens.feed import EventLines, Feed, episodes_line, phase_line, result_lines

from .staged import crash, ended, frame, staged


def test_following_counts_only_frames_it_showed(home: Path) -> None:
    episode = staged(home, Phase.PLAYING, [frame(1), frame(2)])
    feed = Feed(episode)
    assert feed.advance()
    assert not feed.advance(), "the same frame is not shown twice"
    assert episode.recorder is not None
    episode.recorder.append('{"tick": 3, "scores": [1]}')
    assert feed.advance()
    assert episode.drawn == 2
    assert feed.slots().frames == "2 of 3 drawn"


def test_pause_freezes_the_view_and_records_on(home: Path) -> None:
    episode = staged(home, Phase.PLAYING, [frame(1)])
    feed = Feed(episode)
    feed.advance()
    feed.paused = True
    assert episode.recorder is not None
    episode.recorder.append('{"tick": 2}')
    assert not feed.advance()
    assert feed.shown is not None
    assert (feed.shown.tick, episode.recorder.count) == (1, 2)
    feed.follow()
    assert feed.advance()
    assert feed.shown.tick == 2


def test_scrubbing_shows_the_scores_as_they_were(home: Path) -> None:
    episode = staged(home, Phase.PLAYING)
    feed = Feed(episode)
    assert episode.recorder is not None
    for tick in range(10):
        episode.recorder.append(f'{{"tick": {tick}, "scores": [{tick}, {10 - tick}]}}')
        feed.advance()
    assert feed.slots().rows[0].history == tuple(map(float, range(10)))
    assert feed.seek(4)
    assert [row.score for row in feed.slots().rows[:2]] == [4, 6]
    assert feed.slots().rows[0].history == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert feed.position() == "frame 5/10 · tick 4 · scrubbing"
    assert feed.seek(-5)
    assert feed.at == 0
    assert feed.seek(99)
    assert feed.at == 9


@pytest.mark.parametrize(
    "payload",
    [
        '"\\u001b]0;owned\\u0007"',
        "not json [bold]",
        b"\x00\xff",
        "[1, 2]",
        '{"scores": "many"}',
        '{"scores": [null]}',
    ],
)
def test_any_frame_can_be_shown(home: Path, payload: str | bytes) -> None:
    feed = Feed(staged(home, Phase.PLAYING, [payload]))
    assert feed.advance()
    assert all(row.score is None for row in feed.slots().rows)


def test_a_huge_frame_is_not_decoded(home: Path) -> None:
    feed = Feed(staged(home, Phase.PLAYING, ['{"tick": 1, "x": "' + "y" * (5 << 20) + '"}']))
    assert feed.advance()
    assert feed.decoded is None
    assert feed.position().startswith("frame 1/1 · tick 1")


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.WAITING_HEALTH, Phase.PLAYING, Phase.PASSED])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_phase_line_fits(home: Path, phase: Phase, width: int) -> None:
    line = phase_line(staged(home, phase), width, "frame 100/100 · tick 100 · scrubbing")
    assert sum(cell_width(span.text) for span in line) <= width
    assert "scrubbing" in text_of([line])


def test_the_result_says_what_why_whose_and_where(home: Path) -> None:
    text = text_of(result_lines(ended(staged(home, Phase.PLAYING), Phase.FAILED, crash())))
    for part in (
        "the player in slot 1 crashed",
        "player_error",
        "ZeroDivisionError",
        "slot 1",
        "policy_agent_1.log",
    ):
        assert part in text


def test_events_read_as_a_log(home: Path) -> None:
    lines = EventLines(staged(home, Phase.PLAYING))
    assert lines.total > 3
    assert lines.line(0).endswith("preparing")
    assert lines.line(10_000) == ""


@pytest.mark.parametrize("at", [0, 57, 199])
def test_many_episodes_fit_one_line(at: int) -> None:
    plan = plan_episode(bundled_package())
    episodes = tuple(Episode(plan, LaunchOptions(backend="process")) for _ in range(200))
    line = episodes_line(episodes, episodes[at], 80)
    assert sum(cell_width(span.text) for span in line) <= 80
    assert f"episode {at + 1}/200" in text_of([line])
