"""Casts, played back by a small terminal of our own."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.cast import write_cast
from coworld_tui.replay.lenses.spans import Line, Span, text_of
from coworld_tui.replay.source import Replay
from coworld_tui.replay.views import views

from .json_values import unhurried
from .paintarena import state
from .sources import ListSource

_MOVE = re.compile(r"\x1b\[(\d+);1H([^\x1b]*)\x1b\[K")
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def played(cast: bytes) -> list[list[str]]:
    """What stands on the screen after each event."""
    screen: list[str] = [""] * 50
    states = []
    for line in cast.decode().splitlines()[1:-1]:
        _, kind, text = json.loads(line)
        assert kind == "o"
        for row, shown in _MOVE.findall(_SGR.sub("", text)):
            screen[int(row) - 1] = shown
        states.append([row.rstrip() for row in screen])
    return states


def cast_of(pictures: list[list[Line]], height: int = 24) -> bytes:
    stream = io.BytesIO()
    shown = ((at / 10, lines) for at, lines in enumerate(pictures))
    assert write_cast(stream, shown, 80, height, "a \x1b[31mtitle") == len(pictures)
    return stream.getvalue()


def test_a_cast_shows_every_view_in_time() -> None:
    cast = cast_of([[(Span("one", "strong"),), (Span("same"),)], [(Span("two"),), (Span("same"),)]])
    header, first, second, last = map(json.loads, cast.decode().splitlines())
    assert header == {"version": 2, "width": 80, "height": 24, "title": "a title"}
    assert (first[0], second[0], last[0]) == (0, 0.1, 1.1)
    assert "same" in first[2]
    assert second[2] == "\x1b[1;1Htwo\x1b[K", "only what changed is drawn again"
    assert last[2] == "\x1b[?25h"


def test_a_view_that_does_not_change_draws_nothing() -> None:
    picture: list[Line] = [(Span("still"),)]
    assert len(cast_of([picture, picture, picture]).splitlines()) == 3


@settings(unhurried, max_examples=60)
@given(
    st.lists(
        st.lists(st.sampled_from(["", "a", "bc", " d"]).map(lambda text: (Span(text, "good"),)), max_size=5)
    )
)
def test_played_back_it_shows_what_was_drawn(pictures: list[list[Line]]) -> None:
    shown = played(cast_of(pictures, height=4))
    expected = [[*text_of(picture[:4]).split("\n"), *[""] * 50][:50] for picture in pictures]
    distinct = [now for at, now in enumerate(expected) if at == 0 or now != expected[at - 1]]
    assert [now for at, now in enumerate(shown) if at == 0 or now != shown[at - 1]] == distinct


def test_a_replay_is_drawn_by_its_lens_at_the_speed_asked_for() -> None:
    replay = Replay(Path("x"), "file", ListSource([state(tick) for tick in range(5)]))
    seconds, pictures = zip(*views(replay, range(1, 4), None, 60, 20, 4.0), strict=True)
    assert seconds == (0, 0.25, 0.5)
    assert text_of(pictures[0]).startswith("frame 2/5  tick 1\n")
    assert "◆1  Sweep Painter 2" in text_of(pictures[0])
    assert all(len(picture) <= 20 for picture in pictures)
