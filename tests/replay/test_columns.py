"""Numbers of a replay as columns."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coworld_tui.replay.columns import Columns

from .paintarena import state
from .sources import ListSource


def covered(columns: Columns) -> Columns:
    while columns.advance():
        pass
    return columns


def test_columns_hold_the_numbers_of_every_frame() -> None:
    columns = covered(Columns(ListSource([state(tick) for tick in range(500)]), [("scores", 0), ("done",)]))
    assert columns.covered == 500
    assert columns.values(("scores", 0)).tolist() == list(range(500))
    assert columns.values(("done",)).tolist() == [0] * 500
    assert columns.ticks().tolist() == list(range(500))
    with pytest.raises(KeyError):
        columns.values(("nothing",))


def test_what_is_no_number_is_nan() -> None:
    frames = [
        {"x": 1},
        {},
        {"x": "2"},
        "text",
        b"\xff",
        {"x": [1]},
        {"x": 10**400},
        {"x": None},
        [1],
        {"x": 4.5},
    ]
    values = covered(Columns(ListSource(frames), [("x",)])).values(("x",)).tolist()
    assert [value for value in values if not math.isnan(value)] == [1, math.inf, 4.5]
    assert np.isnan(covered(Columns(ListSource(frames), [("x",)])).ticks()).all()


def test_words_have_codes_beside_the_numbers() -> None:
    source = ListSource([{"status": word} for word in ("on", "on", True, 3, None, False)])
    path = ("status",)
    columns = covered(Columns(source, [path], words=[path]))
    on, again, yes, three, nothing, no = columns.codes(path).tolist()
    assert on == again
    assert [columns.word(path, code) for code in (on, yes, three, no)] == ["on", "true", None, "false"]
    assert (three, math.isnan(nothing)) == (3, True)
    assert np.nan_to_num(columns.values(path), nan=-1).tolist() == [-1, -1, 1, 3, -1, 0]


def test_a_growing_replay_is_followed() -> None:
    source = ListSource([state(tick) for tick in range(10)], shown=4)
    columns = covered(Columns(source, [("tick",)]))
    early = columns.values(("tick",))
    assert early.tolist() == [0, 1, 2, 3]
    assert not columns.advance()
    source.advance()
    assert covered(columns).values(("tick",)).tolist() == [0, 1, 2, 3, 4]
    assert early.tolist() == [0, 1, 2, 3], "what was handed out stays"


def test_it_stops_when_its_time_is_up() -> None:
    source = ListSource([state(tick, 64, 64) for tick in range(3000)])
    columns = Columns(source, [("scores", 0)])
    assert columns.advance(0.001)
    assert 0 < columns.covered < 3000
